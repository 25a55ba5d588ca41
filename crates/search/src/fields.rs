//! What is kept of a project, and how words become terms.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TantivyDocument,
    TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{LowerCaser, RemoveLongFilter, SimpleTokenizer, TextAnalyzer};
use wheelhouse_index::ports::FinderEntry;

/// The name of our way to split texts into words.
pub(crate) const WORDS: &str = "words";
/// The fields that have a column.
pub(crate) const KEY: &str = "key";
pub(crate) const LICENCE: &str = "licence";
/// Longest word that is kept, in bytes.
const MAX_WORD_BYTES: usize = 60;
/// Longest text of one field that is read, in bytes: who writes more wants to be found for everything.
const MAX_TEXT_BYTES: usize = 4_000;
/// Most values of one field.
const MAX_VALUES: usize = 200;

/// The fields of a project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The name in normal form, as one term.
    pub(crate) key: Field,
    /// The parts of the name.
    pub(crate) parts: Field,
    pub(crate) name: Field,
    pub(crate) version: Field,
    pub(crate) summary: Field,
    pub(crate) keywords: Field,
    /// The words of classifiers, and people.
    pub(crate) about: Field,
    pub(crate) classifier: Field,
    pub(crate) licence: Field,
    pub(crate) python_minor: Field,
    pub(crate) needs: Field,
    pub(crate) at: Field,
}

impl Fields {
    pub(crate) fn new() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqs);
        let words = TextOptions::default().set_indexing_options(indexing);
        let fields = Self {
            key: schema.add_text_field(KEY, STRING | STORED | FAST),
            // Many names begin with the same letters: a column is looked through sooner than their lists.
            parts: schema.add_text_field("parts", words.clone().set_fast(WORDS)),
            name: schema.add_text_field("name", STORED),
            version: schema.add_text_field("version", STORED),
            summary: schema.add_text_field("summary", words.clone() | STORED),
            keywords: schema.add_text_field("keywords", words.clone()),
            about: schema.add_text_field("about", words),
            classifier: schema.add_text_field("classifier", STRING),
            licence: schema.add_text_field(LICENCE, STRING | FAST),
            python_minor: schema.add_u64_field("python_minor", INDEXED),
            needs: schema.add_text_field("needs", STRING),
            at: schema.add_i64_field("at", FAST | STORED),
        };
        (schema.build(), fields)
    }

    pub(crate) fn document(&self, entry: &FinderEntry) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let mut text = |field, text: &str| document.add_text(field, cut(text));
        text(self.key, entry.key.as_str());
        text(self.parts, &parts(entry));
        text(self.name, &entry.name);
        text(self.version, &entry.version);
        if let Some(summary) = &entry.summary {
            text(self.summary, summary);
        }
        for keyword in entry.keywords.iter().take(MAX_VALUES) {
            text(self.keywords, keyword);
        }
        for classifier in entry.classifiers.iter().take(MAX_VALUES) {
            text(self.classifier, classifier);
            text(self.about, classifier);
        }
        for person in entry.people.iter().take(MAX_VALUES) {
            text(self.about, person);
        }
        if let Some(licence) = &entry.licence {
            text(self.licence, licence);
        }
        for needed in &entry.needs {
            text(self.needs, needed.as_str());
        }
        for &minor in &entry.python_minors {
            document.add_u64(self.python_minor, minor);
        }
        document.add_i64(self.at, entry.at.0);
        document
    }
}

/// Returns the parts of a name, and those of its spelling where capitals begin a word.
fn parts(entry: &FinderEntry) -> String {
    let mut parts = entry.key.as_str().to_owned();
    let mut was_small = false;
    parts.push(' ');
    for c in entry.name.chars() {
        if was_small && c.is_uppercase() {
            parts.push(' ');
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        parts.push(c);
    }
    parts
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}

/// Returns our way to split texts into words: at everything that is no letter or digit.
pub(crate) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(MAX_WORD_BYTES))
        .filter(LowerCaser)
        .build()
}

/// Returns the words of a text, as they are kept.
pub(crate) fn words(text: &str, limit: usize) -> Vec<String> {
    let mut analyzer = analyzer();
    let mut stream = analyzer.token_stream(cut(text));
    let mut words = Vec::new();
    while words.len() < limit && stream.advance() {
        words.push(stream.token().text.clone());
    }
    words
}
