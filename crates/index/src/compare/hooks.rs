//! What runs, or can be run, without anybody importing it: where a release that was taken over
//! shows first.

use std::collections::BTreeMap;

use wheelhouse_standards::archive::MemberMark;
use wheelhouse_standards::inside::entry_points;
use wheelhouse_standards::inside::text::{Decoded, decode};

use super::described::shortened;
use super::files::Side;

/// Most hooks that are told.
const MAX_HOOKS: usize = 500;
/// Marks of files that are hooks by themselves.
const MARKS: [MemberMark; 7] = [
    MemberMark::StartsWithPython,
    MemberMark::BuildCode,
    MemberMark::Script,
    MemberMark::NativeLibrary,
    MemberMark::OddPath,
    MemberMark::Executable,
    MemberMark::Encrypted,
];

/// A hook that is new, gone or different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookChange {
    /// What it is.
    pub kind: HookKind,
    /// Its name, or the path of the file.
    pub name: String,
    /// What it was before.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

/// What a hook is. The order is that in which hooks are shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookKind {
    /// A file that deserves a look.
    File(MemberMark),
    /// What builds an sdist.
    BuildSystem,
    /// An entry point, and its group.
    EntryPoint(String),
}

impl HookKind {
    /// Returns what it is, in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::File(mark) => mark.words().to_owned(),
            Self::BuildSystem => "builds the sdist".to_owned(),
            Self::EntryPoint(group) => match group.as_str() {
                "console_scripts" => "command".to_owned(),
                "gui_scripts" => "command with windows".to_owned(),
                group => format!("entry point of {group}"),
            },
        }
    }

    /// Returns a short name for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::File(mark) => mark.name(),
            Self::BuildSystem => "build-system",
            Self::EntryPoint(_) => "entry-point",
        }
    }
}

impl HookChange {
    pub(super) fn weight(&self) -> usize {
        let said = [&self.old, &self.new].into_iter().flatten();
        self.name.len() + said.map(String::len).sum::<usize>() + 120
    }
}

/// Compares the hooks of two files: what is new first.
pub(super) fn compare(old: &Side, new: &Side) -> Vec<HookChange> {
    let (old, new) = (hooks_of(old), hooks_of(new));
    let mut changes: Vec<HookChange> = Vec::new();
    for (key, before) in &old {
        let now = new.get(key);
        if now != Some(before) {
            changes.push(change(key, Some(before), now));
        }
    }
    for (key, now) in &new {
        if !old.contains_key(key) {
            changes.push(change(key, None, Some(now)));
        }
    }
    changes.sort_by(|a, b| {
        let order = |hook: &HookChange| (hook.new.is_none(), hook.old.is_some());
        order(a)
            .cmp(&order(b))
            .then_with(|| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)))
    });
    changes.truncate(MAX_HOOKS);
    changes
}

type Key = (HookKind, String);

fn change(key: &Key, old: Option<&String>, new: Option<&String>) -> HookChange {
    HookChange {
        kind: key.0.clone(),
        name: shortened(&key.1),
        old: old.map(|value| shortened(value)),
        new: new.map(|value| shortened(value)),
    }
}

fn hooks_of(side: &Side) -> BTreeMap<Key, String> {
    let mut hooks = BTreeMap::new();
    for (path, file) in &side.files {
        if let Some(mark) = MARKS.into_iter().find(|mark| file.marks.contains(mark)) {
            let digest = file.digest.map(|digest| hex::encode(&digest[..6]));
            let digest = digest.map_or_else(String::new, |digest| format!(", SHA-256 {digest}…"));
            let text = format!("{} bytes{digest}", file.size_bytes);
            hooks.insert((HookKind::File(mark), path.clone()), text);
        }
    }
    for (path, bytes) in &side.described {
        let Decoded::Text { text, .. } = decode(bytes, false) else {
            continue;
        };
        if path.ends_with("/entry_points.txt") {
            for entry in entry_points::read(&text) {
                let kind = HookKind::EntryPoint(shortened(&entry.group));
                hooks.insert((kind, entry.name), entry.object);
            }
        } else if path == "pyproject.toml" {
            for (name, value) in build_system(&text) {
                hooks.insert((HookKind::BuildSystem, name), value);
            }
        }
    }
    hooks
}

/// Returns what the table `build-system` says.
///
/// Standard: PyPA specifications, "pyproject.toml specification".
fn build_system(text: &str) -> Vec<(String, String)> {
    let Ok(whole) = text.parse::<toml::Table>() else {
        return vec![("pyproject.toml".to_owned(), "cannot be read".to_owned())];
    };
    let table = whole.get("build-system").and_then(toml::Value::as_table);
    let entries = table.into_iter().flatten();
    entries
        .map(|(name, value)| {
            let text = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Array(items) => {
                    let items = items.iter().map(|item| match item {
                        toml::Value::String(text) => text.clone(),
                        other => other.to_string(),
                    });
                    items.collect::<Vec<_>>().join(", ")
                }
                other => other.to_string(),
            };
            (name.clone(), text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_system_is_read() {
        let text =
            "[build-system]\nrequires = [\"hatchling\", \"evil\"]\nbuild-backend = \"x.y\"\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut found = build_system(text);
        found.sort();
        assert_eq!(
            found,
            [
                pair("build-backend", "x.y"),
                pair("requires", "hatchling, evil")
            ]
        );
        assert_eq!(build_system("[project]\n"), []);
        assert_eq!(build_system("not = = toml")[0].1, "cannot be read");
    }
}
