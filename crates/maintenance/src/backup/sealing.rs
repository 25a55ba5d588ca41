//! Encryption of what is written into a place of backups, in the form of the program `age`, so that
//! it can be opened without this one.

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::sync::Arc;

use age::stream::{StreamReader, StreamWriter};
use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};

use super::error::BackupError;

/// For whom something is encrypted; for nobody, if it is not.
#[derive(Debug, Clone, Default)]
pub struct Recipients(Vec<Recipient>);

impl Recipients {
    /// Reads public keys, such as `age1…`, a key for each text. Empty texts and those that begin with
    /// `#` are passed over, as in a file of them.
    ///
    /// # Errors
    /// [`BackupError::Key`], with the key that is none.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, BackupError> {
        let mut keys: Vec<Recipient> = Vec::new();
        for text in texts.into_iter().map(str::trim) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let key = text.parse().map_err(|_| {
                BackupError::Key(format!(
                    "`{text}` is no public key of age: one begins with `age1`"
                ))
            })?;
            keys.push(key);
        }
        keys.sort_by_key(ToString::to_string);
        keys.dedup_by_key(|key| key.to_string());
        Ok(Self(keys))
    }

    /// Returns the public keys, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a writer whose bytes only they can read.
    pub(super) fn sealing<W: Write>(&self, output: W) -> io::Result<Sealing<W>> {
        if self.0.is_empty() {
            return Ok(Sealing::Plain(output));
        }
        let keys = self.0.iter().map(|key| key as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(keys).map_err(io::Error::other)?;
        Ok(Sealing::Sealed(Box::new(encryptor.wrap_output(output)?)))
    }
}

/// Bytes on their way to a file.
pub(super) enum Sealing<W: Write> {
    Plain(W),
    Sealed(Box<StreamWriter<W>>),
}

impl<W: Write> Sealing<W> {
    /// Ends the file, which is cut short otherwise.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(mut output) => {
                output.flush()?;
                Ok(output)
            }
            Self::Sealed(sealed) => sealed.finish(),
        }
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Sealed(sealed) => sealed.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Sealed(sealed) => sealed.flush(),
        }
    }
}

/// The keys that open what is encrypted; none, if it is not. Never shown.
#[derive(Clone, Default)]
pub struct Identities(Arc<Vec<Identity>>);

impl Identities {
    /// Reads the text of a file of secret keys, as `age-keygen` writes it.
    ///
    /// # Errors
    /// [`BackupError::Key`], without any of the text.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let lines = text.lines().map(str::trim);
        let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Result<Vec<Identity>, _> = keys.map(str::parse).collect();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(Self(Arc::new(keys))),
            _ => Err(BackupError::Key(
                "the file of the identity holds no secret key of age, or something else besides: \
                 `age-keygen` makes one, and a key with a passphrase must be opened first"
                    .to_owned(),
            )),
        }
    }

    /// Makes a key that is forgotten with this value, and returns for whom to encrypt.
    pub(super) fn fleeting() -> (Self, Recipients) {
        let key = Identity::generate();
        let recipients = Recipients(vec![key.to_public()]);
        (Self(Arc::new(vec![key])), recipients)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a reader of what was sealed, if it was.
    pub(super) fn opening<R: BufRead>(
        &self,
        is_sealed: bool,
        input: R,
        path: &Path,
    ) -> Result<Opening<R>, BackupError> {
        if !is_sealed {
            return Ok(Opening::Plain(input));
        }
        let failed = |error: DecryptError| match error {
            DecryptError::NoMatchingKeys => BackupError::WrongIdentity(path.to_owned()),
            DecryptError::Io(error) => BackupError::damaged(path, &error),
            error => BackupError::damaged(path, &error),
        };
        let decryptor = Decryptor::new_buffered(input).map_err(failed)?;
        let keys = self.0.iter().map(|key| key as &dyn age::Identity);
        let reader = decryptor.decrypt(keys).map_err(failed)?;
        Ok(Opening::Sealed(Box::new(reader)))
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").finish_non_exhaustive()
    }
}

/// Bytes on their way out of a file.
pub(super) enum Opening<R> {
    Plain(R),
    Sealed(Box<StreamReader<R>>),
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Sealed(sealed) => sealed.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(recipients: &Recipients, bytes: &[u8]) -> Vec<u8> {
        let mut sealing = recipients.sealing(Vec::new()).unwrap();
        sealing.write_all(bytes).unwrap();
        sealing.finish().unwrap()
    }

    fn opened(identities: &Identities, bytes: &[u8]) -> Result<Vec<u8>, BackupError> {
        let mut opening = identities.opening(true, bytes, Path::new("x"))?;
        let mut all = Vec::new();
        opening
            .read_to_end(&mut all)
            .map_err(|error| BackupError::damaged(Path::new("x"), &error))?;
        Ok(all)
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_key_alone() {
        let (ours, recipients) = Identities::fleeting();
        let (theirs, _) = Identities::fleeting();
        let sealed = sealed(&recipients, b"abc");
        assert_eq!(opened(&ours, &sealed).unwrap(), b"abc");
        let refused = opened(&theirs, &sealed).unwrap_err();
        assert!(
            matches!(refused, BackupError::WrongIdentity(_)),
            "{refused}"
        );
    }

    #[test]
    fn what_was_sealed_and_cut_short_or_altered_is_damaged() {
        let (ours, recipients) = Identities::fleeting();
        let sealed = sealed(&recipients, b"abc");
        for cut in 0..sealed.len() {
            assert!(opened(&ours, &sealed[..cut]).is_err(), "{cut}");
        }
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert!(opened(&ours, &altered).is_err());
    }

    #[test]
    fn keys_are_read_as_files_of_age_have_them() {
        let (_, recipients) = Identities::fleeting();
        let name = recipients.names().remove(0);
        let text = format!("# for the safe\n\n  {name}\n{name}\n");
        assert_eq!(Recipients::parse(text.lines()).unwrap().names(), [name]);
        for text in ["age1", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1"] {
            assert!(Recipients::parse([text]).is_err(), "{text}");
        }
        for text in ["", "# nothing", "age1x", "AGE-SECRET-KEY-1ABC"] {
            let error = Identities::parse(text).unwrap_err();
            assert!(!error.to_string().contains("ABC"), "{error}");
        }
    }
}
