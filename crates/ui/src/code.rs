//! Code in colour: of files that are looked into, and of readmes.
//!
//! Colours are classes, never styles, and each line closes what it opened. A class stands for many
//! of a grammar's scopes, so that coloured text stays small; what they look like is in `code.css`.

use std::fmt::Write as _;
use std::sync::LazyLock;

use syntect::parsing::{ClearAmount, ParseState, Scope, ScopeStackOp, SyntaxSet};

use crate::Markup;
use crate::escape::push_escaped;
use crate::format;

mod language;
mod settings;

pub use language::Language;

/// Longest text that gets colours, in bytes. Longer ones are escaped alone.
pub const MAX_COLOURED_BYTES: usize = 128 << 10;

/// Longest line that gets colours, in bytes: what a grammar does with a line may take time that
/// grows faster than the line.
const MAX_COLOURED_LINE: usize = 500;

/// Most lines that [`numbered`] shows.
pub const MAX_LINES: usize = 20_000;

/// Most of a line that [`numbered`] shows, in bytes.
pub const MAX_LINE_BYTES: usize = 4_000;

/// Most that [`numbered`] shows of a text, in bytes.
pub const MAX_NUMBERED_BYTES: usize = 2 << 20;

/// Returns a text in colour, for a `<pre><code>`.
pub fn highlight(text: &str, language: Language) -> Markup {
    let mut html = String::with_capacity(text.len() * 2);
    push_highlighted(&mut html, text, language);
    Markup::sound(html)
}

/// Writes a text in colour.
pub(crate) fn push_highlighted(html: &mut String, text: &str, language: Language) {
    let mut painter = Painter::new(language, text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            html.push('\n');
        }
        painter.push_line(html, line.strip_suffix('\r').unwrap_or(line));
    }
}

/// Returns a text in colour with a number before each line, which is also its anchor: `L1` and so
/// on. Numbers are not selected with the text. What is too long is cut, and a note says so.
pub fn numbered(text: &str, language: Language) -> Markup {
    let whole = text.len();
    let text = &text[..text.floor_char_boundary(MAX_NUMBERED_BYTES)];
    let mut html = String::with_capacity(text.len() * 2 + 64);
    html.push_str("<pre class=\"numbered\" tabindex=\"0\"><code>");
    let mut painter = Painter::new(language, text.len());
    let mut shown = 0;
    for (index, line) in text.split_inclusive('\n').take(MAX_LINES).enumerate() {
        let number = index + 1;
        shown += line.len();
        // A `String` takes everything.
        let _ = write!(
            html,
            "<a id=\"L{number}\" href=\"#L{number}\" tabindex=\"-1\">{number}</a>"
        );
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let kept = &line[..line.floor_char_boundary(MAX_LINE_BYTES)];
        painter.push_line(&mut html, kept);
        if kept.len() < line.len() {
            let rest = format::number((line.len() - kept.len()) as u64);
            let _ = write!(
                html,
                " <em class=\"cut\">{rest} more bytes in this line</em>"
            );
        }
        html.push('\n');
    }
    html.push_str("</code></pre>");
    if shown < whole {
        let rest = format::size((whole - shown) as u64);
        let _ = write!(
            html,
            "<p class=\"cut\">{rest} more are not shown here. Download the file to see them.</p>"
        );
    }
    Markup::sound(html)
}

/// The grammars. They are read once, when the first text is coloured.
static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// What a piece of text is, as far as colours go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Comment,
    Text,
    Value,
    Keyword,
    Function,
    Name,
    Added,
    Removed,
}

impl Class {
    /// Short, as there may be one for every word of a file.
    fn name(self) -> &'static str {
        match self {
            Self::Comment => "hl-c",
            Self::Text => "hl-s",
            Self::Value => "hl-n",
            Self::Keyword => "hl-k",
            Self::Function => "hl-f",
            Self::Name => "hl-t",
            Self::Added => "hl-i",
            Self::Removed => "hl-d",
        }
    }
}

/// What a scope means: a class, or none at all, whatever is around it.
type Meaning = Option<Class>;

