use proptest::prelude::*;
use wheelhouse_index::identity::Timestamp;

use super::*;

fn entry(name: &str, summary: &str) -> FinderEntry {
    FinderEntry {
        key: ProjectKey::of(name).expect("a name"),
        name: name.to_owned(),
        version: "1.0".to_owned(),
        at: Timestamp(1),
        summary: Some(summary.to_owned()),
        keywords: Vec::new(),
        classifiers: Vec::new(),
        people: Vec::new(),
        licence: None,
        python_minors: (0..20).collect(),
        needs: Vec::new(),
    }
}

fn finder(entries: Vec<FinderEntry>) -> MemoryFinder {
    let finder = MemoryFinder::new().expect("memory");
    finder.update(entries, &[]).expect("memory");
    finder
}

fn found(finder: &MemoryFinder, words: &str) -> Vec<String> {
    let query = FinderQuery {
        words: words.to_owned(),
        limit: 20,
        ..FinderQuery::default()
    };
    let found = finder.find(&query, &Sight::Everything).expect("memory");
    assert_eq!(found.total, found.projects.len());
    found.projects.into_iter().map(|found| found.name).collect()
}

#[test]
fn exact_names_come_first_then_beginnings_then_what_is_said() {
    let finder = finder(vec![
        entry("zebra", "paints with a brush, a brush and a brush"),
        entry("brush-tools", "for painters"),
        entry("my-brush", "another"),
        entry("Brush", "the one"),
    ]);
    assert_eq!(
        found(&finder, "brush"),
        ["Brush", "brush-tools", "my-brush", "zebra"]
    );
    assert_eq!(found(&finder, "BRUSH_Tools"), ["brush-tools"]);
    assert_eq!(found(&finder, "paint"), ["zebra", "brush-tools"]);
    assert_eq!(found(&finder, "brush another"), ["my-brush"]);
    assert!(found(&finder, "nothing").is_empty());
    assert!(found(&finder, "!!! ???").is_empty());
}

#[test]
fn keywords_classifiers_people_and_capitals_are_found() {
    let mut one = entry("DataLoader", "x");
    one.keywords = vec!["ingest".to_owned()];
    one.classifiers = vec!["Topic :: Astronomy".to_owned()];
    one.people = vec!["Ada Lovelace <ada@example.org>".to_owned()];
    let finder = finder(vec![one, entry("other", "y")]);
    for words in ["ingest", "astronomy", "lovelace", "loader", "data load"] {
        assert_eq!(found(&finder, words), ["DataLoader"], "{words}");
    }
}

#[test]
fn filters_leave_the_others_out() {
    let mut one = entry("one", "tool");
    (one.python_minors, one.licence) = (vec![11, 12], Some("MIT".to_owned()));
    one.classifiers = vec!["Framework :: A".to_owned()];
    let mut two = entry("two", "tool");
    (two.python_minors, two.licence) = (vec![8], Some("BSD".to_owned()));
    let finder = finder(vec![one, two]);
    let with = |query: FinderQuery| {
        let query = FinderQuery { limit: 9, ..query };
        let found = finder.find(&query, &Sight::Everything).expect("memory");
        found
            .projects
            .into_iter()
            .map(|found| found.name)
            .collect::<Vec<_>>()
    };
    let words = "tool".to_owned();
    let python = FinderQuery {
        words,
        python_minor: Some(12),
        ..FinderQuery::default()
    };
    assert_eq!(with(python), ["one"]);
    let licence = FinderQuery {
        licence: Some("BSD".to_owned()),
        ..FinderQuery::default()
    };
    assert_eq!(with(licence), ["two"]);
    let classifier = Some("Framework :: A".to_owned());
    assert_eq!(
        with(FinderQuery {
            classifier,
            ..FinderQuery::default()
        }),
        ["one"]
    );
    let all = FinderQuery {
        limit: 9,
        ..FinderQuery::default()
    };
    let all = finder.find(&all, &Sight::Everything).expect("memory");
    assert_eq!(all.licences, ["BSD", "MIT"]);
}

