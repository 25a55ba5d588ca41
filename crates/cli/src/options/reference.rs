//! The reference page about all settings, made from the definitions of the options.

use std::fmt::Write;

use super::{Kind, OptionDef, Places, Profile, Topic, defs};

const INTRODUCTION: &str = "\
# Settings

<!-- Made from the definitions of the options: `cargo run -- config reference`. Do not edit. -->

Each setting can stand on the command line, in an environment variable and in a file. The
command line goes before the variable, the variable before the file, and the file before the
default. `wheelhouse config show` prints what holds and where it comes from; `wheelhouse config
check` says whether the program would start with it.

The file is called `wheelhouse.toml`. It has no sections: each line is a key and its value. The one
that `--config FILE` names is read, else the one in the working folder, else the one in the state
folder; under the name `pypi-server` only the one that `--config` names. Relative paths in it are
relative to its own folder, and `~` is the home folder. A key that does not exist is an error.

```toml
roots = [\"packages\"]
host = \"0.0.0.0\"
passwords = \".htpasswd\"
authenticate = [\"update\", \"download\", \"list\"]
```

A variable that is set to nothing counts as not set. Long options may be shortened while they stay
unique, and a switch can be turned off again with `--overwrite=false`.

No password or token is a setting, but for a password in the address of `catalog`, which can also be
in `PGPASSWORD` or in a file (`catalog-password-file`). The variable `WHEELHOUSE_PUBLIC_INDEX` holds the simple URL
of the public index, for the settings that say so.
";

/// Returns the page, in Markdown.
pub(crate) fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    for &topic in Topic::ALL {
        let mut options = defs::ALL
            .iter()
            .filter(|option| option.topic == topic)
            .peekable();
        if options.peek().is_some() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n## {}\n", topic.title());
        }
        for option in options {
            entry(&mut text, option);
        }
    }
    text
}

fn entry(text: &mut String, option: &OptionDef) {
    let _ = write!(text, "\n### `{}`\n\n{}", option.long, option.help);
    if !option.details.is_empty() {
        let _ = write!(text, " {}", option.details);
    }
    let _ = write!(text, "\n\n- Command line: {}", command_line(option));
    let commands: Vec<_> = option
        .commands
        .iter()
        .map(|command| format!("`{}`", command.as_str()))
        .collect();
    let _ = writeln!(text, ", for {}", commands.join(", "));
    if option.places != Places::CommandLine {
        let _ = writeln!(text, "- Variable: `{}`", option.variable());
    }
    if option.places == Places::Everywhere {
        let _ = writeln!(text, "- File: `{} = {}`", option.long, example(option));
    }
    if let Kind::Choice { words, .. } = option.kind {
        let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        let _ = writeln!(text, "- Values: {}", words.join(", "));
    }
    if let Kind::Integer { min, max, .. } = option.kind
        && min > i64::MIN
    {
        let _ = writeln!(text, "- Range: {min} to {max}");
    }
    if option.takes_value() {
        let _ = writeln!(text, "- Default: {}", default(option));
    }
}

fn command_line(option: &OptionDef) -> String {
    if matches!(option.kind, Kind::Folders) {
        return "`DIR ...`".to_owned();
    }
    let value = option
        .value_name()
        .map(|name| format!(" {name}"))
        .unwrap_or_default();
    let shorts = option
        .shorts
        .iter()
        .map(|short| format!("`-{short}{value}`"));
    let longs = option.long_names().map(|long| format!("`--{long}{value}`"));
    shorts.chain(longs).collect::<Vec<_>>().join(", ")
}

fn default(option: &OptionDef) -> String {
    let shown = |profile| match option.default.under(profile) {
        Some(default) => format!("`{default}`"),
        None => "none".to_owned(),
    };
    let (ours, theirs) = (shown(Profile::Wheelhouse), shown(Profile::PypiServer));
    if ours == theirs {
        return ours;
    }
    format!("{ours}; under the name `pypi-server` {theirs}")
}

fn example(option: &OptionDef) -> String {
    let default = option.default.under(Profile::Wheelhouse);
    match option.kind {
        Kind::Switch => "true".to_owned(),
        Kind::Truth => default.unwrap_or("true").to_owned(),
        Kind::Count => "1".to_owned(),
        Kind::Integer { min, .. } => match default {
            Some(default) => default.to_owned(),
            None if min <= 0 => "3600".to_owned(),
            None => "4".to_owned(),
        },
        Kind::Text { .. } | Kind::Path { .. } | Kind::Choice { .. } => {
            format!(
                "\"{}\"",
                default.or(option.value_name()).unwrap_or_default()
            )
        }
        Kind::List { example, .. } => format!("[\"{}\"]", default.unwrap_or(example)),
        Kind::Folders => "[\"packages\"]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_page_is_what_the_definitions_say() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/reference/settings.md"
        );
        let committed = std::fs::read_to_string(path).expect("docs/reference/settings.md");
        assert!(
            committed == page(),
            "docs/reference/settings.md is out of date; write it anew with \
             `cargo run -- config reference > docs/reference/settings.md`"
        );
    }

    #[test]
    fn example_items_of_lists_are_taken() {
        for option in defs::ALL {
            if let Kind::List { example, check, .. } = option.kind {
                assert_eq!(check(example), Ok(()), "--{}", option.long);
            }
        }
    }
}
