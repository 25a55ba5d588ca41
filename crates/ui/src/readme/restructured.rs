//! Readmes in reStructuredText: a bounded subset, written for what readmes hold.
//!
//! Titles, paragraphs, lists of all kinds, literal blocks and code, quotations, tables, pictures,
//! admonitions, links with their targets, substitutions. What is not known is shown as the text that it
//! is. Nothing is read from elsewhere, and no HTML goes through.
//!
//! Standard: docutils, "reStructuredText Markup Specification".

use super::Limits;
use crate::escape::push_escaped;

mod block;
mod directive;
mod inline;
mod item;
mod names;
mod table;

use names::Names;

/// What came of a text.
pub(super) struct Read {
    /// The HTML.
    pub(super) html: String,
    /// How many places were found that are not as the standard has them.
    problems: usize,
    lines: usize,
}

impl Read {
    /// Returns whether the text is reStructuredText, as far as one can tell: hardly anything in it is
    /// wrong.
    pub(super) fn is_sound(&self) -> bool {
        self.problems * 40 <= self.lines
    }
}

/// How deep blocks stand in one another. What is deeper is shown as it is.
const MAX_DEPTH: usize = 12;

/// Marks of Markdown that begin a line and mean nothing here. A text with one of them is no
/// reStructuredText, whatever else it has.
const MARKDOWN: [&str; 5] = ["# ", "## ", "### ", "```", "[!["];

/// Reads a text. `None` if it is too much.
pub(super) fn read(text: &str, limits: Limits) -> Option<Read> {
    let text = expanded(text);
    if text.len() > limits.html_bytes {
        return None;
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut writer = Writer {
        names: Names::of(&lines),
        html: String::with_capacity(text.len() * 3 / 2),
        max: limits.html_bytes,
        styles: Vec::new(),
        problems: 0,
    };
    if lines
        .iter()
        .any(|line| MARKDOWN.iter().any(|mark| line.starts_with(mark)))
    {
        writer.problems += lines.len();
    }
    writer.blocks(&lines, 0);
    (!writer.is_full()).then_some(Read {
        html: writer.html,
        problems: writer.problems,
        lines: lines.len(),
    })
}

/// Writes blocks, one after the other.
struct Writer {
    names: Names,
    html: String,
    max: usize,
    /// The adornments of titles, the outermost first: a sign, and whether it is above too.
    styles: Vec<(char, bool)>,
    problems: usize,
}

impl Writer {
    fn is_full(&self) -> bool {
        self.html.len() > self.max
    }

    fn escape(&mut self, text: &str) {
        // A `String` takes everything.
        let _ = push_escaped(&mut self.html, text);
    }

    fn start(&mut self, element: &str) {
        self.html.push('<');
        self.html.push_str(element);
        self.html.push('>');
    }

    fn end(&mut self, element: &str) {
        self.html.push_str("</");
        self.html.push_str(element);
        self.html.push('>');
    }

    /// Writes lines as they are, in a language if it is known.
    fn literal(&mut self, lines: &[&str], language: Option<&str>) {
        self.html.push_str("<pre><code");
        if let Some(language) = language {
            self.html.push_str(" class=\"language-");
            self.escape(language);
            self.html.push('"');
        }
        self.html.push('>');
        for line in lines {
            self.escape(line);
            self.html.push('\n');
        }
        self.html.push_str("</code></pre>\n");
    }
}

/// Returns a text with spaces for tabs, eight to a column.
fn expanded(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut expanded = String::with_capacity(text.len() + text.len() / 8);
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let spaces = 8 - column % 8;
                expanded.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            '\n' => {
                expanded.push(c);
                column = 0;
            }
            c => {
                expanded.push(c);
                column += 1;
            }
        }
    }
    expanded
}

/// Returns by how many spaces a line is indented.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Returns lines without the indentation that all of them have, and without empty ones around them.
fn dedented<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let first = lines
        .iter()
        .position(|line| !line.is_empty())
        .unwrap_or(lines.len());
    let last = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .map_or(first, |last| last + 1);
    let lines = &lines[first..last];
    let least = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| indent(line))
        .min();
    let least = least.unwrap_or(0);
    lines
        .iter()
        .map(|line| line.get(least..).unwrap_or_default())
        .collect()
}

