//! The index that a release goes to: where it is, and what it has of the project.

use std::path::Path;

use url::Url;
use wheelhouse_release::contents::same_contents;
use wheelhouse_release::distribution::Distribution;
use wheelhouse_release::publishing::{Standing, Target, standing};
use wheelhouse_standards::found::FoundFile;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::version::Version;
use wheelhouse_upstream::{LookupError, Reception, Uploader, UpstreamFile, UpstreamPage};

use super::super::session::{Place, Session, Wanted};
use super::super::{address as web_address, proxies, user_agent};
use super::project::Project;
use super::report::Trouble;
use crate::environment::{Environment, settings_file};
use crate::exit::{Failure, ReleaseFailure};
use crate::public_index::{InstallerIndexes, Surroundings};
use crate::sign_in::take_user;

/// The largest file that is fetched to be compared, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// An index that was named, as far as that tells.
pub(in crate::maintainers) enum Known {
    /// Pages and the address of uploads.
    Whole(Box<Place>),
    /// The simple pages alone.
    Pages(String),
}

/// Finds the index, and where it takes uploads.
pub(super) async fn place(
    wanted: &Wanted,
    project: &Project,
    environment: &Environment,
) -> Result<Place, Failure> {
    match known(wanted, project, environment)? {
        Known::Whole(place) => Ok(*place),
        Known::Pages(pages) => derived(&pages, environment).await,
    }
}

/// Finds the index: the one that options or variables name, else the one with the pages that were
/// named, else the only one of the project, of `.pypirc`, and of the settings of pip and uv. Nobody is
/// asked.
pub(in crate::maintainers) fn known(
    wanted: &Wanted,
    project: &Project,
    environment: &Environment,
) -> Result<Known, Failure> {
    if let Some(place) = Place::asked_for(wanted, environment)? {
        return Ok(Known::Whole(Box::new(place)));
    }
    if let Some(pages) = &wanted.index_url {
        return Ok(Known::Pages(pages.clone()));
    }
    let own = project.publishing_indexes();
    if let [(pages, upload)] = &own[..] {
        return Place::at(&web_address(upload)?, pages, environment)
            .map(|place| Known::Whole(Box::new(place)));
    }
    if let Some(place) = Place::only(wanted, environment)? {
        return Ok(Known::Whole(Box::new(place)));
    }
    let settings = of_installers(environment);
    let found = if settings.extra.is_empty() {
        settings.default.get(..1).unwrap_or_default()
    } else {
        &settings.extra
    };
    let several: Vec<&str> = own.iter().map(|(pages, _)| pages.as_str()).collect();
    match (&several[..], found) {
        ([], [only]) => Ok(Known::Pages(only.clone())),
        ([], []) => {
            let message =
                "no index was named; give --index-url URL, --repository-url URL or -r NAME";
            Err(ReleaseFailure::usage(message.to_owned()).into())
        }
        _ => {
            let named = several.into_iter().chain(found.iter().map(String::as_str));
            let shown: Vec<String> = named
                .filter_map(|url| Some(shown(url.parse().ok()?)))
                .collect();
            let message = format!(
                "several indexes are known; give --index-url with one of {}",
                shown.join(", ")
            );
            Err(ReleaseFailure::usage(message).into())
        }
    }
}

/// Returns whether pip and uv are set to ask an index without being told.
pub(super) fn is_asked_anyway(pages: &Url, environment: &Environment) -> bool {
    let settings = of_installers(environment);
    let mut known = settings.default.iter().take(1).chain(&settings.extra);
    let wanted = shown(pages.clone());
    known.any(|address| address.parse().is_ok_and(|url| shown(url) == wanted))
}

fn of_installers(environment: &Environment) -> InstallerIndexes {
    InstallerIndexes::find(&Surroundings {
        variable: &|name| environment.text(name),
        file: &|path: &Path| settings_file(path),
        home: environment.home.as_deref(),
        baked_in: None,
    })
}

/// Returns an address without secrets, and in one form.
fn shown(mut url: Url) -> String {
    take_user(&mut url);
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}

/// Finds the address of uploads of an index by asking those that it may have.
async fn derived(pages: &str, environment: &Environment) -> Result<Place, Failure> {
    let mut plain = web_address(pages)?;
    take_user(&mut plain);
    for upload in uploads_beside(&plain) {
        let uploader = Uploader::new(upload.clone(), &user_agent(), &proxies(environment))
            .map_err(|error| Failure::Other(error.into()))?;
        match uploader.ask().await {
            Ok(Reception::Open | Reception::SignIn) => {
                return Place::at(&upload, pages, environment);
            }
            Ok(Reception::Closed(_)) => {}
            Err(error) => return Err(ReleaseFailure::network(error.to_string(), "").into()),
        }
    }
    let message = format!("{} takes no uploads where ours do", shown(plain));
    Err(ReleaseFailure::usage(format!("{message}; give --repository-url URL")).into())
}

