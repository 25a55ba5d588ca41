//! What somebody who looks through an archive wants to be shown.

use super::members::MemberKind;

/// Why a member deserves a look. The order is that of how much it deserves one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberMark {
    /// Python runs it at each start: a `.pth` file, `sitecustomize.py` or `usercustomize.py`.
    StartsWithPython,
    /// Code for a machine, by its name or its first bytes.
    NativeLibrary,
    /// It is put where commands are.
    Script,
    /// It runs when an sdist is built.
    BuildCode,
    /// It says which commands and plug-ins there are.
    EntryPoints,
    /// Its mode says that it can be run.
    Executable,
    /// Its path leads out of the folder that it is unpacked to, or means different things on
    /// different systems.
    OddPath,
    /// Another member has the same path.
    Twice,
    /// Its bytes are encrypted.
    Encrypted,
}

impl MemberMark {
    /// All marks.
    pub const ALL: [Self; 9] = [
        Self::StartsWithPython,
        Self::NativeLibrary,
        Self::Script,
        Self::BuildCode,
        Self::EntryPoints,
        Self::Executable,
        Self::OddPath,
        Self::Twice,
        Self::Encrypted,
    ];

    /// Returns a short word for it, such as `script`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StartsWithPython => "runs-at-start",
            Self::NativeLibrary => "native-library",
            Self::Script => "script",
            Self::BuildCode => "build-code",
            Self::EntryPoints => "entry-points",
            Self::Executable => "executable",
            Self::OddPath => "odd-path",
            Self::Twice => "same-path-twice",
            Self::Encrypted => "encrypted",
        }
    }

    /// Returns what it means, in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::StartsWithPython => "runs at each start of Python",
            Self::NativeLibrary => "native library",
            Self::Script => "script",
            Self::BuildCode => "runs when it is built",
            Self::EntryPoints => "entry points",
            Self::Executable => "executable",
            Self::OddPath => "odd path",
            Self::Twice => "same path twice",
            Self::Encrypted => "encrypted",
        }
    }
}

/// Returns the marks of a member that its path, kind and mode give it, in their order.
pub(super) fn marks_of(path: &str, kind: &MemberKind, mode: u32) -> Vec<MemberMark> {
    let mut marks = Vec::new();
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let file_name = parts.last().copied().unwrap_or_default();
    if *kind != MemberKind::Folder {
        let data = parts
            .first()
            .is_some_and(|first| has_extension(first, "data"));
        let root = match parts.as_slice() {
            [_] => true,
            [_, "purelib" | "platlib", _] => data,
            _ => false,
        };
        let is_customisation = matches!(file_name, "sitecustomize.py" | "usercustomize.py");
        if has_extension(file_name, "pth") || (root && is_customisation) {
            marks.push(MemberMark::StartsWithPython);
        }
        if is_native_name(file_name) {
            marks.push(MemberMark::NativeLibrary);
        }
        if data && parts.len() > 2 && parts[1] == "scripts" {
            marks.push(MemberMark::Script);
        }
        if file_name == "setup.py" && parts.len() <= 2 {
            marks.push(MemberMark::BuildCode);
        }
        let of_metadata =
            parts.iter().rev().nth(1).is_some_and(|folder| {
                folder.ends_with(".dist-info") || folder.ends_with(".egg-info")
            });
        if file_name == "entry_points.txt" && of_metadata {
            marks.push(MemberMark::EntryPoints);
        }
        if *kind == MemberKind::File && mode & 0o111 != 0 {
            marks.push(MemberMark::Executable);
        }
    }
    if is_odd(path) {
        marks.push(MemberMark::OddPath);
    }
    marks
}

/// Returns whether a file name is that of code for a machine. A library on Linux may have its
/// version behind its extension.
fn is_native_name(file_name: &str) -> bool {
    const EXTENSIONS: [&str; 8] = ["so", "pyd", "dll", "dylib", "exe", "a", "lib", "wasm"];
    let lower = file_name.to_ascii_lowercase();
    let mut stem = lower.as_str();
    while let Some((before, last)) = stem.rsplit_once('.') {
        if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
            stem = before;
        } else {
            let is_versioned = stem.len() < lower.len();
            return !before.is_empty()
                && EXTENSIONS.contains(&last)
                && (!is_versioned || matches!(last, "so" | "dylib"));
        }
    }
    false
}

