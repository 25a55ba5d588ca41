//! The page at `/`: the built-in one, or the operator's own template with the variables that
//! `pypiserver` has. A template holds text and variables, never code.

use std::borrow::Cow;
use std::fmt::Write;

/// The page at `/`, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    parts: Vec<Part>,
    /// What is shown in place of `parts` while the number of files is not to be told.
    parts_without_count: Option<Vec<Part>>,
}

/// What the page at `/` tells.
#[derive(Debug, Clone, Copy)]
pub struct WelcomeFacts<'a> {
    /// `URL`: the address that was asked for, ending in a slash.
    pub url: &'a str,
    /// `VERSION`: the program's version. `None` while it is not to be told.
    pub version: Option<&'a str>,
    /// `NUMPKGS`: the number of package files. `None` while it is not to be told, as when lists
    /// are locked.
    pub file_count: Option<u64>,
    /// `PACKAGES`: the path of the list of all files.
    pub packages_path: &'a str,
    /// `SIMPLE`: the path of the simple index.
    pub simple_path: &'a str,
}

impl Welcome {
    /// Returns the built-in page.
    pub fn built_in() -> Self {
        let compile = |count: &str| {
            let page = BUILT_IN.replace("{{COUNT}}", count);
            compile(&page).expect("a test compiles the built-in page")
        };
        Self {
            parts: compile(" It holds {{NUMPKGS}} files."),
            parts_without_count: Some(compile("")),
        }
    }

    /// Compiles an operator's template.
    ///
    /// `{{NAME}}` stands for a variable and is escaped, `{{!NAME}}` is not. The names are those of
    /// the fields of [`WelcomeFacts`]. What is not to be told is left empty. `\%` at the start of
    /// a line stands for a per cent sign.
    ///
    /// # Errors
    ///
    /// The first line that holds code or an unknown name. `file_name` is how the error names the
    /// file.
    pub fn from_template(template: &str, file_name: &str) -> Result<Self, WelcomeError> {
        match compile(template) {
            Ok(parts) => Ok(Self {
                parts,
                parts_without_count: None,
            }),
            Err((line, fault)) => Err(WelcomeError {
                file_name: file_name.to_owned(),
                line,
                fault,
            }),
        }
    }

    /// Returns the page as HTML.
    pub fn render(&self, facts: &WelcomeFacts<'_>) -> String {
        let parts = match &self.parts_without_count {
            Some(parts) if facts.file_count.is_none() => parts,
            _ => &self.parts,
        };
        let mut html = String::with_capacity(4096);
        for part in parts {
            match part {
                Part::Text(text) => html.push_str(text),
                Part::Escaped(variable) => push_escaped(&mut html, &variable.value(facts)),
                Part::Raw(variable) => html.push_str(&variable.value(facts)),
            }
        }
        html
    }
}

/// A welcome template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file_name}:{line}: {fault}")]
pub struct WelcomeError {
    /// The file, as it was named.
    pub file_name: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: WelcomeFault,
}

/// What is wrong in a line of a welcome template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WelcomeFault {
    /// The line is code.
    #[error(
        "`{0}` is code, and welcome files hold no code; \
         write the text itself, or `\\%` for a line that begins with a per cent sign"
    )]
    Code(String),
    /// The name between the braces is not known, or it is an expression.
    #[error(
        "`{{{{{0}}}}}` is not a variable; the variables are \
         URL, VERSION, NUMPKGS, PACKAGES and SIMPLE, as in `{{{{URL}}}}`"
    )]
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Escaped(Variable),
    Raw(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Url,
    Version,
    FileCount,
    Packages,
    Simple,
}

impl Variable {
    fn named(name: &str) -> Option<Self> {
        match name {
            "URL" => Some(Self::Url),
            "VERSION" => Some(Self::Version),
            "NUMPKGS" => Some(Self::FileCount),
            "PACKAGES" => Some(Self::Packages),
            "SIMPLE" => Some(Self::Simple),
            _ => None,
        }
    }

