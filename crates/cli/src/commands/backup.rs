//! `backup`: makes a snapshot of the index in a folder, lists those that are there, and reads one
//! again.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use wheelhouse_index::ports::{KeyRow, SystemClock};
use wheelhouse_maintenance::backup::{
    BackupPlace, BackupSource, Identities, Made, Manifest, Progress, Pruned, Recipients, Snapshot,
    back_up, prune,
};

use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::value::Value;
use crate::options::{OptionDef, Profile, defs};
use crate::owners::connection::become_owner;
use crate::program::{print, to_stderr};
use crate::settings::{RunSettings, Source};
use crate::wiring::{self, ends};
use crate::{config, logging};

/// How long to wait for what goes on in the background.
pub(super) const ENDING: Duration = Duration::from_secs(2);
/// How often it is told how far a long work got.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Makes a backup, or does what stands in its place.
pub(crate) fn backup(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let folder = folder(&parsed, &defs::backups::TO, environment).ok_or(UsageError::Words {
        command: "backup",
        usage: "--to PATH [OPTION ...] [DIR ...]",
    })?;
    if parsed.has(&defs::backups::LIST) {
        return print(&listed(
            &BackupPlace::open(&folder).map_err(anyhow::Error::from)?,
        )?);
    }
    if parsed.has(&defs::backups::VERIFY) {
        return verify(&parsed, &folder, environment);
    }
    let recipients = recipients(&parsed, environment)?;
    let keep = parsed.number(&defs::backups::KEEP);
    let keep = keep.and_then(|keep| usize::try_from(keep).ok());
    let values = config::gather(parsed, profile, environment)?;
    let settings = RunSettings::of(Source {
        values: &values,
        environment,
        may_make_folders: false,
    })?;
    logging::start(&settings.logging)?;
    become_owner(&settings)?;
    let begun = Instant::now();
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        let source = ends::source(&settings, environment).await?;
        let index = wiring::owner_of(source.key);
        let place = Arc::new(BackupPlace::begin(&folder, index, &recipients)?);
        let progress = Arc::new(Progress::default());
        let telling = tell(&progress, "looked at");
        let from = BackupSource {
            index,
            catalog: Arc::clone(&source.whole.rows),
            files: Arc::clone(&source.files),
            keys: vec![KeyRow {
                name: wiring::TOKENS.to_owned(),
                value: source.key.to_vec(),
            }],
            clock: Arc::new(SystemClock),
        };
        let made = back_up(&place, &from, &progress).await;
        telling.abort();
        let made = made?;
        let pruned = keep.map(|keep| prune(&place, keep)).transpose()?;
        anyhow::Ok((made, pruned, progress))
    });
    runtime.shutdown_timeout(ENDING);
    let (made, pruned, progress) = done?;
    print(&told(&made, pruned.as_ref(), &progress, begun.elapsed()))?;
    if made.missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

fn verify(
    parsed: &Parsed,
    folder: &std::path::Path,
    environment: &Environment,
) -> Result<(), Failure> {
    let identities = identities(parsed, environment)?;
    let name = parsed.text(&defs::backups::SNAPSHOT);
    let begun = Instant::now();
    let (manifest, problems) = runtime()?.block_on(async {
        let place = Arc::new(BackupPlace::open(folder)?);
        let snapshot = Snapshot::open(&place, name.as_deref(), &identities).await?;
        let progress = Arc::new(Progress::default());
        let telling = tell(&progress, "read");
        let problems = snapshot.verify(&progress).await;
        telling.abort();
        anyhow::Ok((snapshot.manifest, problems?))
    })?;
    let mut text = String::new();
    for problem in &problems {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "damaged: {problem}");
    }
    let _ = writeln!(
        text,
        "{}: {} files with {} were read in {:.1} s, {} of their contents are damaged",
        manifest.name(),
        manifest.files,
        bytes(manifest.bytes),
        begun.elapsed().as_secs_f64(),
        problems.len()
    );
    print(&text)?;
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

fn listed(place: &BackupPlace) -> anyhow::Result<String> {
    let mut text = format!("index: {}\n", place.index());
    let all = place.snapshots_there()?;
    if all.is_empty() {
        text.push_str("no snapshot is there; one that was cut short is none\n");
    }
    for listed in all {
        // Writing to a String cannot fail.
        let _ = match listed.manifest {
            Ok(manifest) => writeln!(text, "{}", line_of(&manifest)),
            Err(error) => writeln!(text, "{}  damaged: {error}", listed.name),
        };
    }
    Ok(text)
}

