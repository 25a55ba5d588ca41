use proptest::prelude::*;

use super::super::edit::{Original, undo as undo_text};
use super::*;
use crate::client_setup::Format;

fn place(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

fn set(path: &str, value: &str) -> Edit {
    Edit::Set {
        place: place(path),
        value: Value::Text(value.to_owned()),
        is_claim: false,
    }
}

fn add(path: &str, item: &str) -> Edit {
    Edit::Add {
        place: place(path),
        item: item.to_owned(),
        beside: &["pypi"],
    }
}

fn remove(path: &str) -> Edit {
    Edit::Remove { place: place(path) }
}

#[track_caller]
fn check(before: &str, edits: &[Edit], after: &str) {
    let applied = apply(before, edits).expect("it is applied");
    assert_eq!(applied.text, after);
    let again = apply(after, edits).expect("it is applied again");
    assert_eq!((again.text.as_str(), again.done.len()), (after, 0));
    let original = Original::of(before, after);
    let back = undo_text(Format::Ini, after, &applied.done, Some(&original)).expect("undone");
    assert_eq!(back.text, before);
}

#[test]
fn keys_are_set_where_they_belong_and_all_else_stays() {
    check("", &[set("global.a", "x")], "[global]\na = x\n");
    check(
        "# mine\n[install]\nno-cache = 1\n",
        &[set("global.a", "x")],
        "# mine\n[install]\nno-cache = 1\n\n[global]\na = x\n",
    );
    check(
        "[global]\n; here\nB: 1\n  2\n\n# below\n[other]\na = 3",
        &[set("global.a", "x")],
        "[global]\n; here\nB: 1\n  2\na = x\n\n# below\n[other]\na = 3",
    );
    check(
        "[global]\nIndex_URL:old\n[x]\n",
        &[set("global.index-url", "new")],
        "[global]\nIndex_URL:new\n[x]\n",
    );
    check(
        "[global]\nindex-url =\n    old\n    older\ntimeout = 1\n",
        &[set("global.index-url", "new")],
        "[global]\nindex-url = new\ntimeout = 1\n",
    );
    check(
        "[global]\r\na = 1",
        &[set("global.b", "2")],
        "[global]\r\na = 1\r\nb = 2\r\n",
    );
}

#[test]
fn lists_get_an_item_more() {
    check("[g]\na = x\n", &[add("g.a", "y")], "[g]\na = x\n    y\n");
    check(
        "[g]\na =\n  x\n",
        &[add("g.a", "y")],
        "[g]\na =\n  x\n  y\n",
    );
    check("[g]\na = x y\n", &[add("g.a", "y")], "[g]\na = x y\n");
    check("[g]\na = x/\n", &[add("g.a", "x")], "[g]\na = x/\n");
    check(
        "[pypi]\nusername = u\n",
        &[add("d.servers", "y")],
        "[pypi]\nusername = u\n\n[d]\nservers =\n    pypi\n    y\n",
    );
    check("", &[add("d.servers", "y")], "[d]\nservers = y\n");
}

#[test]
fn keys_are_taken_out() {
    check(
        "[g]\na = x\n  y\nb = 1\n",
        &[remove("g.a"), remove("h.a")],
        "[g]\nb = 1\n",
    );
}

#[test]
fn what_a_user_changed_since_stays() {
    let edits = [
        set("g.url", "ours"),
        add("g.list", "item"),
        remove("g.gone"),
    ];
    let applied = apply("[g]\nurl = old\ngone = 1\n", &edits).expect("applied");
    assert_eq!(applied.text, "[g]\nurl = ours\nlist = item\n");
    for (changed, back, kept) in [
        (
            "[g]\nurl = theirs\nlist = item\n",
            "[g]\nurl = theirs\ngone = 1\n",
            &["g.url"][..],
        ),
        (
            "# c\n[g]\nurl = ours\nlist = item\n    more\n\n[new]\nx = 1\n",
            "# c\n[g]\nurl = old\nlist =\n    more\ngone = 1\n\n[new]\nx = 1\n",
            &[],
        ),
        ("", "[g]\ngone = 1\n", &[]),
        (
            "[g]\nurl = ours\nlist = a item b\ngone = 2\n",
            "[g]\nurl = old\nlist = a item b\ngone = 2\n",
            &["g.gone", "g.list"],
        ),
    ] {
        let undone = undo(changed, &applied.done).expect("undone");
        assert_eq!(undone.text, back);
        assert_eq!(undone.kept, kept, "{changed}");
    }
    // A section that was made goes only if nothing else is in it.
    let made = apply("", &[set("g.url", "ours")]).expect("applied");
    let undone = undo("[g]\nurl = ours\ntimeout = 1\n", &made.done).expect("undone");
    assert_eq!(undone.text, "[g]\ntimeout = 1\n");
    let undone = undo("[g]\n# why\nurl = ours\n", &made.done).expect("undone");
    assert_eq!(undone.text, "[g]\n# why\n");
    let undone = undo("[a]\nb = 1\n\n[g]\nurl = ours\n", &made.done).expect("undone");
    assert_eq!(undone.text, "[a]\nb = 1\n");
}

#[test]
fn what_python_could_not_read_is_left_alone() {
    for (text, line, what) in [
        ("a = 1\n", 1, "no section"),
        ("[g]\n\nnonsense\n", 3, "neither"),
        ("[g\n", 1, "no end"),
        ("[g]\na=1\n[g]\n", 3, "twice"),
        ("[g]\na=1\nA: 2\n", 3, "twice"),
        ("[g]\n= 2\n", 2, "no key"),
    ] {
        let error = apply(text, &[set("g.b", "1")]).expect_err(text);
        assert_eq!(error.line, Some(line), "{text:?}");
        assert!(error.what.contains(what), "{error}");
    }
    let taken = Edit::Set {
        place: place("company.repository"),
        value: Value::Text("https://a.example/".to_owned()),
        is_claim: true,
    };
    let error = apply(
        "[company]\nrepository = https://b.example/\n",
        std::slice::from_ref(&taken),
    );
    assert!(error.expect_err("taken").what.contains("--name"));
    let same = "[company]\nrepository = https://a.example\n";
    assert!(apply(same, &[taken]).is_ok());
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("[global]".to_owned()),
        Just("[install]".to_owned()),
        Just("# comment".to_owned()),
        Just("; comment".to_owned()),
        Just(String::new()),
        Just("    continued".to_owned()),
        "(url|list|gone|other)( ?[=:] ?)[a-c]?",
        "[ -~]{0,12}",
    ];
    (
        prop::collection::vec(line, 0..12),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(lines, has_end, is_crlf)| {
            let ending = if is_crlf { "\r\n" } else { "\n" };
            let mut text = lines.join(ending);
            if has_end && !text.is_empty() {
                text.push_str(ending);
            }
            text
        })
}

