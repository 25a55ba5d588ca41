//! Colours for TOML, INI files and headers: what most files are that say how a project is built.

use super::Class;

/// What goes on from one line to the next: the quotes of a text of several lines.
#[derive(Debug, Default)]
pub(super) struct State {
    quotes: Option<&'static str>,
}

/// Gives the pieces of a line, in their order.
pub(super) fn pieces<'a>(
    state: &mut State,
    line: &'a str,
    mut give: impl FnMut(&'a str, Option<Class>),
) {
    let mut rest = line;
    if let Some(quotes) = state.quotes {
        let Some(end) = rest.find(quotes) else {
            return give(rest, Some(Class::Text));
        };
        let (text, after) = rest.split_at(end + quotes.len());
        give(text, Some(Class::Text));
        (state.quotes, rest) = (None, after);
    } else {
        let body = line.trim_start();
        if body.starts_with(['#', ';']) {
            return give(line, Some(Class::Comment));
        }
        if body.starts_with('[') && body.trim_end().ends_with(']') && !body.contains(['"', '\'']) {
            return give(line, Some(Class::Keyword));
        }
        // A name goes to the first sign that a value follows.
        let end = body
            .find(['=', ':'])
            .map(|end| end + line.len() - body.len());
        if let Some(end) = end.filter(|_| !body.starts_with(['"', '\'', '{', '['])) {
            give(&line[..end], Some(Class::Name));
            rest = &line[end..];
        }
    }
    values(state, rest, give);
}

fn values<'a>(state: &mut State, mut rest: &'a str, mut give: impl FnMut(&'a str, Option<Class>)) {
    while let Some(place) = rest.find(['"', '\'', '#']) {
        // Within a word, these are nothing: `don't`, `a#b`.
        let is_apart = !rest[..place].ends_with(|c: char| c.is_alphanumeric());
        if !is_apart {
            let (text, after) = rest.split_at(place + 1);
            give(text, None);
            rest = after;
            continue;
        }
        let (before, from) = rest.split_at(place);
        give(before, None);
        if from.starts_with('#') {
            return give(from, Some(Class::Comment));
        }
        let long = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quotes| from.starts_with(quotes));
        let end = match long {
            Some(quotes) => from[3..].find(quotes).map(|end| end + 6),
            None => end_of_text(from),
        };
        let Some(end) = end else {
            state.quotes = long;
            // A quotation mark without another is a part of the value.
            return give(from, long.map(|_| Class::Text));
        };
        let (text, after) = from.split_at(end);
        give(text, Some(Class::Text));
        rest = after;
    }
    give(rest, None);
}

/// Returns where the text ends that begins with a quotation mark.
fn end_of_text(from: &str) -> Option<usize> {
    let mut bytes = from.bytes().enumerate();
    let (_, mark) = bytes.next()?;
    while let Some((place, byte)) = bytes.next() {
        if byte == mark {
            return Some(place + 1);
        }
        if byte == b'\\' && mark == b'"' {
            bytes.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::code::{Language, highlight};

    #[test]
    fn sections_names_texts_and_comments_have_colours() {
        for (line, html) in [
            ("# a", "<span class=\"hl-c\"># a</span>"),
            ("[project]", "<span class=\"hl-k\">[project]</span>"),
            (
                "name = \"a\\\"b\" # c",
                "<span class=\"hl-t\">name </span>= <span class=\"hl-s\">&quot;a\\&quot;b&quot;</span> \
                 <span class=\"hl-c\"># c</span>",
            ),
            ("Name: don't", "<span class=\"hl-t\">Name</span>: don&#39;t"),
            (
                "x = '''a\n= b\n''' 1",
                "<span class=\"hl-t\">x </span>= <span class=\"hl-s\">&#39;&#39;&#39;a</span>\n\
                 <span class=\"hl-s\">= b</span>\n<span class=\"hl-s\">&#39;&#39;&#39;</span> 1",
            ),
            ("x = \"open", "<span class=\"hl-t\">x </span>= &quot;open"),
            ("words é", "words é"),
        ] {
            let found = highlight(line, Language::of_file_name("a.toml"));
            assert_eq!(found.as_str(), html);
        }
    }
}
