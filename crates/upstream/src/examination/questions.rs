//! The questions, one after the other, and what their answers mean.

use reqwest::Method;
use reqwest::header::{ACCEPT, IF_NONE_MATCH, RANGE};
use url::Url;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::{CoreMetadataMark, Yanked};

use super::{Ability, Answer, Examination, Examiner, Reply, Subject, Verdict};
use crate::anchors::{Element, Reader};
use crate::error::{LookupError, ShownUrl};
use crate::page::{UpstreamFile, UpstreamPage};
use crate::uploader::Reception;
use crate::{html, json};

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const HTML: &str = "application/vnd.pypi.simple.v1+html, text/html;q=0.5";
/// A name that nobody gives to a project.
const NOBODYS: &str = "no-such-project-0f3a9c71d2";

/// The project that is looked at.
struct Looked {
    key: ProjectKey,
    /// Its page as JSON or, if there is none, as HTML.
    page: UpstreamPage,
    reply: Reply,
    url: Url,
}

impl Examiner {
    /// Asks an index what it can do. Nothing is changed there; an empty form, which cannot be an
    /// upload, is sent to the address of uploads.
    ///
    /// # Errors
    /// [`LookupError`] if the index does not answer at all, or its pages cannot be read.
    pub async fn examine(&self, subject: &Subject) -> Result<Examination, LookupError> {
        let mut answers = vec![https(&subject.index)];
        let mut add = |ability, verdict, seen: String| {
            answers.push(Answer {
                ability,
                verdict,
                seen,
            });
        };
        let root = self.page(&slashed(&subject.index), JSON).await?;
        let server = Some(root.header("server").to_owned()).filter(|name| !name.is_empty());
        match root.status {
            200 => {
                let how = if self.authorization.is_some() {
                    "with credentials"
                } else {
                    "by everybody"
                };
                add(Ability::Reading, Verdict::Yes, how.to_owned());
            }
            401 | 403 => {
                let seen = format!("status {}: credentials are asked for", root.status);
                add(Ability::Reading, Verdict::No, seen);
                let (verdict, seen) = self.uploading(subject).await;
                add(Ability::Uploading, verdict, seen);
                return Ok(Examination {
                    project: None,
                    server,
                    answers,
                });
            }
            status => {
                return Err(LookupError::Status {
                    status,
                    url: ShownUrl::of(&subject.index),
                });
            }
        }
        let looked = self.look(subject, &root).await?;
        let is_json = looked
            .as_ref()
            .map_or(root.is_json(), |looked| looked.reply.is_json());
        add(
            Ability::Json,
            of(is_json),
            root.header("content-type").to_owned(),
        );
        let as_html = self.page(&slashed(&subject.index), HTML).await?;
        let is_html = as_html.status == 200 && as_html.header("content-type").contains("html");
        add(
            Ability::Html,
            of(is_html),
            as_html.header("content-type").to_owned(),
        );
        let nobodys = self.page(&below(&subject.index, NOBODYS), JSON).await?;
        let seen = if nobodys.url.origin() == subject.index.origin() {
            format!("status {}", nobodys.status)
        } else {
            format!("sent on to {}", nobodys.url.host_str().unwrap_or_default())
        };
        add(Ability::Unknown, of(nobodys.status == 404), seen);
        if let Some(looked) = &looked {
            for (ability, verdict, seen) in self.about(subject, looked).await? {
                add(ability, verdict, seen);
            }
        }
        let (verdict, seen) = self.uploading(subject).await;
        add(Ability::Uploading, verdict, seen);
        Ok(Examination {
            project: looked.map(|looked| looked.key),
            server,
            answers,
        })
    }

