//! `/admin/health`: how the server is.

use axum::extract::State as Shares;
use axum::response::Response;
use wheelhouse_index::ports::{DiskRoom, DiskUse, ReplicaState, StoreError};
use wheelhouse_ui::admin::{Figure, HealthPage, HealthPart, PartState, ReplicaLine};

use super::{check_may, figure};
use crate::error::ApiError;
use crate::file_cache::small_files_of;
use crate::kept::Kept;
use crate::routes::pages::own::{Reader, shell_word};
use crate::state::State;

/// A disk with less than one part of so many left needs somebody.
const SCARCE: u64 = 20;

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
    vec![
        storage(state).await,
        disks(state).await,
        background(state).await,
        caches(state),
    ]
}

async fn storage(state: &State) -> HealthPart {
    let ready = state.index.ready().await;
    let counts = state.index.counts().await;
    let file_bytes = state.index.file_bytes().await;
    let is_well = ready.is_ok() && counts.is_ok() && file_bytes.is_ok();
    let counts = counts.unwrap_or_default();
    HealthPart {
        title: "Storage",
        state: if is_well {
            PartState::Well
        } else {
            PartState::Ill
        },
        figures: vec![
            figure("Answers", &said(ready)),
            figure("Projects", &counts.projects),
            figure("Files", &counts.files),
            figure(
                "Files take",
                &file_bytes.map_or_else(|error| error.to_string(), bytes),
            ),
        ],
    }
}

async fn disks(state: &State) -> HealthPart {
    let room = state.room().await;
    let is_full = |room: &DiskRoom| {
        let (free, all) = room.bytes.unwrap_or_default();
        free < all / SCARCE
    };
    let figures = room.iter().map(|room| Figure {
        label: match room.kept {
            DiskUse::Files => "Free for files",
            DiskUse::State => "Free for the state folder",
        },
        text: match room.bytes {
            Some((free, all)) => format!("{} of {} at {}", bytes(free), bytes(all), room.place),
            None => format!("unknown at {}", room.place),
        },
    });
    let mut figures: Vec<_> = figures.collect();
    if figures.is_empty() {
        figures.push(figure("Folders", &"none, or they do not answer"));
    }
    let is_ill = |room: &DiskRoom| room.bytes.is_none() || is_full(room);
    HealthPart {
        title: "Disks of this server",
        state: if room.iter().any(is_ill) {
            PartState::Ill
        } else {
            PartState::Well
        },
        figures,
    }
}

async fn background(state: &State) -> HealthPart {
    let index = &state.index;
    let unread = index.counts().await.map(|counts| counts.unread);
    let downloads = index.noted_downloads();
    let scrub = index.scrubbed().counts();
    let yes = |is: bool| if is { "yes" } else { "not yet" };
    let is_done = unread.as_ref().is_ok_and(|&unread| unread == 0)
        && index.is_listed()
        && state.finding.is_complete();
    HealthPart {
        title: "Background work",
        state: if is_done {
            PartState::Well
        } else {
            PartState::Busy
        },
        figures: vec![
            figure(
                "Files to be read",
                &unread.map_or_else(|error| error.to_string(), |unread| unread.to_string()),
            ),
            figure("Everything is listed", &yes(index.is_listed())),
            figure(
                "Everything can be searched for",
                &yes(state.finding.is_complete()),
            ),
            figure("Downloads that wait to be counted", &downloads.waiting),
            figure("Files read again in this round", &scrub.in_round),
            figure("Files read again since the start", &scrub.files),
            figure("Downloads counted since the start", &downloads.counted),
            figure("Downloads that could not be", &downloads.uncounted),
        ],
    }
}

fn caches(state: &State) -> HealthPart {
    let of = |kept: Kept, limit: u64| {
        format!(
            "{} of {}, {} pieces",
            bytes(kept.bytes),
            bytes(limit),
            kept.entries
        )
    };
    let files = state.settings.file_cache_bytes;
    let small = small_files_of(files);
    HealthPart {
        title: "Caches",
        state: PartState::Well,
        figures: vec![
            figure(
                "Pages",
                &of(state.pages.kept(), state.settings.page_cache_bytes),
            ),
            figure("Small files", &of(state.files.kept(), small)),
            figure(
                "Pieces of large files",
                &of(state.files.chunks.kept(), files - small),
            ),
        ],
    }
}

fn said(result: Result<(), StoreError>) -> String {
    result.map_or_else(|error| error.to_string(), |()| "yes".to_owned())
}

/// Returns a number of bytes as people write it.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn bytes(count: u64) -> String {
    let mut number = count as f64;
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if number < 999.95 {
            return match unit {
                "bytes" => format!("{count} bytes"),
                _ => format!("{number:.1} {unit}"),
            };
        }
        number /= 1_000.0;
    }
    format!("{number:.1} PB")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_with_the_unit_that_fits() {
        for (count, written) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_999, "1.0 MB"),
            (67_108_864, "67.1 MB"),
            (5_000_000_000_000, "5.0 TB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(bytes(count), written);
        }
    }
}