#[test]
fn what_changes_is_found_as_it_is_now() {
    let finder = finder(vec![entry("one", "old words"), entry("two", "old words")]);
    let gone = [ProjectKey::of("two").expect("a name")];
    finder
        .update(vec![entry("one", "new words")], &gone)
        .expect("memory");
    assert_eq!(found(&finder, "words"), ["one"]);
    assert!(found(&finder, "old").is_empty());
}

#[test]
fn names_are_completed_and_near_ones_are_told() {
    let finder = finder(vec![
        entry("requests", ""),
        entry("requests-cache", ""),
        entry("flask", ""),
    ]);
    let names = |text| finder.names(text, 9, &Sight::Everything).expect("memory");
    assert_eq!(names("Req"), ["requests", "requests-cache"]);
    assert_eq!(names("requests_"), ["requests-cache"]);
    assert!(names("").is_empty());
    assert!(names(".*").is_empty());
    let near = |text| finder.near(text, 9, &Sight::Everything).expect("memory");
    assert_eq!(near("requezts"), ["requests"]);
    assert_eq!(near("flusk"), ["flask"]);
    assert!(near("requests").is_empty());
    assert!(near("something-else").is_empty());
}

#[test]
fn who_needs_a_project_is_told() {
    let mut one = entry("one", "");
    one.needs = vec![ProjectKey::of("two").expect("a name")];
    let finder = finder(vec![one, entry("two", "")]);
    let two = ProjectKey::of("two").expect("a name");
    let dependents = finder
        .dependents(&two, 9, &Sight::Everything)
        .expect("memory");
    assert_eq!(dependents, [ProjectKey::of("one").expect("a name")]);
    let asked = [two.clone(), ProjectKey::of("three").expect("a name")];
    let here = finder.here(&asked, &Sight::Everything).expect("memory");
    assert_eq!(here, HashSet::from([two]));
}

#[test]
fn a_name_that_is_gone_is_not_offered() {
    let finder = finder(vec![entry("paint", ""), entry("paints", "")]);
    let gone = [ProjectKey::of("paint").expect("a name")];
    finder.update(Vec::new(), &gone).expect("memory");
    let names = finder.names("pa", 9, &Sight::Everything).expect("memory");
    assert_eq!(names, ["paints"]);
}

#[test]
fn what_begins_so_is_found_whatever_comes_after() {
    let names = ["py", "pyramid", "a-pyx", "Zpy", "pz", "PY\u{df}", "q"];
    let finder = finder(names.iter().map(|name| entry(name, "x")).collect());
    let mut begun = found(&finder, "py");
    assert_eq!(begun.remove(0), "py");
    begun.sort();
    assert_eq!(begun, ["PY\u{df}", "a-pyx", "pyramid"]);
    assert_eq!(
        found(&finder, "p").len(),
        4,
        "one letter: names that begin so"
    );
}

#[test]
fn licences_and_names_are_told_of_every_part_of_the_index() {
    let finder = MemoryFinder::new().expect("memory");
    for (name, licence) in [("one", "MIT"), ("two", "BSD"), ("three", "MIT")] {
        let mut entry = entry(name, "tool");
        entry.licence = Some(licence.to_owned());
        finder.update(vec![entry], &[]).expect("memory");
    }
    finder
        .update(vec![entry("four", "tool")], &[])
        .expect("memory");
    let query = FinderQuery {
        words: "tool".to_owned(),
        limit: 2,
        offset: 1,
        ..FinderQuery::default()
    };
    let all = finder.find(&query, &Sight::Everything).expect("memory");
    assert_eq!(all.licences, ["MIT", "BSD"]);
    assert_eq!((all.total, all.projects.len()), (4, 2));
    let near = finder.near("tree", 9, &Sight::Everything).expect("memory");
    assert_eq!(near, ["three"]);
}

proptest! {
    #[test]
    fn any_text_may_be_searched_for(text in "\\PC{0,60}") {
        let finder = finder(vec![entry("one", &text)]);
        found(&finder, &text);
        finder.names(&text, 5, &Sight::Everything).expect("memory");
        finder.near(&text, 5, &Sight::Everything).expect("memory");
    }
}