proptest! {
    #[test]
    fn any_text_is_refused_or_comes_back(text in lines()) {
        let edits = [set("global.url", "ours"), add("global.list", "item"), remove("install.gone")];
        if let Ok(applied) = apply(&text, &edits) {
            let ini = Ini::parse(&applied.text).expect("what was written can be read");
            prop_assert_eq!(ini.key(&place("global.url")).expect("set").value(), "ours");
            prop_assert!(ini.key(&place("global.list")).expect("added").items().any(|one| one == "item"));
            prop_assert!(ini.key(&place("install.gone")).is_none());
            let again = apply(&applied.text, &edits).expect("again");
            prop_assert_eq!(&again.text, &applied.text);
            let original = Original::of(&text, &applied.text);
            let back = undo_text(Format::Ini, &applied.text, &applied.done, Some(&original)).expect("undone");
            prop_assert_eq!(&back.text, &text);
            // Without the short way nothing but order and blank lines may differ.
            let back = undo(&applied.text, &applied.done).expect("undone");
            prop_assert!(back.kept.is_empty(), "{:?}", back.kept);
            let sorted = |text: &str| {
                let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
                lines.retain(|line| !line.is_empty() && line != "[global]");
                lines.sort();
                lines
            };
            prop_assert_eq!(sorted(&back.text), sorted(&text));
        }
    }
}