/// Returns where uploads may go if the simple pages are here: `legacy/` beside them, and above.
fn uploads_beside(pages: &Url) -> [Url; 2] {
    let mut base = pages.clone();
    base.set_query(None);
    base.set_fragment(None);
    if let Ok(mut parts) = base.path_segments_mut() {
        parts.pop_if_empty();
    }
    let last = base.path_segments().and_then(Iterator::last);
    let is_simple = matches!(last, Some("simple" | "+simple"));
    if let Ok(mut parts) = base.path_segments_mut() {
        if is_simple {
            parts.pop();
        }
        parts.pop_if_empty().push("");
    }
    let mut legacy = base.clone();
    if let Ok(mut parts) = legacy.path_segments_mut() {
        parts.pop_if_empty().push("legacy").push("");
    }
    [legacy, base]
}

/// Asks whether uploads are taken, as whoever is to upload.
pub(super) async fn entry(
    session: &Session<'_>,
    is_dry: bool,
) -> Result<Result<String, Trouble>, Failure> {
    let target = session.target()?;
    let upload = &session.place.upload;
    let user = session.pair().map(|(user, _)| user.as_str());
    let reception = target.uploader.ask().await;
    let reception = reception.map_err(|error| ReleaseFailure::network(error.to_string(), ""))?;
    Ok(match (reception, user) {
        (Reception::Open, Some(user)) => Ok(format!("to {upload}, as {user}")),
        (Reception::Open, None) => Ok(format!("to {upload}, where anybody may upload")),
        (Reception::SignIn, Some(user)) => {
            let message = format!("{upload} does not let {user} in");
            let hint = "is the password right, and the token good still?";
            return Err(ReleaseFailure::refused(message, hint).into());
        }
        (Reception::SignIn, None) if session.is_trusted_job() => {
            Ok(format!("to {upload}, as the job that this is"))
        }
        (Reception::SignIn, None) if is_dry => {
            Ok(format!("to {upload}, which will ask who uploads"))
        }
        (Reception::SignIn, None) => {
            let message = format!("{upload} asks who uploads");
            let hint =
                "sign in with --user NAME, TWINE_USERNAME and TWINE_PASSWORD, ~/.pypirc or netrc";
            return Err(ReleaseFailure::refused(message, hint).into());
        }
        (Reception::Closed(status), _) if status >= 500 => {
            let message = format!("{upload} answers with status {status}");
            return Err(ReleaseFailure::network(message, "").into());
        }
        (Reception::Closed(403), _) => {
            let message = format!("{upload} lets nobody upload (status 403)");
            return Err(ReleaseFailure::refused(message, "").into());
        }
        (Reception::Closed(status), _) => {
            let message =
                format!("{upload} takes no uploads (status {status}); give --repository-url URL");
            return Err(ReleaseFailure::usage(message).into());
        }
    })
}

/// What an index has of a project.
pub(super) struct Listed {
    page: UpstreamPage,
    pages: Url,
}

impl Listed {
    /// Returns what is known of an index that was not to be asked.
    pub(super) fn nothing(pages: &Url) -> Self {
        Self {
            page: UpstreamPage::default(),
            pages: pages.clone(),
        }
    }

    /// Asks the index.
    pub(super) async fn read(target: &Target, project: &ProjectKey) -> Result<Self, Failure> {
        let (reader, pages) = &target.pages;
        let page = match reader.project(pages, project).await {
            Ok(page) => page,
            Err(LookupError::NotFound { .. }) => UpstreamPage::default(),
            Err(
                error @ LookupError::Status {
                    status: 401 | 403, ..
                },
            ) => {
                let hint = "whoever uploads must be allowed to see the project";
                return Err(ReleaseFailure::refused(error.to_string(), hint).into());
            }
            Err(error) => return Err(ReleaseFailure::network(error.to_string(), "").into()),
        };
        let pages = pages.clone();
        Ok(Self { page, pages })
    }

    /// Returns when the first file of a version was uploaded, as the index writes it.
    pub(super) fn upload_time<'l>(&'l self, version: &'l Version) -> Option<&'l str> {
        let mut times: Vec<&str> = self
            .files_of(version)
            .filter_map(|file| file.upload_time.as_deref())
            .collect();
        times.sort_unstable();
        times.first().copied()
    }

    fn files_of<'l>(&'l self, version: &'l Version) -> impl Iterator<Item = &'l UpstreamFile> {
        let is_of = |file: &&UpstreamFile| version_of(file).as_ref() == Some(version);
        self.page.files.iter().filter(is_of)
    }

    /// Returns the highest version there is, if any.
    fn highest(&self) -> Option<Version> {
        let files = self.page.files.iter().filter_map(version_of);
        let listed = self.page.versions.iter();
        files
            .chain(listed.filter_map(|text| text.parse().ok()))
            .max()
    }

    /// Says whether a version is above all others.
    pub(super) fn newest(&self, version: &Version) -> Result<String, Trouble> {
        match self.highest() {
            None => Ok(format!("{version} is the first version there")),
            Some(highest) if highest > *version => Err(Trouble::new(
                format!("{version} is below {highest}, which is there already"),
                "raise the version; --skip newest if this goes on with an older line",
            )),
            Some(highest) if highest == *version => Ok(format!("{version} is begun")),
            Some(highest) => Ok(format!("{version} is above {highest}, the highest there")),
        }
    }

