//! Digests of files: the three that the index keeps, and the one that its HTML pages may show.

use std::fmt;
use std::str::FromStr;

use blake2::Blake2b;
use digest::consts::U32;
use digest::{Digest, DynDigest};

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Wraps the digest's bytes.
            pub const fn new(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Returns the digest's bytes.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            /// Reads hexadecimal digits of either case.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| DigestError { digits: 2 * $bytes })?;
                Ok(Self(bytes))
            }
        }
    };
}

digest_type!(
    /// A SHA-256 digest, shown as 64 lower-case hexadecimal digits.
    Sha256Digest,
    32
);
digest_type!(
    /// A BLAKE2b digest of 32 bytes, shown as 64 lower-case hexadecimal digits.
    Blake2b256Digest,
    32
);
digest_type!(
    /// An MD5 digest, shown as 32 lower-case hexadecimal digits. For old clients' forms only.
    Md5Digest,
    16
);

/// A text is not a digest of the expected length in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("digest must be {digits} hexadecimal digits")]
pub struct DigestError {
    digits: usize,
}

/// The digests that the index keeps of every file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// What pages, ETags and installers use.
    pub sha256: Sha256Digest,
    /// What uploaders send as `blake2_256_digest`.
    pub blake2b_256: Blake2b256Digest,
    /// What old uploaders send as `md5_digest`.
    pub md5: Md5Digest,
    /// The digest that HTML pages show in place of SHA-256, if the operator asked for one.
    pub listed: Option<ListedDigest>,
}

/// A digest in an algorithm that the operator chose for HTML pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDigest {
    /// The algorithm.
    pub algorithm: HashAlgorithm,
    /// Lower-case hexadecimal digits.
    pub hex: Box<str>,
}

/// Computes [`Digests`] over bytes that arrive in pieces.
pub struct Digester {
    sha256: sha2::Sha256,
    blake2b_256: Blake2b<U32>,
    md5: md5::Md5,
    listed: Option<(HashAlgorithm, Box<dyn DynDigest + Send>)>,
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").finish_non_exhaustive()
    }
}

impl Digester {
    /// Starts over no bytes. `listed` is an algorithm to compute besides the three that are
    /// always kept; one of those three costs nothing more.
    pub fn new(listed: Option<HashAlgorithm>) -> Self {
        Self {
            sha256: sha2::Sha256::new(),
            blake2b_256: Blake2b::new(),
            md5: md5::Md5::new(),
            listed: listed
                .filter(|&algorithm| algorithm != HashAlgorithm::Sha256)
                .map(|algorithm| (algorithm, algorithm.hasher())),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.halves();
        first.update(bytes);
        second.update(bytes);
    }

    /// Returns two halves that take about the same time, for two threads. Both must be given the same
    /// bytes.
    pub fn halves(&mut self) -> (DigesterHalf<'_>, DigesterHalf<'_>) {
        let first = DigesterHalf(Half::First {
            sha256: &mut self.sha256,
            blake2b_256: &mut self.blake2b_256,
        });
        let second = DigesterHalf(Half::Second {
            md5: &mut self.md5,
            listed: self.listed.as_mut().map(|(_, hasher)| hasher),
        });
        (first, second)
    }

    /// Returns the digests of all bytes taken.
    pub fn finish(self) -> Digests {
        Digests {
            sha256: Sha256Digest(self.sha256.finalize().into()),
            blake2b_256: Blake2b256Digest(self.blake2b_256.finalize().into()),
            md5: Md5Digest(self.md5.finalize().into()),
            listed: self.listed.map(|(algorithm, hasher)| ListedDigest {
                algorithm,
                hex: hex::encode(hasher.finalize()).into(),
            }),
        }
    }
}

/// One half of a [`Digester`].
pub struct DigesterHalf<'d>(Half<'d>);

enum Half<'d> {
    First {
        sha256: &'d mut sha2::Sha256,
        blake2b_256: &'d mut Blake2b<U32>,
    },
    Second {
        md5: &'d mut md5::Md5,
        listed: Option<&'d mut Box<dyn DynDigest + Send>>,
    },
}

