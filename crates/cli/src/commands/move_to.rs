//! `move-to`: moves the index to another place while it is served.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use wheelhouse_index::identity::{IndexName, Serial};
use wheelhouse_index::ports::{Clock as _, Hold, KeyRow, SystemClock};
use wheelhouse_maintenance::moving::{Level, Move, Phase, Progress, Source as MoveSource, Target};
use wheelhouse_server::moving::{HeldReport, HoldWish, ReleaseWish, ReleasedReport, SwitchWish};
use wheelhouse_standards::digest::Digester;

use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::{Profile, defs};
use crate::owners::connection::{become_owner, over_socket, user_agent};
use crate::program::to_stderr;
use crate::settings::{RunSettings, Source};
use crate::wiring::ends::{SourceEnd, TargetEnd, expect_apart, source, target};
use crate::{config, logging, wiring};

/// How often it is said how far the move is.
const TELL: Duration = Duration::from_secs(5);
/// How long the last changes may take to copy, while nothing can be changed, in seconds.
const LAST_SECONDS: f64 = 0.5;
/// How often it is tried to get that near. Where others change things as fast as they are copied, it
/// does not help to go on.
const MOST_ROUNDS: usize = 12;

/// Moves the index to the place that a file names.
pub(crate) fn move_to(
    mut parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    if parsed.free.is_empty() {
        return Err(UsageError::Words {
            command: "move-to",
            usage: "CONFIG [DIR ...]",
        }
        .into());
    }
    let config: PathBuf = parsed.free.remove(0).into();
    let config = environment.absolute(&config, &environment.working_folder);
    let gives_up = parsed.has(&defs::GIVE_UP);
    let values = config::gather(parsed, profile, environment)?;
    let here = RunSettings::of(Source {
        values: &values,
        environment,
        may_make_folders: false,
    })?;
    logging::start(&here.logging)?;
    become_owner(&here)?;
    let alone = environment.without_settings();
    let there = settings_in(&config, &alone)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads of the program")?;
    let done = runtime.block_on(async {
        let source = source(&here, environment).await?;
        let target = match target(&there, &alone, source.key).await {
            Ok(target) => target,
            Err(error) => return Err(unless_moved(&source, error).await?),
        };
        expect_apart(&source, &target)?;
        let moving = OwnMove::new(source, target, config);
        if gives_up {
            moving.give_up().await
        } else {
            moving.run().await
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    Ok(done?)
}

/// Returns why the place cannot be used: a server may be there already.
async fn unless_moved(source: &SourceEnd, error: anyhow::Error) -> anyhow::Result<anyhow::Error> {
    let held = source.whole.hold.held().await?;
    Ok(match held.filter(|hold| hold.has_moved) {
        Some(hold) => anyhow!("the index has moved to {} already", hold.to),
        None => error,
    })
}

/// Reads the settings of the place to move to, which are all in one file.
fn settings_in(config: &Path, environment: &Environment) -> Result<RunSettings, Failure> {
    let mut parsed = Parsed::default();
    let path = crate::options::value::Value::Path(config.to_owned());
    parsed.given.push((&defs::CONFIG, path));
    let values = config::gather(parsed, Profile::Wheelhouse, environment)?;
    Ok(RunSettings::of(Source {
        values: &values,
        environment,
        may_make_folders: true,
    })?)
}

/// A move between two places of this program.
struct OwnMove {
    source: SourceEnd,
    target: TargetEnd,
    config: PathBuf,
    name: String,
}

impl OwnMove {
    fn new(source: SourceEnd, target: TargetEnd, config: PathBuf) -> Self {
        let mut digester = Digester::new(None);
        digester.update(source.place.as_bytes());
        digester.update(b"\0");
        digester.update(target.place.as_bytes());
        let digest = digester.finish().sha256.to_string();
        Self {
            name: format!("move {}", &digest[..16]),
            source,
            target,
            config,
        }
    }

    async fn run(self) -> anyhow::Result<()> {
        to_stderr(&format!(
            "from  {}\nto    {}\n",
            self.source.place, self.target.place
        ));
        let held = self.source.whole.hold.held().await?;
        if held
            .as_ref()
            .is_some_and(|hold| hold.has_moved && hold.name == self.name)
            && self.target.whole.hold.being_filled().await?.is_none()
        {
            to_stderr("everything is there already\n");
            return self.switch().await;
        }
        self.expect_place_for_files().await?;
        let moving = self.moving();
        let telling = tokio::spawn(tell(Arc::clone(&moving.progress)));
        let copied = self.copied(&moving).await;
        telling.abort();
        let level = copied?;
        let began = Instant::now();
        let held = self.hold(false).await?;
        let ended = async {
            moving.finish(level, held).await?;
            self.hold(true).await?;
            moving.end(held).await?;
            Ok::<_, anyhow::Error>(())
        };
        if let Err(error) = ended.await {
            self.release().await.context(
                "the index is still held: run the command again, or give it up with --give-up",
            )?;
            return Err(error.context("the index goes on where it is"));
        }
        to_stderr(&format!(
            "{} files ({} bytes) were copied, and {} changes that were made meanwhile; everything up to serial {held} is there\n",
            moving.progress.files(),
            moving.progress.bytes(),
            moving.progress.events()
        ));
        drop(moving);
        self.switch().await?;
        to_stderr(&format!(
            "nothing could be changed for {:.2} seconds\n",
            began.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    fn moving(&self) -> Move {
        Move {
            name: self.name.clone(),
            index: IndexName::main(),
            source: MoveSource {
                catalog: Arc::clone(&self.source.whole.catalog),
                rows: Arc::clone(&self.source.whole.rows),
                files: Arc::clone(&self.source.files),
                keys: vec![KeyRow {
                    name: wiring::TOKENS.to_owned(),
                    value: self.source.key.to_vec(),
                }],
            },
            target: Target {
                catalog: Arc::clone(&self.target.whole.catalog),
                rows: Arc::clone(&self.target.whole.fill),
                files: Arc::clone(&self.target.files),
            },
            clock: Arc::new(SystemClock),
            progress: Arc::new(Progress::default()),
        }
    }

    /// Makes sure that the place has no files of others: those that an earlier try has left are ours.
    async fn expect_place_for_files(&self) -> anyhow::Result<()> {
        let goes_on = self.target.whole.hold.being_filled().await?;
        match (&self.target.files_there, goes_on) {
            (Some(there), None) => {
                bail!("the place to move to is not empty: {there} is there; name an empty one")
            }
            _ => Ok(()),
        }
    }

    /// Copies everything until what is left takes a moment.
    async fn copied(&self, moving: &Move) -> anyhow::Result<Level> {
        let mut level = moving.copy().await?;
        for _ in 0..MOST_ROUNDS {
            let (began, before) = (Instant::now(), moving.lag(&level).await?);
            moving.catch_up(&mut level).await?;
            let left = moving.lag(&level).await?;
            let seconds_each = began.elapsed().as_secs_f64() / to_float(before.max(1));
            if to_float(left) * seconds_each < LAST_SECONDS {
                break;
            }
        }
        Ok(level)
    }

    async fn hold(&self, has_moved: bool) -> anyhow::Result<Serial> {
        let (name, to) = (self.name.clone(), self.target.place.clone());
        if let Some(server) = self.server_with_the_catalog()? {
            let wish = HoldWish {
                name,
                to,
                has_moved,
            };
            let answer = server.send("POST", "/api/v1/move/hold", &wish).await?;
            return Ok(answer.read::<HeldReport>()?.serial);
        }
        let hold = Hold {
            name,
            to,
            has_moved,
            since: SystemClock.now(),
        };
        Ok(self.source.whole.hold.hold(&hold).await?)
    }

    async fn release(&self) -> anyhow::Result<bool> {
        if let Some(server) = self.server_with_the_catalog()? {
            let wish = ReleaseWish {
                name: self.name.clone(),
            };
            let answer = server.send("POST", "/api/v1/move/release", &wish).await?;
            return Ok(answer.read::<ReleasedReport>()?.was_held);
        }
        Ok(self.source.whole.hold.release(&self.name).await?)
    }

    /// Returns the server of this machine that serves the index.
    fn server_with_the_catalog(
        &self,
    ) -> anyhow::Result<Option<crate::owners::connection::Connection>> {
        let folder = self.source.served_from.as_deref();
        folder
            .map(|folder| over_socket(folder, &user_agent()))
            .transpose()
    }

    /// Lets the server of this machine hand over to one that serves the place.
    async fn switch(self) -> anyhow::Result<()> {
        let server = self.server_with_the_catalog()?;
        let Self {
            source,
            target,
            config,
            name,
        } = self;
        // The next server needs it for itself.
        drop(target);
        let Some(server) = server else {
            to_stderr(&format!(
                "start the server with `wheelhouse run --config {}`; one that still serves the old place takes no changes\n",
                config.display()
            ));
            return Ok(());
        };
        let wish = SwitchWish {
            config: config.clone(),
        };
        match server.send("POST", "/api/v1/move/switch", &wish).await {
            Ok(_) => {
                to_stderr(&format!(
                    "the server of this machine serves it from there now; let it start with `--config {}` from now on\n",
                    config.display()
                ));
                drop(source);
                Ok(())
            }
            Err(error) => {
                let wish = ReleaseWish { name };
                server.send("POST", "/api/v1/move/release", &wish).await?;
                Err(anyhow!(
                    "{error}; the index goes on where it is, and the copy of it is whole but begins to age: empty that place before the next try"
                ))
            }
        }
    }

    async fn give_up(self) -> anyhow::Result<()> {
        if let Some(hold) = self.source.whole.hold.held().await?
            && hold.has_moved
            && self.target.whole.hold.being_filled().await?.is_none()
        {
            bail!(
                "the index has moved to {}, where it may have been changed since: move it back with `wheelhouse move-to`",
                hold.to
            );
        }
        let was_held = self.release().await?;
        to_stderr(if was_held {
            "the index can be changed again where it is\n"
        } else {
            "the index was not held for this move\n"
        });
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "for an estimate")]
fn to_float(count: u64) -> f64 {
    count as f64
}

/// Says how far a move is, now and then.
async fn tell(progress: Arc<Progress>) {
    loop {
        tokio::time::sleep(TELL).await;
        let (files, bytes) = (progress.files(), progress.bytes());
        to_stderr(&match progress.phase() {
            Phase::Files => format!("{files} of {} files ({bytes} bytes)\n", progress.total()),
            Phase::Records => "the journal, counts and rights\n".to_owned(),
            Phase::Changes | Phase::Rest => {
                format!("{} changes that were made meanwhile\n", progress.events())
            }
            Phase::Waiting | Phase::Done => continue,
        });
    }
}
