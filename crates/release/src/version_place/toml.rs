//! Versions in `pyproject.toml`, and where its tools look for them.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Files, PlaceFault, VersionPlace, Written, computed, in_attribute, in_text, python};

const FILE: &str = "pyproject.toml";

/// Finds the version, or returns `None` if another file has it.
pub(super) fn find(text: &str, files: &dyn Files) -> Result<Option<VersionPlace>, PlaceFault> {
    let document = DeTable::parse(text).map_err(|error| PlaceFault {
        file: FILE.to_owned(),
        line: error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1),
        what: format!("it is not valid TOML: {}", error.message()),
        fix: "mend it; `python -m build` cannot read it either".to_owned(),
    })?;
    let root = document.get_ref();
    for path in [&["project", "version"][..], &["tool", "poetry", "version"]] {
        if let Some(version) = at(root, path) {
            return written(text, version).map(Some);
        }
    }
    let Some(project) = at(root, &["project"]) else {
        return Ok(None);
    };
    let is_dynamic = |item: &Spanned<DeValue<'_>>| item.get_ref().as_str() == Some("version");
    let dynamic = at(root, &["project", "dynamic"]);
    let dynamic = dynamic.and_then(|value| value.get_ref().as_array());
    if !dynamic.is_some_and(|listed| listed.iter().any(is_dynamic)) {
        return Err(PlaceFault {
            file: FILE.to_owned(),
            line: Some(line_of(text, project)),
            what: "`[project]` has no version".to_owned(),
            fix: "write `version = \"0.1.0\"` below it, or list it in `dynamic`".to_owned(),
        });
    }
    of_tool(root, files)
}

/// Returns the text at the first of these paths that has one.
pub(super) fn text_at(text: &str, paths: &[&[&str]]) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let named =
        |path: &&[&str]| at(document.get_ref(), path).and_then(|value| value.get_ref().as_str());
    paths.iter().find_map(named).map(str::to_owned)
}

/// Finds a version that a build backend reads elsewhere.
fn of_tool(root: &DeTable<'_>, files: &dyn Files) -> Result<Option<VersionPlace>, PlaceFault> {
    let text_at = |path: &[&str]| at(root, path).and_then(|value| value.get_ref().as_str());
    if let Some(attribute) = text_at(&["tool", "setuptools", "dynamic", "version", "attr"]) {
        let root = text_at(&["tool", "setuptools", "package-dir", ""]).unwrap_or("src");
        return in_attribute(attribute, root, files).map(Some);
    }
    let file = at(root, &["tool", "setuptools", "dynamic", "version", "file"]);
    if let Some(file) = file {
        let first = file.get_ref().as_array().and_then(|files| files.first());
        let file = first.unwrap_or(file).get_ref().as_str();
        return file.map(|file| in_text(file, files)).transpose();
    }
    for (tool, path) in [
        ("hatch", &["tool", "hatch", "version", "path"][..]),
        ("pdm", &["tool", "pdm", "version", "path"]),
    ] {
        if let Some(file) = text_at(path) {
            let Some(text) = files.read(file) else {
                return Err(super::gone(file));
            };
            let names: &[&str] = if tool == "hatch" {
                &["__version__", "VERSION"]
            } else {
                &["__version__"]
            };
            return python::in_module(file, &text, names).map(Some);
        }
    }
    let backend = text_at(&["build-system", "build-backend"]).unwrap_or_default();
    if backend.starts_with("flit") {
        let name = text_at(&["tool", "flit", "module", "name"]);
        let module = name.or(text_at(&["project", "name"])).unwrap_or_default();
        let attribute = format!("{}.__version__", module.replace('-', "_"));
        return in_attribute(&attribute, "src", files).map(Some);
    }
    for (path, tool) in [
        (
            &["tool", "setuptools_scm"][..],
            "setuptools-scm makes it from tags",
        ),
        (
            &["tool", "hatch", "version", "source"],
            "hatch makes it from something else",
        ),
        (
            &["tool", "pdm", "version", "source"],
            "pdm makes it from something else",
        ),
        (&["tool", "versioneer"], "versioneer makes it from tags"),
    ] {
        if at(root, path).is_some() {
            return Ok(Some(computed(FILE, tool)));
        }
    }
    // setuptools reads `setup.cfg` and `setup.py` for what is dynamic.
    let is_elsewhere = ["setup.cfg", "setup.py"]
        .iter()
        .any(|file| files.read(file).is_some());
    if is_elsewhere {
        return Ok(None);
    }
    Ok(Some(computed(FILE, "the build backend makes it")))
}

fn written(text: &str, value: &Spanned<DeValue<'_>>) -> Result<VersionPlace, PlaceFault> {
    let span = value.span();
    let raw = &text[span.clone()];
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| raw.starts_with(quote));
    match (quote, value.get_ref().as_str()) {
        (Some(quote), Some(_)) if !raw.contains('\\') => {
            let inner = span.start + quote.len()..span.end - quote.len();
            Written::found(FILE, text, inner)
        }
        _ => Err(PlaceFault {
            file: FILE.to_owned(),
            line: Some(line_of(text, value)),
            what: "the version is no text".to_owned(),
            fix: "put it in quotes".to_owned(),
        }),
    }
}

fn line_of(text: &str, value: &Spanned<DeValue<'_>>) -> usize {
    text[..value.span().start].matches('\n').count() + 1
}

fn at<'t, 'i>(table: &'t DeTable<'i>, path: &[&str]) -> Option<&'t Spanned<DeValue<'i>>> {
    let (first, rest) = path.split_first()?;
    let value = table.get(*first)?;
    if rest.is_empty() {
        return Some(value);
    }
    at(value.get_ref().as_table()?, rest)
}
