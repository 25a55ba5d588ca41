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

fn table(path: &str) -> Edit {
    Edit::Table {
        place: place(path),
        name: "company".to_owned(),
        claims: "url",
        pairs: vec![
            ("url".to_owned(), Value::Text("https://h/".to_owned())),
            ("default".to_owned(), Value::Truth(true)),
        ],
    }
}

fn only(path: &str) -> Edit {
    Edit::OnlyTable {
        place: place(path),
        name: "company".to_owned(),
    }
}

fn remove(path: &str) -> Edit {
    Edit::Remove { place: place(path) }
}

const OURS: &str = "[[index]]\nname = \"company\"\nurl = \"https://h/\"\ndefault = true\n";

#[track_caller]
fn check(before: &str, edits: &[Edit], after: &str) {
    let applied = apply(before, edits).expect("it is applied");
    assert_eq!(applied.text, after);
    let again = apply(after, edits).expect("it is applied again");
    assert_eq!((again.text.as_str(), again.done.len()), (after, 0));
    let original = Original::of(before, after);
    let back = undo_text(Format::Toml, after, &applied.done, Some(&original)).expect("undone");
    assert_eq!(back.text, before);
    let back = undo(after, &applied.done).expect("undone the long way");
    assert!(back.kept.is_empty());
    assert_eq!(back.text.trim_end(), before.trim_end());
}

#[test]
fn keys_and_tables_are_added_and_taken_back() {
    check("", &[table("index")], OURS);
    check(
        "# mine\noffline = false # why\n\n[pip]\nsystem = true\n",
        &[set("publish-url", "x"), table("index")],
        &format!(
            "# mine\noffline = false # why\npublish-url = \"x\"\n\n[pip]\nsystem = true\n\n{OURS}"
        ),
    );
    check(
        "[pypi]\nurl = 'old' # theirs\n",
        &[set("pypi.url", "new")],
        "[pypi]\nurl = \"new\" # theirs\n",
    );
    check(
        "",
        &[
            set("repository.company.url", "x"),
            set("repository.company.username", "u"),
        ],
        "[repository.company]\nurl = \"x\"\nusername = \"u\"\n",
    );
    check(
        "pypi = {verify_ssl = true}\n",
        &[set("pypi.url", "x")],
        "pypi = {verify_ssl = true, url = \"x\" }\n",
    );
    check("a = 1\r\n", &[set("b", "x")], "a = 1\r\nb = \"x\"\r\n");
}

#[test]
fn other_tables_are_taken_out_and_come_back_in_their_order() {
    let before = "[[index]]\nname = \"a\"\nurl = \"A\"\n\n# torch\n[[index]]\nname = \"t\"\nurl = \"T\"\n\
                  explicit = true\n\n[[index]]\nname = \"b\"\nurl = \"B\"\ndefault = true\n";
    let edits = [table("index"), only("index")];
    let applied = apply(before, &edits).expect("applied");
    assert_eq!(
        applied.text,
        format!("\n# torch\n[[index]]\nname = \"t\"\nurl = \"T\"\nexplicit = true\n\n{OURS}")
    );
    assert_eq!(applied.told.len(), 2, "{:?}", applied.told);
    let back = undo(&applied.text, &applied.done).expect("undone");
    let names: Vec<_> = back
        .text
        .match_indices("name = ")
        .map(|(at, _)| &back.text[at + 8..=at + 8])
        .collect();
    assert_eq!(names, ["a", "t", "b"], "{}", back.text);
    let exact = Original::of(before, &applied.text).restore(&applied.text);
    assert_eq!(exact.as_deref(), Some(before));
}

#[test]
fn what_a_user_changed_since_stays() {
    let edits = [table("index"), set("publish-url", "x"), remove("index-url")];
    let before = "index-url = 'old'\n";
    let applied = apply(before, &edits).expect("applied");
    let changed = applied
        .text
        .replace("default = true", "default = false")
        .replace("\"x\"", "\"y\"");
    let undone = undo(&changed, &applied.done).expect("undone");
    assert_eq!(undone.kept, ["publish-url", "index"]);
    assert!(undone.text.contains("company") && undone.text.contains("index-url = 'old'"));

    let changed = format!(
        "cache-keys = 1\n{}\n# theirs\n[pip]\nsystem = true\n",
        applied.text
    );
    let undone = undo(&changed, &applied.done).expect("undone");
    assert!(undone.kept.is_empty());
    let kept = [
        "cache-keys = 1",
        "index-url = 'old'",
        "# theirs\n[pip]\nsystem = true",
    ];
    assert!(
        kept.iter().all(|kept| undone.text.contains(kept)),
        "{}",
        undone.text
    );
    assert!(!undone.text.contains("company") && !undone.text.contains("publish"));

    // A comment above ours is theirs.
    let ours = apply("", &[table("index")]).expect("applied");
    let undone = undo(&format!("# a note\n{OURS}"), &ours.done).expect("undone");
    assert_eq!(undone.text, "# a note\n");
}

#[test]
fn what_is_no_toml_or_somebody_elses_is_left_alone() {
    for (text, line) in [
        ("a = 1\nb = secret\n", 2),
        ("[a\n", 1),
        ("\n\na = 1\na = 2\n", 4),
    ] {
        let error = apply(text, &[set("c", "1")]).expect_err(text);
        assert_eq!(error.line, Some(line), "{text:?}");
        assert!(!error.to_string().contains("secret"));
    }
    let other = "[[index]]\nname = \"company\"\nurl = \"https://other/\"\n";
    assert!(
        apply(other, &[table("index")])
            .expect_err("taken")
            .what
            .contains("--name")
    );
    let same = "[[index]]\nname = \"company\"\nurl = \"https://ada@h\"\n";
    assert!(apply(same, &[table("index")]).is_ok());
    let inline = "index = [{ name = \"a\", url = \"A\" }]\n";
    assert!(
        apply(inline, &[table("index")])
            .expect_err("inline")
            .what
            .contains("yourself")
    );
    assert!(apply("pypi = 1\n", &[set("pypi.url", "x")]).is_err());
    let taken = Edit::Set {
        place: place("repository.company.url"),
        value: Value::Text("https://h/".to_owned()),
        is_claim: true,
    };
    assert!(apply("repository.company.url = 'https://x/'\n", &[taken]).is_err());
}