    /// Finds which files are still to be sent. What is there of this version must hold the same.
    pub(super) async fn missing(
        &self,
        version: &Version,
        files: &[Distribution],
        target: &Target,
        scratch: &Path,
    ) -> Result<Result<(Vec<Distribution>, String), Trouble>, Failure> {
        let mut missing = Vec::new();
        let mut others = Vec::new();
        for file in files {
            let is_it = |listed: &&UpstreamFile| listed.filename == file.file_name();
            let is_same = match standing(&self.page, file) {
                Standing::Absent | Standing::NoPage => {
                    missing.push(file.clone());
                    continue;
                }
                Standing::Present => true,
                Standing::Other | Standing::Unknown => {
                    let listed = self.page.files.iter().find(is_it);
                    match listed {
                        Some(listed) => self.holds_the_same(listed, file, target, scratch).await?,
                        None => false,
                    }
                }
            };
            if !is_same {
                others.push(file.file_name());
            }
        }
        let there = files.len() - missing.len();
        let strangers: Vec<&str> = self
            .files_of(version)
            .map(|file| file.filename.as_str())
            .filter(|name| !files.iter().any(|file| file.file_name() == *name))
            .collect();
        if others.is_empty() && there == 0 {
            others = strangers;
        }
        if !others.is_empty() {
            return Ok(Err(Trouble::new(
                format!(
                    "{version} is used already, by {} with other contents",
                    others.join(", ")
                ),
                "raise the version: what is released stays as it is",
            )));
        }
        let said = match (there, missing.len()) {
            (0, _) => format!("{version} is free at {}", self.pages),
            (_, 0) => format!("all of {version} is at {} already", self.pages),
            (there, _) => format!(
                "{there} of {} files of {version} are at {} already, and the release goes on",
                files.len(),
                self.pages
            ),
        };
        Ok(Ok((missing, said)))
    }

    async fn holds_the_same(
        &self,
        listed: &UpstreamFile,
        file: &Distribution,
        target: &Target,
        scratch: &Path,
    ) -> Result<bool, Failure> {
        let folder = scratch.join("there");
        let path = folder.join(file.file_name());
        let made = std::fs::create_dir_all(&folder);
        made.map_err(|error| Failure::Other(error.into()))?;
        let (reader, pages) = &target.pages;
        reader
            .download(pages, listed, &path, MAX_FILE_BYTES)
            .await
            .map_err(|error| ReleaseFailure::network(error.to_string(), ""))?;
        Ok(same_contents(&path, &file.path).unwrap_or(false))
    }
}

fn version_of(file: &UpstreamFile) -> Option<Version> {
    FoundFile::of(&file.filename)?.version.to_version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_are_beside_the_pages() {
        for (pages, legacy, base) in [
            ("http://h/simple/", "http://h/legacy/", "http://h/"),
            ("http://h/simple", "http://h/legacy/", "http://h/"),
            ("http://h/a/+simple/", "http://h/a/legacy/", "http://h/a/"),
            (
                "http://h/a/b/simple/?x",
                "http://h/a/b/legacy/",
                "http://h/a/b/",
            ),
            ("http://h", "http://h/legacy/", "http://h/"),
            ("http://h/pypi/", "http://h/pypi/legacy/", "http://h/pypi/"),
        ] {
            let found = uploads_beside(&pages.parse().expect(pages));
            assert_eq!(found.each_ref().map(Url::as_str), [legacy, base], "{pages}");
        }
    }

    fn listed(files: &[&str], versions: &[&str]) -> Listed {
        let url: Url = "http://h/simple/x/f".parse().expect("an address");
        let files = files
            .iter()
            .map(|name| UpstreamFile::new((*name).to_owned(), url.clone()));
        Listed {
            page: UpstreamPage {
                files: files.collect(),
                versions: versions.iter().map(|text| (*text).to_owned()).collect(),
                ..UpstreamPage::default()
            },
            pages: url,
        }
    }

    #[test]
    fn newest_is_above_every_file_and_version() {
        for (files, versions, said) in [
            (&[][..], &[][..], Ok("1.3 is the first version there")),
            (
                &["x-1.2.tar.gz", "x-1.10-py3-none-any.whl"],
                &[],
                Err("1.3 is below 1.10"),
            ),
            (&["x-1.2.tar.gz"], &["1.2", "2.0"], Err("1.3 is below 2.0")),
            (
                &["x-1.3rc1.tar.gz", "x-no.tar.gz"],
                &["?"],
                Ok("1.3 is above 1.3rc1"),
            ),
            (&["x-1.3.0.tar.gz"], &[], Ok("1.3 is begun")),
        ] {
            let version = "1.3".parse().expect("a version");
            let found = listed(files, versions).newest(&version);
            let found = found.map_err(|trouble| trouble.what);
            let is_so = match (&found, said) {
                (Ok(found), Ok(said)) | (Err(found), Err(said)) => found.starts_with(said),
                _ => false,
            };
            assert!(is_so, "{found:?} for {files:?}");
        }
    }
}
