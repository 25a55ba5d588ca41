//! `run`: serves until the process is asked to stop.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::handover::Successor;
use crate::options::Profile;
use crate::settings::{RunSettings, Source};
use crate::{config, logging, serve};

/// Serves until the process is asked to stop.
pub(crate) fn run(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let values = config::gather(parsed, profile, environment)?;
    let source = Source {
        values: &values,
        environment,
        may_make_folders: true,
    };
    let settings = RunSettings::of(source)?;
    logging::start(&settings.logging)?;
    logging::tell(&settings.notes);

    raise_open_files();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = settings.limits.workers {
        builder.worker_threads(workers);
    }
    let runtime = builder
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    let served = runtime.block_on(serve::serve(settings, environment));
    // Files that are being read for their digests are not waited for.
    runtime.shutdown_timeout(Duration::from_secs(2));
    match served? {
        None => Ok(()),
        Some(successor) => outlast(successor),
    }
}

/// Stays as long as the server that has taken over, and ends as it does: whoever started this process
/// waits for this one.
fn outlast(successor: Successor) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot wait for the server that has taken over")?;
    let ended = runtime.block_on(successor.outlast());
    let status = ended.context("cannot wait for the server that has taken over")?;
    if status.success() {
        Ok(())
    } else {
        Err(anyhow!("the server that had taken over has ended: {status}").into())
    }
}

/// Lets this process open as many files as it may: each connection and each download needs one.
fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::debug!("cannot raise the limit of open files: {error}");
    }
}