    fn value<'a>(self, facts: &WelcomeFacts<'a>) -> Cow<'a, str> {
        match self {
            Self::Url => facts.url.into(),
            Self::Version => facts.version.unwrap_or_default().into(),
            Self::FileCount => facts
                .file_count
                .map_or_else(String::new, |count| count.to_string())
                .into(),
            Self::Packages => facts.packages_path.into(),
            Self::Simple => facts.simple_path.into(),
        }
    }
}

/// Compiles a template, or returns the number of the first bad line and what is wrong in it.
fn compile(template: &str) -> Result<Vec<Part>, (usize, WelcomeFault)> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let template = template.strip_prefix('\u{feff}').unwrap_or(template);
    for (index, line) in template.split_inclusive('\n').enumerate() {
        let at_line = |fault| (index + 1, fault);
        let mut rest = without_escape(line).map_err(at_line)?;
        while let Some(start) = rest.find("{{") {
            // Braces that do not end on their line are text, as in pypiserver.
            let Some(length) = rest[start + 2..].find("}}") else {
                break;
            };
            let inner = rest[start + 2..start + 2 + length].trim();
            let (name, is_raw) = match inner.strip_prefix('!') {
                Some(name) => (name.trim_start(), true),
                None => (inner, false),
            };
            let variable = Variable::named(name)
                .ok_or_else(|| at_line(WelcomeFault::Unknown(excerpt(inner))))?;
            text.push_str(&rest[..start]);
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(if is_raw {
                Part::Raw(variable)
            } else {
                Part::Escaped(variable)
            });
            rest = &rest[start + length + 4..];
        }
        text.push_str(rest);
    }
    parts.push(Part::Text(text));
    Ok(parts)
}

/// Returns what a line means as text, or refuses it as code.
///
/// `\%` and the older `%%` stand for `%` at the start of a line, likewise `\<%` and `<%%`.
fn without_escape(line: &str) -> Result<&str, WelcomeFault> {
    let start = line.trim_start_matches([' ', '\t']);
    if let Some(escaped) = start.strip_prefix('\\')
        && (escaped.starts_with('%') || escaped.starts_with("<%"))
    {
        return Ok(escaped);
    }
    if let Some(after) = start.strip_prefix('%') {
        return if after.starts_with('%') {
            Ok(after)
        } else {
            Err(WelcomeFault::Code(excerpt(start)))
        };
    }
    if start.starts_with("<%") {
        return Err(WelcomeFault::Code(excerpt(start)));
    }
    Ok(line)
}

/// The beginning of a piece of a template, fit for one line of an error.
fn excerpt(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let text = text.trim_end();
    let mut excerpt: String = text
        .chars()
        .take(MAX_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_ascii_control() => {
                // Writing into a `String` cannot fail.
                let _ = write!(html, "&#{};", u32::from(c));
            }
            c => html.push(c),
        }
    }
}

