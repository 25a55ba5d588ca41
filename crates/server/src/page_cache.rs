//! Rendered pages, kept in memory within a bound, and dropped when a change touches them.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use wheelhouse_index::change::Applied;
use wheelhouse_index::journal::JournalReader;
use wheelhouse_standards::accept::{Encoding, Representation};
use wheelhouse_standards::name::ProjectKey;

use crate::generations::{Generation, Generations};
use crate::kept::Kept;

/// The generation key of what changes with every change: the list of projects, of files, counts.
const EVERYTHING: &str = "/";

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// The list of projects.
    Projects,
    /// One project, by its key.
    Project(&'a str),
    /// The list of all files.
    Files,
    /// The JSON API's document of a project, by its key.
    Document(&'a str),
    /// The same as pypiserver has it.
    OldDocument(&'a str),
    /// The JSON API's document of a release, by the project's key and any spelling of the version.
    Release(&'a str, &'a str),
    /// The feed of the newest releases of everything.
    Updates,
    /// The feed of the newest projects.
    NewProjects,
    /// The feed of a project's releases, by its key.
    Releases(&'a str),
    /// The classifiers that are used here.
    Classifiers,
    /// The home page.
    Home,
    /// The page for people of a project, by its key.
    ProjectPage(&'a str),
    /// The badge of a project, by its key.
    Badge(&'a str),
    /// That of a release, by the project's key and any spelling of the version.
    ReleasePage(&'a str, &'a str),
    /// That of what is inside a file, by the project's key and which file and member.
    InsidePage(&'a str, &'a str),
    /// That of what changed, by the project's key and between what.
    ChangesPage(&'a str, &'a str),
}

impl Subject<'_> {
    fn generation_key(&self) -> &str {
        match self {
            Self::Project(key)
            | Self::Document(key)
            | Self::OldDocument(key)
            | Self::Release(key, _)
            | Self::Releases(key)
            | Self::InsidePage(key, _)
            | Self::ChangesPage(key, _)
            | Self::Badge(key) => key,
            Self::Projects
            | Self::Files
            | Self::Updates
            | Self::NewProjects
            | Self::Classifiers
            | Self::Home
            // They show which other projects there are.
            | Self::ProjectPage(_)
            | Self::ReleasePage(..) => EVERYTHING,
        }
    }

    /// Returns what tells the page from all others in its form, encoding and base.
    fn identity(&self) -> (u8, &str, &str) {
        match self {
            Self::Projects => (0, "", ""),
            Self::Project(key) => (1, key, ""),
            Self::Files => (2, "", ""),
            Self::Document(key) => (3, key, ""),
            Self::Release(key, version) => (4, key, version),
            Self::Updates => (5, "", ""),
            Self::NewProjects => (6, "", ""),
            Self::Releases(key) => (7, key, ""),
            Self::Classifiers => (8, "", ""),
            Self::OldDocument(key) => (9, key, ""),
            Self::Home => (10, "", ""),
            Self::ProjectPage(key) => (11, key, ""),
            Self::ReleasePage(key, version) => (12, key, version),
            Self::InsidePage(key, detail) => (13, key, detail),
            Self::ChangesPage(key, detail) => (14, key, detail),
            Self::Badge(key) => (15, key, ""),
        }
    }
}

/// In which form a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The simple API's, as the client and we agreed.
    Simple(Representation),
    /// JSON.
    Json,
    /// RSS.
    Feed,
    /// Lines of plain text.
    Text,
    /// A page for people.
    Page,
    /// A picture.
    Picture,
}

impl Form {
    /// Returns the value of the header `Content-Type`.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Simple(representation) => representation.content_type(),
            Self::Json => "application/json",
            Self::Feed => "text/xml; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Page => "text/html; charset=utf-8",
            Self::Picture => "image/svg+xml",
        }
    }

    /// Returns a letter for the form, which entity tags hold.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Simple(Representation::Json) => 'j',
            Self::Simple(Representation::HtmlV1) => 'v',
            Self::Simple(Representation::Html) => 'h',
            Self::Json => 'd',
            Self::Feed => 'f',
            Self::Text => 't',
            Self::Page => 'p',
            Self::Picture => 'b',
        }
    }
}

/// A page in one representation and one encoding, ready to be sent.
#[derive(Debug)]
pub(crate) struct RenderedPage {
    /// The body.
    pub(crate) body: Bytes,
    /// All headers that do not depend on the request, `Content-Length` and `ETag` included.
    pub(crate) headers: HeaderMap,
}

/// A page, and the generation of its subject that it was made at.
pub(crate) type KeptPage = (Generation, RenderedPage);

impl RenderedPage {
    fn weight(&self, key: &[u8]) -> u32 {
        u32::try_from(key.len() + self.body.len() + 1_024).unwrap_or(u32::MAX)
    }
}

/// Rendered pages by what they are about, representation, encoding, and the prefix that links
/// begin with. Everybody who may see a page sees the same one: rights are decided before.
#[derive(Debug)]
pub struct PageCache {
    pages: moka::sync::Cache<Arc<[u8]>, Arc<KeptPage>>,
    generations: Generations,
}

