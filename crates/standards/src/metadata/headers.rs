//! Header lines of a mail-like text, as Python's `email` finds them: a header is a name of
//! printable characters and a colon, lines that start with a blank continue it, and the first line
//! that is neither begins the body.

/// Takes headers from the front of a text until the body is reached.
#[derive(Debug)]
pub(crate) struct Headers<'a> {
    rest: &'a str,
}

/// One header, unfolded by whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) name: &'a str,
    /// What follows the colon, with line ends inside it and none at its end.
    folded: &'a str,
}

impl<'a> Headers<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest }
    }

    /// Returns what follows the headers. Meaningful when they are all taken.
    pub(crate) fn body(&self) -> &'a str {
        // The empty line that ends the headers belongs to neither.
        let (line, rest) = split_line(self.rest);
        if line.is_empty() { rest } else { self.rest }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, mut rest) = split_line(self.rest);
        let (name, _) = line.split_once(':')?;
        if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let start = name.len() + ":".len();
        let mut end = line.len();
        while rest.starts_with([' ', '\t']) {
            let (line, after) = split_line(rest);
            end = self.rest.len() - rest.len() + line.len();
            rest = after;
        }
        let header = Header {
            name,
            folded: &self.rest[start..end],
        };
        self.rest = rest;
        Some(header)
    }
}

impl Header<'_> {
    /// Returns the value as one line: folded lines are joined by one blank.
    pub(crate) fn joined(&self) -> String {
        let mut value = String::with_capacity(self.folded.len());
        for line in lines(self.folded)
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(line);
        }
        value
    }

    /// Returns the value as the lines that were folded, without the indentation of folding: eight
    /// blanks, or seven and a bar.
    pub(crate) fn lines(&self) -> String {
        let mut value = String::with_capacity(self.folded.len());
        for (index, line) in lines(self.folded).enumerate() {
            if index == 0 {
                value.push_str(line.trim_start_matches([' ', '\t']));
            } else {
                value.push('\n');
                value.push_str(without_indentation(line));
            }
        }
        value.trim_end().to_owned()
    }
}

fn without_indentation(line: &str) -> &str {
    line.strip_prefix("       |")
        .or_else(|| line.strip_prefix("        "))
        .unwrap_or_else(|| line.trim_start_matches([' ', '\t']))
}

/// Splits off one line; its end (`\n`, `\r\n` or `\r`) goes to neither side.
fn split_line(text: &str) -> (&str, &str) {
    let Some(end) = memchr::memchr2(b'\n', b'\r', text.as_bytes()) else {
        return (text, "");
    };
    let rest = &text[end..];
    let rest = rest
        .strip_prefix("\r\n")
        .unwrap_or_else(|| rest.get(1..).unwrap_or_default());
    (&text[..end], rest)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (line, after) = split_line(rest?);
        let has_end = line.len() < rest?.len();
        rest = has_end.then_some(after);
        Some(line)
    })
}
