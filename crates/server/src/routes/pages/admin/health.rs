//! `/admin/health`: how the server is.

use axum::extract::State as Shares;
use axum::response::Response;
use wheelhouse_index::ports::{ReplicaState, StoreError};
use wheelhouse_ui::admin::{HealthPage, HealthPart, ReplicaLine};

use super::{check_may, figure};
use crate::error::ApiError;
use crate::routes::pages::own::{Reader, shell_word};
use crate::state::State;

/// `GET /admin/health`.
pub(super) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    check_may(&state, reader.who())?;
    let names = |paths: Vec<wheelhouse_index::path::FilePath>| {
        paths.iter().map(ToString::to_string).collect()
    };
    let url = reader.info.external.url("");
    let page = HealthPage {
        parts: parts(&state).await,
        replicas: state
            .index
            .replica()
            .known()
            .await
            .map_or_else(|_| Vec::new(), lines),
        damaged: names(state.index.damaged()),
        came_back: names(state.index.came_back().await),
        command: format!("wheelhouse status --server {}", shell_word(&url)),
    };
    reader.show(&state, &page)
}

async fn parts(state: &State) -> Vec<HealthPart> {
    let well = |result: Result<(), StoreError>| match result {
        Ok(()) => (true, "yes".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    let (is_ready, ready) = well(state.index.ready().await);
    let counts = state.index.counts().await;
    let (has_counts, counts) = match counts {
        Ok(counts) => (true, counts),
        Err(_) => (false, wheelhouse_index::ports::Counts::default()),
    };
    let bytes = |bytes: u64| format!("{:.1} MB", mega(bytes));
    let (pages, files, chunks) = (
        state.pages.kept(),
        state.files.kept(),
        state.files.chunks.kept(),
    );
    let scrub = state.index.scrubbed().counts();
    vec![
        HealthPart {
            title: "Storage",
            is_well: is_ready && has_counts,
            figures: vec![
                figure("Answers", &ready),
                figure("Projects", &counts.projects),
                figure("Files", &counts.files),
            ],
        },
        HealthPart {
            title: "Background work",
            is_well: counts.unread == 0,
            figures: vec![
                figure("Files to be read", &counts.unread),
                figure("Files read again in this round", &scrub.in_round),
                figure("Read again since the start", &bytes(scrub.bytes)),
            ],
        },
        HealthPart {
            title: "Caches",
            is_well: true,
            figures: vec![
                figure("Pages", &pages.entries),
                figure("Pages take", &bytes(pages.bytes)),
                figure("Small files", &files.entries),
                figure("Small files take", &bytes(files.bytes)),
                figure("Pieces of files", &chunks.entries),
                figure("Pieces take", &bytes(chunks.bytes)),
            ],
        },
    ]
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn lines(replicas: Vec<ReplicaState>) -> Vec<ReplicaLine> {
    replicas
        .into_iter()
        .map(|replica| ReplicaLine {
            name: replica.name,
            is_this: replica.is_this,
            serial: replica.followed.serial.0,
            lease_ms: replica.lease_ms,
        })
        .collect()
}
