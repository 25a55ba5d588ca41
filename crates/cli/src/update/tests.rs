//! Whole updates against an index on loopback.

use std::convert::Infallible;
use std::path::Path;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;
use crate::settings::{LogOutput, LoggingSettings};

/// Serves the pages of an index on a free port of loopback and returns its address.
async fn index(page_of: impl Fn(&str) -> Option<String> + Clone + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let page_of = page_of.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = match page_of(request.uri().path()) {
                    Some(page) => Response::builder()
                        .header("content-type", "application/vnd.pypi.simple.v1+json")
                        .body(Full::new(Bytes::from(page))),
                    None => Response::builder().status(404).body(Full::default()),
                };
                async { Ok::<_, Infallible>(answer.expect("a valid answer")) }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    format!("http://{address}/simple")
}

fn page(names: &[&str]) -> String {
    let files: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"filename": "{name}", "url": "{name}", "hashes": {{}}}}"#))
        .collect();
    format!(r#"{{"files": [{}]}}"#, files.join(", "))
}

fn settings(root: &Path, index_url: Option<String>) -> UpdateSettings {
    UpdateSettings {
        roots: vec![root.to_owned()],
        execute: false,
        download_folder: None,
        allow_unstable: false,
        ignored_projects: Vec::new(),
        index_url,
        read_installer_settings: false,
        logging: LoggingSettings {
            verbosity: 0,
            file: None,
            stream: None,
            output: LogOutput::Text,
            line_format: None,
            request_format: None,
            response_format: None,
            error_format: None,
        },
        notes: Vec::new(),
    }
}

fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in names {
        std::fs::write(folder.path().join(name), "").expect("a file");
    }
    folder
}

async fn run(settings: &UpdateSettings) -> (Result<UpdateOutcome, UpdateError>, String) {
    let mut out = Vec::new();
    let nothing = Surroundings {
        variable: &|_| None,
        file: &|_| None,
        home: None,
        baked_in: None,
    };
    let outcome = update(settings, &nothing, &mut out).await;
    (outcome, String::from_utf8(out).expect("text"))
}

#[tokio::test]
async fn newer_releases_are_proposed_and_the_rest_is_told() {
    let root = folder(&[
        "Alpha-1.0.tar.gz",
        "beta-1.0.tar.gz",
        "gamma-1.0.tar.gz",
        "Ignored_One-1.0.tar.gz",
        "sp ace-1.0.zip",
    ]);
    let url = index(|path| match path {
        "/simple/alpha/" => Some(page(&["alpha-1.1.tar.gz", "alpha-2.0rc1.tar.gz"])),
        "/simple/beta/" => Some(page(&["beta-1.0.0.tar.gz"])),
        "/simple/ignored-one/" => Some(page(&["ignored_one-9.tar.gz"])),
        _ => None,
    })
    .await;
    let mut settings = settings(root.path(), Some(url.clone()));
    settings.ignored_projects = vec!["ignored.ONE".to_owned()];

    let folder = root.path().display();
    let (outcome, out) = run(&settings).await;
    assert_eq!(
        out,
        format!(
            "checking 4 packages for newer version\n\nu.ee\n\n\
             no releases found at {url} for gamma, sp ace\n\n\
             # update Alpha from 1.0 to 1.1\n\
             pip -q download --no-deps -i {url} -d {folder} Alpha==1.1\n\n"
        )
    );
    let expected = UpdateOutcome {
        newer: 1,
        missing: 2,
        failed_lookups: 0,
        failed_downloads: 0,
    };
    assert_eq!(outcome.unwrap(), expected);

    settings.allow_unstable = true;
    settings.download_folder = Some("/new files".into());
    let (_, out) = run(&settings).await;
    assert!(out.contains("# update Alpha from 1.0 to 2.0rc1\n"), "{out}");
    assert!(out.contains(" -d '/new files' Alpha==2.0rc1\n"), "{out}");
}

#[tokio::test]
async fn progress_has_forty_marks_a_line_in_the_order_of_names() {
    let names: Vec<String> = (0..85).map(|n| format!("p{n:02}-1.0.zip")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = folder(&names);
    let url = index(|path| {
        let name = path.trim_start_matches("/simple/").trim_end_matches('/');
        let is_newer = name == "p00" || name == "p41";
        let version = if is_newer { "2.0" } else { "1.0" };
        Some(page(&[&format!("{name}-{version}.zip")]))
    })
    .await;
    let (outcome, out) = run(&settings(root.path(), Some(url))).await;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "checking 85 packages for newer version");
    assert_eq!(lines[2], format!("u{}", ".".repeat(39)));
    assert_eq!(lines[3], format!(".u{}", ".".repeat(38)));
    assert_eq!(lines[4], ".....");
    assert_eq!(outcome.unwrap().newer, 2);
}

#[tokio::test]
async fn index_that_does_not_work_is_one_sentence() {
    let root = folder(&["alpha-1.0.zip", "beta-1.0.zip"]);
    let url = index(|_| Some("<html>".to_owned())).await;
    let (outcome, out) = run(&settings(root.path(), Some(url))).await;
    assert!(
        out.contains("\nee\n\ncould not look up alpha, beta (alpha: "),
        "{out}"
    );
    assert!(out.contains("is not a page of a package index"), "{out}");
    assert_eq!(outcome.unwrap().failed_lookups, 2);
}

#[tokio::test]
async fn index_that_is_away_is_not_asked_for_every_project() {
    let names: Vec<String> = (0..60).map(|n| format!("p{n:02}-1.0.zip")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = folder(&names);
    // Nothing listens on a port that was just given back.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/simple", port.local_addr().unwrap());
    drop(port);
    let (outcome, out) = run(&settings(root.path(), Some(url))).await;
    assert!(out.contains("could not look up p00, p01, "), "{out}");
    assert!(out.contains("did not ask for p"), "{out}");
    assert!(
        out.contains("p59, because the index does not answer"),
        "{out}"
    );
    assert_eq!(outcome.unwrap().failed_lookups, 60);
}

#[test]
fn without_an_index_the_ways_to_name_one_are_told() {
    let root = folder(&[]);
    let nothing = Surroundings {
        variable: &|_| None,
        file: &|_| None,
        home: None,
        baked_in: None,
    };
    let settings = settings(root.path(), None);
    let error = index_address(&settings, &nothing).unwrap_err();
    assert!(matches!(error, UpdateError::NoIndex(_)), "{error}");
    for way in ["`--index-url URL`", "WHEELHOUSE_PUBLIC_INDEX"] {
        assert!(error.to_string().contains(way), "{error}");
    }
    let baked = Surroundings {
        baked_in: Some("https://index.example/simple/"),
        ..nothing
    };
    let url = index_address(&settings, &baked).unwrap();
    assert_eq!(url.as_str(), "https://index.example/simple");
}
