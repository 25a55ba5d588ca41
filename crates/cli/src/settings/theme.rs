//! Reading a theme folder.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use wheelhouse_ui::theme::{Logo, Theme};

use super::error::SettingsError;
use super::source::read_small_file;

/// Largest picture, in bytes: it is on every page.
const MAX_LOGO_BYTES: u64 = 256 * 1024;
/// Longest name of an index, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Pictures that a theme may have.
const LOGOS: &[(&str, &str)] = &[("logo.svg", "image/svg+xml"), ("logo.png", "image/png")];

/// Reads a theme folder. What it does not hold stays as it is.
pub(super) fn read_theme(folder: &Path) -> Result<Theme, SettingsError> {
    // A folder that is not there is a mistake; a file in it may be left out.
    std::fs::read_dir(folder).map_err(|source| SettingsError::Theme {
        path: folder.to_owned(),
        source,
    })?;
    let site_name = text(&folder.join("name.txt"))?;
    let site_name = site_name.map(|name| name.trim().chars().take(MAX_NAME_CHARS).collect());
    let mut logo = None;
    for (name, media_type) in LOGOS {
        if logo.is_none() {
            logo = optional(&folder.join(name), read_logo)?.map(|bytes| Logo { media_type, bytes });
        }
    }
    Ok(Theme {
        site_name: site_name.filter(|name: &String| !name.is_empty()),
        style: text(&folder.join("style.css"))?,
        logo,
        templates: templates(&folder.join("templates"))?,
    })
}

fn templates(folder: &Path) -> Result<Vec<(String, String)>, SettingsError> {
    let failed = |source| SettingsError::Theme {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut templates = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        // Editors leave files of their own beside.
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|end| end == "html"))
            && let Some(template) = text(&path)?
        {
            templates.push((name.to_owned(), template));
        }
    }
    templates.sort();
    Ok(templates)
}

fn text(path: &Path) -> Result<Option<String>, SettingsError> {
    optional(path, read_small_file)
}

fn optional<T>(
    path: &Path,
    read: impl FnOnce(&Path) -> std::io::Result<T>,
) -> Result<Option<T>, SettingsError> {
    match read(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Theme {
            path: path.to_owned(),
            source,
        }),
    }
}

fn read_logo(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_LOGO_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_LOGO_BYTES {
        return Err(std::io::Error::other("the logo is larger than 256 KiB"));
    }
    Ok(bytes)
}
