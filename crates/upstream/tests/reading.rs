//! Reading another index, over real sockets on loopback.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use support::{TestIndex, page, redirect, status};
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_upstream::{IndexReader, LookupError, Proxies, ReaderSettings, UpstreamPage};

const JSON: &str = "application/vnd.pypi.simple.v1+json";

fn settings() -> ReaderSettings {
    ReaderSettings {
        retry_delay: Duration::from_millis(1),
        ..ReaderSettings::default()
    }
}

async fn read(index: &TestIndex, settings: ReaderSettings) -> Result<UpstreamPage, LookupError> {
    let demo = ProjectKey::of("demo").expect("a name");
    let reader = IndexReader::new(&settings).expect("good settings");
    reader.project(&index.url(), &demo).await
}

#[tokio::test]
async fn json_is_asked_for_first_and_read() {
    let index = TestIndex::start(|_| {
        page(
            JSON,
            r#"{"meta": {"api-version": "1.4"}, "name": "Demo", "versions": ["1.0"],
                "files": [{"filename": "demo-1.0.tar.gz", "url": "/files/demo-1.0.tar.gz",
                           "hashes": {}, "yanked": false}]}"#,
        )
    })
    .await;
    let page = read(&index, settings()).await.unwrap();
    assert_eq!(page.versions, ["1.0"]);
    assert_eq!(page.files[0].url, index.at("/files/demo-1.0.tar.gz"));

    let [request] = &index.seen()[..] else {
        panic!("one request")
    };
    assert_eq!(request.uri().path(), "/simple/demo/");
    assert_eq!(
        request.headers()["accept"],
        "application/vnd.pypi.simple.v1+json, \
         application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
    );
    let agent = request.headers()["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("wheelhouse/"), "{agent}");
}

#[tokio::test]
async fn html_is_read_where_there_is_no_json() {
    let index = TestIndex::start(|_| {
        page(
            "text/html",
            "<a href=\"demo-1.0.tar.gz#sha256=00\" data-yanked>demo-1.0.tar.gz</a>",
        )
    })
    .await;
    let page = read(&index, settings()).await.unwrap();
    assert_eq!(page.files[0].url, index.at("/simple/demo/demo-1.0.tar.gz"));
    assert_eq!(page.files[0].yanked.reason(), Some(""));
}

#[tokio::test]
async fn links_are_relative_to_where_the_redirects_end() {
    let index = TestIndex::start(|request| match request.uri().path() {
        "/simple/demo/" => redirect("/mirror/demo"),
        "/mirror/demo" => redirect("/mirror/demo/"),
        _ => page("text/html", "<a href=d-1.zip>d-1.zip</a>"),
    })
    .await;
    let page = read(&index, settings()).await.unwrap();
    assert_eq!(page.files[0].url, index.at("/mirror/demo/d-1.zip"));
}

#[tokio::test]
async fn redirects_without_end_are_given_up() {
    let index = TestIndex::start(|_| redirect("/simple/demo/")).await;
    let error = read(&index, settings()).await.unwrap_err();
    assert!(matches!(error, LookupError::Redirect { .. }), "{error}");
    assert!(
        error.to_string().contains("more than 5 redirects"),
        "{error}"
    );
    assert_eq!(index.seen().len(), 6, "the page and five redirects");
}

#[tokio::test]
async fn reader_that_stays_takes_another_host_as_not_found() {
    let other = TestIndex::start(|_| page("text/html", "<a href=d-1.zip>d-1.zip</a>")).await;
    // The same listener under another name.
    let mut elsewhere = other.at("/simple/demo/");
    elsewhere.set_host(Some("localhost")).unwrap();
    let index = TestIndex::start(move |request| match request.uri().path() {
        "/simple/demo/" => redirect("/mirror/demo/"),
        _ => redirect(elsewhere.as_str()),
    })
    .await;
    let stays = ReaderSettings {
        stays: true,
        ..settings()
    };
    let error = read(&index, stays).await.unwrap_err();
    assert!(matches!(error, LookupError::NotFound { .. }), "{error}");
    assert_eq!(
        index.seen().len(),
        2,
        "redirects within the host are followed"
    );
    assert!(other.seen().is_empty(), "the other host hears no names");
    assert_eq!(read(&index, settings()).await.unwrap().files.len(), 1);
}