/// The built-in page. `{{COUNT}}` is the place of the sentence with the number of files.
const BUILT_IN: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Python package index</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
pre { margin: .4rem 0; padding: .7rem 1rem; overflow-x: auto; border-radius: .4rem; background: rgba(128, 128, 128, .15); }
footer { margin-top: 3rem; font-size: .875rem; }
</style>
</head>
<body>
<main>
<h1>Python package index</h1>
<p>This server keeps Python packages for pip, uv and every other installer.{{COUNT}}</p>
<p>Look around: <a href="{{SIMPLE}}">all projects</a>, <a href="{{PACKAGES}}">all files</a>.</p>
<h2>Install from here</h2>
<pre><code>pip install --index-url {{URL}}simple/ PACKAGE</code></pre>
<pre><code>uv pip install --default-index {{URL}}simple/ PACKAGE</code></pre>
<p>To have it once and for all, put the address into the settings of the installer:</p>
<pre><code>pip config set global.index-url {{URL}}simple/</code></pre>
<p>If the address begins with <code>http:</code>, pip also wants
<code>--trusted-host</code> with the host's name, unless it is this machine.</p>
<h2>Publish to here</h2>
<pre><code>twine upload --repository-url {{URL}} dist/*</code></pre>
<pre><code>uv publish --publish-url {{URL}} dist/*</code></pre>
</main>
<footer>Wheelhouse {{VERSION}}</footer>
</body>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: WelcomeFacts<'_> = WelcomeFacts {
        url: "https://index.example/a&b/",
        version: Some("1.2.3"),
        file_count: Some(42),
        packages_path: "/a&b/packages/",
        simple_path: "/a&b/simple/",
    };

    fn render(template: &str) -> Result<String, String> {
        Welcome::from_template(template, "welcome.html")
            .map(|welcome| welcome.render(&FACTS))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn variables_are_escaped_unless_they_are_asked_for_raw() {
        for (template, html) in [
            ("", ""),
            ("{{URL}}", "https://index.example/a&amp;b/"),
            ("a{{ !URL }}b", "ahttps://index.example/a&b/b"),
            (
                "{{! SIMPLE}}|{{PACKAGES}}",
                "/a&b/simple/|/a&amp;b/packages/",
            ),
            ("{{NUMPKGS}} of {{ VERSION\t}}\n", "42 of 1.2.3\n"),
            ("\u{feff}é{{NUMPKGS}}é", "é42é"),
        ] {
            assert_eq!(render(template).as_deref(), Ok(html), "from {template:?}");
        }
    }

    #[test]
    fn text_that_only_looks_like_code_stays() {
        for (template, html) in [
            ("100 % sure", "100 % sure"),
            ("{{URL", "{{URL"),
            ("a {{\nURL}}", "a {{\nURL}}"),
            ("{ {{NUMPKGS}} }", "{ 42 }"),
            ("  \\% done {{NUMPKGS}}\n", "% done 42\n"),
            ("%% old\n\\<% x", "% old\n<% x"),
            ("width: 5%;\n}}", "width: 5%;\n}}"),
        ] {
            assert_eq!(render(template).as_deref(), Ok(html), "from {template:?}");
        }
    }

    #[test]
    fn code_and_unknown_names_are_refused_with_their_line() {
        for (template, start) in [
            ("a\n% import os\n", "welcome.html:2: `% import os` is code"),
            ("\t%end", "welcome.html:1: `%end` is code"),
            ("<% x %>", "welcome.html:1: `<% x %>` is code"),
            (
                "\n\n{{open('x').read()}}",
                "welcome.html:3: `{{open('x').read()}}` is not",
            ),
            ("{{url}}", "welcome.html:1: `{{url}}` is not a variable"),
            ("{{!base}}", "welcome.html:1: `{{!base}}` is not a variable"),
            ("{{}}", "welcome.html:1: `{{}}` is not a variable"),
        ] {
            let error = render(template).expect_err(template);
            assert!(error.starts_with(start), "{error:?} from {template:?}");
        }
        let error = render(&format!("% {}", "ü".repeat(500))).unwrap_err();
        assert!(error.chars().count() < 250, "{error}");
    }

    #[test]
    fn what_is_not_to_be_told_is_not_shown() {
        let facts = WelcomeFacts {
            version: None,
            file_count: None,
            ..FACTS
        };
        let custom = Welcome::from_template("[{{NUMPKGS}}{{VERSION}}]", "w").unwrap();
        assert_eq!(custom.render(&facts), "[]");
        let built_in = Welcome::built_in();
        assert!(built_in.render(&FACTS).contains("It holds 42 files."));
        assert!(!built_in.render(&facts).contains("It holds"));
    }

    #[test]
    fn built_in_page_stands_on_its_own() {
        let html = Welcome::built_in().render(&FACTS);
        assert!(html.starts_with("<!DOCTYPE html>"));
        for needed in [
            "pip install --index-url https://index.example/a&amp;b/simple/ PACKAGE",
            "<a href=\"/a&amp;b/simple/\">",
            "<a href=\"/a&amp;b/packages/\">",
            "Wheelhouse 1.2.3",
        ] {
            assert!(html.contains(needed), "no {needed}");
        }
        for forbidden in ["<script", "src=", "{{", "url(", "@import", "<link"] {
            assert!(!html.contains(forbidden), "{forbidden} in the page");
        }
    }
}