/// Returns where the lines end that are indented or empty, beginning at one.
fn end_of_indented(lines: &[&str], from: usize) -> usize {
    let end = lines[from..]
        .iter()
        .position(|line| !line.is_empty() && !line.starts_with(' '));
    let mut end = end.map_or(lines.len(), |end| from + end);
    while end > from && lines[end - 1].is_empty() {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        read(text, Limits::default()).expect("little").html
    }

    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        for (text, html) in cases {
            assert_eq!(of(text), *html, "{text}");
        }
    }

    #[test]
    fn titles_have_levels_in_the_order_of_their_adornments() {
        check(&[
            (
                "====\nDemo\n====\n\nPart\n====\n\nOther\n-----\n\nPart 2\n======\n",
                "<h1>Demo</h1>\n<h2>Part</h2>\n<h3>Other</h3>\n<h2>Part 2</h2>\n",
            ),
            ("a\n\n----\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n"),
        ]);
    }

    #[test]
    fn marks_within_lines_are_read() {
        check(&[
            (
                "*a* **b** ``c *d*`` `e` \\*f\\* g*h*i",
                "<p><em>a</em> <strong>b</strong> <code>c *d*</code> <cite>e</cite> *f* g*h*i</p>\n",
            ),
            (
                ":func:`a` :sub:`b` `c`:strong: :ref:`d <e>` :x",
                "<p><code>a</code> <sub>b</sub> <strong>c</strong> d :x</p>\n",
            ),
            (
                "`a b <https://a.example>`_ https://b.example/c. (http://d.example)",
                "<p><a href=\"https://a.example\">a b</a> \
                 <a href=\"https://b.example/c\">https://b.example/c</a>. \
                 (<a href=\"http://d.example\">http://d.example</a>)</p>\n",
            ),
            (
                "a_ `B c`_ d__ e_ snake_case x_.\n\n.. _a: https://a.example\n.. _B C: https://b.example/\n   d\n\
                 .. __: https://d.example\n.. _x: a_\n",
                "<p><a href=\"https://a.example\">a</a> <a href=\"https://b.example/d\">B c</a> \
                 <a href=\"https://d.example\">d</a> e_ snake_case <a href=\"https://a.example\">x</a>.</p>\n",
            ),
            (
                "Part\n====\n\nSee Part_ and here_.\n\n.. _here:\n\nOn.",
                "<h1>Part</h1>\n<p>See <a href=\"#part\">Part</a> and <a href=\"#here\">here</a>.</p>\n\
                 <span id=\"here\"></span>\n<p>On.</p>\n",
            ),
            (
                "|a| |b| |c|\n\n.. |a| replace:: *x* y\n.. |b| image:: https://a.example/b.png\n   :alt: z\n",
                "<p><em>x</em> y <img src=\"https://a.example/b.png\" alt=\"z\"> |c|</p>\n",
            ),
            (
                "[1]_ [x]_\n\n.. [1] One\n   more.\n",
                "<p><a href=\"#footnote-1\">[1]</a> <a href=\"#footnote-x\">[x]</a></p>\n\
                 <div class=\"footnote-definition\" id=\"footnote-1\">[1] <p>One\nmore.</p>\n</div>\n",
            ),
            ("<b>&\"", "<p>&lt;b&gt;&amp;&quot;</p>\n"),
        ]);
    }

    #[test]
    fn lists_nest() {
        check(&[
            (
                "- a\n- b\n\n  - c\n",
                "<ul>\n<li>a</li>\n<li><p>b</p>\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n",
            ),
            (
                "3. a\n#. b\n   c\n",
                "<ol start=\"3\">\n<li>a</li>\n<li>b\nc</li>\n</ol>\n",
            ),
            ("(a) a\n(b) b\n", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
            (
                "a\n  b\n\n  c\nd\n  e\n",
                "<dl>\n<dt>a</dt>\n<dd><p>b</p>\n<p>c</p>\n</dd>\n<dt>d</dt>\n<dd>e</dd>\n</dl>\n",
            ),
            (
                ":a b: c\n:d:\n  e\n",
                "<dl>\n<dt>a b</dt>\n<dd>c</dd>\n<dt>d</dt>\n<dd>e</dd>\n</dl>\n",
            ),
            (
                "-a, --all  Everything.\n--x=Y\n    Why.\n",
                "<dl>\n<dt><code>-a, --all</code></dt>\n<dd>Everything.</dd>\n<dt><code>--x=Y</code></dt>\n<dd>Why.</dd>\n</dl>\n",
            ),
            ("A. Einstein was\nhere.", "<p>A. Einstein was\nhere.</p>\n"),
            ("| a\n| *b*\n", "<p>a<br>\n<em>b</em></p>\n"),
        ]);
    }

    #[test]
    fn blocks_that_are_shown_as_they_are() {
        check(&[
            (
                "a::\n\n  <b>\n    c\n\nd",
                "<p>a:</p>\n<pre><code>&lt;b&gt;\n  c\n</code></pre>\n<p>d</p>\n",
            ),
            ("::\n\n  b", "<pre><code>b\n</code></pre>\n"),
            (
                "a ::\n\n> b\n> c\n",
                "<p>a</p>\n<pre><code>&gt; b\n&gt; c\n</code></pre>\n",
            ),
            (
                ">>> 1\n1\n",
                "<pre><code class=\"language-pycon\">&gt;&gt;&gt; 1\n1\n</code></pre>\n",
            ),
            (
                ".. code-block:: python\n   :linenos:\n\n   a = 1\n\n   b\n",
                "<pre><code class=\"language-python\">a = 1\n\nb\n</code></pre>\n",
            ),
            (
                ".. raw:: html\n\n   <b>x</b>\n",
                "<pre><code>.. raw:: html\n\n   &lt;b&gt;x&lt;/b&gt;\n</code></pre>\n",
            ),
            (
                ".. autoclass:: a.B\n",
                "<pre><code>.. autoclass:: a.B\n</code></pre>\n",
            ),
        ]);
    }

    #[test]
    fn directives_and_comments() {
        check(&[
            (".. a comment\n   of two lines\n\nb", "<p>b</p>\n"),
            (
                "..\n\n  quoted\n",
                "<blockquote>\n<p>quoted</p>\n</blockquote>\n",
            ),
            (
                ".. warning:: Hot.\n\n   Very.\n",
                "<div class=\"admonition\"><p><strong>Warning</strong></p>\n<p>Hot.</p>\n<p>Very.</p>\n</div>\n",
            ),
            (
                ".. image:: https://a.example/b.svg\n   :target: https://c.example\n   :alt: d\n",
                "<p><a href=\"https://c.example\"><img src=\"https://a.example/b.svg\" alt=\"d\"></a></p>\n",
            ),
            (
                ".. figure:: a.png\n\n   Words.\n",
                "<figure><p><img src=\"a.png\"></p>\n<figcaption><p>Words.</p>\n</figcaption></figure>\n",
            ),
            (".. contents:: Table\n   :depth: 2\n\na", "<p>a</p>\n"),
            (
                ".. list-table:: T\n   :header-rows: 1\n\n   * - a\n     - b\n   * - c\n     - d\n",
                "<table><caption>T</caption><tr><th>a</th><th>b</th></tr>\n<tr><td>c</td><td>d</td></tr>\n</table>\n",
            ),
        ]);
    }

    #[test]
    fn tables_are_read_with_their_spans() {
        check(&[
            (
                "+---+---+\n| a | b |\n+===+===+\n| c | d |\n|   | e |\n+---+---+\n| fgh   |\n+---+---+\n",
                "<table><tr><th>a</th><th>b</th></tr>\n<tr><td>c</td><td>d\ne</td></tr>\n\
                 <tr><td colspan=\"2\">fgh</td></tr>\n</table>\n",
            ),
            (
                "=== ===\na   b\n=== ===\nc   d e f\n    g\né   h\n=== ===\n\nz",
                "<table><tr><th>a</th><th>b</th></tr>\n<tr><td>c</td><td>d e f\ng</td></tr>\n\
                 <tr><td>é</td><td>h</td></tr>\n</table>\n<p>z</p>\n",
            ),
            (
                "+---+---+\n| a | b |\n|   +---+\n|   | c |\n+---+---+\n",
                "<pre><code>+---+---+\n| a | b |\n|   +---+\n|   | c |\n+---+---+\n</code></pre>\n",
            ),
        ]);
    }

    #[test]
    fn nests_without_end_are_shown_as_they_are() {
        let html = of(&"- ".repeat(1_000));
        assert!(html.contains("- - - -"), "{html}");
    }

    #[test]
    fn problems_are_counted() {
        for (text, is_sound) in [
            ("Demo\n====\n\nWords *and* more.", true),
            ("# Demo\n\nWords.", false),
            ("Demo\n==\n\n*open `open **open", false),
        ] {
            assert_eq!(
                read(text, Limits::default()).expect("little").is_sound(),
                is_sound,
                "{text}"
            );
        }
    }
}
