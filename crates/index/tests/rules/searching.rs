//! Searching.

use wheelhouse_index::ports::SearchTerms;
use wheelhouse_testkit::Wheel;

use crate::house::House;

#[tokio::test]
async fn each_release_is_found_once_newest_first_with_its_summary() {
    let house = House::new();
    for version in ["1.9", "1.10"] {
        let wheel = Wheel::named("demo-tool")
            .version(version)
            .field("Summary", "turns wheels");
        house.publish(&wheel.file_name(), &wheel.bytes()).await;
    }
    house.publish("demo_tool-1.10.tar.gz", b"no archive").await;
    house.publish("other-1.0.tar.gz", b"no archive").await;
    let terms = SearchTerms {
        name: vec!["Demo".into()],
        ..SearchTerms::default()
    };
    let found = house
        .index
        .search(&terms)
        .await
        .expect("memory can be read");
    let found: Vec<_> = found
        .iter()
        .map(|release| (release.version.as_str(), release.summary.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("1.10", Some("turns wheels")),
            ("1.9", Some("turns wheels"))
        ]
    );
}
