//! What is read of many projects at once: the name and the licence, each kept beside the index.

use tantivy::columnar::StrColumn;
use tantivy::{DocAddress, Searcher, TantivyError};
use wheelhouse_standards::name::ProjectKey;

use crate::fields::{KEY, LICENCE};

/// The columns of each part of the index.
pub(crate) struct Columns(Vec<Part>);

struct Part {
    keys: Option<StrColumn>,
    licences: Option<StrColumn>,
}

impl Columns {
    pub(crate) fn of(searcher: &Searcher) -> Result<Self, TantivyError> {
        let part = |segment: &tantivy::SegmentReader| {
            Ok(Part {
                keys: segment.fast_fields().str(KEY)?,
                licences: segment.fast_fields().str(LICENCE)?,
            })
        };
        let parts = searcher.segment_readers().iter().map(part);
        Ok(Self(parts.collect::<Result<_, TantivyError>>()?))
    }

    /// Returns the name, in normal form.
    pub(crate) fn key(&self, place: DocAddress) -> Result<Option<ProjectKey>, TantivyError> {
        let text = text(self.part(place).keys.as_ref(), place)?;
        Ok(text.as_deref().and_then(ProjectKey::of))
    }

    /// Returns the licence, if there is one.
    pub(crate) fn licence(&self, place: DocAddress) -> Result<Option<String>, TantivyError> {
        text(self.part(place).licences.as_ref(), place)
    }

    fn part(&self, place: DocAddress) -> &Part {
        &self.0[place.segment_ord as usize]
    }
}

fn text(column: Option<&StrColumn>, place: DocAddress) -> Result<Option<String>, TantivyError> {
    let Some(column) = column else {
        return Ok(None);
    };
    let Some(ord) = column.term_ords(place.doc_id).next() else {
        return Ok(None);
    };
    let mut text = String::new();
    Ok(column.ord_to_str(ord, &mut text)?.then_some(text))
}
