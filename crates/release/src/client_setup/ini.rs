//! Settings in sections, changed line by line: comments, order and spelling of everything else stay.

use std::ops::Range;

use super::edit::{Applied, Done, Edit, EditError, Undone, Value, digest, is_same_address, shown};

/// A text as Python's `configparser` understands it.
struct Ini<'t> {
    lines: Vec<&'t str>,
    sections: Vec<Section>,
    ending: &'static str,
}

struct Section {
    name: String,
    /// The line of its name, counted from zero.
    line: usize,
    keys: Vec<Key>,
}

struct Key {
    /// In lower case.
    name: String,
    /// All its lines.
    lines: Range<usize>,
    /// The parts of its value, a part for each line, comments left out.
    value: Vec<String>,
    /// How far it is indented.
    indent: usize,
}

impl Key {
    fn value(&self) -> String {
        let value = self.value.join("\n");
        value.trim().to_owned()
    }

    fn items(&self) -> impl Iterator<Item = &str> {
        self.value.iter().flat_map(|line| line.split_whitespace())
    }
}

impl Section {
    /// pip takes `index_url` for `index-url`.
    fn key(&self, name: &str) -> Option<&Key> {
        let mut keys = self.keys.iter();
        keys.find(|key| key.name.replace('_', "-") == name.replace('_', "-"))
    }

    /// Returns the line behind the last one that it needs.
    fn end(&self) -> usize {
        self.keys.last().map_or(self.line + 1, |key| key.lines.end)
    }
}

impl<'t> Ini<'t> {
    fn parse(text: &'t str) -> Result<Self, EditError> {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut sections: Vec<Section> = Vec::new();
        // Whether the lines that follow may go on with the last key.
        let mut goes_on = false;
        for (at, line) in lines.iter().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let last = sections
                .last_mut()
                .and_then(|section| section.keys.last_mut());
            if let Some(key) = last.filter(|key| goes_on && indent > key.indent) {
                key.value.push(trimmed.to_owned());
                key.lines.end = at + 1;
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[') {
                let Some(end) = name.rfind(']').filter(|end| *end > 0) else {
                    return Err(EditError::at(at + 1, "a section's name has no end"));
                };
                let name = name[..end].to_owned();
                if sections.iter().any(|section| section.name == name) {
                    let what = format!("the section `[{name}]` is there twice");
                    return Err(EditError::at(at + 1, what));
                }
                sections.push(Section {
                    name,
                    line: at,
                    keys: Vec::new(),
                });
                goes_on = false;
                continue;
            }
            let Some(section) = sections.last_mut() else {
                return Err(EditError::at(at + 1, "it stands in no section"));
            };
            let Some((name, value)) = trimmed.split_once(['=', ':']) else {
                return Err(EditError::at(at + 1, "it has neither `=` nor `:`"));
            };
            let name = name.trim().to_lowercase();
            if name.is_empty() {
                return Err(EditError::at(
                    at + 1,
                    "there is no key in front of the value",
                ));
            }
            if section.keys.iter().any(|key| key.name == name) {
                let what = format!("`{name}` is there twice in `[{}]`", section.name);
                return Err(EditError::at(at + 1, what));
            }
            section.keys.push(Key {
                name,
                lines: at..at + 1,
                value: vec![value.trim().to_owned()],
                indent,
            });
            goes_on = true;
        }
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Ok(Self {
            lines,
            sections,
            ending,
        })
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    fn key(&self, place: &[String]) -> Option<&Key> {
        let (section, key) = parted(place);
        self.section(section)?.key(key)
    }

    /// Returns the text with other lines in place of some. Each new line is given without its end.
    fn with(&self, place: Range<usize>, new: &[String]) -> String {
        let mut text = self.lines[..place.start].concat();
        if !text.is_empty() && !text.ends_with('\n') && !new.is_empty() {
            text.push_str(self.ending);
        }
        for line in new {
            text.push_str(line);
            text.push_str(self.ending);
        }
        text.push_str(&self.lines[place.end..].concat());
        text
    }

    /// Returns the text with a line more in a section, and whether that was made.
    fn with_line(&self, section: &str, line: String) -> (String, bool) {
        if let Some(section) = self.section(section) {
            let at = section.end();
            return (self.with(at..at, &[line]), false);
        }
        let mut new = Vec::new();
        if self
            .lines
            .last()
            .is_some_and(|last| !last.trim().is_empty())
        {
            new.push(String::new());
        }
        new.push(format!("[{section}]"));
        new.push(line);
        let at = self.lines.len();
        (self.with(at..at, &new), true)
    }

    /// Returns the text with a section's name taken out, if nothing else is in it.
    fn without_empty(&self, section: &str) -> Option<String> {
        let found = self.section(section)?;
        let next = self.sections.iter().map(|other| other.line);
        let next = next.filter(|line| *line > found.line).min();
        let end = next.unwrap_or(self.lines.len());
        let is_empty = |line: &&str| line.trim().is_empty();
        if !self.lines[found.line + 1..end].iter().all(is_empty) {
            return None;
        }
        let mut start = found.line;
        if start > 0 && self.lines[start - 1].trim().is_empty() {
            start -= 1;
        }
        Some(self.with(start..found.line + 1, &[]))
    }
}

fn parted(place: &[String]) -> (&str, &str) {
    match place {
        [section, key] => (section, key),
        _ => ("", ""),
    }
}

/// Carries changes out.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<Applied, EditError> {
    let mut applied = Applied {
        text: text.to_owned(),
        done: Vec::new(),
        told: Vec::new(),
    };
    Ini::parse(text)?;
    for edit in edits {
        let text = std::mem::take(&mut applied.text);
        applied.text = match edit {
            Edit::Set {
                place,
                value,
                is_claim,
            } => set(&text, place, value, *is_claim, &mut applied.done)?,
            Edit::Add {
                place,
                item,
                beside,
            } => add(&text, place, item, beside, &mut applied.done)?,
            Edit::Remove { place } => {
                let ini = Ini::parse(&text)?;
                match ini.key(place) {
                    None => text,
                    Some(key) => {
                        let told = format!("{} was taken out", shown(place));
                        applied.told.push(told);
                        applied.done.push(Done::Removed {
                            place: place.clone(),
                            before: ini.lines[key.lines.clone()].concat(),
                        });
                        ini.with(key.lines.clone(), &[])
                    }
                }
            }
            Edit::Table { .. } | Edit::OnlyTable { .. } | Edit::Login { .. } => text,
        };
    }
    Ok(applied)
}

