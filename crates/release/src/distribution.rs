//! A built file: what it is, whether an index would take it, and the form that goes with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;
use wheelhouse_standards::archive::{self, FileAt};
use wheelhouse_standards::check::{CheckPolicy, Finding, check_file};
use wheelhouse_standards::digest::{Digester, Digests};
use wheelhouse_standards::filename::DistributionFilename;
use wheelhouse_standards::found::{FileKind, FoundFile, UploadFilename};
use wheelhouse_standards::metadata::CoreMetadata;

/// How much of a file is read at once, in bytes.
const CHUNK_BYTES: usize = 1024 * 1024;

/// A wheel or an sdist on this machine.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Where it is.
    pub path: PathBuf,
    /// What its name says.
    pub named: FoundFile,
    /// How large it is, in bytes.
    pub size_bytes: u64,
    /// Its digests.
    pub digests: Digests,
    /// What it says about itself, as far as it can be read.
    pub metadata: Option<CoreMetadata>,
    /// What an index would refuse it for.
    pub refused: Vec<Finding>,
    /// What is odd with it all the same.
    pub told: Vec<Finding>,
    file_name: String,
}

/// A file cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// It is not called as a file of a package.
    #[error("`{path}`: {reason}")]
    Name {
        /// The file.
        path: PathBuf,
        /// What is wrong with its name.
        reason: String,
    },
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Distribution {
    /// Reads a file whole and judges it.
    ///
    /// # Errors
    /// [`DistributionError`]. What is wrong within the file is in [`refused`](Self::refused).
    pub fn read(path: &Path, policy: &CheckPolicy) -> Result<Self, DistributionError> {
        let bad_name = |reason: String| DistributionError::Name {
            path: path.to_owned(),
            reason,
        };
        let file_name = path.file_name().and_then(|name| name.to_str());
        let file_name =
            file_name.ok_or_else(|| bad_name("this is no name of a package's file".into()))?;
        let name: UploadFilename = file_name
            .parse()
            .map_err(|error| bad_name(format!("{error}")))?;
        let read = |source| DistributionError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(read)?;
        let (digests, size_bytes) = digests_of(&file).map_err(read)?;
        let source = FileAt::new(&file, size_bytes);
        let findings = check_file(&source, file_name)
            .map_err(|error| read(io::Error::other(error.to_string())))?;
        let judged = policy.judge(findings);
        let bytes = match name.found().kind {
            FileKind::Wheel => archive::wheel_metadata(&source, file_name)
                .ok()
                .map(|found| found.metadata),
            FileKind::Sdist => archive::sdist_metadata(&source, file_name).ok().flatten(),
            FileKind::Egg => archive::egg_metadata(&source, file_name).ok().flatten(),
            FileKind::WindowsInstaller | FileKind::Signature => None,
        };
        Ok(Self {
            path: path.to_owned(),
            file_name: file_name.to_owned(),
            named: name.into_found(),
            size_bytes,
            digests,
            metadata: bytes.and_then(|bytes| CoreMetadata::parse(&bytes).ok()),
            refused: judged.refused,
            told: judged.told,
        })
    }

    /// Returns its name without the folder.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Returns the project's name as its metadata spell it, or else the file name.
    pub fn project_name(&self) -> &str {
        let said = self
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.name.as_deref());
        said.unwrap_or(&self.named.spelled_name)
    }

    /// Returns the fields of the form that the file is uploaded with.
    ///
    /// Standard: PyPA specifications, "Upload API for Package Indexes".
    pub fn form(&self) -> Vec<(String, String)> {
        let mut form: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
        add(":action", "file_upload");
        add("protocol_version", "1");
        let (kind, python) = self.kind_and_python();
        add("filetype", kind);
        add("pyversion", &python);
        add("sha256_digest", &self.digests.sha256.to_string());
        add("blake2_256_digest", &self.digests.blake2b_256.to_string());
        add("md5_digest", &self.digests.md5.to_string());
        let metadata = self.metadata.as_ref().map(serde_json::to_value);
        let Some(Ok(Value::Object(fields))) = metadata else {
            add("metadata_version", "1.0");
            add("name", &self.named.spelled_name);
            add("version", self.named.version.as_str());
            return form;
        };
        for (name, value) in &fields {
            match value {
                Value::String(text) => add(name, text),
                Value::Array(items) => {
                    for item in items.iter().filter_map(Value::as_str) {
                        add(name, item);
                    }
                }
                _ => {}
            }
        }
        for (name, value) in [
            ("name", self.named.spelled_name.as_str()),
            ("version", self.named.version.as_str()),
            ("metadata_version", "1.0"),
        ] {
            if !fields.contains_key(name) {
                form.push((name.to_owned(), value.to_owned()));
            }
        }
        form
    }

    /// Returns the kind of file and the Python that it is for, as forms have them.
    fn kind_and_python(&self) -> (&'static str, String) {
        match self.named.kind {
            FileKind::Wheel => {
                let python = match self.file_name.parse() {
                    Ok(DistributionFilename::Wheel(name)) => {
                        name.python_tags().collect::<Vec<_>>().join(".")
                    }
                    _ => "py3".to_owned(),
                };
                ("bdist_wheel", python)
            }
            FileKind::Egg => ("bdist_egg", "any".to_owned()),
            FileKind::WindowsInstaller => ("bdist_wininst", "any".to_owned()),
            FileKind::Sdist | FileKind::Signature => ("sdist", "source".to_owned()),
        }
    }
}

fn digests_of(mut file: &File) -> io::Result<(Digests, u64)> {
    let mut digester = Digester::new(None);
    let (mut buffer, mut size) = (vec![0; CHUNK_BYTES], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((digester.finish(), size)),
            count => {
                digester.update(&buffer[..count]);
                size += count as u64;
            }
        }
    }
}
