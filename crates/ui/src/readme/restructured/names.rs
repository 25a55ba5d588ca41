//! Where the names of a text lead: targets, titles, substitutions.

use std::collections::HashMap;

use super::super::tidy::slug;
use super::dedented;

/// How many names may lead to one another before one leads somewhere.
const MAX_STEPS: usize = 5;

/// Most lines that belong to a target or a substitution.
const MAX_CONTINUATION: usize = 20;

/// Where the names of a text lead.
#[derive(Default)]
pub(super) struct Names {
    targets: HashMap<String, Target>,
    /// What nameless references lead to, in their order.
    nameless: Vec<String>,
    next_nameless: usize,
    substitutions: HashMap<String, Substitution>,
}

enum Target {
    Url(String),
    Place(String),
    /// Another name.
    Name(String),
}

/// What stands for a word between bars.
#[derive(Clone)]
pub(super) struct Substitution {
    /// `replace`, `image` or another directive.
    pub(super) directive: String,
    pub(super) argument: String,
    pub(super) body: Vec<String>,
}

impl Names {
    /// Looks through all lines, at any depth.
    pub(super) fn of(lines: &[&str]) -> Self {
        let mut names = Self::default();
        for (at, line) in lines.iter().enumerate() {
            let text = line.trim_start();
            let above = at.checked_sub(1).map_or("", |above| lines[above]);
            if super::block::is_adornment(line) && !above.is_empty() && !above.starts_with(' ') {
                let place = Target::Place(slug(above));
                names.targets.entry(normal(above)).or_insert(place);
            }
            if let Some(url) = text.strip_prefix("__ ") {
                names.nameless.push(url.trim().to_owned());
            }
            let Some(text) = text.strip_prefix(".. ") else {
                continue;
            };
            if let Some(target) = text.strip_prefix('_') {
                let more = continuation(lines, at);
                names.target(target, &more);
                continue;
            }
            let split = text.strip_prefix('|').and_then(|text| text.split_once('|'));
            let Some((name, rest)) = split else {
                continue;
            };
            if let Some((directive, argument)) = rest.trim().split_once("::") {
                let body = continuation(lines, at);
                let substitution = Substitution {
                    directive: directive.to_owned(),
                    argument: argument.trim().to_owned(),
                    body: body.into_iter().map(str::to_owned).collect(),
                };
                names.substitutions.insert(normal(name), substitution);
            }
        }
        names
    }

    fn target(&mut self, text: &str, more: &[&str]) {
        let split = match text.strip_prefix('`') {
            Some(quoted) => quoted.split_once("`:"),
            None if text.starts_with("_:") => Some(("_", &text[2..])),
            None => split_at_colon(text),
        };
        let Some((name, url)) = split else {
            return;
        };
        let mut url = url.trim().to_owned();
        url.extend(more.iter().map(|line| line.trim()));
        if name == "_" {
            self.nameless.push(url);
            return;
        }
        let target = if url.is_empty() {
            Target::Place(slug(name))
        } else {
            match url.strip_suffix('_') {
                Some(other) if !other.contains(':') => {
                    Target::Name(normal(other.trim_matches('`')))
                }
                _ => Target::Url(url),
            }
        };
        self.targets.insert(normal(&name.replace('\\', "")), target);
    }

    /// Returns the address for a name.
    pub(super) fn url(&self, name: &str) -> Option<String> {
        let mut name = normal(name);
        for _ in 0..MAX_STEPS {
            match self.targets.get(&name)? {
                Target::Url(url) => return Some(url.clone()),
                Target::Place(place) => return Some(format!("#{place}")),
                Target::Name(other) => name.clone_from(other),
            }
        }
        None
    }

    /// Returns the address for the next reference without a name.
    pub(super) fn next_nameless(&mut self) -> Option<String> {
        let url = self.nameless.get(self.next_nameless)?.clone();
        self.next_nameless += 1;
        Some(url)
    }

    pub(super) fn substitution(&self, name: &str) -> Option<&Substitution> {
        self.substitutions.get(&normal(name))
    }

    /// Lets a name lead to an address from here on.
    pub(super) fn learn(&mut self, name: &str, url: &str) {
        self.targets
            .entry(normal(name))
            .or_insert_with(|| Target::Url(url.to_owned()));
    }
}

/// Splits at the first colon that is not escaped and ends a name.
fn split_at_colon(text: &str) -> Option<(&str, &str)> {
    let is_end = |place: usize| {
        let after = text[place + 1..].chars().next();
        !text[..place].ends_with('\\') && after.is_none_or(char::is_whitespace)
    };
    let place = text
        .match_indices(':')
        .map(|(place, _)| place)
        .find(|place| is_end(*place))?;
    Some((&text[..place], &text[place + 1..]))
}

/// Returns the lines that belong to an explicit mark, without its first.
fn continuation<'a>(lines: &[&'a str], at: usize) -> Vec<&'a str> {
    let depth = super::indent(lines[at]);
    let is_part = |line: &&&str| !line.is_empty() && super::indent(line) > depth;
    let count = lines[at + 1..]
        .iter()
        .take(MAX_CONTINUATION)
        .take_while(is_part)
        .count();
    dedented(&lines[at + 1..=at + count])
}

/// Returns a name as it is compared: in lower case, with one space between words.
fn normal(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
