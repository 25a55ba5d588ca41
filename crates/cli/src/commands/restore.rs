//! `restore`: puts a snapshot into an empty index.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context as _, anyhow, ensure};
use wheelhouse_index::ports::{Clock as _, SystemClock};
use wheelhouse_maintenance::backup::{
    BackupPlace, Progress, RestoreTarget, Snapshot, restore as put_back,
};

use super::backup::{ENDING, bytes, folder, identities, runtime, tell};
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::{Profile, defs};
use crate::owners::connection::become_owner;
use crate::program::print;
use crate::settings::{RunSettings, Source};
use crate::wiring::{self, ends};
use crate::{config, logging};

/// Restores a snapshot.
pub(crate) fn restore(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let folder = folder(&parsed, &defs::backups::FROM, environment).ok_or(UsageError::Words {
        command: "restore",
        usage: "--from PATH [OPTION ...] [DIR ...]",
    })?;
    let identities = identities(&parsed, environment)?;
    let name = parsed.text(&defs::backups::SNAPSHOT);
    let expected = parsed.text(&defs::backups::EXPECT_INDEX);
    let runtime = runtime()?;
    // What is to be restored is read first: nothing is made for what cannot be.
    let snapshot = runtime.block_on(async {
        let place = Arc::new(BackupPlace::open(&folder)?);
        if let Some(expected) = expected {
            ensure!(
                place.index().to_string() == expected.to_ascii_lowercase(),
                "the backups in `{}` are those of the index {}, and not of {expected}",
                folder.display(),
                place.index()
            );
        }
        Ok(Snapshot::open(&place, name.as_deref(), &identities).await?)
    })?;
    let values = config::gather(parsed, profile, environment)?;
    let settings = RunSettings::of(Source {
        values: &values,
        environment,
        may_make_folders: true,
    })?;
    logging::start(&settings.logging)?;
    become_owner(&settings)?;
    let begun = Instant::now();
    let progress = Arc::new(Progress::default());
    let done = runtime.block_on(async {
        let key = key_of(&snapshot)?;
        let target = ends::target(&settings, environment, key).await?;
        let telling = tell(&progress, "looked at");
        let there = target.files_there.as_deref();
        let to = RestoreTarget {
            catalog: Arc::clone(&target.whole.fill),
            files: Arc::clone(&target.files),
            found: there.map(|there| format!("there is `{there}` among the files")),
            now: SystemClock.now(),
        };
        let restored = put_back(&snapshot, to, &progress).await;
        telling.abort();
        anyhow::Ok((restored?, target.place.clone()))
    });
    runtime.shutdown_timeout(ENDING);
    let (restored, place) = done?;
    let mut text = format!(
        "{} is restored{} to {place}: {} files, {} contents with {} written; serials go on above {}; {:.1} s\n",
        snapshot.manifest.name(),
        if restored.is_resumed {
            ", going on where it stopped,"
        } else {
            ""
        },
        snapshot.manifest.files,
        progress.copied.load(Ordering::Relaxed),
        bytes(progress.bytes.load(Ordering::Relaxed)),
        restored.head,
        begun.elapsed().as_secs_f64()
    );
    for (path, why) in &restored.missing {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "missing: `{path}`: when the backup was made, {why}");
    }
    print(&text)?;
    if restored.missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

/// Returns the key that tokens are made with.
fn key_of(snapshot: &Snapshot) -> anyhow::Result<[u8; 32]> {
    let key = snapshot.keys.iter().find(|key| key.name == wiring::TOKENS);
    let key = key.ok_or_else(|| anyhow!("the backup does not have the key of the index"))?;
    let bytes = key.value.as_slice().try_into();
    bytes.context("the key in the backup is none")
}
