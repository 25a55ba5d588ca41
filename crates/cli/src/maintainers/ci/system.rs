//! Which CI system a repository is for, if nobody says.

use std::path::Path;

use wheelhouse_release::pipelines::System;

use super::remote::Remote;
use crate::exit::{Failure, ReleaseFailure};

/// Files and folders by which systems are known.
const FILES: &[(System, &str)] = &[
    (System::GitHub, ".github"),
    (System::GitLab, ".gitlab-ci.yml"),
    (System::Jenkins, "Jenkinsfile"),
    (System::Azure, "azure-pipelines.yml"),
    (System::Bitbucket, "bitbucket-pipelines.yml"),
    (System::Woodpecker, ".woodpecker"),
    (System::Woodpecker, ".woodpecker.yml"),
    (System::Woodpecker, ".woodpecker.yaml"),
];

/// Parts of the names of hosts by which systems are known.
const HOSTS: &[(System, &str)] = &[
    (System::GitHub, "github"),
    (System::GitLab, "gitlab"),
    (System::Azure, "azure"),
    (System::Azure, "visualstudio"),
    (System::Bitbucket, "bitbucket"),
];

/// Finds the system, and why it is that one: files that are there first, then the remote.
pub(super) fn found(top: &Path, remote: Option<&Remote>) -> Result<(System, String), Failure> {
    let here: Vec<_> = FILES
        .iter()
        .filter(|(_, file)| top.join(file).exists())
        .collect();
    let at_host = remote.and_then(|remote| {
        let host = HOSTS.iter().find(|(_, part)| remote.host.contains(part));
        host.map(|(system, _)| {
            (
                *system,
                format!("as the remote {} is at {}", remote.name, remote.host),
            )
        })
    });
    match &here[..] {
        [(system, file), rest @ ..] if rest.iter().all(|(other, _)| other == system) => {
            Ok((*system, format!("as {file} is there")))
        }
        [] => at_host.ok_or_else(|| {
            let message = "neither the remote nor a file of the repository tells the CI system; name github, \
                           gitlab, jenkins, azure, bitbucket or woodpecker";
            ReleaseFailure::usage(message.to_owned()).into()
        }),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, file)| *file).collect();
            let message = format!("several CI systems have files here ({}); name one", names.join(", "));
            Err(ReleaseFailure::usage(message).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_is_that_of_the_files_or_of_the_remote() {
        for (files, remote, system) in [
            (&[][..], "git@github.example:a/b", Some(System::GitHub)),
            (
                &[],
                "https://gitlab.company.example/a/b",
                Some(System::GitLab),
            ),
            (
                &[],
                "git@ssh.dev.azure.example:v3/a/b/c",
                Some(System::Azure),
            ),
            (
                &["Jenkinsfile"],
                "git@github.example:a/b",
                Some(System::Jenkins),
            ),
            (
                &[".woodpecker.yml"],
                "git@forge.example:a/b",
                Some(System::Woodpecker),
            ),
            (&[], "git@forge.example:a/b", None),
            (
                &["Jenkinsfile", ".gitlab-ci.yml"],
                "git@gitlab.example:a/b",
                None,
            ),
        ] {
            let top = tempfile::tempdir().expect("a folder");
            for file in files {
                std::fs::write(top.path().join(file), "").expect("written");
            }
            let remote = Remote::read("origin", remote);
            let found = found(top.path(), remote.as_ref())
                .ok()
                .map(|(system, _)| system);
            assert_eq!(found, system, "{files:?} {remote:?}");
        }
    }
}
