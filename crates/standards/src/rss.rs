//! Feeds of what is new: values in, bytes out.
//!
//! Standard: RSS 2.0.

use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::xml::push_text;

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its title.
    pub title: String,
    /// The page that it belongs to: an absolute URL.
    pub link: String,
    /// What it tells.
    pub description: String,
    /// What is new, the newest first.
    pub items: Vec<FeedItem>,
}

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// Its title.
    pub title: String,
    /// The page that it leads to: an absolute URL.
    pub link: String,
    /// What tells it from all other items, wherever the index is.
    pub guid: String,
    /// The summary, if there is one.
    pub description: Option<String>,
    /// The e-mail addresses of the author, as [`author_addresses`] gives them.
    pub author: Option<String>,
    /// When it happened.
    pub published: OffsetDateTime,
}

/// Renders a feed.
pub fn render(feed: &Feed) -> Vec<u8> {
    let mut xml = String::with_capacity(512 + feed.items.len() * 400);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">\n<channel>\n");
    push_element(&mut xml, "title", &feed.title);
    push_element(&mut xml, "link", &feed.link);
    push_element(&mut xml, "description", &feed.description);
    push_element(&mut xml, "language", "en");
    for item in &feed.items {
        xml.push_str("<item>\n");
        push_element(&mut xml, "title", &item.title);
        push_element(&mut xml, "link", &item.link);
        xml.push_str("<guid isPermaLink=\"false\">");
        push_text(&mut xml, &item.guid);
        xml.push_str("</guid>\n");
        push_element(
            &mut xml,
            "description",
            item.description.as_deref().unwrap_or_default(),
        );
        if let Some(author) = &item.author {
            push_element(&mut xml, "author", author);
        }
        if let Some(date) = date(item.published) {
            push_element(&mut xml, "pubDate", &date);
        }
        xml.push_str("</item>\n");
    }
    xml.push_str("</channel>\n</rss>\n");
    xml.into_bytes()
}

fn push_element(xml: &mut String, name: &str, text: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    push_text(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push_str(">\n");
}

/// Returns a moment as feeds write it, or `None` if their form has no place for its year.
///
/// Standard: RFC 822, "Date and Time Specification", with four digits of the year.
fn date(moment: OffsetDateTime) -> Option<String> {
    let moment = moment.checked_to_offset(UtcOffset::UTC)?;
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    (0..10_000)
        .contains(&moment.year())
        .then(|| moment.format(form).ok())?
}

/// Returns the addresses of a field such as `Author-email`, without the names, or `None` if there
/// is none or one of them is no address: a feed may not hold such a one.
///
/// ```
/// use wheelhouse_standards::rss::author_addresses;
///
/// let field = "\"Doe, Jane\" <jane@one.example>, joe@two.example";
/// assert_eq!(author_addresses(field).as_deref(), Some("jane@one.example, joe@two.example"));
/// assert_eq!(author_addresses("jane at one.example"), None);
/// ```
pub fn author_addresses(field: &str) -> Option<String> {
    let mut addresses = Vec::new();
    for entry in split_at_commas(field) {
        let entry = entry.trim();
        let address = match entry.rsplit_once('<') {
            Some((_, rest)) => rest.strip_suffix('>')?,
            None => entry,
        };
        addresses.push(is_address(address).then_some(address)?);
    }
    (!addresses.is_empty()).then(|| addresses.join(", "))
}

/// Splits at commas that are not within quotes.
fn split_at_commas(field: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in field.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                parts.push(&field[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&field[start..]);
    parts
}

fn is_address(address: &str) -> bool {
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    (1..=64).contains(&local.len())
        && local.bytes().all(is_local)
        && !local.split('.').any(str::is_empty)
        && domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn feed() -> Feed {
        Feed {
            title: "New <releases>".to_owned(),
            link: "https://index.example/?a&b".to_owned(),
            description: "All".to_owned(),
            items: vec![FeedItem {
                title: "demo 1.0".to_owned(),
                link: "https://index.example/simple/demo/".to_owned(),
                guid: "pkg:pypi/demo@1.0".to_owned(),
                description: Some("A \u{1}demo & more".to_owned()),
                author: Some("a@b.example".to_owned()),
                published: datetime!(2026-11-03 06:07:08 +2),
            }],
        }
    }

    #[test]
    fn rss_01_a_feed_holds_what_readers_expect() {
        let xml = String::from_utf8(render(&feed())).expect("text");
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <rss version=\"2.0\">\n<channel>\n\
            <title>New &lt;releases&gt;</title>\n\
            <link>https://index.example/?a&amp;b</link>\n\
            <description>All</description>\n<language>en</language>\n\
            <item>\n<title>demo 1.0</title>\n\
            <link>https://index.example/simple/demo/</link>\n\
            <guid isPermaLink=\"false\">pkg:pypi/demo@1.0</guid>\n\
            <description>A demo &amp; more</description>\n\
            <author>a@b.example</author>\n\
            <pubDate>Tue, 03 Nov 2026 04:07:08 GMT</pubDate>\n\
            </item>\n</channel>\n</rss>\n";
        assert_eq!(xml, expected);
    }

    #[test]
    fn rss_01_a_year_that_the_form_cannot_hold_is_left_out() {
        assert_eq!(date(datetime!(-0001-01-01 00:00 UTC)), None);
        assert!(date(datetime!(9999-12-31 23:59 -12)).is_none());
        assert!(date(datetime!(1970-01-01 00:00 UTC)).is_some());
    }

    #[test]
    fn rss_01_authors_are_addresses_all_valid_or_none() {
        for (field, addresses) in [
            ("a@b.example", Some("a@b.example")),
            ("A B <a@b.example>", Some("a@b.example")),
            (
                "\"B, \\\" A\" <a@b.example>, c@d.example",
                Some("a@b.example, c@d.example"),
            ),
            ("a@b.example, nobody", None),
            ("a@b.example,", None),
            ("a@localhost", None),
            ("a@@b.example", None),
            ("a..b@c.example", None),
            ("é@b.example", None),
            ("<a@b.example", None),
            ("a@-b.example", None),
            ("", None),
        ] {
            assert_eq!(author_addresses(field).as_deref(), addresses, "{field}");
        }
    }
}
