//! Settings in `wheelhouse.toml`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::error::ConfigError;
use super::values::{Origin, Values};
use crate::options::nearest::nearest;
use crate::options::value::{Value, shown};
use crate::options::{Kind, OptionDef, Places, defs};

/// No file with settings is longer than this, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file and sets what it says.
pub(super) fn read(path: &Path, values: &mut Values) -> Result<(), ConfigError> {
    let text = read_text(path)?;
    let table = DeTable::parse(&text).map_err(|error| ConfigError::Syntax {
        path: path.into(),
        line: error.span().map_or(1, |span| line_at(&text, span.start)),
        reason: error.message().lines().collect::<Vec<_>>().join(" "),
    })?;
    for (key, value) in table.into_inner() {
        let line = line_at(&text, key.span().start);
        let key = key.into_inner();
        let option = find(&key, &value, path, line)?;
        let value = to_value(option, value.get_ref()).map_err(|reason| ConfigError::BadValue {
            path: path.into(),
            line,
            key: key.into_owned(),
            reason,
        })?;
        values.set(
            option,
            value,
            Origin::File {
                path: path.into(),
                line,
            },
        );
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        path: path.into(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLong { path: path.into() });
    }
    Ok(text)
}

fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1
}

fn find(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    path: &Path,
    line: usize,
) -> Result<&'static OptionDef, ConfigError> {
    if value.get_ref().is_table() {
        return Err(ConfigError::Section {
            path: path.into(),
            line,
            key: key.to_owned(),
        });
    }
    let mut options = defs::ALL
        .iter()
        .filter(|option| option.places == Places::Everywhere);
    if let Some(option) = options.clone().find(|option| option.long == key) {
        return Ok(option);
    }
    let other_name = options.clone().find(|option| option.aliases.contains(&key));
    let nearest = match other_name {
        Some(option) => Some(option.long),
        None => nearest(key, options.by_ref().map(|option| option.long)),
    };
    Err(ConfigError::UnknownKey {
        path: path.into(),
        line,
        key: key.to_owned(),
        nearest,
    })
}

fn to_value(option: &OptionDef, value: &DeValue<'_>) -> Result<Value, String> {
    match (option.kind, value) {
        (Kind::Switch | Kind::Truth, DeValue::Boolean(truth)) => Ok(Value::Truth(*truth)),
        (Kind::Count | Kind::Integer { .. }, DeValue::Integer(_)) => to_integer(option, value),
        (
            Kind::Text { .. } | Kind::Path { .. } | Kind::Choice { .. } | Kind::List { .. },
            DeValue::String(text),
        ) => with_text(option.read_text(text.as_ref().as_ref()), text),
        // An empty list of what adds up is as good as none.
        (Kind::List { joins: true, .. }, DeValue::Array(items)) if items.is_empty() => {
            Ok(Value::List(Vec::new()))
        }
        (Kind::List { .. }, DeValue::Array(items)) => {
            let text = texts(items)?.join(",");
            with_text(option.read_text(text.as_ref()), &text)
        }
        (Kind::Folders, DeValue::String(text)) => with_text(
            option.check_folders(vec![PathBuf::from(text.as_ref())]),
            text,
        ),
        (Kind::Folders, DeValue::Array(items)) => {
            let folders = texts(items)?;
            let written = folders.join(", ");
            with_text(
                option.check_folders(folders.into_iter().map(PathBuf::from).collect()),
                &written,
            )
        }
        (kind, value) => Err(format!(
            "must be {}, not a value of type {}",
            wanted(kind),
            value.type_str()
        )),
    }
}

fn with_text(read: Result<Value, String>, text: &str) -> Result<Value, String> {
    read.map_err(|reason| format!("is {}: {reason}", shown(text)))
}

fn to_integer(option: &OptionDef, value: &DeValue<'_>) -> Result<Value, String> {
    let number = value
        .as_integer()
        .map(|digits| i64::from_str_radix(&digits.as_str().replace('_', ""), digits.radix()));
    match number {
        Some(Ok(number)) if matches!(option.kind, Kind::Count) => with_text(
            option.read_text(number.to_string().as_ref()),
            &number.to_string(),
        ),
        Some(Ok(number)) => with_text(option.check_integer(number), &number.to_string()),
        _ => Err("is too great a number".to_owned()),
    }
}

fn texts(items: &DeArray<'_>) -> Result<Vec<String>, String> {
    let text = |item: &Spanned<DeValue<'_>>| {
        let text = item.get_ref().as_str().map(str::to_owned);
        text.ok_or_else(|| {
            format!(
                "must be a list of texts in quotes, but a value of type {} is in it",
                item.get_ref().type_str()
            )
        })
    };
    items.iter().map(text).collect()
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch | Kind::Truth => "`true` or `false`",
        Kind::Count | Kind::Integer { .. } => "a whole number without quotes",
        Kind::Text { .. } | Kind::Path { .. } | Kind::Choice { .. } => "a text in quotes",
        Kind::List { .. } | Kind::Folders => "a list such as `[\"a\", \"b\"]`",
    }
}