impl PageCache {
    /// Makes a cache of so many bytes.
    pub fn new(max_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            pages: moka::sync::Cache::builder()
                .max_capacity(max_bytes)
                .weigher(|key: &Arc<[u8]>, page: &Arc<KeptPage>| page.1.weight(key))
                .build(),
            generations: Generations::new(),
        })
    }

    /// Returns the generation of a subject, to be asked for before the catalog is read.
    pub(crate) fn generation(&self, subject: Subject<'_>) -> Generation {
        self.generations.of(subject.generation_key())
    }

    /// Returns a page if it is here and still true.
    pub(crate) fn get(&self, key: &PageKey) -> Option<Arc<KeptPage>> {
        let page = self.pages.get(key.0.as_slice())?;
        self.generations.is_current(page.0).then_some(page)
    }

    /// Keeps a page that was made at a generation.
    pub(crate) fn keep(
        &self,
        key: &PageKey,
        generation: Generation,
        page: RenderedPage,
    ) -> Arc<KeptPage> {
        let page = Arc::new((generation, page));
        if self.generations.is_current(generation) {
            self.pages
                .insert(key.0.as_slice().into(), Arc::clone(&page));
        }
        page
    }
}

impl PageCache {
    /// Returns how much is kept.
    pub(crate) fn kept(&self) -> Kept {
        Kept::of(&self.pages)
    }

    /// Lets the pages of a project be made anew.
    pub(crate) fn forget(&self, project: &ProjectKey) {
        self.generations.touch(project.as_str());
    }

    /// Lets every page be made anew.
    pub(crate) fn forget_all(&self) {
        self.generations.touch_all();
    }
}

impl JournalReader for PageCache {
    fn applied(&self, applied: &Applied) {
        for project in &applied.projects {
            self.generations.touch(project.as_str());
        }
        self.generations.touch(EVERYTHING);
    }

    fn access_changed(&self) {
        self.forget_all();
    }
}

/// The key of a page in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageKey(smallvec::SmallVec<[u8; 128]>);

impl PageKey {
    /// Makes the key of a page whose links begin with `base`, for those who see the same: 0 for
    /// all who see everything.
    pub(crate) fn new(
        subject: Subject<'_>,
        form: Form,
        encoding: Encoding,
        base: &str,
        audience: u64,
    ) -> Self {
        /// Marks keys that name an audience.
        const HAS_AUDIENCE: u8 = 1 << 7;
        let mut key = smallvec::SmallVec::new();
        let (kind, name, detail) = subject.identity();
        key.extend([kind, form.letter() as u8, encoding as u8]);
        if audience != 0 {
            key[0] |= HAS_AUDIENCE;
            key.extend(audience.to_be_bytes());
        }
        for text in [base, name] {
            key.extend_from_slice(text.as_bytes());
            key.push(0);
        }
        key.extend_from_slice(detail.as_bytes());
        Self(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_pages_stay_within_their_bytes() {
        let cache = PageCache::new(100_000);
        for number in 0..200 {
            let name = format!("project-{number}");
            let subject = Subject::Project(&name);
            let key = PageKey::new(subject, Form::Json, Encoding::Identity, "", 0);
            let page = RenderedPage {
                body: Bytes::from(vec![b'x'; 3_000]),
                headers: HeaderMap::new(),
            };
            cache.keep(&key, cache.generation(subject), page);
        }
        cache.pages.run_pending_tasks();
        let weight = cache.pages.weighted_size();
        assert!((50_000..=100_000).contains(&weight), "{weight} bytes");
    }

    #[test]
    fn keys_of_different_pages_differ() {
        let subjects = [
            Subject::Projects,
            Subject::Project("a"),
            Subject::Project("b"),
            Subject::Files,
            Subject::Document("a"),
            Subject::OldDocument("a"),
            Subject::Release("a", "1"),
            Subject::Release("a", "2"),
            Subject::Updates,
            Subject::NewProjects,
            Subject::Releases("a"),
            Subject::Classifiers,
            Subject::Home,
            Subject::ProjectPage("a"),
            Subject::ReleasePage("a", "1"),
            Subject::Badge("a"),
            Subject::InsidePage("a", "1"),
            Subject::InsidePage("a", "2"),
            Subject::ChangesPage("a", "1"),
        ];
        let forms = [
            Form::Json,
            Form::Feed,
            Form::Text,
            Form::Page,
            Form::Picture,
        ]
        .into_iter();
        let forms: Vec<_> = forms.chain(Representation::ALL.map(Form::Simple)).collect();
        let mut seen = std::collections::HashSet::new();
        for subject in subjects {
            for &form in &forms {
                for encoding in [Encoding::Identity, Encoding::Gzip] {
                    for base in ["", "/x", "/xa"] {
                        for audience in [0, 1, u64::MAX] {
                            let key = PageKey::new(subject, form, encoding, base, audience);
                            assert!(seen.insert(key), "{subject:?} {form:?} {base}");
                        }
                    }
                }
            }
        }
    }
}