/// Scopes with a meaning; the first that fits counts. All others mean what is around them means.
static MEANINGS: LazyLock<Vec<(Scope, Meaning)>> = LazyLock::new(|| {
    [
        ("comment", Some(Class::Comment)),
        ("constant.character.escape", Some(Class::Value)),
        ("constant", Some(Class::Value)),
        ("string", Some(Class::Text)),
        // Code within a string.
        ("meta.interpolation", None),
        ("source", None),
        ("keyword.operator.word", Some(Class::Keyword)),
        ("keyword.operator.logical.python", Some(Class::Keyword)),
        ("keyword.operator", None),
        ("keyword", Some(Class::Keyword)),
        ("storage", Some(Class::Keyword)),
        ("variable.language", Some(Class::Value)),
        ("variable.function", Some(Class::Function)),
        ("variable.annotation", Some(Class::Function)),
        ("support.type", Some(Class::Name)),
        ("support.class", Some(Class::Name)),
        ("support", Some(Class::Function)),
        ("entity.name.tag", Some(Class::Keyword)),
        ("entity.name.function", Some(Class::Function)),
        ("entity.name", Some(Class::Name)),
        ("entity.other", Some(Class::Name)),
        ("markup.heading", Some(Class::Name)),
        ("markup.inserted", Some(Class::Added)),
        ("markup.deleted", Some(Class::Removed)),
        ("markup.raw", Some(Class::Text)),
        ("meta.diff", Some(Class::Comment)),
    ]
    .into_iter()
    .map(|(scope, meaning)| (Scope::new(scope).expect("a scope"), meaning))
    .collect()
});

/// Colours lines, one after the other.
struct Painter {
    how: How,
    /// What the scopes mean that are open, each with what is around it.
    open: Vec<Meaning>,
    /// Scopes that the grammar put aside for a while.
    aside: Vec<Vec<Meaning>>,
}

enum How {
    Plain,
    Settings(settings::State),
    Grammar(Box<ParseState>),
}

impl Painter {
    fn new(language: Language, bytes: usize) -> Self {
        let how = match language {
            _ if bytes > MAX_COLOURED_BYTES => How::Plain,
            Language::PLAIN => How::Plain,
            Language::SETTINGS => How::Settings(settings::State::default()),
            _ => language
                .grammar()
                .and_then(|name| GRAMMARS.find_syntax_by_name(name))
                .map_or(How::Plain, |grammar| {
                    How::Grammar(Box::new(ParseState::new(grammar)))
                }),
        };
        Self {
            how,
            open: Vec::new(),
            aside: Vec::new(),
        }
    }

    /// Writes a line, which has no end of line.
    fn push_line(&mut self, html: &mut String, line: &str) {
        if line.len() > MAX_COLOURED_LINE {
            return push_piece(html, line, None);
        }
        match &mut self.how {
            How::Plain => push_piece(html, line, None),
            How::Settings(state) => settings::pieces(state, line, |text, class| {
                push_piece(html, text, class);
            }),
            How::Grammar(state) => {
                if let Ok(changes) = state.parse_line(&format!("{line}\n"), &GRAMMARS) {
                    self.push_changes(html, line, &changes);
                } else {
                    self.how = How::Plain;
                    push_piece(html, line, None);
                }
            }
        }
    }

    fn push_changes(&mut self, html: &mut String, line: &str, changes: &[(usize, ScopeStackOp)]) {
        // Where each piece begins, and what it is.
        let mut pieces = vec![(0, self.now())];
        for (place, change) in changes {
            self.apply(change);
            let class = self.now();
            // The end of line that the grammar saw is not in the line.
            let place = (*place).min(line.len());
            if pieces.last().is_some_and(|(from, _)| *from == place) {
                pieces.pop();
            }
            if pieces.last().is_none_or(|(_, before)| *before != class) {
                pieces.push((place, class));
            }
        }
        for (number, (from, class)) in pieces.iter().enumerate() {
            let to = pieces.get(number + 1).map_or(line.len(), |(to, _)| *to);
            push_piece(html, &line[*from..to], *class);
        }
    }

    fn now(&self) -> Meaning {
        self.open.last().copied().flatten()
    }

