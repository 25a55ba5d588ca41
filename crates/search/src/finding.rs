//! Asking the index.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use tantivy::collector::{Count, DocSetCollector, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, Query,
    RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption, TantivyDocument, Value};
use tantivy::{DocAddress, Order, Searcher, TantivyError, Term};
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::permission::Sight;
use wheelhouse_index::ports::{FinderQuery, FoundProject, FoundProjects};
use wheelhouse_standards::name::ProjectKey;

use crate::columns::Columns;
use crate::fields::{Fields, words};

/// Words of a query that count.
const MAX_WORDS: usize = 12;
/// Of how many of the best somebody who may not see everything gets what they may see.
const MAX_SIFTED: usize = 5_000;
/// Of how many of the best the licences are told.
const LICENCES_OF: usize = 500;
/// Of how many of the shortest names somebody is offered what they may see.
const MAX_BEGUN: usize = 200;
/// Licences that are told.
const MAX_LICENCES: usize = 20;

pub(crate) fn find(
    fields: &Fields,
    searcher: &Searcher,
    wanted: &FinderQuery,
    sight: &Sight,
) -> Result<FoundProjects, TantivyError> {
    let query = query(fields, wanted);
    let sees_all = matches!(sight, Sight::Everything);
    let last = wanted.offset.saturating_add(wanted.limit).max(LICENCES_OF);
    let looked_at = if sees_all { last } else { MAX_SIFTED };
    // Found and counted in one go: what begins with a letter or two is much.
    let best = TopDocs::with_limit(looked_at);
    let (best, total): (Vec<DocAddress>, usize) = if has_words(wanted) {
        let (best, total) = searcher.search(&*query, &(best.order_by_score(), Count))?;
        (best.into_iter().map(|(_, place)| place).collect(), total)
    } else {
        let newest = best.order_by_fast_field::<i64>("at", Order::Desc);
        let (newest, total) = searcher.search(&*query, &(newest, Count))?;
        (newest.into_iter().map(|(_, place)| place).collect(), total)
    };
    // Whole documents are read of what is shown alone.
    let columns = Columns::of(searcher)?;
    let mut seen = 0;
    let mut found = FoundProjects::default();
    let mut licences: HashMap<String, usize> = HashMap::new();
    for place in best {
        if !sees_all && !columns.key(place)?.is_some_and(|key| sight.has(&key)) {
            continue;
        }
        if seen < LICENCES_OF
            && let Some(licence) = columns.licence(place)?
        {
            *licences.entry(licence).or_default() += 1;
        }
        if seen >= wanted.offset && found.projects.len() < wanted.limit {
            let document: TantivyDocument = searcher.doc(place)?;
            found.projects.extend(project(fields, &document));
        }
        seen += 1;
    }
    found.total = if sees_all { total } else { seen };
    found.is_more = !sees_all && total > MAX_SIFTED;
    let mut licences: Vec<_> = licences.into_iter().collect();
    licences.sort_by(|(a, of_a), (b, of_b)| (of_b, a).cmp(&(of_a, b)));
    let licences = licences.into_iter().take(MAX_LICENCES);
    found.licences = licences.map(|(licence, _)| licence).collect();
    Ok(found)
}

pub(crate) fn names(
    fields: &Fields,
    searcher: &Searcher,
    prefix: &str,
    limit: usize,
    sight: &Sight,
) -> Result<Vec<String>, TantivyError> {
    let Some(prefix) = ProjectKey::of(prefix.trim()) else {
        return Ok(Vec::new());
    };
    let mut begun = BTreeSet::new();
    for segment in searcher.segment_readers() {
        let names = segment.inverted_index(fields.key)?;
        let mut stream = names.terms().range().ge(prefix.as_str()).into_stream()?;
        while stream.advance() && stream.key().starts_with(prefix.as_str().as_bytes()) {
            // The shortest of many are kept.
            if let Ok(name) = std::str::from_utf8(stream.key()) {
                begun.insert((name.len(), name.to_owned()));
                if begun.len() > MAX_BEGUN {
                    begun.pop_last();
                }
            }
        }
    }
    let mut names = Vec::new();
    for (_, name) in begun {
        // Terms outlive the last project that has them.
        if names.len() < limit
            && ProjectKey::of(&name).is_some_and(|key| sight.has(&key))
            && searcher.search(&*is(fields.key, &name), &Count)? > 0
        {
            names.push(name);
        }
    }
    Ok(names)
}

pub(crate) fn near(
    fields: &Fields,
    searcher: &Searcher,
    name: &str,
    limit: usize,
    sight: &Sight,
) -> Result<Vec<String>, TantivyError> {
    let Some(name) = ProjectKey::of(name.trim()) else {
        return Ok(Vec::new());
    };
    // Of a short name two letters are too much of it.
    let distances = if name.as_str().chars().count() < 5 {
        1..=1
    } else {
        1..=2
    };
    for distance in distances {
        let term = Term::from_field_text(fields.key, name.as_str());
        let query = FuzzyTermQuery::new(term, distance, true);
        let mut names = seen_names(searcher, &query, sight)?;
        names.retain(|near| near != name.as_str());
        if !names.is_empty() {
            names.sort();
            names.truncate(limit);
            return Ok(names);
        }
    }
    Ok(Vec::new())
}

