//! Connections: how they are made, how many there are, and how long they are waited for.

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::PostgresAddress;
use super::failure::{Failure, Outcome};

/// How long a free connection is waited for, or a new one.
const WAIT: Duration = Duration::from_secs(6);

/// What is asked for on every new connection. A commit that is not on the disk yet is not answered;
/// what waits for more than that, such as for standbys, stays so.
const NEW_CONNECTION: &str = "SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'";

/// Makes a pool of at most `size` connections. None is made before it is needed.
pub(super) fn pool(address: &PostgresAddress, size: usize) -> Outcome<Pool> {
    // A connection that broke is noticed when it breaks: asking each time would cost a round trip.
    let config = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match &address.tls {
        None => Manager::from_config(address.config.clone(), NoTls, config),
        Some(tls) => {
            let connect = MakeRustlsConnect::new((**tls).clone());
            Manager::from_config(address.config.clone(), connect, config)
        }
    };
    let make_ready = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move {
            let asked = client.batch_execute(NEW_CONNECTION).await;
            asked.map_err(HookError::Backend)
        })
    });
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .post_create(make_ready)
        .build()
        .map_err(|_| Failure::Closed)
}

/// Returns a connection that works as far as is known.
pub(super) async fn connection(pool: &Pool) -> Outcome<Object> {
    pool.get().await.map_err(|error: PoolError| error.into())
}

/// Gives up all connections that nobody uses, after one was found to be lost: what took that one has
/// mostly taken the others too.
pub(super) fn renew(pool: &Pool) {
    pool.retain(|_, _| false);
}
