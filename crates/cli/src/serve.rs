//! Runs the server: opens everything, says where it is, serves until it is told to stop.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::net::{TcpListener, UnixListener, lookup_host};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use wheelhouse_server::Farewell;
use wheelhouse_store::state::bind_socket;

use crate::banner;
use crate::environment::{Environment, settings_file};
use crate::handover::{Inherited, Successor};
use crate::own_moving::OwnMoving;
use crate::program::to_stderr;
use crate::public_index::{self, BAKED_IN, OwnAddress, PublicIndex, Search, Surroundings};
use crate::settings::{BindSettings, FallbackMode, RunSettings};
use crate::wiring::{self, Wired};

/// Serves until the process is asked to stop, by SIGTERM or SIGINT, or until another server has taken
/// over, which is returned then. Requests that are under way may end; a second signal ends the
/// program at once.
///
/// # Errors
/// Whatever kept the server from starting.
pub(crate) async fn serve(
    settings: RunSettings,
    environment: &Environment,
) -> anyhow::Result<Option<Successor>> {
    let mut stop = pin!(stop_signal()?);
    let inherited = Inherited::take(environment).context("cannot take over a listener")?;
    let predecessor = inherited.as_ref().map(Inherited::from);
    let listener = match inherited {
        Some(inherited) => TcpListener::from_std(inherited.listener)?,
        None => bind(&settings.bind).await?,
    };
    let address = listener
        .local_addr()
        .context("cannot tell the address that is listened on")?;
    let fallback = fallback(&settings, environment, address);
    let fallback_url = match settings.fallback.mode {
        FallbackMode::Off => None,
        FallbackMode::Given => settings.fallback.url.clone(),
        FallbackMode::Known => fallback.url().map(str::to_owned),
    };
    let wired = wiring::wire(&settings, environment, fallback_url).await?;
    let socket = socket(&wired);
    let (moving, mut successors, spare) = OwnMoving::new(&wired, &listener)?;
    to_stderr(&banner::text(
        &settings,
        address,
        &wired.state_note,
        &fallback,
    ));
    // Until it is known what is here, no project may be looked for elsewhere: clients wait in the
    // listener's queue.
    tokio::select! {
        () = first_scan(wired.first_scan) => {}
        () = &mut stop => return Ok(None),
    }
    tracing::info!("listening on {address}");
    let (index, finding) = wired.search;
    tokio::spawn(index.keep_finding(finding));
    if let Some(scrub) = wired.scrub {
        tokio::spawn(scrub.run());
    }
    // Not before: the ACME server asks back.
    if let Some(acme) = wired.acme {
        tokio::spawn(acme.keep());
    }
    if let Some(predecessor) = predecessor {
        Inherited::ready(predecessor);
    }
    let mut administrator = wired.server.administrator_api();
    if let Some(moving) = moving {
        administrator = administrator.with_moving(Arc::new(moving));
    }
    let mut successor = None;
    let farewell = async {
        let farewell = tokio::select! {
            () = stop => Farewell::Ending,
            Some(next) = successors.recv() => {
                successor = Some(next);
                Farewell::Replaced
            }
        };
        spare.close();
        farewell
    };
    let over_socket = async {
        match socket {
            Some(socket) => administrator.serve(socket, std::future::pending()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wired.server.serve(listener, farewell) => {}
        () = over_socket => {}
    }
    wired.index.write_last_downloads().await;
    wired.replica.leave().await;
    tracing::info!("stopped");
    Ok(successor)
}

/// Opens the socket for this machine's administrator. A server without one still serves.
fn socket(wired: &Wired) -> Option<UnixListener> {
    let (folder, lock) = (wired.state_folder.as_deref()?, wired.lock.as_ref()?);
    let listener = bind_socket(folder, lock).and_then(UnixListener::from_std);
    listener
        .inspect_err(|error| {
            tracing::warn!(
                "there is no socket in the state folder, so `wheelhouse yank` and its like cannot reach this server without --server: {error}"
            );
        })
        .ok()
}

async fn bind(settings: &BindSettings) -> anyhow::Result<TcpListener> {
    let host = settings.host.trim_matches(['[', ']']);
    let addresses: Vec<SocketAddr> = lookup_host((host, settings.port))
        .await
        .map_err(|error| {
            anyhow!("cannot listen on `{host}`, which has no address ({error}); --host gives another, such as 127.0.0.1")
        })?
        .collect();
    let mut failure = anyhow!("cannot listen on `{host}`, which has no address");
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                failure = anyhow!(
                    "cannot listen on {address}: another program has this port; stop it, or choose another port with --port"
                );
            }
            Err(error) => {
                failure = anyhow!(
                    "cannot listen on {address}: {error}; --host and --port choose another address"
                );
            }
        }
    }
    Err(failure)
}

/// Finds out where the public index is, in case projects are to be looked for there.
fn fallback(settings: &RunSettings, environment: &Environment, address: SocketAddr) -> PublicIndex {
    let machine_name = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok());
    let names: Vec<String> = machine_name.into_iter().collect();
    let own_address = OwnAddress::new(&settings.bind.host, address.port(), &names);
    public_index::look_up(
        &Search {
            given: settings.fallback.url.as_deref(),
            read_installer_settings: settings.fallback.read_installer_settings,
            own_address: Some(&own_address),
        },
        &Surroundings {
            variable: &|name| environment.text(name),
            file: &settings_file,
            home: environment.home.as_deref(),
            baked_in: BAKED_IN,
        },
    )
}

/// Waits until everything that was there at the start is listed.
async fn first_scan(mut done: oneshot::Receiver<()>) {
    while tokio::time::timeout(Duration::from_secs(5), &mut done)
        .await
        .is_err()
    {
        tracing::warn!("still looking through the folders; clients wait");
    }
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests that are under way may end");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    })
}
