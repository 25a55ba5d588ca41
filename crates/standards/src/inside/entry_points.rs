//! The entries of `entry_points.txt`, read as leniently as installers do.
//!
//! Standard: PyPA specifications, "Entry points specification".

/// Most entries that are read.
const MAX_ENTRIES: usize = 5_000;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPoint {
    /// The group, such as `console_scripts`.
    pub group: String,
    /// The name: of a command, or of what a program looks for.
    pub name: String,
    /// What it leads to, such as `demo:main`.
    pub object: String,
}

/// Reads the entries. Lines that are none are passed over.
pub fn read(text: &str) -> Vec<EntryPoint> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries: Vec<EntryPoint> = Vec::new();
    let mut group = "";
    let mut has_entry = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            group = name.trim();
            has_entry = false;
            continue;
        }
        // An indented line goes on with the value before it.
        if has_entry && line.starts_with([' ', '\t']) {
            if let Some(last) = entries.last_mut() {
                last.object.push(' ');
                last.object.push_str(trimmed);
            }
            continue;
        }
        let Some((name, object)) = trimmed.split_once(['=', ':']) else {
            continue;
        };
        if entries.len() == MAX_ENTRIES {
            break;
        }
        has_entry = true;
        entries.push(EntryPoint {
            group: group.to_owned(),
            name: name.trim().to_owned(),
            object: object.trim().to_owned(),
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_a_group_a_name_and_an_object() {
        let text = "# c\n[console_scripts]\ndemo = demo:main\nnonsense\n\n[x.y]\na=b\n   c\n";
        let found: Vec<_> = read(text)
            .into_iter()
            .map(|entry| [entry.group, entry.name, entry.object])
            .collect();
        assert_eq!(
            found,
            [
                ["console_scripts", "demo", "demo:main"],
                ["x.y", "a", "b c"]
            ]
        );
    }

    #[test]
    fn entries_are_read_up_to_a_limit() {
        assert_eq!(read(&"a=b\n".repeat(MAX_ENTRIES + 9)).len(), MAX_ENTRIES);
    }
}
