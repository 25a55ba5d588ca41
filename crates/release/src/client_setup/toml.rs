//! Settings in TOML: comments, order and unknown keys stay.

use toml_edit::{ArrayOfTables, Decor, DocumentMut, Item, Table, TableLike};

use super::edit::{Applied, Done, Edit, EditError, Undone, Value, digest, is_same_address, shown};

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let span = error.span().unwrap_or_default();
        let before = text.get(..span.start).unwrap_or_default();
        // The library would show the line, which may hold a password.
        EditError::at(before.matches('\n').count() + 1, "it is no valid TOML")
    })
}

/// Writes a document with the ends of lines that the text had.
fn written(document: &DocumentMut, text: &str) -> String {
    let new = document.to_string();
    let ends = text.matches('\n').count();
    if ends > 0 && text.matches("\r\n").count() == ends {
        return new.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    new
}

fn other_kind(place: &[String]) -> EditError {
    EditError {
        line: None,
        what: format!(
            "`{}` is written in another way than expected; add the index to it yourself",
            shown(place)
        ),
    }
}

/// Returns the table at a path. Tables that are missing are made, and counted.
fn table_at<'d>(
    mut table: &'d mut dyn TableLike,
    path: &[String],
    made: &mut usize,
) -> Result<&'d mut dyn TableLike, EditError> {
    for (at, part) in path.iter().enumerate() {
        if !table.contains_key(part) {
            let mut new = Table::new();
            new.set_implicit(true);
            table.insert(part, Item::Table(new));
            *made += 1;
        }
        table = table
            .get_mut(part)
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| other_kind(&path[..=at]))?;
    }
    Ok(table)
}

/// Returns the table at a path, if it is there.
fn found_at<'d>(
    mut table: &'d mut dyn TableLike,
    path: &[String],
) -> Option<&'d mut dyn TableLike> {
    for part in path {
        table = table.get_mut(part)?.as_table_like_mut()?;
    }
    Some(table)
}

fn array_at<'d>(document: &'d mut DocumentMut, place: &[String]) -> Option<&'d mut ArrayOfTables> {
    let (last, path) = place.split_last()?;
    let table = found_at(document.as_table_mut(), path)?;
    table.get_mut(last)?.as_array_of_tables_mut()
}

fn plain(item: &Item) -> Option<String> {
    let value = item.as_value()?;
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| value.as_bool().map(|truth| truth.to_string()))
}

fn value_of(value: &Value) -> toml_edit::Value {
    match value {
        Value::Truth(truth) => (*truth).into(),
        other => other.plain().into(),
    }
}

/// Carries changes out.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<Applied, EditError> {
    let mut document = parse(text)?;
    let mut done = Vec::new();
    let mut told = Vec::new();
    for edit in edits {
        match edit {
            Edit::Set {
                place,
                value,
                is_claim,
            } => set(&mut document, place, value, *is_claim, &mut done)?,
            Edit::Remove { place } => remove(&mut document, place, &mut done, &mut told),
            Edit::Table {
                place,
                name,
                claims,
                pairs,
            } => put_table(&mut document, place, name, claims, pairs, &mut done)?,
            Edit::OnlyTable { place, name } => {
                only_table(&mut document, place, name, &mut done, &mut told);
            }
            Edit::Add { .. } | Edit::Login { .. } => {}
        }
    }
    let text = if done.is_empty() {
        text.to_owned()
    } else {
        written(&document, text)
    };
    Ok(Applied { text, done, told })
}

fn set(
    document: &mut DocumentMut,
    place: &[String],
    value: &Value,
    is_claim: bool,
    done: &mut Vec<Done>,
) -> Result<(), EditError> {
    let Some((key, path)) = place.split_last() else {
        return Ok(());
    };
    let mut made = 0;
    let table = table_at(document.as_table_mut(), path, &mut made)?;
    let mut before = None;
    match table.get_mut(key) {
        Some(item) if plain(item).as_deref() == Some(value.plain()) => return Ok(()),
        Some(item) => {
            let Some(old) = item.as_value_mut() else {
                return Err(other_kind(place));
            };
            if is_claim && !is_same_address(old.as_str().unwrap_or_default(), value.plain()) {
                return Err(EditError {
                    line: None,
                    what: format!(
                        "`{}` is there already with another address; choose another --name",
                        shown(place)
                    ),
                });
            }
            let decor = old.decor().clone();
            before = Some(old.clone().decorated("", "").to_string());
            *old = value_of(value);
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, Item::Value(value_of(value)));
        }
    }
    done.push(Done::Set {
        place: place.to_vec(),
        written: digest(value.plain()),
        before,
        made,
    });
    Ok(())
}