/// Returns whether the first bytes of a file are those of code for a machine.
pub(super) fn is_native(start: &[u8]) -> bool {
    const MACH_O: [[u8; 4]; 4] = [
        *b"\xfe\xed\xfa\xce",
        *b"\xfe\xed\xfa\xcf",
        *b"\xce\xfa\xed\xfe",
        *b"\xcf\xfa\xed\xfe",
    ];
    match start {
        [0x7f, b'E', b'L', b'F', ..] | [0, b'a', b's', b'm', ..] => true,
        // Text may begin with these letters, but has no NUL.
        [b'M', b'Z', rest @ ..] => rest.iter().take(6).any(|&byte| byte == 0),
        // For several machines; the classes of another language begin so too, with a version.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count] => *count < 40,
        [a, b, c, d, ..] => MACH_O.contains(&[*a, *b, *c, *d]) || start.starts_with(b"!<arch>\n"),
        _ => false,
    }
}

/// Returns whether a path is one that an honest builder does not make.
fn is_odd(path: &str) -> bool {
    let inner = path.strip_prefix("./").unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    inner.contains(['\\', '\0'])
        || inner.chars().any(char::is_control)
        || inner
            .split('/')
            .any(|part| matches!(part, "" | "." | "..") || part.ends_with(':'))
}

fn has_extension(file_name: &str, extension: &str) -> bool {
    file_name
        .rsplit_once('.')
        .is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;
    use MemberMark::*;

    #[test]
    fn what_deserves_a_look_is_marked() {
        for (path, mode, marks) in [
            ("demo/a.py", 0o644, &[][..]),
            ("demo.pth", 0o644, &[StartsWithPython]),
            ("demo-1.0.data/purelib/x.PTH", 0, &[StartsWithPython]),
            ("sitecustomize.py", 0, &[StartsWithPython]),
            (
                "demo-1.0.data/platlib/usercustomize.py",
                0,
                &[StartsWithPython],
            ),
            ("demo/sitecustomize.py", 0, &[]),
            (
                "demo/_c.cpython-312-x86_64-linux-gnu.so",
                0,
                &[NativeLibrary],
            ),
            ("demo.libs/libx.so.1.2", 0o755, &[NativeLibrary, Executable]),
            ("demo/_c.PYD", 0, &[NativeLibrary]),
            ("demo/notes.1.2", 0, &[]),
            ("demo/lib.a.1", 0, &[]),
            (".so", 0, &[]),
            ("demo-1.0.data/scripts/demo", 0o755, &[Script, Executable]),
            ("demo-1.0/setup.py", 0, &[BuildCode]),
            ("demo-1.0/tests/data/setup.py", 0, &[]),
            ("demo-1.0.dist-info/entry_points.txt", 0, &[EntryPoints]),
            ("demo/entry_points.txt", 0, &[]),
            ("/etc/passwd", 0, &[OddPath]),
            ("a/../../b", 0, &[OddPath]),
            ("a\\b", 0, &[OddPath]),
            ("a\0b", 0, &[OddPath]),
            ("a//b", 0, &[OddPath]),
            ("C:/b", 0, &[OddPath]),
            ("", 0, &[OddPath]),
            ("./a", 0, &[]),
        ] {
            assert_eq!(marks_of(path, &MemberKind::File, mode), marks, "{path:?}");
        }
        assert_eq!(marks_of("a/b/", &MemberKind::Folder, 0o755), []);
    }

    #[test]
    fn code_for_machines_is_known_by_its_first_bytes() {
        for (start, is_code) in [
            (&b"\x7fELF\x02\x01\x01\0"[..], true),
            (b"MZ\x90\0\x03\0\0\0", true),
            (b"MZ is tex", false),
            (b"\xcf\xfa\xed\xfe\x07\0\0\x01", true),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", true),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", false),
            (b"!<arch>\n", true),
            (b"\0asm\x01\0\0\0", true),
            (b"#!/bin/s", false),
            (b"", false),
        ] {
            assert_eq!(is_native(start), is_code, "{start:?}");
        }
    }

    #[test]
    fn names_of_marks_differ() {
        let names: std::collections::BTreeSet<_> =
            MemberMark::ALL.iter().map(|mark| mark.name()).collect();
        assert_eq!(names.len(), MemberMark::ALL.len());
    }
}
