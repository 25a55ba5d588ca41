//! A wheel's `entry_points.txt`, as far as installers have to understand it: META-1.
//!
//! Standard: PyPA specifications, "Entry points specification".

use super::shown;

/// Checks that the file is sections of `name = object` lines, and that scripts have names that can
/// be file names.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut group: Option<&str> = None;
    let mut has_entry = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            group = Some(name.trim());
            has_entry = false;
            continue;
        }
        // An indented line goes on with the value before it.
        if has_entry && line.starts_with([' ', '\t']) {
            continue;
        }
        let Some(group) = group else {
            return Err(format!(
                "`{}` stands before the first section",
                shown(trimmed)
            ));
        };
        let Some((name, object)) = trimmed.split_once('=') else {
            return Err(format!("`{}` has no `=`", shown(trimmed)));
        };
        has_entry = true;
        let (name, object) = (name.trim(), object.trim());
        if name.is_empty() || object.is_empty() {
            return Err(format!(
                "`{}` has nothing on one side of `=`",
                shown(trimmed)
            ));
        }
        let is_script = matches!(group, "console_scripts" | "gui_scripts");
        let is_plain = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        if is_script && !name.chars().all(is_plain) {
            return Err(format!(
                "the script name `{}` must be letters, digits, `_`, `.` and `-`",
                shown(name)
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_entries_are_read() {
        let good: &[&str] = &[
            "",
            "[console_scripts]\ndemo = demo:main\n",
            "# note\n\n[console_scripts]\r\ndemo-2.0=demo:main [extra]\r\n\n[x.y]\nany name! = a.b\n",
            "[gui_scripts]\n  demo = demo:main\n",
            "[a]\nb = c\n   d\n",
        ];
        for text in good {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text:?}");
        }
        for (text, words) in [
            (&b"\xff"[..], "UTF-8"),
            (b"demo = demo:main", "before the first section"),
            (b"[a]\ndemo: demo", "no `=`"),
            (b"[a]\n= x", "nothing on one side"),
            (b"[console_scripts]\n../demo = x:y", "`../demo`"),
            (b"[gui_scripts]\na b = x:y", "`a b`"),
        ] {
            let reason = check(text).expect_err(words);
            assert!(reason.contains(words), "{reason}");
        }
    }
}
