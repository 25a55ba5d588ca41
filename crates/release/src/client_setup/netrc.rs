//! netrc: hosts with users and passwords, changed in place.

use std::ops::Range;

use super::edit::{Applied, Done, Edit, EditError, Undone, digest};

/// One word with where it stands.
struct Word {
    text: String,
    at: Range<usize>,
}

/// What is said about a host.
struct Entry {
    /// The host, or `None` for all others.
    host: Option<String>,
    /// From its first word to the end of its last.
    at: Range<usize>,
    user: Option<String>,
    password: Option<(String, Range<usize>)>,
}

/// Reads all words, comments and macros left out.
fn words(text: &str) -> Result<Vec<Word>, EditError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(skipped) = text[at..].find(|c: char| !c.is_whitespace()) {
        at += skipped;
        if text[at..].starts_with('#') {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
            continue;
        }
        let start = at;
        let is_quoted = text[at..].starts_with('"');
        let mut word = String::new();
        let mut characters = text[at..].char_indices().skip(usize::from(is_quoted));
        let mut end = None;
        while let Some((offset, c)) = characters.next() {
            match c {
                '\\' => word.extend(characters.next().map(|(_, c)| c)),
                '"' if is_quoted => {
                    end = Some(start + offset + 1);
                    break;
                }
                c if c.is_whitespace() && !is_quoted => {
                    end = Some(start + offset);
                    break;
                }
                c => word.push(c),
            }
        }
        if is_quoted && end.is_none() {
            return Err(EditError::at(line(text, start), "a quoted word has no end"));
        }
        at = end.unwrap_or(text.len());
        if word == "macdef" && !is_quoted {
            // A macro ends at an empty line.
            at = text[at..]
                .find("\n\n")
                .map_or(text.len(), |end| at + end + 2);
            continue;
        }
        words.push(Word {
            text: word,
            at: start..at,
        });
    }
    Ok(words)
}

fn entries(text: &str) -> Result<Vec<Entry>, EditError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut words = words(text)?.into_iter();
    while let Some(word) = words.next() {
        let missing = || EditError::at(line(text, word.at.start), "a word is missing behind it");
        match word.text.as_str() {
            "machine" => {
                let host = words.next().ok_or_else(missing)?;
                entries.push(Entry {
                    host: Some(host.text),
                    at: word.at.start..host.at.end,
                    user: None,
                    password: None,
                });
                continue;
            }
            "default" => {
                entries.push(Entry {
                    host: None,
                    at: word.at.clone(),
                    user: None,
                    password: None,
                });
                continue;
            }
            _ => {}
        }
        let Some(entry) = entries.last_mut() else {
            let what = "it stands behind no `machine`";
            return Err(EditError::at(line(text, word.at.start), what));
        };
        let value = words.next().ok_or_else(missing)?;
        entry.at.end = value.at.end;
        match word.text.as_str() {
            "login" | "user" => entry.user = Some(value.text),
            "password" => entry.password = Some((value.text, value.at)),
            "account" => {}
            // It may be a password out of place, and is not shown.
            _ => {
                let what = "it is none of machine, login, password and account";
                return Err(EditError::at(line(text, word.at.start), what));
            }
        }
    }
    Ok(entries)
}

fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Carries changes out.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<Applied, EditError> {
    let mut applied = Applied {
        text: text.to_owned(),
        done: Vec::new(),
        told: Vec::new(),
    };
    entries(text)?;
    for edit in edits {
        if let Edit::Login {
            host,
            user,
            password,
        } = edit
        {
            let text = std::mem::take(&mut applied.text);
            applied.text = login(&text, host, user, password, &mut applied.done)?;
        }
    }
    Ok(applied)
}

fn login(
    text: &str,
    host: &str,
    user: &str,
    password: &str,
    done: &mut Vec<Done>,
) -> Result<String, EditError> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\');
    if [user, password]
        .iter()
        .any(|word| word.is_empty() || word.contains(odd) || word.starts_with('#'))
    {
        return Err(EditError {
            line: None,
            what:
                "this user or password cannot be written so that all clients read the same: they \
                   differ about blanks, quotes, `\\` and `#`; use the program `keyring`, or a token"
                    .to_owned(),
        });
    }
    let entries = entries(text)?;
    let is_of_host = |entry: &&Entry| {
        let own = entry.host.as_deref();
        own.is_some_and(|own| own.eq_ignore_ascii_case(host))
    };
    let mut finished = Done::Login {
        host: host.to_owned(),
        user: user.to_owned(),
        written: digest(password),
        before: None,
    };
    if let Some(entry) = entries.iter().find(is_of_host) {
        let (Some(own), Some((known, at))) = (&entry.user, &entry.password) else {
            let what = format!("`{host}` is there without a login or password; finish it yourself");
            return Err(EditError::at(line(text, entry.at.start), what));
        };
        if own != user {
            let what = format!("`{host}` is there with another login; change it yourself");
            return Err(EditError::at(line(text, entry.at.start), what));
        }
        if known == password {
            return Ok(text.to_owned());
        }
        if let Done::Login { before, .. } = &mut finished {
            *before = Some(text[at.clone()].to_owned());
        }
        done.push(finished);
        return Ok(format!(
            "{}{password}{}",
            &text[..at.start],
            &text[at.end..]
        ));
    }
    done.push(finished);
    let new = format!("machine {host}\nlogin {user}\npassword {password}\n");
    // What is said for all others comes last.
    let default = entries.iter().find(|entry| entry.host.is_none());
    if let Some(default) = default {
        let (start, end) = text.split_at(default.at.start);
        return Ok(format!("{start}{new}{end}"));
    }
    // A macro at the end needs its empty line.
    let gap = match text {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.contains("macdef") => {
            if text.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            }
        }
        text if text.ends_with('\n') => "",
        _ => "\n",
    };
    Ok(format!("{text}{gap}{new}"))
}

