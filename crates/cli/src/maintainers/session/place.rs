//! Where files are sent, and where it is looked at what an index has.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use url::Url;
use wheelhouse_release::pypirc::{Pypirc, Repository};
use zeroize::Zeroizing;

use super::Wanted;
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::maintainers::address as web_address;
use crate::sign_in::{Pair, take_user};

/// An index.
pub(in crate::maintainers) struct Place {
    /// The address of uploads, without user information.
    pub(in crate::maintainers) upload: Url,
    /// The simple pages.
    pub(in crate::maintainers) pages: Url,
    /// Whether somebody said where the simple pages are.
    pub(in crate::maintainers) is_index_given: bool,
    /// What `.pypirc` says of it.
    pub(in crate::maintainers) repository: Option<Repository>,
    /// The user and password in its address.
    pub(in crate::maintainers) in_address: Option<Pair>,
}

impl Place {
    /// Returns the index that options, variables or `.pypirc` name, in this order.
    pub(in crate::maintainers) fn named(
        wanted: &Wanted,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        if let Some(place) = Self::asked_for(wanted, environment)? {
            return Ok(place);
        }
        let place = Self::only(wanted, environment)?;
        place.ok_or_else(|| {
            let message = "no index was named; give --repository-url URL, or -r NAME";
            ReleaseFailure::usage(message.to_owned()).into()
        })
    }

    /// Returns the index that options or variables name, if they do.
    pub(in crate::maintainers) fn asked_for(
        wanted: &Wanted,
        environment: &Environment,
    ) -> Result<Option<Self>, Failure> {
        let name = wanted.repository.clone();
        let name = name.or_else(|| match wanted.repository_url {
            Some(_) => None,
            None => environment.text("TWINE_REPOSITORY"),
        });
        let (file, pypirc) = read(environment)?;
        if let Some(name) = name {
            let found = pypirc
                .named(&name)
                .map_err(|error| ReleaseFailure::usage(format!("{}: {error}", file.display())))?;
            let address = found.url.clone().ok_or_else(|| {
                ReleaseFailure::usage(format!(
                    "{}: `[{name}]` names no `repository`",
                    file.display()
                ))
            })?;
            return Self::new(&address, Some(found.clone()), wanted).map(Some);
        }
        let names = [
            "WHEELHOUSE_REPOSITORY_URL",
            "TWINE_REPOSITORY_URL",
            "UV_PUBLISH_URL",
        ];
        let of_variables = || names.iter().find_map(|name| environment.text(name));
        let address = wanted.repository_url.clone().or_else(of_variables);
        let place = address.map(|address| {
            let found = pypirc.at(&address).cloned();
            Self::new(&address, found, wanted)
        });
        place.transpose()
    }

    /// Returns the only index in `.pypirc`.
    ///
    /// # Errors
    /// Several are there, and nobody says which.
    pub(in crate::maintainers) fn only(
        wanted: &Wanted,
        environment: &Environment,
    ) -> Result<Option<Self>, Failure> {
        let (_, pypirc) = read(environment)?;
        let with_url = |name: &&str| pypirc.named(name).is_ok_and(|found| found.url.is_some());
        let usable: Vec<&str> = pypirc.names().filter(with_url).collect();
        match usable[..] {
            [] => Ok(None),
            [only] => {
                let found = pypirc.named(only).map_err(|error| anyhow!(error))?.clone();
                let address = found.url.clone().unwrap_or_default();
                Self::new(&address, Some(found), wanted).map(Some)
            }
            _ => Err(ReleaseFailure::usage(format!(
                "no index was named; give --repository-url URL, or -r NAME of {}",
                usable.join(", ")
            ))
            .into()),
        }
    }

    /// Returns the index with these addresses of uploads and pages.
    pub(in crate::maintainers) fn at(
        upload: &Url,
        pages: &str,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let (_, pypirc) = read(environment)?;
        let mut pages = web_address(pages)?;
        let mut upload = upload.clone();
        let in_pages = take_user(&mut pages);
        let in_address = take_user(&mut upload).or(in_pages);
        Ok(Self {
            repository: pypirc.at(upload.as_str()).cloned(),
            upload,
            pages,
            is_index_given: true,
            in_address,
        })
    }

    fn new(upload: &str, repository: Option<Repository>, wanted: &Wanted) -> Result<Self, Failure> {
        let mut upload = web_address(upload)?;
        let in_address = take_user(&mut upload);
        let pages = match &wanted.index_url {
            Some(address) => {
                let mut pages = web_address(address)?;
                take_user(&mut pages);
                pages
            }
            None => beside(&upload),
        };
        Ok(Self {
            upload,
            pages,
            is_index_given: wanted.index_url.is_some(),
            repository,
            in_address,
        })
    }

    /// Returns whether pages and uploads are at one host, which may have the same credentials.
    pub(in crate::maintainers) fn is_one_host(&self) -> bool {
        self.upload.origin() == self.pages.origin()
    }
}

fn read(environment: &Environment) -> Result<(PathBuf, Pypirc), Failure> {
    let Some(home) = &environment.home else {
        return Ok((PathBuf::from("~/.pypirc"), Pypirc::default()));
    };
    let file = home.join(".pypirc");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((file, Pypirc::default()));
        }
        Err(error) => {
            let context = format!("cannot read {}", file.display());
            return Err(anyhow::Error::new(error).context(context).into());
        }
    };
    let read = Pypirc::parse(&text).with_context(|| format!("{}", file.display()))?;
    Ok((file, read))
}

/// Returns the simple pages that go with an address of uploads: `simple/` in place of `legacy/`, or
/// below it.
fn beside(upload: &Url) -> Url {
    let mut pages = upload.clone();
    pages.set_query(None);
    pages.set_fragment(None);
    if let Ok(mut parts) = pages.path_segments_mut() {
        parts.pop_if_empty();
    }
    let is_legacy = pages.path_segments().and_then(Iterator::last) == Some("legacy");
    if let Ok(mut parts) = pages.path_segments_mut() {
        if is_legacy {
            parts.pop();
        }
        parts.pop_if_empty().push("simple").push("");
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_beside_the_address_of_uploads() {
        for (upload, pages) in [
            ("http://h:1/", "http://h:1/simple/"),
            ("http://h:1", "http://h:1/simple/"),
            ("https://h/legacy/", "https://h/simple/"),
            ("https://h/legacy", "https://h/simple/"),
            ("https://h/a/b/legacy/?x=y#z", "https://h/a/b/simple/"),
            ("https://h/root/dev/", "https://h/root/dev/simple/"),
        ] {
            assert_eq!(beside(&upload.parse().expect(upload)).as_str(), pages);
        }
    }
}
