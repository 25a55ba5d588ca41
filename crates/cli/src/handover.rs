//! Another server takes over who listens: a process with other settings gets the socket that this one
//! listens on, says when it is ready, and this one takes no more connections. Nobody is refused
//! meanwhile.
//!
//! The socket is the standard input of the new process, as it is for servers that a super-server starts.
//! That it is ready it tells by a signal, SIGUSR1.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::environment::Environment;

/// Tells a process that its standard input is a listener, and who waits for it.
const FROM: &str = "HANDED_OVER_BY";
/// How long the new server may take until it listens.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is looked at whether it has ended instead.
const LOOK: Duration = Duration::from_millis(50);

/// What a process got from the one before it.
#[derive(Debug)]
pub(crate) struct Inherited {
    pub(crate) listener: TcpListener,
    from: Pid,
}

impl Inherited {
    /// Takes what the process before this one has left, if it was started by one.
    ///
    /// # Errors
    /// If it was, and there is nothing to listen on.
    pub(crate) fn take(environment: &Environment) -> io::Result<Option<Self>> {
        let from = environment.text(FROM).and_then(|id| id.parse().ok());
        // A grandchild gets the variable too, and not the socket.
        let Some(from) = from.map(Pid::from_raw).filter(|from| *from == getppid()) else {
            return Ok(None);
        };
        let socket: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
        let listener = TcpListener::from(socket);
        listener.local_addr()?;
        listener.set_nonblocking(true)?;
        Ok(Some(Self { listener, from }))
    }

    /// Tells the process before this one that it may go.
    pub(crate) fn ready(from: Pid) {
        if let Err(error) = kill(from, Signal::SIGUSR1) {
            tracing::error!("cannot tell process {from} that this one listens: {error}");
        }
    }

    /// Returns who waits.
    pub(crate) fn from(&self) -> Pid {
        self.from
    }
}

/// A server that has taken over.
#[derive(Debug)]
pub(crate) struct Successor {
    process: Child,
    // Kept from the start: what this process is told while it takes its leave is for the other one too.
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Successor {
    /// Starts a server with the settings in a file, and waits until it listens.
    ///
    /// # Errors
    /// Why it does not, as a sentence. Then it is ended.
    pub(crate) async fn start(config: &Path, listener: OwnedFd) -> Result<Self, String> {
        let failed = |error: io::Error| format!("the next server cannot be started: {error}");
        let mut told = signal(SignalKind::user_defined1()).map_err(failed)?;
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let program = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(program);
        command
            .arg("run")
            .arg("--config")
            .arg(config)
            .env(FROM, std::process::id().to_string())
            .stdin(Stdio::from(listener));
        // The file says everything: what this server was told does not hold there.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WHEELHOUSE_") {
                command.env_remove(name);
            }
        }
        let mut process = command.spawn().map_err(failed)?;
        let give_up = Instant::now() + PATIENCE;
        loop {
            tokio::select! {
                biased;
                _ = told.recv() => return Ok(Self { process, terminate, interrupt }),
                () = sleep(LOOK) => {}
            }
            match process.try_wait() {
                Ok(None) if Instant::now() < give_up => {}
                Ok(None) => {
                    end(&mut process);
                    return Err(format!(
                        "the next server was not ready within {} seconds, and was ended",
                        PATIENCE.as_secs()
                    ));
                }
                Ok(Some(status)) => {
                    return Err(format!(
                        "the next server did not start ({status}); what it said is in the log of this one"
                    ));
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Waits until it ends, and passes on to it what this process is told.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub(crate) async fn outlast(mut self) -> io::Result<ExitStatus> {
        let id = i32::try_from(self.process.id()).map(Pid::from_raw);
        loop {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
                () = sleep(LOOK) => {
                    if let Some(status) = self.process.try_wait()? {
                        return Ok(status);
                    }
                    continue;
                }
            }
            if let Ok(id) = id {
                // It may have ended just now.
                let _ = kill(id, Signal::SIGTERM);
            }
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended just now.
    let _ = child.kill();
    let _ = child.wait();
}
