//! Counters for operators. Labels come from closed sets: never a project, a user or an address.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use wheelhouse_index::downloads::Noted;
use wheelhouse_index::ports::{Counts, DiskRoom, DiskUse};
use wheelhouse_index::scrubbed::ScrubCounts;

use crate::durations::Durations;
use crate::route::Route;

static METADATA: Metadata<'static> = Metadata::new("wheelhouse", Level::INFO, None);
const SECONDS: &str = "wheelhouse_request_duration_seconds";
/// Statuses that are counted by their own number; all others as `other`.
const STATUSES: &[u16] = &[
    200, 206, 301, 302, 303, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 416, 429,
    500, 503, 507,
];
const METHODS: &[&str] = &["GET", "HEAD", "POST", "OPTIONS", "other"];

/// The counters, each found once, at the start.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// By route, method and status, in the order of their closed sets.
    requests: Vec<Counter>,
    durations: Vec<Durations>,
    pub(crate) connections: Gauge,
    pub(crate) uploads: Counter,
    pub(crate) failed_sign_ins: Counter,
    /// Requests that were refused because of too many failed sign-ins.
    pub(crate) limited_sign_ins: Counter,
    /// Uploads that were refused because of too many.
    pub(crate) limited_uploads: Counter,
    /// By limit, in the order of [`RequestLimit::ALL`].
    limited_requests: Vec<Counter>,
}

/// A limit that a request or a connection can exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestLimit {
    /// More bytes than a body may have.
    BodySize,
    /// Nothing came for too long in the middle of a body.
    BodyTime,
    /// More bytes than a head may have.
    HeadSize,
    /// A head that did not come to its end in time.
    HeadTime,
    /// More connections than may be open.
    Connections,
}

impl RequestLimit {
    const ALL: [Self; 5] = [
        Self::BodySize,
        Self::BodyTime,
        Self::HeadSize,
        Self::HeadTime,
        Self::Connections,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::BodySize => "body-size",
            Self::BodyTime => "body-time",
            Self::HeadSize => "head-size",
            Self::HeadTime => "head-time",
            Self::Connections => "connections",
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let mut requests = Vec::new();
        for route in Route::ALL {
            let route_label = || Label::from_static_parts("route", route.template());
            for method in METHODS {
                for status in STATUSES
                    .iter()
                    .map(ToString::to_string)
                    .chain(["other".into()])
                {
                    let labels = vec![
                        route_label(),
                        Label::from_static_parts("method", method),
                        Label::new("status", status),
                    ];
                    let key = Key::from_parts("wheelhouse_requests_total", labels);
                    requests.push(recorder.register_counter(&key, &METADATA));
                }
            }
        }
        let limited_requests = RequestLimit::ALL.iter().map(|limit| {
            let label = Label::from_static_parts("limit", limit.name());
            let key = Key::from_parts("wheelhouse_limited_requests_total", vec![label]);
            recorder.register_counter(&key, &METADATA)
        });
        let limited_requests = limited_requests.collect();
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        Self {
            connections: gauge("wheelhouse_connections"),
            uploads: counter("wheelhouse_uploads_total"),
            failed_sign_ins: counter("wheelhouse_failed_sign_ins_total"),
            limited_sign_ins: counter("wheelhouse_limited_sign_ins_total"),
            limited_uploads: counter("wheelhouse_limited_uploads_total"),
            limited_requests,
            requests,
            durations: Route::ALL.iter().map(|_| Durations::default()).collect(),
            handle,
            recorder,
        }
    }

    /// Counts a request or a connection that exceeded a limit.
    pub(crate) fn limited(&self, limit: RequestLimit) {
        self.limited_requests[limit as usize].increment(1);
    }

    /// Counts an answered request.
    pub(crate) fn answered(
        &self,
        route: Route,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let method = METHODS
            .iter()
            .position(|&known| known == method.as_str())
            .unwrap_or(METHODS.len() - 1);
        let status = STATUSES
            .iter()
            .position(|&known| known == status.as_u16())
            .unwrap_or(STATUSES.len());
        let place = (route as usize * METHODS.len() + method) * (STATUSES.len() + 1) + status;
        self.requests[place].increment(1);
        self.durations[route as usize].record(took);
    }

    /// Takes note of what was found damaged, and how much was read to find it.
    #[expect(clippy::cast_precision_loss, reason = "no index holds 2^52 files")]
    pub(crate) fn note_scrub(&self, damaged: usize, scrub: ScrubCounts) {
        let key = Key::from_static_name("wheelhouse_damaged_files");
        self.recorder
            .register_gauge(&key, &METADATA)
            .set(damaged as f64);
        for (name, value) in [
            ("wheelhouse_scrubbed_files_total", scrub.files),
            ("wheelhouse_scrubbed_bytes_total", scrub.bytes),
            ("wheelhouse_scrub_rounds_total", scrub.rounds),
        ] {
            let key = Key::from_static_name(name);
            self.recorder
                .register_counter(&key, &METADATA)
                .absolute(value);
        }
    }

