//! Finding releases.

use wheelhouse_index::ports::SearchTerms;
use wheelhouse_index::search::FoundRelease;

use super::arguments::Arguments;
use super::{Asker, Failed};
use crate::xmlrpc::Value;

/// Most texts that one search may look for.
const MAX_TERMS: usize = 100;

pub(super) async fn search(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    let Some(terms) = terms(given) else {
        return Err(Failed::arguments(
            "search takes a struct of `name` and `summary` with strings or arrays of strings, and `and` or `or`",
        ));
    };
    let found = asker.index.search(&terms).await?;
    let hits = found.into_iter().enumerate().map(|(place, release)| {
        let version = release.version.as_str().to_owned();
        Value::Struct(vec![
            ("name".into(), Value::Text(release.name)),
            (
                "summary".into(),
                Value::Text(release.summary.unwrap_or_else(|| version.clone())),
            ),
            ("version".into(), Value::Text(version)),
            (
                "_pypi_ordering".into(),
                Value::Int(i64::try_from(place).unwrap_or(i64::MAX)),
            ),
        ])
    });
    Ok(Value::Array(hits.collect()))
}

pub(super) async fn browse(asker: &Asker, given: &Arguments<'_>) -> Result<Value, Failed> {
    given.at_most(1)?;
    let wanted = given.get(0).and_then(texts);
    let Some(wanted) = wanted.filter(|wanted| (1..=MAX_TERMS).contains(&wanted.len())) else {
        return Err(Failed::arguments(format!(
            "browse takes an array of up to {MAX_TERMS} classifiers"
        )));
    };
    let found = asker.index.classified(&wanted).await?;
    let pair = |release: FoundRelease| {
        let version = release.version.canonical();
        Value::Array(vec![Value::Text(release.name), Value::Text(version)])
    };
    Ok(Value::Array(found.into_iter().map(pair).collect()))
}

/// Reads what a search looks for; a bare string, as old clients send it, is a name.
fn terms(given: &Arguments<'_>) -> Option<SearchTerms> {
    let mut terms = SearchTerms::default();
    match given.get(0)? {
        Value::Text(name) => terms.name.push(name.clone()),
        Value::Struct(fields) => {
            for (field, value) in fields {
                let wanted = texts(value)?;
                match field.as_str() {
                    "name" => terms.name.extend(wanted),
                    "summary" => terms.summary.extend(wanted),
                    // The index knows nothing else to look in.
                    _ => {}
                }
            }
        }
        _ => return None,
    }
    terms.any = match given.get(1) {
        None => false,
        Some(Value::Text(operator)) => match operator.as_str() {
            "or" => true,
            "and" => false,
            _ => return None,
        },
        Some(_) => return None,
    };
    (terms.name.len() + terms.summary.len() <= MAX_TERMS).then_some(terms)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Text(text) => Some(vec![text.clone()]),
        Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
