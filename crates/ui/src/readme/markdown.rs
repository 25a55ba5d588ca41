//! Readmes in Markdown.

use std::collections::VecDeque;
use std::fmt::{self, Write};

use pulldown_cmark::{
    Alignment, BlockQuoteKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd,
    TextMergeStream, html,
};

use super::{Limits, Variant};

/// Most bytes of marks of lists and quotations at the start of a line: each of them nests by one
/// at least, and each line costs as much as what it is nested in.
const MAX_MARKS: usize = 200;

/// Most bytes of space before such a mark.
const MAX_SPACE: usize = 400;

/// Returns the text as HTML with the uploader's own tags in it. `None` if it is too much.
pub(super) fn html(text: &str, variant: Variant, limits: Limits) -> Option<String> {
    if text.lines().any(is_too_deep) {
        return None;
    }
    let options = match variant {
        Variant::CommonMark => Options::empty(),
        Variant::GitHub => {
            Options::ENABLE_TABLES
                | Options::ENABLE_STRIKETHROUGH
                | Options::ENABLE_TASKLISTS
                | Options::ENABLE_FOOTNOTES
                | Options::ENABLE_GFM
        }
    };
    let events = Events {
        read: TextMergeStream::new(Parser::new_ext(text, options)),
        ready: VecDeque::new(),
        finds_addresses: variant == Variant::GitHub,
        within: 0,
        aligned: Vec::new(),
        cell: 0,
        is_head: false,
    };
    let mut bounded = Bounded {
        html: String::with_capacity(text.len() * 3 / 2),
        max: limits.html_bytes,
    };
    html::write_html_fmt(&mut bounded, events).ok()?;
    Some(bounded.html)
}

/// Returns whether a line begins with marks of lists and quotations that nest too deep.
fn is_too_deep(line: &str) -> bool {
    let from_mark = line.trim_ascii_start();
    let is_mark = |b: u8| {
        matches!(
            b,
            b' ' | b'\t' | b'>' | b'-' | b'+' | b'*' | b'.' | b')' | b'0'..=b'9'
        )
    };
    let marks = from_mark.bytes().take_while(|&b| is_mark(b)).count();
    // Many of one sign are a rule, not a nest of lists.
    let is_rule = !from_mark[..marks].contains(['>', ' ', '\t']);
    (marks > MAX_MARKS && !is_rule) || (marks > 0 && line.len() - from_mark.len() > MAX_SPACE)
}

/// Takes so much and no more.
struct Bounded {
    html: String,
    max: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.html.len() + text.len() > self.max {
            return Err(fmt::Error);
        }
        self.html.push_str(text);
        Ok(())
    }
}

/// Changes what the library writes in ways that no page of ours may have: styles in tables, and
/// boxes of forms.
struct Events<'a> {
    read: TextMergeStream<'a, Parser<'a>>,
    ready: VecDeque<Event<'a>>,
    finds_addresses: bool,
    /// Links, pictures and blocks of code that are open: no address is looked for in them.
    within: usize,
    aligned: Vec<Alignment>,
    cell: usize,
    is_head: bool,
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some(event) = self.ready.pop_front() {
            return Some(event);
        }
        let event = self.read.next()?;
        Some(self.changed(event))
    }
}

impl<'a> Events<'a> {
    fn changed(&mut self, event: Event<'a>) -> Event<'a> {
        match event {
            Event::Start(Tag::Table(aligned)) => {
                self.aligned = aligned;
                Event::Html("<table>".into())
            }
            Event::End(TagEnd::Table) => Event::Html("</tbody></table>\n".into()),
            Event::Start(Tag::TableHead) => {
                (self.is_head, self.cell) = (true, 0);
                Event::Html("<thead><tr>".into())
            }
            Event::End(TagEnd::TableHead) => {
                self.is_head = false;
                Event::Html("</tr></thead><tbody>\n".into())
            }
            Event::Start(Tag::TableRow) => {
                self.cell = 0;
                Event::Html("<tr>".into())
            }
            Event::End(TagEnd::TableRow) => Event::Html("</tr>\n".into()),
            Event::Start(Tag::TableCell) => {
                self.cell += 1;
                let name = if self.is_head { "th" } else { "td" };
                Event::InlineHtml(match self.aligned.get(self.cell - 1) {
                    Some(Alignment::Left) => format!("<{name} align=\"left\">").into(),
                    Some(Alignment::Center) => format!("<{name} align=\"center\">").into(),
                    Some(Alignment::Right) => format!("<{name} align=\"right\">").into(),
                    _ => format!("<{name}>").into(),
                })
            }
            Event::End(TagEnd::TableCell) => {
                Event::InlineHtml(if self.is_head { "</th>" } else { "</td>" }.into())
            }
            Event::TaskListMarker(is_done) => Event::Text(if is_done { "☑ " } else { "☐ " }.into()),
            Event::Start(Tag::BlockQuote(Some(kind))) => {
                self.ready.push_back(Event::Html(
                    format!("<p><strong>{}</strong></p>\n", title(kind)).into(),
                ));
                Event::Start(Tag::BlockQuote(None))
            }
            Event::End(TagEnd::BlockQuote(_)) => Event::End(TagEnd::BlockQuote(None)),
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)) => {
                self.within += 1;
                event
            }
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => {
                self.within = self.within.saturating_sub(1);
                event
            }
            Event::Text(text) if self.finds_addresses && self.within == 0 => self.linked(text),
            event => event,
        }
    }

    /// Puts links where a text has bare addresses.
    fn linked(&mut self, text: CowStr<'a>) -> Event<'a> {
        let mut from = 0;
        while let Some((start, end)) = next_address(&text, from) {
            let address = &text[start..end];
            self.ready
                .push_back(Event::Text(text[from..start].to_owned().into()));
            self.ready.push_back(Event::Start(Tag::Link {
                link_type: LinkType::Autolink,
                dest_url: address.to_owned().into(),
                title: "".into(),
                id: "".into(),
            }));
            self.ready.push_back(Event::Text(address.to_owned().into()));
            self.ready.push_back(Event::End(TagEnd::Link));
            from = end;
        }
        if from == 0 {
            return Event::Text(text);
        }
        self.ready
            .push_back(Event::Text(text[from..].to_owned().into()));
        self.ready.pop_front().unwrap_or(Event::Text(text))
    }
}

