//! Wheels.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::zip;

const WRITES: &str = "a string takes any text";

/// A wheel to be built, such as `Wheel::named("demo").version("1.0").bytes()`.
#[derive(Debug, Clone)]
pub struct Wheel {
    name: String,
    version: String,
    fields: Vec<(String, String)>,
    payload_bytes: usize,
}

impl Wheel {
    /// Begins a wheel of a project, with version 1.0.
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

    /// Sets how many bytes the module in the wheel has.
    #[must_use]
    pub fn payload_bytes(mut self, bytes: usize) -> Self {
        self.payload_bytes = bytes;
        self
    }

    /// Returns the file name.
    pub fn file_name(&self) -> String {
        format!("{}-{}-py3-none-any.whl", self.escaped_name(), self.version)
    }

    /// Returns the bytes of the file `METADATA`.
    pub fn metadata(&self) -> Vec<u8> {
        metadata(&self.name, &self.version, &self.fields).into_bytes()
    }

    /// Returns the wheel's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let name = self.escaped_name();
        let dist_info = format!("{name}-{}.dist-info", self.version);
        let module = payload(self.payload_bytes);
        let wheel =
            "Wheel-Version: 1.0\nGenerator: testkit\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let mut members = vec![
            (format!("{name}/__init__.py"), module),
            (format!("{dist_info}/METADATA"), self.metadata()),
            (format!("{dist_info}/WHEEL"), wheel.as_bytes().to_vec()),
        ];
        let record_name = format!("{dist_info}/RECORD");
        let mut record = String::new();
        for (path, bytes) in &members {
            let digest = Sha256::digest(bytes);
            let digest = base64_url(&digest);
            writeln!(record, "{path},sha256={digest},{}", bytes.len()).expect(WRITES);
        }
        writeln!(record, "{record_name},,").expect(WRITES);
        members.push((record_name, record.into_bytes()));
        zip::archive(&members)
    }

    fn escaped_name(&self) -> String {
        self.name.replace(['-', '.'], "_").to_lowercase()
    }
}

/// Returns the text of a metadata file.
pub(crate) fn metadata(name: &str, version: &str, fields: &[(String, String)]) -> String {
    let mut text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    for (field, value) in fields {
        writeln!(text, "{field}: {value}").expect(WRITES);
    }
    text
}

/// Returns a Python comment of some length that does not compress well.
pub(crate) fn payload(bytes: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let letters = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b'!' + u8::try_from(state % 90).expect("less than 90")
    });
    std::iter::once(b'#').chain(letters).take(bytes).collect()
}

fn base64_url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let all = group
            .iter()
            .fold(0_u32, |all, &byte| all << 8 | u32::from(byte))
            << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            let letter = all >> (18 - 6 * place) & 63;
            text.push(char::from(LETTERS[letter as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_the_same_each_time() {
        let wheel = Wheel::named("Demo.Pkg").field("Requires-Python", ">=3.8");
        assert_eq!(wheel.file_name(), "demo_pkg-1.0-py3-none-any.whl");
        assert_eq!(wheel.bytes(), wheel.bytes());
        assert_eq!(base64_url(b"ab"), "YWI");
        assert_eq!(base64_url(b"abc"), "YWJj");
    }
}
