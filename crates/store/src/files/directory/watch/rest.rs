//! Finding out whether a file is complete when nobody told.

use std::io;
use std::time::{Duration, Instant};

use wheelhouse_index::identity::Fingerprint;
use wheelhouse_index::path::FilePath;
use wheelhouse_standards::archive::{Ending, FileAt, ends_well};

use super::super::ledger::Pending;
use super::super::root::{Root, fingerprint_of};

/// What to do about a file that has not settled.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is complete. With a doubt, if its end does not say so.
    Complete(Fingerprint, Option<String>),
    /// Look again later.
    Wait(Pending),
    /// It is gone.
    Gone,
}

/// Looks at a file that has not settled. Reads it at most once for each state that it is in.
pub(super) fn look(
    root: &Root,
    path: &FilePath,
    pending: &Pending,
    (rest, long_rest): (Duration, Duration),
    now: Instant,
) -> Verdict {
    let found = match root.fingerprint(path) {
        Ok(Some(found)) => found,
        Ok(None) => return Verdict::Gone,
        Err(_) => {
            return Verdict::Wait(Pending {
                due: now + rest,
                ..pending.clone()
            });
        }
    };
    if pending.fingerprint != Some(found) {
        return Verdict::Wait(Pending::new(Some(found), now, rest));
    }
    let age = now.saturating_duration_since(pending.since);
    if age < rest {
        return Verdict::Wait(Pending {
            due: pending.since + rest,
            ..pending.clone()
        });
    }
    if pending.doubt.is_some() && age >= long_rest {
        return Verdict::Complete(found, pending.doubt.clone());
    }
    let doubt = match pending.doubt.clone() {
        Some(doubt) => doubt,
        None => match doubt(root, path, found) {
            Ok(None) => return Verdict::Complete(found, None),
            Ok(Some(doubt)) => doubt,
            // It was changed while it was read.
            Err(()) => return Verdict::Wait(Pending::new(None, now, rest)),
        },
    };
    Verdict::Wait(Pending {
        due: pending.since + long_rest,
        doubt: Some(doubt),
        ..pending.clone()
    })
}

/// Reads the end of a file, and returns why it may not be all there.
fn doubt(root: &Root, path: &FilePath, expected: Fingerprint) -> Result<Option<String>, ()> {
    let (file, found) = match root.open_file(path) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Ok(Some("it cannot be read".to_owned())),
        Err(error) => return Ok(Some(error.to_string())),
    };
    let ending = ends_well(&FileAt::new(&file, found.size_bytes()), path.file_name());
    let after: io::Result<_> = file.metadata();
    if found != expected || !after.is_ok_and(|metadata| fingerprint_of(&metadata) == expected) {
        return Err(());
    }
    Ok(match ending {
        Ok(Ending::Whole) => None,
        Ok(Ending::Unknown) => Some("its end does not show whether it is complete".to_owned()),
        Err(error) => Some(error.to_string()),
    })
}