#[tokio::test]
async fn missing_project_is_told_from_a_fault() {
    let index = TestIndex::start(|_| status(404)).await;
    let error = read(&index, settings()).await.unwrap_err();
    assert!(matches!(error, LookupError::NotFound { .. }), "{error}");
    assert_eq!(index.seen().len(), 1, "asked once");

    let index = TestIndex::start(|_| status(403)).await;
    let error = read(&index, settings()).await.unwrap_err();
    assert!(
        matches!(error, LookupError::Status { status: 403, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn passing_fault_is_tried_again() {
    let count = AtomicU32::new(0);
    let index = TestIndex::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => status(503),
        _ => page(JSON, r#"{"files": []}"#),
    })
    .await;
    read(&index, settings()).await.unwrap();
    assert_eq!(index.seen().len(), 3);

    let index = TestIndex::start(|_| status(503)).await;
    let error = read(&index, settings()).await.unwrap_err();
    assert!(
        matches!(error, LookupError::Status { status: 503, .. }),
        "{error}"
    );
    assert_eq!(index.seen().len(), 3);
}

#[tokio::test]
async fn answer_above_the_limit_is_refused_before_and_after_decompression() {
    // 600 blanks, compressed: `gzip.compress(b' ' * 600, mtime=0)`.
    const GZIPPED: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 83, 80, 24, 5, 163, 128, 250, 0, 0, 118, 47, 163, 241, 88,
        2, 0, 0,
    ];
    let limited = || ReaderSettings {
        max_page_bytes: 500,
        ..settings()
    };
    let plain = TestIndex::start(|_| page(JSON, vec![b' '; 501])).await;
    let packed = TestIndex::start(|_| {
        let mut answer = page(JSON, GZIPPED);
        answer
            .headers_mut()
            .insert("content-encoding", "gzip".parse().unwrap());
        answer
    })
    .await;
    for index in [plain, packed] {
        let error = read(&index, limited()).await.unwrap_err();
        assert!(
            matches!(
                error,
                LookupError::TooLarge {
                    limit_bytes: 500,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_no_index_page_is_malformed() {
    for (content_type, body, reason) in [
        (JSON, "{", "bad JSON"),
        (JSON, r#"{"name": "other", "files": []}"#, "page of `other`"),
        ("image/png", "x", "type `image/png`"),
        ("text/plain", "hello", "does not say its type"),
    ] {
        let index = TestIndex::start(move |_| page(content_type, body)).await;
        let error = read(&index, settings()).await.unwrap_err();
        assert!(matches!(error, LookupError::Malformed { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn silent_index_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://u:secret@{}/", listener.local_addr().unwrap());
    let reader = IndexReader::new(&ReaderSettings {
        silence_timeout: Duration::from_millis(50),
        attempts: 1,
        ..settings()
    })
    .unwrap();
    let demo = ProjectKey::of("demo").unwrap();
    let error = reader
        .project(&url.parse().unwrap(), &demo)
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::Network { .. }), "{error}");
    assert!(error.to_string().contains("took too long"), "{error}");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn proxy_is_asked_in_place_of_the_index_unless_excepted() {
    let proxy = TestIndex::start(|_| page(JSON, r#"{"files": []}"#)).await;
    let address = proxy.at("/").to_string();
    let make_reader = |exceptions: &'static str| {
        let address = address.clone();
        let proxies = Proxies::from_variables(&move |name| match name {
            "http_proxy" => Some(address.clone()),
            "no_proxy" => Some(exceptions.to_owned()),
            _ => None,
        });
        IndexReader::new(&ReaderSettings {
            proxies,
            attempts: 1,
            ..settings()
        })
        .unwrap()
    };
    let index = "http://index.invalid/simple/".parse().unwrap();
    let demo = ProjectKey::of("demo").unwrap();

    make_reader("").project(&index, &demo).await.unwrap();
    assert_eq!(
        proxy.seen()[0].uri(),
        "http://index.invalid/simple/demo/",
        "the whole URL goes to a proxy"
    );
    let error = make_reader("index.invalid")
        .project(&index, &demo)
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::Network { .. }), "{error}");
    assert_eq!(proxy.seen().len(), 1, "the second did not use the proxy");
}