fn set(
    text: &str,
    place: &[String],
    value: &Value,
    is_claim: bool,
    done: &mut Vec<Done>,
) -> Result<String, EditError> {
    let ini = Ini::parse(text)?;
    let (section, name) = parted(place);
    let plain = value.plain();
    if plain.trim() != plain || plain.chars().any(char::is_control) {
        return Err(EditError {
            line: None,
            what: format!(
                "the value of `{name}` cannot stand in such a file: it begins or ends with a blank"
            ),
        });
    }
    let mut finished = Done::Set {
        place: place.to_vec(),
        written: digest(plain),
        before: None,
        made: 0,
    };
    let Some(key) = ini.key(place) else {
        let (text, is_made) = ini.with_line(section, format!("{name} = {plain}"));
        if let Done::Set { made, .. } = &mut finished {
            *made = usize::from(is_made);
        }
        done.push(finished);
        return Ok(text);
    };
    if key.value() == plain {
        return Ok(text.to_owned());
    }
    if is_claim && !is_same_address(&key.value(), plain) {
        let what =
            format!("`[{section}]` is there already, with another `{name}`; choose another --name");
        return Err(EditError::at(key.lines.start + 1, what));
    }
    if let Done::Set { before, .. } = &mut finished {
        *before = Some(ini.lines[key.lines.clone()].concat());
    }
    done.push(finished);
    // The key stays as it is spelled, with the blanks around it.
    let first = ini.lines[key.lines.start];
    let head = first.find(['=', ':']).map_or(0, |at| at + 1);
    let blank = if first[head..].starts_with(' ') || key.value[0].is_empty() {
        " "
    } else {
        ""
    };
    let line = format!("{}{blank}{plain}", &first[..head]);
    Ok(ini.with(key.lines.clone(), &[line]))
}