    /// Reads the page of the project that is wanted, or of the first one with files.
    async fn look(&self, subject: &Subject, root: &Reply) -> Result<Option<Looked>, LookupError> {
        const MOST_TRIED: usize = 5;
        let names = match &subject.project {
            Some(key) => vec![key.clone()],
            None => listed(root).into_iter().take(MOST_TRIED).collect(),
        };
        for key in names {
            let url = below(&subject.index, key.as_str());
            let reply = self.page(&url, &format!("{JSON}, {HTML};q=0.1")).await?;
            if reply.status != 200 {
                if subject.project.is_some() {
                    return Err(LookupError::Status {
                        status: reply.status,
                        url: ShownUrl::of(&url),
                    });
                }
                continue;
            }
            let read = if reply.is_json() {
                json::project_page(&reply.body, &reply.url)
            } else {
                html::project_page(&reply.body, &reply.url)
            };
            let page = read.map_err(|reason| LookupError::Malformed {
                url: ShownUrl::of(&url),
                reason,
            })?;
            if !page.files.is_empty() || subject.project.is_some() {
                return Ok(Some(Looked {
                    key,
                    page,
                    reply,
                    url,
                }));
            }
        }
        Ok(None)
    }

    /// Answers what a project's page and files tell.
    async fn about(
        &self,
        subject: &Subject,
        looked: &Looked,
    ) -> Result<Vec<(Ability, Verdict, String)>, LookupError> {
        let files = &looked.page.files;
        let mut told = Vec::new();
        let spelled = looked.key.as_str().to_uppercase().replace('-', "_.");
        let other = self.page(&below(&subject.index, &spelled), JSON).await?;
        told.push((
            Ability::Names,
            of(other.status == 200),
            format!("`{spelled}`: status {}", other.status),
        ));
        told.push(all(Ability::Digests, files, "with sha256", |file| {
            file.sha256().is_some()
        }));
        told.push(all(Ability::UploadTimes, files, "with a time", |file| {
            file.upload_time.is_some()
        }));
        told.push(all(Ability::Sizes, files, "with a size", |file| {
            file.size_bytes.is_some()
        }));
        told.push(self.metadata(files).await?);
        told.push(
            match files
                .iter()
                .filter(|file| file.yanked != Yanked::No)
                .count()
            {
                0 => (
                    Ability::Yanking,
                    Verdict::Unseen,
                    "nothing of this project is yanked".to_owned(),
                ),
                count => (
                    Ability::Yanking,
                    Verdict::Yes,
                    format!("{count} files are yanked"),
                ),
            },
        );
        let tag = looked.reply.header("etag").to_owned();
        told.push(if tag.is_empty() {
            (Ability::PageTags, Verdict::No, "no ETag".to_owned())
        } else {
            let accept = format!("{JSON}, {HTML};q=0.1");
            let again = self
                .ask(
                    Method::GET,
                    &looked.url,
                    &[(ACCEPT, &accept), (IF_NONE_MATCH, &tag)],
                )
                .await?;
            (
                Ability::PageTags,
                of(again.status == 304),
                format!("status {}", again.status),
            )
        });
        if let Some(file) = files
            .iter()
            .min_by_key(|file| file.size_bytes.unwrap_or(u64::MAX))
        {
            let part = match self
                .ask(Method::GET, &file.url, &[(RANGE, "bytes=0-9")])
                .await
            {
                // All of it came.
                Err(LookupError::TooLarge { .. }) => {
                    told.push((
                        Ability::Ranges,
                        Verdict::No,
                        "the whole file comes".to_owned(),
                    ));
                    return Ok(told);
                }
                part => part?,
            };
            let is_part = part.status == 206 && part.body.len() == 10;
            told.push((
                Ability::Ranges,
                of(is_part),
                format!("status {}", part.status),
            ));
            told.push(self.caching(&file.url, &part).await?);
        }
        Ok(told)
    }