fn line_of(manifest: &Manifest) -> String {
    let mut line = format!(
        "{}  {} files, {}, by version {}",
        manifest.name(),
        manifest.files,
        bytes(manifest.bytes),
        manifest.program
    );
    if manifest.is_encrypted {
        line.push_str(", encrypted");
    }
    if manifest.missing > 0 {
        // Writing to a String cannot fail.
        let _ = write!(line, ", lacks {} files", manifest.missing);
    }
    line
}

fn told(made: &Made, pruned: Option<&Pruned>, progress: &Progress, took: Duration) -> String {
    let Made { manifest, missing } = made;
    let mut text = format!(
        "{}: {} files with {}, of which {} contents with {} were copied; {:.1} s\n",
        manifest.name(),
        manifest.files,
        bytes(manifest.bytes),
        progress.copied.load(Ordering::Relaxed),
        bytes(progress.bytes.load(Ordering::Relaxed)),
        took.as_secs_f64()
    );
    for (path, why) in missing {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "missing: `{path}`: {why}");
    }
    if let Some(pruned) = pruned {
        let _ = writeln!(
            text,
            "{} older snapshots and {} contents with {} were taken away",
            pruned.snapshots.len(),
            pruned.contents,
            bytes(pruned.bytes)
        );
    }
    text
}

/// Tells how far a work got, on stderr, until it is aborted.
pub(super) fn tell(progress: &Arc<Progress>, what: &'static str) -> AbortHandle {
    let progress = Arc::clone(progress);
    let telling = tokio::spawn(async move {
        loop {
            tokio::time::sleep(TELL_EVERY).await;
            to_stderr(&format!(
                "{what}: {} files; copied or read: {} contents, {}\n",
                progress.files.load(Ordering::Relaxed),
                progress.copied.load(Ordering::Relaxed),
                bytes(progress.bytes.load(Ordering::Relaxed))
            ));
        }
    });
    telling.abort_handle()
}

/// Shows a size for people.
pub(super) fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is rounded to a tenth")]
    let mib = count as f64 / f64::from(1 << 20);
    if count < 10 << 10 {
        format!("{count} bytes")
    } else if mib < 10.0 {
        format!("{:.0} KiB", mib * 1024.0)
    } else {
        format!("{mib:.0} MiB")
    }
}

pub(super) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")
}

/// Returns the path of an option, absolute.
pub(super) fn folder(
    parsed: &Parsed,
    option: &OptionDef,
    environment: &Environment,
) -> Option<PathBuf> {
    match parsed.value(option) {
        Some(Value::Path(path)) => Some(environment.absolute(path, &environment.working_folder)),
        _ => None,
    }
}

/// Reads the public keys, and the files of them, that were given.
fn recipients(parsed: &Parsed, environment: &Environment) -> anyhow::Result<Recipients> {
    let mut texts = Vec::new();
    for given in parsed.list(&defs::backups::ENCRYPT_FOR) {
        match given.strip_prefix('@') {
            None => texts.push(given),
            Some(file) => {
                let path = environment.absolute(file.as_ref(), &environment.working_folder);
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read the keys in `{}`", path.display()))?;
                let before = texts.len();
                let lines = text.lines().map(str::trim);
                let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
                texts.extend(keys.map(str::to_owned));
                // What was to be encrypted must not be written down for everybody.
                anyhow::ensure!(texts.len() > before, "`{}` holds no key", path.display());
            }
        }
    }
    Ok(Recipients::parse(texts.iter().map(String::as_str))?)
}

/// Reads the secret keys that were given.
pub(super) fn identities(parsed: &Parsed, environment: &Environment) -> anyhow::Result<Identities> {
    let Some(path) = folder(parsed, &defs::backups::IDENTITY, environment) else {
        return Ok(Identities::default());
    };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read the identity in `{}`", path.display()))?;
    Ok(Identities::parse(&zeroize::Zeroizing::new(text))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        for (count, told) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 KiB"),
            (10 << 20, "10 MiB"),
            (20_000_000_000, "19073 MiB"),
        ] {
            assert_eq!(bytes(count), told);
        }
    }
}