/// Takes changes back.
pub(super) fn undo(text: &str, done: &[Done]) -> Result<Undone, EditError> {
    let mut text = text.to_owned();
    let mut kept = Vec::new();
    for done in done.iter().rev() {
        let Done::Login {
            host,
            user,
            written,
            before,
        } = done
        else {
            continue;
        };
        let entries = entries(&text)?;
        let is_of_host = |entry: &&Entry| {
            let own = entry.host.as_deref();
            own.is_some_and(|own| own.eq_ignore_ascii_case(host))
        };
        let Some(entry) = entries.iter().find(is_of_host) else {
            continue;
        };
        let ours = entry.password.as_ref();
        let ours = ours.filter(|(password, _)| digest(password) == *written);
        let Some((_, at)) = ours.filter(|_| entry.user.as_deref() == Some(user)) else {
            kept.push(format!("machine {host}"));
            continue;
        };
        let (place, new) = match before {
            Some(before) => (at.clone(), before.as_str()),
            None => (whole_lines(&text, &entry.at), ""),
        };
        text.replace_range(place, new);
    }
    Ok(Undone { text, kept })
}

/// Takes the end of the line in, where nothing else stands on it.
fn whole_lines(text: &str, at: &Range<usize>) -> Range<usize> {
    let rest = &text[at.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    if rest[blank..].starts_with('\n') {
        return at.start..at.end + blank + 1;
    }
    at.clone()
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn edit(user: &str, password: &str) -> [Edit; 1] {
        [Edit::Login {
            host: "h.example".to_owned(),
            user: user.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        }]
    }

    const OURS: &str = "machine h.example\nlogin ada\npassword pw\n";

    #[test]
    fn hosts_are_added_and_taken_out_again() {
        for (before, after) in [
            ("", OURS.to_owned()),
            (
                "# mine\nmachine a.example login x password y\n",
                format!("# mine\nmachine a.example login x password y\n{OURS}"),
            ),
            (
                "machine a login x password y",
                format!("machine a login x password y\n{OURS}"),
            ),
            (
                "default login x password y\n",
                format!("{OURS}default login x password y\n"),
            ),
            (
                "machine a login b password c\nmacdef init\nmachine h.example\n",
                format!("machine a login b password c\nmacdef init\nmachine h.example\n\n{OURS}"),
            ),
            (
                "machine H.example login ada password \"ol d\" account x\n",
                "machine H.example login ada password pw account x\n".to_owned(),
            ),
        ] {
            let applied = apply(before, &edit("ada", "pw")).expect(before);
            assert_eq!(applied.text, after);
            let again = apply(&after, &edit("ada", "pw")).expect("again");
            assert_eq!((again.text.as_str(), again.done.len()), (after.as_str(), 0));
            let undone = undo(&after, &applied.done).expect("undone");
            let gap = if before.contains("macdef") { "\n" } else { "" };
            let end = if before.ends_with('y') { "\n" } else { "" };
            assert_eq!(undone.text, format!("{before}{gap}{end}"));
            let text = format!("{after}machine b login c password d\n");
            let undone = undo(&text, &applied.done).expect("undone");
            assert!(undone.text.ends_with("machine b login c password d\n"));
            assert!(!undone.text.contains("pw") && undone.kept.is_empty());
        }
    }

    #[test]
    fn what_is_somebody_elses_stays() {
        for (text, line) in [
            ("machine h.example login bob password pw\n", Some(1)),
            ("\n\nmachine h.example password pw\n", Some(3)),
            ("machine a login\n", Some(1)),
            ("\nlogin a password b\n", Some(2)),
            ("machine a login b pasword c\n", Some(1)),
            ("machine a password \"x\n", Some(1)),
        ] {
            let error = apply(text, &edit("ada", "pw")).expect_err(text);
            assert_eq!(error.line, line, "{error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
        let applied = apply("", &edit("ada", "pw")).expect("added");
        let changed = applied.text.replace("pw", "other");
        let undone = undo(&changed, &applied.done).expect("undone");
        assert_eq!(undone.text, changed);
        assert_eq!(undone.kept, ["machine h.example"]);
    }

    #[test]
    fn passwords_that_clients_read_differently_are_refused() {
        for password in ["a b", "a\"b", "a\\b", "#a", "a'b", "", "a\nmachine x"] {
            assert!(apply("", &edit("ada", password)).is_err(), "{password:?}");
        }
        assert!(apply("", &edit("a b", "x")).is_err());
        assert!(apply("", &edit("ada", "a#b%c")).is_ok());
    }
}