pub(crate) fn here(
    fields: &Fields,
    searcher: &Searcher,
    projects: &[ProjectKey],
    sight: &Sight,
) -> Result<HashSet<ProjectKey>, TantivyError> {
    let mut here = HashSet::new();
    for project in projects.iter().filter(|project| sight.has(project)) {
        if searcher.search(&*is(fields.key, project.as_str()), &Count)? > 0 {
            here.insert(project.clone());
        }
    }
    Ok(here)
}

pub(crate) fn dependents(
    fields: &Fields,
    searcher: &Searcher,
    project: &ProjectKey,
    limit: usize,
    sight: &Sight,
) -> Result<Vec<ProjectKey>, TantivyError> {
    let query = is(fields.needs, project.as_str());
    let mut found: Vec<_> = seen_names(searcher, &*query, sight)?
        .into_iter()
        .filter_map(|name| ProjectKey::of(&name))
        .filter(|found| found != project)
        .collect();
    found.sort();
    found.truncate(limit);
    Ok(found)
}

/// Returns the names in normal form of what fits, of so many at most.
fn seen_names(
    searcher: &Searcher,
    query: &dyn Query,
    sight: &Sight,
) -> Result<Vec<String>, TantivyError> {
    let mut places: Vec<_> = searcher
        .search(query, &DocSetCollector)?
        .into_iter()
        .collect();
    places.sort();
    places.truncate(MAX_SIFTED);
    let columns = Columns::of(searcher)?;
    let mut names = Vec::new();
    for place in places {
        let key = columns.key(place)?.filter(|key| sight.has(key));
        names.extend(key.map(|key| key.to_string()));
    }
    Ok(names)
}

fn has_words(wanted: &FinderQuery) -> bool {
    !wanted.words.trim().is_empty()
}

fn query(fields: &Fields, wanted: &FinderQuery) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    if has_words(wanted) {
        clauses.push((Occur::Must, texts(fields, &wanted.words)));
    }
    let mut filter = |query| {
        let silent: Box<dyn Query> = Box::new(ConstScoreQuery::new(query, 0.0));
        clauses.push((Occur::Must, silent));
    };
    if let Some(minor) = wanted.python_minor {
        let term = Term::from_field_u64(fields.python_minor, minor);
        filter(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
    }
    if let Some(licence) = &wanted.licence {
        filter(is(fields.licence, licence));
    }
    if let Some(classifier) = &wanted.classifier {
        filter(is(fields.classifier, classifier));
    }
    if clauses.is_empty() {
        return Box::new(AllQuery);
    }
    Box::new(BooleanQuery::new(clauses))
}

/// Every word must be in some field; a project that is called as the whole text says, or whose name
/// begins so, is far before the others.
fn texts(fields: &Fields, text: &str) -> Box<dyn Query> {
    let words = words(text, MAX_WORDS);
    if words.is_empty() {
        return Box::new(EmptyQuery);
    }
    let last = words.len() - 1;
    let mut all: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let mut places: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (field, weight) in [
            (fields.parts, 8.0),
            (fields.keywords, 3.0),
            (fields.summary, 2.0),
            (fields.about, 1.0),
        ] {
            let term = Term::from_field_text(field, word);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            places.push((
                Occur::Should,
                Box::new(BoostQuery::new(Box::new(query), weight)),
            ));
        }
        // Somebody may be typing yet.
        if number == last && word.chars().count() >= 2 {
            places.push((Occur::Should, begins(fields.parts, word)));
            places.push((Occur::Should, begins(fields.summary, word)));
        }
        all.push((Occur::Must, Box::new(BooleanQuery::new(places))));
    }
    let said: Box<dyn Query> = Box::new(BooleanQuery::new(all));
    let Some(name) = ProjectKey::of(text.trim()) else {
        return said;
    };
    let called = ConstScoreQuery::new(is(fields.key, name.as_str()), 2_000.0);
    let begun = ConstScoreQuery::new(begins(fields.key, name.as_str()), 500.0);
    Box::new(BooleanQuery::new(vec![
        (Occur::Should, said),
        (Occur::Should, Box::new(called)),
        (Occur::Should, Box::new(begun)),
    ]))
}

fn is(field: Field, text: &str) -> Box<dyn Query> {
    let term = Term::from_field_text(field, text);
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// Finds terms that begin with a text.
fn begins(field: Field, text: &str) -> Box<dyn Query> {
    // After the last letter that there is, no word has another one.
    let end = format!("{text}{}", char::MAX);
    Box::new(RangeQuery::new(
        Bound::Included(Term::from_field_text(field, text)),
        Bound::Included(Term::from_field_text(field, &end)),
    ))
}

fn project(fields: &Fields, document: &TantivyDocument) -> Option<FoundProject> {
    let at = document.get_first(fields.at).and_then(|at| at.as_i64());
    Some(FoundProject {
        key: ProjectKey::of(text(document, fields.key)?)?,
        name: text(document, fields.name)?.to_owned(),
        version: text(document, fields.version)?.to_owned(),
        summary: text(document, fields.summary).map(str::to_owned),
        at: Timestamp(at.unwrap_or_default()),
    })
}

fn text(document: &TantivyDocument, field: Field) -> Option<&str> {
    document.get_first(field)?.as_str()
}
