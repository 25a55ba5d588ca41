//! Whatever is in an archive, the pages about it hold no markup but their own: their tags are those
//! of the same pages with harmless texts.

use proptest::prelude::*;
use wheelhouse_ui::changes::{
    ChangesPage, DifferenceRow, FileRow, HookRow, HunkLine, HunkLines, diff,
};
use wheelhouse_ui::frame::Frame;
use wheelhouse_ui::inside::{Entry, Folder, InsidePage, Mark};
use wheelhouse_ui::member::{MemberPage, Row, Table};
use wheelhouse_ui::theme::Theme;
use wheelhouse_ui::{Page, Pages};

fn rendered<P: Page>(page: &P) -> String {
    let pages = Pages::new(Theme::default()).expect("sound templates");
    let html = pages.render(&Frame::default(), page);
    html.expect("the page has what its template asks for")
}

/// The tags of a page without the values of their attributes.
fn skeleton(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (mut tag, mut quote, mut end) = (String::new(), None, rest.len());
        for (place, c) in rest[start..].char_indices() {
            match (quote, c) {
                (None, '>') => {
                    end = start + place + 1;
                    break;
                }
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                (Some(_), _) => {}
                (None, c) => tag.push(c),
            }
        }
        tags.push(tag);
        rest = &rest[end..];
    }
    tags
}

/// The same text with a harmless letter in place of each character.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '\n' | '\r' | '/') {
                c
            } else {
                'x'
            }
        })
        .collect()
}

fn check<P: Page>(page: &P, harmless: &P) -> Result<(), TestCaseError> {
    let html = rendered(page);
    prop_assert_eq!(skeleton(&html), skeleton(&rendered(harmless)));
    let deceptive = ['\0', '\u{1b}', '\u{202e}', '\u{2066}', '\u{200f}'];
    prop_assert!(!html.contains(deceptive));
    Ok(())
}

fn inside(texts: &[String]) -> InsidePage {
    let entries = texts.iter().enumerate().map(|(place, text)| Entry {
        path: format!("x{place}/{text}"),
        name: format!("x{text}"),
        url: "/x".to_owned(),
        size: 1,
        packed: Some(1),
        target: Some(text.clone()),
        marks: vec![Mark {
            words: "script",
            is_grave: true,
        }],
    });
    let entries: Vec<_> = entries.collect();
    InsidePage {
        project: "demo".to_owned(),
        version: texts[0].clone(),
        file: texts[0].clone(),
        file_url: "/x".to_owned(),
        size: 1,
        count: entries.len(),
        inner_size: 1,
        notes: texts.to_vec(),
        command: format!("curl {}", texts[0]),
        marked: entries.clone(),
        folders: Folder::all(entries),
    }
}

fn member(texts: &[String]) -> MemberPage {
    let row = |text: &String| Row {
        cells: vec![text.clone(), text.clone()],
        is_wrong: true,
    };
    let mut page = MemberPage {
        project: "demo".to_owned(),
        version: texts[0].clone(),
        file: texts[0].clone(),
        inside_url: "/x".to_owned(),
        path: format!("x{}", texts[0]),
        size: 1,
        target: Some(texts[0].clone()),
        marks: Vec::new(),
        notes: texts.to_vec(),
        tables: vec![Table::new(
            &texts[0],
            &["a", "b"],
            texts.iter().map(row).collect(),
        )],
        text: None,
        hex: None,
    };
    page.set_text(&texts.join("\n"));
    page
}

fn changes(texts: &[String]) -> ChangesPage {
    let lines = texts.iter().enumerate().map(|(place, text)| HunkLine {
        old: place.is_multiple_of(2).then_some(place),
        new: place.is_multiple_of(3).then_some(place),
        text,
    });
    let hunk = HunkLines {
        title: texts[0].clone(),
        lines: lines.collect(),
    };
    let difference = |text: &String| DifferenceRow {
        what: text.clone(),
        old: Some(text.clone()),
        new: Some(text.clone()),
    };
    let hook = |text: &String| HookRow {
        what: "new",
        kind: text.clone(),
        name: text.clone(),
        old: Some(text.clone()),
        new: Some(text.clone()),
    };
    ChangesPage {
        project: "demo".to_owned(),
        from: texts[0].clone(),
        to: texts[0].clone(),
        old_file: texts[0].clone(),
        new_file: texts[0].clone(),
        notes: texts.to_vec(),
        others: vec![(texts[0].clone(), "/x".to_owned())],
        hooks: texts.iter().map(hook).collect(),
        dependencies: texts.iter().map(difference).collect(),
        metadata: texts.iter().map(difference).collect(),
        files: vec![FileRow {
            path: texts[0].clone(),
            what: "added",
            old: None,
            new: Some(1),
            marks: Vec::new(),
            diff: Some(diff(&[hunk])),
            is_cut: true,
            reason: None,
        }],
        command: format!("curl {}", texts[0]),
        unchanged: 1,
    }
}

/// Texts of every kind, and those that are made to be taken for markup.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::collection::vec(any::<u8>(), 0..40)
            .prop_map(|bytes| bytes.into_iter().map(char::from).collect()),
        prop::sample::select(vec![
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "' onmouseover='alert(1)",
            "{{ 7 * 7 }}{% raw %}",
            "</code></pre><svg onload=alert(1)>",
            "\u{202e}gpj.exe\0\u{1b}[31m",
            "&lt;b&gt;<!--",
            "]]>",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn nothing_in_an_archive_becomes_markup(texts in prop::collection::vec(text(), 1..6)) {
        let plain: Vec<_> = texts.iter().map(|text| harmless(text)).collect();
        // Folders are parted by their paths.
        check(&inside(&texts.iter().map(|text| text.replace('/', "")).collect::<Vec<_>>()),
            &inside(&plain.iter().map(|text| text.replace('/', "")).collect::<Vec<_>>()))?;
        check(&member(&texts), &member(&plain))?;
        check(&changes(&texts), &changes(&plain))?;
    }
}

#[test]
fn bytes_that_are_no_text_are_escaped_too() {
    let mut page = member(&["a".to_owned()]);
    page.text = None;
    page.set_bytes(b"<script>alert(1)");
    assert!(!rendered(&page).contains("<script>a"));
}
