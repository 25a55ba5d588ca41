//! Passwords in a file, as `ftp` has them since long ago and pip and curl read them.

/// The user and password of a host.
#[derive(PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) user: String,
    pub(super) password: String,
}

/// Returns the entry of a host, or the one for all others. A file that is not understood to its
/// end gives what stands before.
pub(super) fn find(text: &str, host: &str) -> Option<Entry> {
    let mut words = Words(text);
    let mut default = None;
    let mut word = words.next();
    while let Some(at) = word {
        let is_wanted = match at.as_str() {
            "machine" => words
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(host)),
            "default" => false,
            "macdef" => {
                words.skip_macro();
                word = words.next();
                continue;
            }
            _ => return default,
        };
        let (mut user, mut password) = (None, None);
        loop {
            word = words.next();
            match word.as_deref() {
                Some("login") => user = words.next(),
                Some("password") => password = words.next(),
                Some("account") => {
                    words.next();
                }
                _ => break,
            }
        }
        let entry = Entry {
            user: user.unwrap_or_default(),
            password: password.unwrap_or_default(),
        };
        if is_wanted {
            return Some(entry);
        }
        if at == "default" {
            default = Some(entry);
        }
    }
    default
}

struct Words<'t>(&'t str);

impl Words<'_> {
    /// Passes over a macro: it ends at an empty line.
    fn skip_macro(&mut self) {
        let end = self.0.find("\n\n").map_or(self.0.len(), |at| at + 2);
        self.0 = &self.0[end..];
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    /// Returns the next word: up to a blank, or in double quotes, in which a backslash takes the
    /// next character as it is. A word that begins with `#` begins a comment.
    fn next(&mut self) -> Option<String> {
        loop {
            self.0 = self.0.trim_start();
            if !self.0.starts_with('#') {
                break;
            }
            self.0 = self.0.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let is_quoted = self.0.starts_with('"');
        let mut word = String::new();
        let mut characters = self.0.char_indices().skip(usize::from(is_quoted));
        let mut end = self.0.len();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => word.extend(characters.next().map(|(_, c)| c)),
                '"' if is_quoted => {
                    end = at + 1;
                    break;
                }
                c if c.is_whitespace() && !is_quoted => {
                    end = at;
                    break;
                }
                c => word.push(c),
            }
        }
        let is_there = is_quoted || !self.0.is_empty();
        self.0 = &self.0[end..];
        is_there.then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, host: &str) -> Option<(String, String)> {
        find(text, host).map(|entry| (entry.user, entry.password))
    }

    #[test]
    fn the_entry_of_a_host_is_found() {
        let text = "# a comment\nmachine one.example login ada password s#cret\n\
                    macdef init\nmachine two.example\n\n\
                    machine Two.Example account x password \"a b\\\"c\" login bob\n\
                    default login anybody password pw";
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(found(text, "one.example"), pair("ada", "s#cret"));
        assert_eq!(found(text, "two.example"), pair("bob", "a b\"c"));
        assert_eq!(found(text, "other.example"), pair("anybody", "pw"));
        assert_eq!(found("", "one.example"), None);
        assert_eq!(found("machine a login", "a"), pair("", ""));
        assert_eq!(found("nonsense machine a login x", "a"), None);
    }
}