fn remove(
    document: &mut DocumentMut,
    place: &[String],
    done: &mut Vec<Done>,
    told: &mut Vec<String>,
) {
    let Some((key, path)) = place.split_last() else {
        return;
    };
    let table = found_at(document.as_table_mut(), path);
    if let Some(Item::Value(value)) = table.and_then(|table| table.remove(key)) {
        told.push(format!("{} was taken out", shown(place)));
        done.push(Done::Removed {
            place: place.to_vec(),
            before: value.decorated("", "").to_string(),
        });
    }
}

fn name_of(table: &Table) -> Option<&str> {
    table.get("name")?.as_str()
}

/// Makes a digest of what a table says, whatever its order.
fn digest_of(table: &Table) -> String {
    let mut pairs: Vec<String> = table
        .iter()
        .map(|(key, item)| format!("{key}={}", plain(item).unwrap_or_else(|| item.to_string())))
        .collect();
    pairs.sort();
    digest(&pairs.join("\n"))
}

/// Returns a table as it is written.
fn raw(table: &Table) -> String {
    let mut array = ArrayOfTables::new();
    array.push(table.clone());
    let mut document = DocumentMut::new();
    document.insert("x", Item::ArrayOfTables(array));
    document.to_string()
}

/// Reads a table that was written so.
fn of_raw(raw: &str) -> Option<Table> {
    let document: DocumentMut = raw.parse().ok()?;
    let mut table = document.get("x")?.as_array_of_tables()?.get(0)?.clone();
    table.set_position(None);
    Some(table)
}

fn put_table(
    document: &mut DocumentMut,
    place: &[String],
    name: &str,
    claims: &str,
    pairs: &[(String, Value)],
    done: &mut Vec<Done>,
) -> Result<(), EditError> {
    let Some((last, path)) = place.split_last() else {
        return Ok(());
    };
    let mut made = 0;
    let parent = table_at(document.as_table_mut(), path, &mut made)?;
    if !parent.contains_key(last) {
        parent.insert(last, Item::ArrayOfTables(ArrayOfTables::new()));
        made += 1;
    }
    let array = parent
        .get_mut(last)
        .and_then(Item::as_array_of_tables_mut)
        .ok_or_else(|| other_kind(place))?;
    let at = array.iter().position(|table| name_of(table) == Some(name));
    let mut before = None;
    let mut table = match at.and_then(|at| array.get(at)) {
        Some(table) => {
            let address = table.get(claims).and_then(Item::as_str);
            let wanted = pairs.iter().find(|(key, _)| key == claims);
            let wanted = wanted.map(|(_, value)| value.plain()).unwrap_or_default();
            if !is_same_address(address.unwrap_or_default(), wanted) {
                return Err(EditError {
                    line: None,
                    what: format!(
                        "`{}` has `{name}` already, with another address; choose another --name",
                        shown(place)
                    ),
                });
            }
            before = Some(raw(table));
            table.clone()
        }
        None => Table::new(),
    };
    let was = digest_of(&table);
    if table.get("name").is_none() {
        table.insert("name", toml_edit::value(name));
    }
    for (key, value) in pairs {
        if table.get(key).and_then(plain).as_deref() != Some(value.plain()) {
            table.insert(key, Item::Value(value_of(value)));
        }
    }
    let written = digest_of(&table);
    if written == was {
        return Ok(());
    }
    match at {
        Some(at) => {
            array.replace(at, table);
        }
        None => array.push(table),
    }
    done.push(Done::Table {
        place: place.to_vec(),
        name: name.to_owned(),
        written,
        before,
        made,
    });
    Ok(())
}

fn only_table(
    document: &mut DocumentMut,
    place: &[String],
    name: &str,
    done: &mut Vec<Done>,
    told: &mut Vec<String>,
) {
    let Some(array) = array_at(document, place) else {
        return;
    };
    // uv and poetry ask those only for what names them.
    let is_explicit = |table: &Table| {
        table.get("explicit").and_then(Item::as_bool) == Some(true)
            || table.get("priority").and_then(Item::as_str) == Some("explicit")
    };
    let mut at = 0;
    while let Some(table) = array.get(at) {
        if name_of(table) == Some(name) || is_explicit(table) {
            at += 1;
            continue;
        }
        let other = name_of(table).unwrap_or("without a name");
        told.push(format!("{} `{other}` was taken out", shown(place)));
        done.push(Done::RemovedTable {
            place: place.to_vec(),
            at,
            before: raw(table),
        });
        array.remove(at);
    }
}

