//! What a search finds.

use std::sync::Arc;

use wheelhouse_index::ports::{Catalog, SearchTerms};

use super::fixture::{apply, found, learned, main, record};

async fn fill(catalog: &dyn Catalog) {
    let files = [
        ("b/Friendly_Bard-2.0.zip", "Sings in \u{c4}rger"),
        ("a/friendly.bard-1.0.tar.gz", "100% songs"),
        ("a/friendly.bard-1.0.tar.gz.asc", "a signature"),
        ("zebra-1.0.zip", "Runs"),
        ("zebra-2.0.zip", ""),
    ];
    let records = files.map(|(path, _)| record(path, 1));
    apply(catalog, records.clone().map(found).into()).await;
    let read = files[..4].iter().zip(&records);
    let read = read.map(|((_, summary), record)| learned(record, summary));
    catalog.learn(&main(), read.collect()).await.unwrap();
}

type Texts<'a> = &'a [&'a str];

async fn hits(
    catalog: &dyn Catalog,
    name: &[&str],
    summary: &[&str],
    any: bool,
    limit: usize,
) -> Vec<String> {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let terms = SearchTerms {
        name: owned(name),
        summary: owned(summary),
        any,
    };
    let hits = catalog.search(&main(), &terms, limit).await.unwrap();
    hits.into_iter()
        .map(|hit| {
            let summary = hit.summary.as_deref().unwrap_or("-");
            format!(
                "{} {} {} {summary}",
                hit.project, hit.spelled_name, hit.version
            )
        })
        .collect()
}

const BARD_1: &str = "friendly-bard friendly.bard 1.0 100% songs";
const BARD_2: &str = "friendly-bard Friendly_Bard 2.0 Sings in \u{c4}rger";
const ZEBRA_1: &str = "zebra zebra 1.0 Runs";
const ZEBRA_2: &str = "zebra zebra 2.0 -";

pub(crate) async fn a_search_finds_parts_of_names_and_summaries(catalog: Arc<dyn Catalog>) {
    fill(&*catalog).await;
    let all = [BARD_1, BARD_2, ZEBRA_1, ZEBRA_2];
    let cases: [(Texts<'_>, Texts<'_>, bool, Texts<'_>); 9] = [
        (&["LY--BA"], &[], false, &[BARD_1, BARD_2]),
        (&["y.b"], &[], false, &[BARD_1, BARD_2]),
        (&[""], &[], false, &all),
        (&[], &["S"], false, &[BARD_1, BARD_2, ZEBRA_1]),
        (&[], &["\u{e4}RGER"], false, &[BARD_2]),
        (&["bard"], &["songs"], false, &[BARD_1]),
        (&["zebra"], &["songs"], true, &[BARD_1, ZEBRA_1, ZEBRA_2]),
        (&["zebra", "bard"], &[], false, &[]),
        (&[], &[], false, &all),
    ];
    for (name, summary, any, expected) in cases {
        let found = hits(&*catalog, name, summary, any, 99).await;
        assert_eq!(found, expected, "{name:?} {summary:?}");
    }
    assert!(hits(&*catalog, &[], &[], true, 99).await.is_empty());
}

pub(crate) async fn a_search_leaves_signatures_out_and_stops_at_its_limit(
    catalog: Arc<dyn Catalog>,
) {
    fill(&*catalog).await;
    let all = [BARD_1, BARD_2, ZEBRA_1, ZEBRA_2];
    for limit in 0..=5 {
        let found = hits(&*catalog, &[""], &[], false, limit).await;
        assert_eq!(found, all[..limit.min(4)], "limit {limit}");
    }
    assert!(
        hits(&*catalog, &[], &["signature"], false, 9)
            .await
            .is_empty()
    );
}

pub(crate) async fn a_search_takes_no_character_for_a_wildcard(catalog: Arc<dyn Catalog>) {
    fill(&*catalog).await;
    for term in ["%", "zeb%", "z*a", "zebr?", "z\\ebra", "[z]", "'", "\0"] {
        let found = hits(&*catalog, &[term], &[], false, 9).await;
        assert!(found.is_empty(), "{term:?} {found:?}");
    }
    assert_eq!(hits(&*catalog, &[], &["0%"], false, 9).await, [BARD_1]);
    assert!(hits(&*catalog, &[], &["1_0"], false, 9).await.is_empty());
}
