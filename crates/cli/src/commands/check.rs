//! `check`: compares catalog, files and metadata.

use std::time::Duration;

use serde_json::json;
use wheelhouse_index::ports::Repair;
use wheelhouse_index::verify::Depth;
use wheelhouse_maintenance::check::{Check, Summary};

use super::maintaining::{Teller, settings, threads};
use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::Profile;
use crate::options::defs::maintenance::{JSON, REHASH, REPAIR};
use crate::wiring;

/// How long a running server has to end what it is in the middle of.
const SETTLE: Duration = Duration::from_secs(2);
/// How young something may be that an upload has put there which is not recorded yet.
const GRACE: Duration = Duration::from_hours(1);

/// Compares everything, and fails if something is not as it is recorded and stays so.
pub(crate) fn check(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let (is_rehash, is_json) = (parsed.has(&REHASH), parsed.has(&JSON));
    let repair = if parsed.has(&REPAIR) {
        Repair::Proven
    } else {
        Repair::Nothing
    };
    let settings = settings(parsed, profile, environment)?;
    let runtime = threads()?;
    let mut teller = Teller::new(is_json);
    let checked = runtime.block_on(async {
        let opened = wiring::open_to_check(&settings, environment, repair).await?;
        let check = Check {
            index: opened.index,
            catalog: opened.catalog,
            upkeep: Some(opened.upkeep),
            files: opened.files,
            depth: if is_rehash {
                Depth::Bytes
            } else {
                Depth::Presence
            },
            repair,
            settle: if opened.is_served {
                SETTLE
            } else {
                Duration::ZERO
            },
            grace: GRACE,
        };
        let summary = check.run(&mut |told| teller.tell(told)).await?;
        Ok::<_, anyhow::Error>(summary)
    });
    // Files that are being read for their digests are not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
    let summary = checked.map_err(Failure::Unfinished)?;
    let Summary {
        files,
        bytes,
        left,
        mended,
        notices,
    } = summary;
    let read = if is_rehash {
        format!(" ({bytes} bytes read)")
    } else {
        String::new()
    };
    let came_to = match (left, mended) {
        (0, 0) => "everything is as it is recorded".to_owned(),
        (left, 0) => format!("found wrong: {left}"),
        (left, mended) => format!("mended: {mended}; still wrong: {left}"),
    };
    let sentence = format!("checked {files} files{read}: {came_to}");
    teller.end(
        &sentence,
        json!({
            "files": files, "bytes": bytes, "left": left, "mended": mended, "notices": notices,
        }),
    )?;
    if left == 0 { Ok(()) } else { Err(Failure::No) }
}