impl fmt::Debug for DigesterHalf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigesterHalf").finish_non_exhaustive()
    }
}

impl DigesterHalf<'_> {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Half::First {
                sha256,
                blake2b_256,
            } => {
                Digest::update(*sha256, bytes);
                Digest::update(*blake2b_256, bytes);
            }
            Half::Second { md5, listed } => {
                Digest::update(*md5, bytes);
                if let Some(hasher) = listed {
                    hasher.update(bytes);
                }
            }
        }
    }
}

macro_rules! hash_algorithms {
    ($($(#[$doc:meta])* $variant:ident = $name:literal => $hasher:ty,)*) => {
        /// A hash algorithm that a link's fragment may name.
        ///
        /// Standard: PEP 503: one that Python's `hashlib` always has, with a digest of fixed length.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum HashAlgorithm {
            $($(#[$doc])* $variant,)*
        }

        impl HashAlgorithm {
            /// All algorithms.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name, as `hashlib` spells it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            fn hasher(self) -> Box<dyn DynDigest + Send> {
                match self {
                    $(Self::$variant => Box::new(<$hasher>::new()),)*
                }
            }
        }

        impl FromStr for HashAlgorithm {
            type Err = HashAlgorithmError;

            /// Reads a name in exactly `hashlib`'s spelling.
            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(HashAlgorithmError),
                }
            }
        }
    };
}

hash_algorithms! {
    /// MD5.
    Md5 = "md5" => md5::Md5,
    /// SHA-1.
    Sha1 = "sha1" => sha1::Sha1,
    /// SHA-224.
    Sha224 = "sha224" => sha2::Sha224,
    /// SHA-256, the default.
    Sha256 = "sha256" => sha2::Sha256,
    /// SHA-384.
    Sha384 = "sha384" => sha2::Sha384,
    /// SHA-512.
    Sha512 = "sha512" => sha2::Sha512,
    /// SHA3-224.
    Sha3_224 = "sha3_224" => sha3::Sha3_224,
    /// SHA3-256.
    Sha3_256 = "sha3_256" => sha3::Sha3_256,
    /// SHA3-384.
    Sha3_384 = "sha3_384" => sha3::Sha3_384,
    /// SHA3-512.
    Sha3_512 = "sha3_512" => sha3::Sha3_512,
    /// BLAKE2b with `hashlib`'s default of 64 bytes.
    Blake2b = "blake2b" => blake2::Blake2b512,
    /// BLAKE2s with `hashlib`'s default of 32 bytes.
    Blake2s = "blake2s" => blake2::Blake2s256,
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name is not one of [`HashAlgorithm::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown hash algorithm; use one of md5, sha1, sha224, sha256, sha384, sha512, sha3_224, sha3_256, sha3_384, sha3_512, blake2b, blake2s"
)]
pub struct HashAlgorithmError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_abc_are_those_of_the_standards() {
        let mut digester = Digester::new(Some(HashAlgorithm::Sha1));
        digester.update(b"a");
        digester.update(b"bc");
        let digests = digester.finish();
        assert_eq!(
            digests.sha256.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            digests.blake2b_256.to_string(),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        );
        assert_eq!(digests.md5.to_string(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            &*digests.listed.expect("asked for").hex,
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
    }

    #[test]
    fn algorithm_names_are_case_sensitive_and_of_fixed_length_only() {
        for &algorithm in HashAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        for name in ["SHA256", "shake_128", "shake_256", "", "crc32"] {
            assert_eq!(
                name.parse::<HashAlgorithm>(),
                Err(HashAlgorithmError),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_digest_is_read_in_either_case_and_shown_in_lower_case() {
        let text = "AB".repeat(16);
        let digest: Md5Digest = text.parse().expect("32 digits");
        assert_eq!(digest.to_string(), "ab".repeat(16));
        assert!("ab".parse::<Md5Digest>().is_err());
        assert!("zz".repeat(16).parse::<Md5Digest>().is_err());
    }
}