    /// Renders all counters in Prometheus's text form. Those that never counted are left out.
    #[expect(clippy::cast_precision_loss, reason = "no index holds 2^52 files")]
    pub(crate) fn render(&self, counts: Counts, downloads: Noted, room: &[DiskRoom]) -> String {
        for (name, value) in [
            ("wheelhouse_projects", counts.projects),
            ("wheelhouse_files", counts.files),
            ("wheelhouse_unread_files", counts.unread),
            ("wheelhouse_waiting_downloads", downloads.waiting),
        ] {
            let key = Key::from_static_name(name);
            self.recorder
                .register_gauge(&key, &METADATA)
                .set(value as f64);
        }
        for (name, value) in [
            ("wheelhouse_counted_downloads_total", downloads.counted),
            ("wheelhouse_uncounted_downloads_total", downloads.uncounted),
        ] {
            let key = Key::from_static_name(name);
            self.recorder
                .register_counter(&key, &METADATA)
                .absolute(value);
        }
        for (kept, label) in [(DiskUse::Files, "files"), (DiskUse::State, "state")] {
            // The folder that is full first.
            let of_kind = room.iter().filter(|room| room.kept == kept);
            let free = of_kind.filter_map(|room| room.bytes).map(|(free, _)| free);
            if let Some(free) = free.min() {
                let labels = vec![Label::from_static_parts("kept", label)];
                let key = Key::from_parts("wheelhouse_disk_free_bytes", labels);
                let gauge = self.recorder.register_gauge(&key, &METADATA);
                gauge.set(free as f64);
            }
        }
        self.handle.run_upkeep();
        let is_idle =
            |line: &&str| !(line.starts_with("wheelhouse_requests_total{") && line.ends_with(" 0"));
        let text = self.handle.render();
        let mut shown = String::with_capacity(text.len());
        for line in text.lines().filter(is_idle) {
            shown.push_str(line);
            shown.push('\n');
        }
        let _ = writeln!(shown, "# TYPE {SECONDS} histogram");
        for (route, durations) in Route::ALL.iter().zip(&self.durations) {
            let label = format!("route=\"{}\"", route.template());
            durations.render(&mut shown, SECONDS, &label);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answered_request_is_counted_under_its_route_method_and_status() {
        let metrics = Metrics::new();
        metrics.answered(
            Route::ProjectPage,
            &Method::GET,
            StatusCode::OK,
            Duration::from_millis(2),
        );
        metrics.answered(
            Route::ProjectPage,
            &Method::DELETE,
            StatusCode::IM_A_TEAPOT,
            Duration::ZERO,
        );
        let counts = Counts {
            projects: 3,
            files: 4,
            unread: 0,
        };
        let noted = Noted {
            counted: 12,
            uncounted: 1,
            waiting: 2,
        };
        let scrub = ScrubCounts {
            files: 5,
            ..ScrubCounts::default()
        };
        metrics.note_scrub(1, scrub);
        let room = |kept, free| DiskRoom {
            kept,
            place: "somewhere".to_owned(),
            bytes: Some((free, 900)),
        };
        let room = [
            room(DiskUse::Files, 500),
            room(DiskUse::Files, 300),
            DiskRoom {
                bytes: None,
                ..room(DiskUse::State, 1)
            },
        ];
        let text = metrics.render(counts, noted, &room);
        assert!(!text.contains("kept=\"state\""), "{text}");
        for line in [
            r#"wheelhouse_requests_total{route="/simple/{project}/",method="GET",status="200"} 1"#,
            r#"wheelhouse_requests_total{route="/simple/{project}/",method="other",status="other"} 1"#,
            "wheelhouse_projects 3",
            "wheelhouse_damaged_files 1",
            "wheelhouse_scrubbed_files_total 5",
            "wheelhouse_counted_downloads_total 12",
            "wheelhouse_uncounted_downloads_total 1",
            "wheelhouse_waiting_downloads 2",
            r#"wheelhouse_disk_free_bytes{kept="files"} 300"#,
            r#"wheelhouse_request_duration_seconds_bucket{route="/simple/{project}/",le="0.005"} 2"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(
            !text.contains("} 0\n") || !text.contains("status=\"206\"} 0"),
            "{text}"
        );
    }
}
