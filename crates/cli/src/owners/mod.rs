//! What owners do from the command line. Each command is a call of the API: of a server over the
//! network, of the one that serves a folder on this machine over its socket, or, if none does, of
//! the same code within this process.

mod access;
pub(crate) mod connection;
mod credentials;
mod log;
mod show;
mod since;
mod stats;
mod target;
mod trail;

use std::ffi::OsString;

use anyhow::{Context, anyhow};
use serde::Serialize;
use wheelhouse_server::api::{ChangeReport, ChangeWish, StatusName, StatusWish, YankWish};

use self::since::Since;
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::CommandName;
use crate::options::defs::owners as defs;
use crate::options::value::Value;
use crate::program::{print, to_stderr};
use connection::Connection;
pub(crate) use connection::become_owner;
use target::Target;

/// The words for the status of a project.
const STATUSES: &[&str] = &["active", "archived", "deprecated", "quarantined"];

/// Carries out a command for owners.
pub(crate) fn carry_out(
    command: CommandName,
    parsed: Parsed,
    environment: &Environment,
) -> Result<(), Failure> {
    if defs::ACCESS.contains(&command) {
        return access::carry_out(command, parsed, environment);
    }
    let words = Words::of(&parsed)?;
    // Read before anything is opened: a wrong word should cost nothing.
    let target = match command {
        CommandName::Log => None,
        _ => words.first().map(Target::read).transpose()?,
    };
    let status = match words.get(1) {
        Some(word) => Some(status_named(word)?),
        None => None,
    };
    let options = Options::of(&parsed)?;
    if let (CommandName::Stats, Some(target)) = (command, &target) {
        target.whole_project()?;
    }
    if let (CommandName::Status, Some(target)) = (command, &target) {
        target.whole_project()?;
        if status.is_none() && options.reason.is_some() {
            return Err(UsageError::Words {
                command: "status",
                usage: "PROJECT STATUS --reason TEXT",
            }
            .into());
        }
    }
    let runtime = threads()?;
    let done = runtime.block_on(async {
        let connection = connection::connect(parsed, &options, environment).await?;
        match (command, target) {
            (CommandName::Log, _) if options.access => trail::trail(&connection, &options).await,
            (CommandName::Log, _) if options.all => log::everything(&connection, &options).await,
            (CommandName::Log, _) => log::log(&connection, &options).await,
            (CommandName::Stats, None) => stats::index(&connection, &options).await,
            (CommandName::Stats, Some(target)) => {
                stats::project(&connection, &options, target.whole_project()?).await
            }
            (_, None) => show::index(&connection, &options).await,
            (CommandName::Status, Some(target)) => {
                let project = target.whole_project()?;
                match status {
                    None => show::project(&connection, &options, project).await,
                    Some(status) => set_status(&connection, &options, project, status).await,
                }
            }
            (command, Some(target)) => change(&connection, &options, command, &target).await,
        }
    });
    // Files that are being read for their digests are not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    done
}

/// Starts the threads that a command needs.
fn threads() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads of the program")
}

/// The words of a command that are no options.
struct Words(Vec<String>);

