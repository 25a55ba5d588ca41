//! Which language a text is in, by what its file or its place in a readme is called.

/// A language that can be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(Known);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Plain,
    Settings,
    /// The name of a grammar.
    Grammar(&'static str),
}

/// Grammars, and what fences and file names call their languages. A word that ends a file's name
/// after a dot is also what a fence may say.
const GRAMMARS: &[(&str, &[&str])] = &[
    (
        "Python",
        &[
            "py", "pyi", "pyw", "pyx", "pxd", "python", "python3", "py3", "pycon", "ipython",
            "ipython3", "cython", "doctest",
        ],
    ),
    (
        "Bourne Again Shell (bash)",
        &[
            "sh",
            "bash",
            "zsh",
            "shell",
            "console",
            "shell-session",
            "sh-session",
            "bash-session",
            "terminal",
        ],
    ),
    ("JSON", &["json", "ipynb", "jsonc", "json5", "webmanifest"]),
    ("YAML", &["yaml", "yml", "cff"]),
    ("XML", &["xml", "xsd", "xslt", "xsl", "rdf", "ui", "qrc"]),
    (
        "HTML",
        &[
            "html",
            "htm",
            "xhtml",
            "jinja",
            "jinja2",
            "html+jinja",
            "html+django",
        ],
    ),
    ("CSS", &["css"]),
    (
        "JavaScript",
        &[
            "js",
            "mjs",
            "cjs",
            "jsx",
            "javascript",
            "ts",
            "tsx",
            "typescript",
        ],
    ),
    ("C", &["c", "h"]),
    (
        "C++",
        &["cpp", "cc", "cxx", "hpp", "hh", "hxx", "c++", "cu", "cuh"],
    ),
    ("Rust", &["rs", "rust"]),
    ("Go", &["go", "golang"]),
    ("Java", &["java"]),
    ("SQL", &["sql", "postgresql", "sqlite", "mysql"]),
    ("Markdown", &["md", "markdown"]),
    ("reStructuredText", &["rst", "rest"]),
    ("Diff", &["diff", "patch"]),
    ("Makefile", &["makefile", "make", "mk"]),
    ("R", &["r"]),
    ("Ruby", &["rb", "ruby"]),
    ("Perl", &["pl", "pm", "perl"]),
    ("Lua", &["lua"]),
    ("LaTeX", &["tex", "latex", "sty"]),
    ("Batch File", &["bat", "cmd", "batch", "dosbatch"]),
];

/// Files with lines of a name and a value, and sections between them.
const SETTINGS: &[&str] = &[
    "toml",
    "ini",
    "cfg",
    "conf",
    "properties",
    "env",
    "desktop",
    "lock",
];

/// Files whose whole name says what they are.
const NAMES: &[(&str, &str)] = &[
    ("metadata", "properties"),
    ("pkg-info", "properties"),
    ("wheel", "properties"),
    ("entry_points.txt", "ini"),
    ("pipfile", "toml"),
    (".coveragerc", "ini"),
    (".pylintrc", "ini"),
    (".flake8", "ini"),
    (".editorconfig", "ini"),
    (".clang-format", "yaml"),
    ("sconstruct", "py"),
    ("wscript", "py"),
    ("gnumakefile", "makefile"),
    ("poetry.lock", "toml"),
    ("uv.lock", "toml"),
    ("cargo.lock", "toml"),
];

impl Language {
    /// No language: text without colours.
    pub const PLAIN: Self = Self(Known::Plain);

    /// Names and values in lines, and sections between them, as in TOML and INI files. No grammar
    /// comes with the library for them.
    pub(crate) const SETTINGS: Self = Self(Known::Settings);

    /// Returns the language of a file, by the last part of its path.
    pub fn of_file_name(name: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name);
        let name = name.to_ascii_lowercase();
        if let Some((_, word)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Self::of_word(word);
        }
        let word = name.rsplit('.').next().unwrap_or(&name);
        Self::of_word(word)
    }

    /// Returns the language that a block of code in a readme says it is in.
    pub fn of_fence_word(word: &str) -> Self {
        let word = word.trim_start_matches("language-");
        Self::of_word(&word.to_ascii_lowercase())
    }

    fn of_word(word: &str) -> Self {
        if SETTINGS.contains(&word) {
            return Self::SETTINGS;
        }
        let found = GRAMMARS.iter().find(|(_, words)| words.contains(&word));
        found.map_or(Self::PLAIN, |(grammar, _)| Self(Known::Grammar(grammar)))
    }

    /// Returns the name of the grammar.
    pub(super) fn grammar(self) -> Option<&'static str> {
        match self.0 {
            Known::Plain | Known::Settings => None,
            Known::Grammar(name) => Some(name),
        }
    }

    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        GRAMMARS.iter().map(|(name, _)| Self(Known::Grammar(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_and_words_of_fences_are_known() {
        for (name, grammar) in [
            ("demo/__init__.py", Some("Python")),
            ("a.PY", Some("Python")),
            ("src/lib.rs", Some("Rust")),
            ("Makefile", Some("Makefile")),
            ("a/b.unknown", None),
            ("py", Some("Python")),
            ("", None),
        ] {
            assert_eq!(Language::of_file_name(name).grammar(), grammar, "{name}");
        }
        for name in [
            "pyproject.toml",
            "setup.cfg",
            "d.dist-info/METADATA",
            "uv.lock",
        ] {
            assert_eq!(Language::of_file_name(name), Language::SETTINGS, "{name}");
        }
        for (word, grammar) in [
            ("language-python", Some("Python")),
            ("Console", Some("Bourne Again Shell (bash)")),
            ("mermaid", None),
        ] {
            assert_eq!(Language::of_fence_word(word).grammar(), grammar, "{word}");
        }
    }
}