    fn apply(&mut self, change: &ScopeStackOp) {
        match change {
            ScopeStackOp::Push(scope) => {
                let known = MEANINGS
                    .iter()
                    .find(|(known, _)| known.is_prefix_of(*scope));
                let meaning = known.map_or_else(|| self.now(), |(_, meaning)| *meaning);
                self.open.push(meaning);
            }
            ScopeStackOp::Pop(count) => {
                self.open.truncate(self.open.len().saturating_sub(*count));
            }
            ScopeStackOp::Clear(amount) => {
                let count = match amount {
                    ClearAmount::TopN(count) => *count,
                    ClearAmount::All => self.open.len(),
                };
                let from = self.open.len().saturating_sub(count);
                self.aside.push(self.open.split_off(from));
            }
            ScopeStackOp::Restore => self.open.extend(self.aside.pop().unwrap_or_default()),
            ScopeStackOp::Noop => {}
        }
    }
}

fn push_piece(html: &mut String, text: &str, class: Meaning) {
    if text.is_empty() {
        return;
    }
    // Space has no colour.
    let class = class.filter(|_| !text.trim_ascii().is_empty());
    if let Some(class) = class {
        html.push_str("<span class=\"");
        html.push_str(class.name());
        html.push_str("\">");
    }
    // A `String` takes everything.
    let _ = push_escaped(html, text);
    if class.is_some() {
        html.push_str("</span>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_a_grammar() {
        for language in Language::all() {
            let name = language.grammar().expect("a name");
            assert!(GRAMMARS.find_syntax_by_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn python_is_coloured_line_by_line() {
        let html = highlight(
            "@cached\ndef f(x: int) -> str:\n    '''a\n    b'''\n    return 1 < 2  # <b>\n",
            Language::of_file_name("a.py"),
        );
        assert_eq!(
            html.as_str(),
            "@<span class=\"hl-f\">cached</span>\n\
             <span class=\"hl-k\">def</span> <span class=\"hl-f\">f</span>(x: \
             <span class=\"hl-t\">int</span>) -&gt; <span class=\"hl-t\">str</span>:\n    \
             <span class=\"hl-c\">&#39;&#39;&#39;a</span>\n\
             <span class=\"hl-c\">    b&#39;&#39;&#39;</span>\n    \
             <span class=\"hl-k\">return</span> <span class=\"hl-n\">1</span> &lt; \
             <span class=\"hl-n\">2</span>  <span class=\"hl-c\"># &lt;b&gt;</span>\n"
        );
    }

    #[test]
    fn long_texts_and_lines_have_no_colour() {
        let line = format!("x = '{}'", "a".repeat(MAX_COLOURED_LINE));
        let python = Language::of_fence_word("python");
        assert!(!highlight(&line, python).as_str().contains("<span"));
        let text = "x = 1\n".repeat(MAX_COLOURED_BYTES / 6 + 1);
        assert!(!highlight(&text, python).as_str().contains("<span"));
    }

    #[test]
    fn lines_have_numbers_and_anchors() {
        let html = numbered("a\r\n<b>\n", Language::PLAIN);
        assert_eq!(
            html.as_str(),
            "<pre class=\"numbered\" tabindex=\"0\"><code>\
             <a id=\"L1\" href=\"#L1\" tabindex=\"-1\">1</a>a\n\
             <a id=\"L2\" href=\"#L2\" tabindex=\"-1\">2</a>&lt;b&gt;\n</code></pre>"
        );
    }

    #[test]
    fn long_lines_and_long_files_are_cut_with_a_note() {
        let html = numbered(&"é".repeat(1 << 19), Language::PLAIN);
        assert!(html.as_str().len() < MAX_LINE_BYTES + 300);
        assert!(html.as_str().contains("1,044,576 more bytes in this line"));
        let html = numbered(&"\n".repeat(MAX_LINES + 5), Language::PLAIN);
        assert!(html.as_str().contains("id=\"L20000\""));
        assert!(!html.as_str().contains("id=\"L20001\""));
        assert!(html.as_str().contains("5 B more are not shown here"));
        let html = numbered(&"abc\n".repeat(1 << 20), Language::PLAIN);
        assert!(html.as_str().contains("more are not shown here"));
    }
}
