//! Where a repository is kept, as the address of its remote tells.

use url::Url;

/// A remote repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    /// What git calls it.
    pub(super) name: String,
    /// The host.
    pub(super) host: String,
    /// The names of owner, or groups, and repository.
    pub(super) path: Vec<String>,
}

impl Remote {
    /// Reads an address: `https://…`, `ssh://…` or `git@HOST:PATH`.
    pub(super) fn read(name: &str, address: &str) -> Option<Self> {
        let (host, path) = match address.parse::<Url>() {
            Ok(url) if url.has_host() => (url.host_str()?.to_owned(), url.path().to_owned()),
            _ if address.contains("://") => return None,
            _ => {
                let (host, path) = address.split_once(':')?;
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                (host.to_owned(), path.to_owned())
            }
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let is_plain = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-~".contains(c))
        };
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        let is_one = is_plain(&host) && path.iter().all(|part| is_plain(part));
        is_one.then(|| Self {
            name: name.to_owned(),
            host: host.to_ascii_lowercase(),
            path,
        })
    }

    /// Returns the name of the repository.
    pub(super) fn repository(&self) -> &str {
        self.path.last().map_or("REPOSITORY", String::as_str)
    }

    /// Returns the names above it.
    pub(super) fn owner(&self) -> String {
        self.path[..self.path.len().saturating_sub(1)].join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_in_every_form() {
        for (address, found) in [
            (
                "https://git.example/acme/demo.git",
                Some("git.example acme demo"),
            ),
            (
                "https://ada:secret@git.example:8443/acme/demo/",
                Some("git.example acme demo"),
            ),
            (
                "ssh://git@git.example:22/a/b/demo.git",
                Some("git.example a/b demo"),
            ),
            (
                "git@Git.Example:acme/demo.git",
                Some("git.example acme demo"),
            ),
            ("git.example:demo", Some("git.example  demo")),
            ("/srv/git/demo.git", None),
            ("file:///srv/git/demo.git", None),
            ("git@git.example:acme/de mo", None),
            ("$(x):y", None),
        ] {
            let read = Remote::read("origin", address);
            let read = read.map(|remote| {
                format!("{} {} {}", remote.host, remote.owner(), remote.repository())
            });
            assert_eq!(read.as_deref(), found, "{address}");
        }
    }
}