/// Takes changes back, the last one first.
pub(super) fn undo(text: &str, done: &[Done]) -> Result<Undone, EditError> {
    let mut document = parse(text)?;
    let mut kept = Vec::new();
    // What users wrote above that which goes.
    let mut comments = String::new();
    for done in done.iter().rev() {
        let is_back = match done {
            Done::Set {
                place,
                written,
                before,
                made,
            } => {
                let is_back = unset(
                    &mut document,
                    place,
                    written,
                    before.as_deref(),
                    &mut comments,
                );
                if is_back {
                    let path = &place[..place.len().saturating_sub(1)];
                    sweep(&mut document, path, *made, &mut comments);
                }
                is_back
            }
            Done::Removed { place, before } => insert(&mut document, place, before),
            Done::Table {
                place,
                name,
                written,
                before,
                made,
            } => {
                let before = before.as_deref();
                let is_back =
                    take_table(&mut document, place, name, written, before, &mut comments);
                if is_back {
                    sweep(&mut document, place, *made, &mut comments);
                }
                is_back
            }
            Done::RemovedTable { place, at, before } => {
                put_back(&mut document, place, *at, before).is_some()
            }
            Done::Added { .. } | Done::Login { .. } => true,
        };
        if !is_back {
            kept.extend(done.place().map(shown));
        }
    }
    if !comments.is_empty() {
        let rest = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing(format!("{comments}{rest}"));
    }
    let text = written(&document, text);
    Ok(Undone { text, kept })
}

fn unset(
    document: &mut DocumentMut,
    place: &[String],
    written: &str,
    before: Option<&str>,
    comments: &mut String,
) -> bool {
    let Some((key, path)) = place.split_last() else {
        return true;
    };
    let Some(table) = found_at(document.as_table_mut(), path) else {
        return true;
    };
    let Some(item) = table.get_mut(key) else {
        return true;
    };
    if plain(item).is_none_or(|value| digest(&value) != written) {
        return false;
    }
    let old: Option<toml_edit::Value> = before.and_then(|before| before.parse().ok());
    if let (Some(mut old), Some(value)) = (old, item.as_value_mut()) {
        *old.decor_mut() = value.decor().clone();
        *value = old;
    } else {
        if let Some(key) = table.key(key) {
            rescue(key.leaf_decor(), comments);
        }
        table.remove(key);
    }
    true
}

fn insert(document: &mut DocumentMut, place: &[String], before: &str) -> bool {
    let Some((key, path)) = place.split_last() else {
        return true;
    };
    let Ok(table) = table_at(document.as_table_mut(), path, &mut 0) else {
        return false;
    };
    let old: Result<toml_edit::Value, _> = before.parse();
    match old {
        Ok(old) if !table.contains_key(key) => {
            table.insert(key, Item::Value(old));
            true
        }
        _ => false,
    }
}

fn take_table(
    document: &mut DocumentMut,
    place: &[String],
    name: &str,
    written: &str,
    before: Option<&str>,
    comments: &mut String,
) -> bool {
    let Some(array) = array_at(document, place) else {
        return true;
    };
    let at = array.iter().position(|table| name_of(table) == Some(name));
    let Some((at, table)) = at.and_then(|at| Some((at, array.get(at)?))) else {
        return true;
    };
    if digest_of(table) != written {
        return false;
    }
    if let Some(mut old) = before.and_then(of_raw) {
        old.set_position(table.position());
        *old.decor_mut() = table.decor().clone();
        array.replace(at, old);
    } else {
        rescue(table.decor(), comments);
        array.remove(at);
    }
    true
}

fn put_back(document: &mut DocumentMut, place: &[String], at: usize, before: &str) -> Option<()> {
    let table = of_raw(before)?;
    let (last, path) = place.split_last()?;
    let parent = table_at(document.as_table_mut(), path, &mut 0).ok()?;
    if !parent.contains_key(last) {
        parent.insert(last, Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let array = parent.get_mut(last)?.as_array_of_tables_mut()?;
    if name_of(&table).is_some() && array.iter().any(|other| name_of(other) == name_of(&table)) {
        return None;
    }
    let mut tables: Vec<Table> = array.iter().cloned().collect();
    tables.insert(at.min(tables.len()), table);
    array.clear();
    for mut table in tables {
        // The order is that of the array.
        table.set_position(None);
        array.push(table);
    }
    Some(())
}

/// Takes out the tables that were made on the way to a place, as far as they are empty.
fn sweep(document: &mut DocumentMut, path: &[String], made: usize, comments: &mut String) {
    for length in (path.len().saturating_sub(made) + 1..=path.len()).rev() {
        let Some((last, parents)) = path[..length].split_last() else {
            return;
        };
        let Some(parent) = found_at(document.as_table_mut(), parents) else {
            return;
        };
        let is_empty = match parent.get(last) {
            Some(Item::Table(table)) => {
                if table.is_empty() {
                    rescue(table.decor(), comments);
                }
                table.is_empty()
            }
            Some(Item::ArrayOfTables(array)) => array.is_empty(),
            Some(Item::Value(value)) => value
                .as_inline_table()
                .is_some_and(toml_edit::InlineTable::is_empty),
            _ => false,
        };
        if !is_empty {
            return;
        }
        parent.remove(last);
    }
}

/// Keeps the comments above something that goes.
fn rescue(decor: &Decor, comments: &mut String) {
    let above = decor.prefix().and_then(toml_edit::RawString::as_str);
    if let Some(above) = above.filter(|above| above.contains('#')) {
        comments.push_str(above);
    }
}

#[cfg(test)]
mod tests;