    async fn metadata(
        &self,
        files: &[UpstreamFile],
    ) -> Result<(Ability, Verdict, String), LookupError> {
        let is_marked =
            |file: &&UpstreamFile| matches!(file.core_metadata, CoreMetadataMark::Present(_));
        let ability = Ability::MetadataFiles;
        let Some(file) = files.iter().find(is_marked) else {
            let has_wheels = files.iter().any(|file| file.filename.ends_with("whl"));
            let verdict = if has_wheels {
                Verdict::No
            } else {
                Verdict::Unseen
            };
            return Ok((ability, verdict, "none is offered".to_owned()));
        };
        let mut url = file.url.clone();
        url.set_path(&format!("{}.metadata", url.path()));
        let reply = self.ask(Method::GET, &url, &[]).await?;
        let is_there = reply.status == 200 && reply.body.starts_with(b"Metadata-Version:");
        Ok((ability, of(is_there), format!("status {}", reply.status)))
    }

    /// Answers whether caches may keep a file: without asking, or by asking whether it has changed.
    async fn caching(
        &self,
        file: &Url,
        reply: &Reply,
    ) -> Result<(Ability, Verdict, String), LookupError> {
        let ability = Ability::FileCaching;
        let kept = reply.header("cache-control");
        if kept.contains("immutable") || kept.contains("max-age") {
            return Ok((ability, Verdict::Yes, kept.to_owned()));
        }
        let tag = reply.header("etag");
        if tag.is_empty() {
            let seen = "neither Cache-Control nor ETag".to_owned();
            return Ok((ability, Verdict::No, seen));
        }
        let headers = [(IF_NONE_MATCH, tag)];
        let again = self.ask(Method::HEAD, file, &headers).await?;
        let seen = format!("asked for again each time: status {}", again.status);
        Ok((ability, of(again.status == 304), seen))
    }

    async fn uploading(&self, subject: &Subject) -> (Verdict, String) {
        let Ok(reception) = self.reception(&subject.upload).await else {
            return (Verdict::No, "no answer".to_owned());
        };
        match reception {
            Reception::SignIn => (Verdict::Yes, "for those who sign in".to_owned()),
            Reception::Open => (
                Verdict::Yes,
                "by everybody, or for those who sign in".to_owned(),
            ),
            Reception::Closed(403) => (Verdict::No, "status 403: they are closed".to_owned()),
            Reception::Closed(status) => (Verdict::No, format!("status {status}")),
        }
    }
}

fn https(index: &Url) -> Answer {
    let host = index
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    let is_here = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    Answer {
        ability: Ability::Https,
        verdict: of(index.scheme() == "https" || is_here),
        seen: index.scheme().to_owned(),
    }
}

const fn of(has: bool) -> Verdict {
    if has { Verdict::Yes } else { Verdict::No }
}

fn all(
    ability: Ability,
    files: &[UpstreamFile],
    words: &str,
    has: impl Fn(&UpstreamFile) -> bool,
) -> (Ability, Verdict, String) {
    let count = files.iter().filter(|file| has(file)).count();
    let seen = format!("{count} of {} files {words}", files.len());
    let verdict = if files.is_empty() {
        Verdict::Unseen
    } else {
        of(count == files.len())
    };
    (ability, verdict, seen)
}

/// Returns the projects of a list of them.
fn listed(root: &Reply) -> Vec<ProjectKey> {
    if root.is_json() {
        let read: serde_json::Value = serde_json::from_slice(&root.body).unwrap_or_default();
        let projects = read.get("projects").and_then(serde_json::Value::as_array);
        let names = projects
            .into_iter()
            .flatten()
            .filter_map(|project| project.get("name"));
        return names
            .filter_map(|name| ProjectKey::of(name.as_str()?))
            .collect();
    }
    let text = String::from_utf8_lossy(&root.body);
    let links = Reader::new(&text).filter_map(|element| {
        let Element::Anchor(attributes, _) = element else {
            return None;
        };
        let path = attributes.get("href")?.split(['?', '#']).next()?;
        ProjectKey::of(path.trim_end_matches('/').rsplit('/').next()?)
    });
    links.collect()
}

fn slashed(url: &Url) -> Url {
    let mut url = url.clone();
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().push("");
    }
    url
}

fn below(index: &Url, name: &str) -> Url {
    let mut url = index.clone();
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().push(name).push("");
    }
    url
}