fn add(
    text: &str,
    place: &[String],
    item: &str,
    beside: &[&str],
    done: &mut Vec<Done>,
) -> Result<String, EditError> {
    let ini = Ini::parse(text)?;
    let (section, name) = parted(place);
    let plain = |item: &str| item.trim_end_matches('/').to_owned();
    let Some(key) = ini.key(place) else {
        let others = beside.iter().filter(|other| ini.section(other).is_some());
        let mut items: Vec<&str> = others.copied().filter(|other| *other != item).collect();
        items.push(item);
        let line = match items.as_slice() {
            [item] => format!("{name} = {item}"),
            items => {
                let gap = format!("{}    ", ini.ending);
                format!("{name} ={gap}{}", items.join(&gap))
            }
        };
        let (text, is_section_made) = ini.with_line(section, line);
        done.push(Done::Added {
            place: place.to_vec(),
            item: item.to_owned(),
            is_key_made: true,
            is_section_made,
        });
        return Ok(text);
    };
    if key.items().any(|found| plain(found) == plain(item)) {
        return Ok(text.to_owned());
    }
    done.push(Done::Added {
        place: place.to_vec(),
        item: item.to_owned(),
        is_key_made: false,
        is_section_made: false,
    });
    let is_of_value = |line: &&&str| {
        let trimmed = line.trim();
        !trimmed.is_empty() && !trimmed.starts_with(['#', ';'])
    };
    let later = &ini.lines[key.lines.start + 1..key.lines.end];
    let indent = match later.iter().rfind(is_of_value) {
        Some(line) => line[..line.len() - line.trim_start().len()].to_owned(),
        None => " ".repeat(key.indent + 4),
    };
    let end = key.lines.end;
    Ok(ini.with(end..end, &[format!("{indent}{item}")]))
}

/// Takes changes back, the last one first.
pub(super) fn undo(text: &str, done: &[Done]) -> Result<Undone, EditError> {
    let mut text = text.to_owned();
    let mut kept = Vec::new();
    Ini::parse(&text)?;
    for done in done.iter().rev() {
        let found = match done {
            Done::Set {
                place,
                written,
                before,
                made,
            } => unset(&text, place, written, before.as_deref(), *made > 0)?,
            Done::Added {
                place,
                item,
                is_key_made,
                is_section_made,
            } => take(&text, place, item, *is_key_made, *is_section_made)?,
            Done::Removed { place, before } => {
                let ini = Ini::parse(&text)?;
                let (section, _) = parted(place);
                let line = before.trim_end_matches(['\r', '\n']).to_owned();
                let is_free = ini.key(place).is_none();
                is_free.then(|| ini.with_line(section, line).0)
            }
            Done::Table { .. } | Done::RemovedTable { .. } | Done::Login { .. } => None,
        };
        match found {
            Some(changed) => text = changed,
            None => kept.extend(done.place().map(shown)),
        }
    }
    Ok(Undone { text, kept })
}

fn unset(
    text: &str,
    place: &[String],
    written: &str,
    before: Option<&str>,
    is_made: bool,
) -> Result<Option<String>, EditError> {
    let ini = Ini::parse(text)?;
    let Some(key) = ini.key(place) else {
        return Ok(Some(text.to_owned()));
    };
    if digest(&key.value()) != written {
        return Ok(None);
    }
    let new: Vec<String> = before
        .map(|before| before.trim_end_matches(['\r', '\n']).to_owned())
        .into_iter()
        .collect();
    let text = ini.with(key.lines.clone(), &new);
    Ok(Some(swept(text, parted(place).0, is_made)?))
}

fn take(
    text: &str,
    place: &[String],
    item: &str,
    is_key_made: bool,
    is_made: bool,
) -> Result<Option<String>, EditError> {
    let ini = Ini::parse(text)?;
    let Some(key) = ini.key(place) else {
        return Ok(Some(text.to_owned()));
    };
    if is_key_made && key.items().eq([item]) {
        let text = ini.with(key.lines.clone(), &[]);
        return Ok(Some(swept(text, parted(place).0, is_made)?));
    }
    let first = key.lines.start;
    let rest = first + 1..key.lines.end;
    if let Some(at) = rest.clone().find(|&at| ini.lines[at].trim() == item) {
        return Ok(Some(ini.with(at..at + 1, &[])));
    }
    let line = ini.lines[first].trim_end();
    let head = line.find(['=', ':']).map_or(0, |at| at + 1);
    if is_key_made && line[head..].trim() == item {
        // Others were added below it.
        let line = line[..head].to_owned();
        return Ok(Some(ini.with(first..first + 1, &[line])));
    }
    let is_there = key.items().any(|found| found == item);
    Ok((!is_there).then(|| text.to_owned()))
}

/// Takes out a section that was made, once it is empty.
fn swept(text: String, section: &str, is_made: bool) -> Result<String, EditError> {
    if !is_made {
        return Ok(text);
    }
    let swept = Ini::parse(&text)?.without_empty(section);
    Ok(swept.unwrap_or(text))
}

impl Done {
    /// Returns the place that it is about.
    pub(super) fn place(&self) -> Option<&[String]> {
        match self {
            Self::Set { place, .. }
            | Self::Added { place, .. }
            | Self::Removed { place, .. }
            | Self::Table { place, .. }
            | Self::RemovedTable { place, .. } => Some(place),
            Self::Login { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
