//! Where the files are, if they are not in folders.

use std::path::PathBuf;
use std::time::Duration;

use configparser::ini::Ini;
use wheelhouse_store::files::objects::{ObjectPlace, Surroundings};

use super::error::SettingsError;
use super::source::{Source, read_small_file};
use crate::config::Origin;
use crate::environment::Environment;
use crate::options::defs;

/// Where the files are.
#[derive(Debug, Clone)]
pub enum FileSettings {
    /// In the folders.
    Folders,
    /// In a store of objects.
    Objects(Box<ObjectSettings>),
}

/// A store of objects, and how it is used.
#[derive(Debug, Clone)]
pub struct ObjectSettings {
    /// Where the objects are; a folder is absolute.
    pub place: ObjectPlace,
    /// How they are reached.
    pub surroundings: Surroundings,
    /// For how long a signed address is good that downloads are sent to, if they are.
    pub redirects: Option<Duration>,
}

impl FileSettings {
    pub(super) fn of(source: Source<'_>) -> Result<Self, SettingsError> {
        let Some(text) = source.text(&defs::FILES) else {
            return Ok(Self::Folders);
        };
        let roots = source.values.setting(&defs::ROOTS);
        if roots.is_some_and(|roots| roots.origin != Origin::Default) {
            return Err(SettingsError::FilesTwice);
        }
        // The check of the option has seen what is neither.
        let Ok(place) = text.parse::<ObjectPlace>() else {
            return Ok(Self::Folders);
        };
        let place = match place {
            ObjectPlace::Folder(folder) => {
                ObjectPlace::Folder(source.absolute(&defs::FILES, &folder))
            }
            place => place,
        };
        let redirects = source.values.text(&defs::FILE_REDIRECTS) == Some("always");
        let seconds = source.number(&defs::FILE_REDIRECT_SECONDS).unwrap_or(300);
        Ok(Self::Objects(Box::new(ObjectSettings {
            surroundings: Surroundings {
                variables: variables(&place, source.environment)?,
                endpoint: source.text(&defs::S3_ENDPOINT),
                region: source.text(&defs::S3_REGION),
                bucket_in_host: source.values.truth(&defs::S3_BUCKET_IN_HOST),
                allow_http: source.values.truth(&defs::FILES_PLAIN_HTTP),
            },
            place,
            redirects: redirects.then(|| Duration::from_secs(seconds)),
        })))
    }

    /// Returns the folders that `dir:` names.
    pub(super) fn folders(source: Source<'_>) -> Option<Vec<PathBuf>> {
        let text = source.text(&defs::FILES)?;
        let folders = text.strip_prefix("dir:")?.split(',');
        Some(
            folders
                .map(|folder| source.absolute(&defs::FILES, folder.trim().as_ref()))
                .collect(),
        )
    }
}

/// Takes the variables that a kind of store is set up by.
fn variables(
    place: &ObjectPlace,
    environment: &Environment,
) -> Result<Vec<(String, String)>, SettingsError> {
    let mut variables: Vec<(String, String)> = place
        .variables()
        .iter()
        .flat_map(|prefix| environment.names_with(prefix))
        .filter_map(|name| Some((name.to_owned(), environment.text(name)?)))
        .collect();
    if matches!(place, ObjectPlace::S3 { .. }) {
        let others = [
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ];
        if !variables
            .iter()
            .any(|(name, _)| others.contains(&name.as_str()))
        {
            variables.extend(credentials_file(environment)?);
        }
    }
    Ok(variables)
}

/// Reads AWS's own file of credentials, if there is one.
fn credentials_file(environment: &Environment) -> Result<Vec<(String, String)>, SettingsError> {
    let named = environment.variable("AWS_SHARED_CREDENTIALS_FILE");
    let path = match (named, &environment.home) {
        (Some(named), _) => PathBuf::from(named),
        (None, Some(home)) => home.join(".aws/credentials"),
        (None, None) => return Ok(Vec::new()),
    };
    let text = match read_small_file(&path) {
        Ok(text) => text,
        Err(_) if named.is_none() => return Ok(Vec::new()),
        Err(source) => return Err(SettingsError::CredentialsFile { path, source }),
    };
    let profile = environment.text("AWS_PROFILE");
    let profile = profile.as_deref().unwrap_or("default");
    let mut file = Ini::new_cs();
    file.read(text)
        .map_err(|reason| SettingsError::CredentialsFile {
            path,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, reason),
        })?;
    let keys = [
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    ];
    let found = keys
        .iter()
        .filter_map(|key| Some((key.to_ascii_uppercase(), file.get(profile, key)?)));
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3() -> ObjectPlace {
        "s3://wheels".parse().expect("a place")
    }

    #[test]
    fn only_variables_of_the_kind_of_store_are_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = Environment::for_test(
            folder.path(),
            &[
                ("AWS_ACCESS_KEY_ID", "a"),
                ("AWS_SECRET_ACCESS_KEY", "b"),
                ("AZURE_STORAGE_ACCOUNT_KEY", "c"),
                ("HOME", "/root"),
            ],
        );
        let taken = variables(&s3(), &environment).expect("taken");
        let names: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    }

    #[test]
    fn a_file_of_credentials_counts_where_no_variable_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("credentials");
        let text = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n\n[other]\naws_access_key_id = c\n";
        std::fs::write(&path, text).expect("written");
        let path = path.to_str().expect("text");
        let taken = |more: &[(&str, &str)]| {
            let mut all = vec![("AWS_SHARED_CREDENTIALS_FILE", path)];
            all.extend_from_slice(more);
            let environment = Environment::for_test(folder.path(), &all);
            let variables = variables(&s3(), &environment).expect("taken");
            let ids = variables
                .into_iter()
                .filter(|(name, _)| name == "AWS_ACCESS_KEY_ID");
            ids.map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(taken(&[]), ["a"]);
        assert_eq!(taken(&[("AWS_PROFILE", "other")]), ["c"]);
        assert_eq!(taken(&[("AWS_ACCESS_KEY_ID", "d")]), ["d"]);
        let missing = [("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")];
        let environment = Environment::for_test(folder.path(), &missing);
        variables(&s3(), &environment).expect_err("it was named");
    }
}
