//! The check for damage at the start, which takes a bounded time: a start must not wait for a large
//! catalog to be read from one end to the other.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::failure::{Failure, Outcome};

/// How long the check may take. A catalog of 100,000 files is read through in about this time.
const PATIENCE: Duration = Duration::from_millis(400);

/// Returns what is wrong with the database, if anything is found in time.
pub(super) fn damage(connection: &Connection) -> Outcome<Option<String>> {
    let interrupt = connection.get_interrupt_handle();
    let (done, is_done) = mpsc::channel::<()>();
    let clock = thread::Builder::new()
        .name("catalog-check".into())
        .spawn(move || {
            if is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        })?;
    let checked = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    drop(done);
    // The clock cannot interrupt what comes after it has ended.
    let _ = clock.join();
    match checked {
        Ok(word) if word == "ok" => Ok(None),
        Ok(found) => Ok(Some(found.replace('\n', " "))),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(None)
        }
        Err(error) => Err(Failure::from(error)),
    }
}