fn title(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    }
}

/// Returns where the next bare address begins and ends.
pub(super) fn next_address(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let start = at + text[at..].find("http")?;
        let rest = &text[start..];
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|scheme| rest.starts_with(scheme));
        let is_apart = !text[..start].ends_with(|c: char| c.is_alphanumeric());
        if let Some(scheme) = scheme.filter(|_| is_apart) {
            let end = rest
                .find(|c: char| {
                    c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`')
                })
                .unwrap_or(rest.len());
            let address = trimmed(&rest[..end]);
            if address.len() > scheme.len() {
                return Some((start, start + address.len()));
            }
            at = start + end.max(scheme.len());
        } else {
            at = start + "http".len();
        }
    }
}

/// Returns an address without the punctuation of the sentence around it.
fn trimmed(mut address: &str) -> &str {
    let count = |c| address.bytes().filter(|&b| b == c).count();
    let mut closing = count(b')').saturating_sub(count(b'('));
    loop {
        let shorter = address.trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '*', '_', '~']);
        if shorter.len() == address.len() {
            match address.strip_suffix(')') {
                Some(shorter) if closing > 0 => {
                    closing -= 1;
                    address = shorter;
                }
                _ => return address,
            }
        } else {
            address = shorter;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        html(text, Variant::GitHub, Limits::default()).expect("little")
    }

    #[test]
    fn tables_have_attributes_and_no_style() {
        assert_eq!(
            of("|a|b|\n|-|:-:|\n|1|*2*|\n"),
            "<table><thead><tr><th>a</th><th align=\"center\">b</th></tr></thead><tbody>\n\
             <tr><td>1</td><td align=\"center\"><em>2</em></td></tr>\n</tbody></table>\n"
        );
    }

    #[test]
    fn tasks_and_alerts_are_words() {
        let html = of("- [x] a\n- [ ] b\n");
        assert!(
            html.contains("☑ a") && html.contains("☐ b") && !html.contains("input"),
            "{html}"
        );
        let html = of("> [!WARNING]\n> hot\n");
        assert!(
            html.contains("<blockquote>\n<p><strong>Warning</strong></p>"),
            "{html}"
        );
    }

    #[test]
    fn bare_addresses_are_links() {
        for (text, html) in [
            (
                "see https://a.example/b_c_d, ok",
                "<p>see <a href=\"https://a.example/b_c_d\">https://a.example/b_c_d</a>, ok</p>\n",
            ),
            (
                "(http://a.example/(b))",
                "<p>(<a href=\"http://a.example/(b)\">http://a.example/(b)</a>)</p>\n",
            ),
            (
                "`https://a.example`",
                "<p><code>https://a.example</code></p>\n",
            ),
            (
                "[https://a.example](https://b.example)",
                "<p><a href=\"https://b.example\">https://a.example</a></p>\n",
            ),
            (
                "xhttp://a https:// http",
                "<p>xhttp://a https:// http</p>\n",
            ),
        ] {
            assert_eq!(of(text), html);
        }
        let plainer = html("https://a.example", Variant::CommonMark, Limits::default());
        assert_eq!(plainer.as_deref(), Some("<p>https://a.example</p>\n"));
    }

    #[test]
    fn nests_without_end_are_not_read() {
        for text in [
            ">".repeat(1_000),
            "- ".repeat(1_000),
            "1. ".repeat(1_000),
            format!("{}{}", " ".repeat(300), "* ".repeat(1_000)),
            format!("{}* a", " ".repeat(1_000)),
        ] {
            assert_eq!(html(&text, Variant::GitHub, Limits::default()), None);
        }
        for text in ["-".repeat(1_000), " ".repeat(1_000), "a ".repeat(1_000)] {
            assert!(html(&text, Variant::GitHub, Limits::default()).is_some());
        }
    }
}
