//! Sdists.

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::wheel::{metadata, payload};

/// An sdist to be built, such as `Sdist::named("demo").version("1.0").bytes()`.
#[derive(Debug, Clone)]
pub struct Sdist {
    name: String,
    version: String,
    fields: Vec<(String, String)>,
    payload_bytes: usize,
}

impl Sdist {
    /// Begins an sdist of a project, with version 1.0.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            fields: Vec::new(),
            payload_bytes: 16,
        }
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Adds a field to the core metadata, such as `Requires-Python`.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets how many bytes the module in the sdist has.
    #[must_use]
    pub fn payload_bytes(mut self, bytes: usize) -> Self {
        self.payload_bytes = bytes;
        self
    }

    /// Returns the file name, with the project's name as it is spelled.
    pub fn file_name(&self) -> String {
        format!("{}-{}.tar.gz", self.name, self.version)
    }

    /// Returns the sdist's bytes.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    pub fn bytes(&self) -> Vec<u8> {
        let top = format!("{}-{}", self.name, self.version);
        let info = metadata(&self.name, &self.version, &self.fields).into_bytes();
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, bytes) in [("PKG-INFO", info), ("demo.py", payload(self.payload_bytes))] {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            header.set_cksum();
            tar.append_data(&mut header, format!("{top}/{path}"), &*bytes)
                .expect("writing to memory does not fail");
        }
        let gzip = tar.into_inner().expect("writing to memory does not fail");
        gzip.finish().expect("writing to memory does not fail")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdist_is_the_same_each_time() {
        let sdist = Sdist::named("demo").version("2");
        assert_eq!(sdist.file_name(), "demo-2.tar.gz");
        assert_eq!(sdist.bytes(), sdist.bytes());
    }
}