impl Words {
    fn of(parsed: &Parsed) -> Result<Self, UsageError> {
        let word = |word: &OsString| {
            word.to_str()
                .map(str::to_owned)
                .ok_or_else(|| UsageError::BadTarget {
                    word: word.to_string_lossy().into_owned(),
                    reason: "it is not valid UTF-8",
                })
        };
        parsed
            .free
            .iter()
            .map(word)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn first(&self) -> Option<&str> {
        self.get(0)
    }

    fn get(&self, place: usize) -> Option<&str> {
        self.0.get(place).map(String::as_str)
    }
}

fn status_named(word: &str) -> Result<StatusName, UsageError> {
    match word.to_ascii_lowercase().as_str() {
        "active" => Ok(StatusName::Active),
        "archived" => Ok(StatusName::Archived),
        "deprecated" => Ok(StatusName::Deprecated),
        "quarantined" => Ok(StatusName::Quarantined),
        _ => Err(UsageError::NotOneOf {
            word: word.to_owned(),
            words: STATUSES,
        }),
    }
}

/// What the options of a command say.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
struct Options {
    server: Option<String>,
    user: Option<String>,
    insecure_http: bool,
    dir: Option<std::path::PathBuf>,
    reason: Option<String>,
    dry_run: bool,
    yes: bool,
    json: bool,
    project: Option<String>,
    kind: Option<String>,
    since: Option<Since>,
    limit: usize,
    follow: bool,
    access: bool,
    all: bool,
    actor: Option<String>,
    owner: Option<String>,
    rights: Option<String>,
    projects: Option<Vec<String>>,
    days: Option<u64>,
    stats_days: Option<u64>,
}

impl Options {
    fn of(parsed: &Parsed) -> Result<Self, UsageError> {
        let text = |option| parsed.text(option);
        let truth = |option| parsed.truth(option);
        let options = Self {
            server: text(&defs::SERVER_URL),
            user: text(&defs::USER),
            insecure_http: truth(&defs::INSECURE_HTTP),
            dir: match parsed.value(&defs::DIR) {
                Some(Value::Path(path)) => Some(path.clone()),
                _ => None,
            },
            reason: text(&defs::REASON),
            dry_run: truth(&defs::DRY_RUN),
            yes: truth(&defs::YES),
            json: truth(&defs::JSON),
            project: text(&defs::PROJECT),
            kind: text(&defs::KIND),
            since: text(&defs::SINCE).and_then(|since| since.parse().ok()),
            limit: parsed
                .number(&defs::LIMIT)
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(50),
            follow: truth(&defs::FOLLOW),
            access: truth(&defs::ACCESS_TRAIL),
            all: truth(&defs::ALL_EVENTS),
            actor: text(&defs::ACTOR),
            owner: text(&defs::OWNER),
            rights: text(&defs::RIGHTS),
            projects: match parsed.value(&defs::PROJECTS) {
                Some(Value::List(patterns)) => {
                    Some(patterns.iter().map(|one| one.trim().to_owned()).collect())
                }
                _ => None,
            },
            days: parsed.number(&defs::DAYS),
            stats_days: parsed.number(&defs::STATS_DAYS),
        };
        if options.server.is_some() && options.dir.is_some() {
            return Err(UsageError::Together {
                one: "server",
                other: "dir",
            });
        }
        let (follow, access, all) = (options.follow, options.access, options.all);
        for (is_given, one, other) in [
            (access && all, "access", "all"),
            (follow && access, "follow", "access"),
            (follow && all, "follow", "all"),
        ] {
            if is_given {
                return Err(UsageError::Together { one, other });
            }
        }
        Ok(options)
    }
}

/// Fails with what to write where a text says no moment and no serial.
pub(crate) fn check_since(text: &str) -> Result<(), String> {
    text.parse::<Since>().map(|_| ())
}

async fn change(
    connection: &Connection,
    options: &Options,
    command: CommandName,
    target: &Target,
) -> Result<(), Failure> {
    let path = format!(
        "/api/v1/projects/{}/{}",
        target.project_in_address(),
        command.as_str()
    );
    if command == CommandName::Yank {
        let wish = YankWish {
            version: target.version.clone(),
            file: target.file.clone(),
            reason: options.reason.clone(),
            dry_run: options.dry_run,
        };
        let answer = connection.send("POST", &path, &wish).await?;
        return report(options, &answer);
    }
    let wish = ChangeWish {
        version: target.version.clone(),
        file: target.file.clone(),
        dry_run: options.dry_run,
    };
    if command == CommandName::Delete && !options.dry_run && !options.yes {
        let trial = ChangeWish {
            dry_run: true,
            ..wish.clone()
        };
        let plan: ChangeReport = connection.send("POST", &path, &trial).await?.read()?;
        if !plan.changes.is_empty() && !is_agreed(&plan)? {
            return Err(anyhow!("nothing was deleted").into());
        }
    }
    let answer = connection.send("POST", &path, &wish).await?;
    report(options, &answer)
}

async fn set_status(
    connection: &Connection,
    options: &Options,
    project: String,
    status: StatusName,
) -> Result<(), Failure> {
    let wish = StatusWish {
        status,
        reason: options.reason.clone(),
        dry_run: options.dry_run,
    };
    let path = format!("/api/v1/projects/{project}/status");
    let answer = connection.send("PUT", &path, &wish).await?;
    report(options, &answer)
}

fn report(options: &Options, answer: &connection::Answer) -> Result<(), Failure> {
    if options.json {
        return print(&answer.text());
    }
    let report: ChangeReport = answer.read()?;
    for warning in &report.warnings {
        to_stderr(&format!("warning: {warning}\n"));
    }
    print(&show::changes(&report))
}

/// Asks a person whether files should be deleted.
fn is_agreed(plan: &ChangeReport) -> Result<bool, Failure> {
    use std::io::{BufRead, IsTerminal, Write};
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(anyhow!(
            "nobody can be asked here whether to delete; look with --dry-run, then say --yes"
        )
        .into());
    }
    let mut question = show::changes(plan);
    question.push_str("delete? [y/N] ");
    let mut stderr = std::io::stderr();
    let asked = stderr
        .write_all(question.as_bytes())
        .and_then(|()| stderr.flush());
    asked.context("cannot ask")?;
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    read.context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and lists are always JSON")
}
