use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use wheelhouse_index::actor::{Actor, TokenId, UserName};
use wheelhouse_index::audit::AuditKind;
use wheelhouse_index::change::EventKind;
use wheelhouse_index::identity::{Fingerprint, IndexName};
use wheelhouse_index::path::FilePath;
use wheelhouse_index::record::{Contents, MetadataSummary};
use wheelhouse_standards::digest::{Digester, HashAlgorithm, ListedDigest};
use wheelhouse_standards::found::{FileKind, FoundFile};
use wheelhouse_standards::metadata::CoreMetadata;
use wheelhouse_standards::name::ProjectKey;
use wheelhouse_standards::simple::ProjectStatus;
use wheelhouse_standards::version::VersionText;

use super::*;

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..8).prop_map(String::from_iter)
}

fn index() -> impl Strategy<Value = IndexName> {
    "[a-z0-9-]{1,10}".prop_map(|text| text.parse().expect("a name"))
}

fn key() -> impl Strategy<Value = ProjectKey> {
    "[a-z0-9]{1,8}".prop_map(|text| ProjectKey::of(&text).expect("a key"))
}

fn path() -> impl Strategy<Value = FilePath> {
    "[^/.\0][^/\0]{0,6}(/[^/.\0][^/\0]{0,6}){0,2}".prop_map(|text| text.parse().expect("a path"))
}

fn sha256() -> impl Strategy<Value = Sha256Digest> {
    any::<[u8; 32]>().prop_map(Sha256Digest::new)
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    prop_oneof![
        any::<(u64, i64, u64)>().prop_map(|(size_bytes, modified_ns, inode)| Fingerprint::File {
            size_bytes,
            modified_ns,
            inode
        }),
        (any::<u64>(), sha256())
            .prop_map(|(size_bytes, sha256)| Fingerprint::Object { size_bytes, sha256 }),
    ]
}

fn summary() -> impl Strategy<Value = MetadataSummary> {
    let read = (option::of(sha256()), option::of(text()), option::of(text()));
    prop_oneof![
        Just(MetadataSummary::None),
        text().prop_map(MetadataSummary::Unreadable),
        read.prop_map(
            |(offered, requires_python, summary)| MetadataSummary::Read {
                offered,
                requires_python,
                summary
            }
        ),
    ]
}

fn contents() -> impl Strategy<Value = Contents> {
    let listed = option::of((select(HashAlgorithm::ALL), "[0-9a-f]{4}"));
    (any::<[u8; 4]>(), listed, summary(), any::<bool>()).prop_map(
        |(bytes, listed, metadata, has_provenance)| {
            let mut digester = Digester::new(None);
            digester.update(&bytes);
            let mut digests = digester.finish();
            digests.listed = listed.map(|(algorithm, hex)| ListedDigest {
                algorithm,
                hex: hex.into(),
            });
            Contents {
                digests,
                metadata,
                has_provenance,
            }
        },
    )
}

fn record() -> impl Strategy<Value = FileRecord> {
    let kind = select(vec![FileKind::Wheel, FileKind::Sdist, FileKind::Signature]);
    let named = (kind, text(), key(), text());
    let rest = (path(), fingerprint(), any::<i64>(), option::of(contents()));
    (named, rest).prop_map(
        |((kind, spelled_name, key, version), (path, fingerprint, uploaded_at, contents))| {
            FileRecord {
                path,
                named: FoundFile {
                    kind,
                    spelled_name,
                    key,
                    version: VersionText::new(version),
                },
                fingerprint,
                uploaded_at: Timestamp(uploaded_at),
                contents,
            }
        },
    )
}

fn metadata() -> impl Strategy<Value = CoreMetadata> {
    (option::of(text()), option::of(text()), vec(text(), 0..3)).prop_map(
        |(name, description, classifiers)| CoreMetadata {
            name,
            description,
            classifiers,
            ..CoreMetadata::default()
        },
    )
}

fn mark() -> impl Strategy<Value = Mark> {
    let statuses = vec![ProjectStatus::Archived, ProjectStatus::Quarantined];
    prop_oneof![
        (select(statuses), option::of(text()))
            .prop_map(|(status, reason)| Mark::Status { status, reason }),
        (text(), option::of(text())).prop_map(|(version, reason)| Mark::YankedRelease {
            version: VersionText::new(version),
            reason
        }),
        (text(), option::of(text()))
            .prop_map(|(file_name, reason)| Mark::YankedFile { file_name, reason }),
        (path(), sha256()).prop_map(|(path, sha256)| Mark::Deleted { path, sha256 }),
    ]
}

fn by() -> impl Strategy<Value = Attribution> {
    let actor = prop_oneof![
        Just(Actor::Anonymous),
        Just(Actor::System),
        text().prop_map(|name| Actor::User(UserName::new(&name))),
        ("[0-9a-f]{32}", text()).prop_map(|(id, owner)| Actor::Token {
            id: TokenId::new(&id),
            owner: UserName::new(&owner),
        }),
    ];
    let rest = (option::of(text()), option::of(text()), option::of(text()));
    (actor, rest, any::<i64>()).prop_map(|(actor, (address, agent, request_id), at)| Attribution {
        actor,
        address,
        agent,
        request_id,
        at: Timestamp(at),
    })
}

fn event() -> impl Strategy<Value = CatalogRow> {
    let boxed = || option::of(record().prop_map(Box::new));
    let subject = prop_oneof![
        (path(), boxed(), boxed()).prop_map(|(path, before, after)| EventSubject::File {
            path,
            before,
            after
        }),
        (option::of(mark()), option::of(mark()))
            .prop_map(|(before, after)| EventSubject::Mark { before, after }),
    ];
    let kind = select(EventKind::ALL);
    (any::<u64>(), index(), key(), kind, subject, by()).prop_map(
        |(serial, index, project, kind, subject, by)| {
            CatalogRow::Event(Box::new(Event {
                serial: Serial(serial),
                index,
                project,
                kind,
                subject,
                by,
            }))
        },
    )
}

fn downloads() -> impl Strategy<Value = CatalogRow> {
    let when = prop_oneof![
        any::<i32>().prop_map(|day| CountedWhen::Month(Day(day))),
        (any::<i32>(), text(), text(), text()).prop_map(|(day, python, platform, client)| {
            CountedWhen::Day {
                day: Day(day),
                python,
                platform,
                client,
            }
        }),
    ];
    (index(), text(), text(), when, any::<u64>()).prop_map(|(index, project, file, when, count)| {
        CatalogRow::Downloads(DownloadsRow {
            index,
            project,
            file,
            when,
            count,
        })
    })
}

fn row() -> impl Strategy<Value = CatalogRow> {
    let body = || text().prop_map(|text| json!({ "b": text, "a": [1, null, -2] }));
    prop_oneof![
        (index(), key(), text(), any::<u64>()).prop_map(|(index, key, display_name, serial)| {
            CatalogRow::Project(ProjectRow {
                index,
                key,
                display_name,
                last_serial: Serial(serial),
            })
        }),
        (index(), record(), option::of(metadata())).prop_map(|(index, record, metadata)| {
            CatalogRow::File(Box::new(FileRow {
                index,
                record,
                metadata,
            }))
        }),
        (index(), key(), mark(), any::<i64>()).prop_map(|(index, project, mark, since)| {
            let since = Timestamp(since);
            CatalogRow::Mark(
                index,
                ProjectMark {
                    project,
                    mark,
                    since,
                },
            )
        }),
        event(),
        (text(), text(), body())
            .prop_map(|(kind, key, body)| { CatalogRow::Access(AccessRecord { kind, key, body }) }),
        (any::<[u8; 32]>(), any::<i64>()).prop_map(|(key_sha256, until)| {
            let until = Timestamp(until);
            CatalogRow::Claim(ClaimRow { key_sha256, until })
        }),
        (select(AuditKind::ALL), by(), option::of(key()), body()).prop_map(
            |(kind, by, project, detail)| {
                CatalogRow::Audit(Box::new(AuditEvent {
                    kind,
                    by,
                    project,
                    detail,
                }))
            }
        ),
        downloads(),
        (text(), vec(any::<u8>(), 0..40))
            .prop_map(|(name, value)| CatalogRow::Key(KeyRow { name, value })),
    ]
}

proptest! {
    #[test]
    fn every_row_is_one_line_and_comes_back_as_it_was(row in row()) {
        let line = to_line(&row).expect("a line");
        prop_assert!(!line.contains('\n'), "{line}");
        let kind = format!("{{\"{}\":", kind_of(&row));
        prop_assert!(line.starts_with(&kind), "{line}");
        prop_assert_eq!(from_line(&line).expect("a row"), row);
    }

    #[test]
    fn a_line_that_was_cut_short_is_refused(row in row(), cut in any::<prop::sample::Index>()) {
        let line = to_line(&row).expect("a line");
        let mut cut = cut.index(line.len());
        while !line.is_char_boundary(cut) {
            cut -= 1;
        }
        prop_assert!(from_line(&line[..cut]).is_err());
    }
}

/// What was written once is read for ever.
#[test]
fn lines_of_format_1_are_written_and_read_as_they_always_were() {
    for line in [
        r#"{"project":{"index":"main","key":"demo","name":"Demo","serial":7}}"#,
        concat!(
            r#"{"file":{"index":"main","record":{"path":"demo-1.0.zip","kind":"sdist","name":"demo","#,
            r#""project":"demo","version":"1.0","fingerprint":{"file":{"size":3,"modified_ns":-1,"#,
            r#""inode":7}},"uploaded_at":5},"metadata":{"name":"demo"}}}"#
        ),
        r#"{"mark":{"index":"main","project":"demo","mark":{"mark":"yanked-release","version":"1.0"},"since":5}}"#,
        concat!(
            r#"{"event":{"serial":7,"index":"main","project":"demo","kind":"removed","subject":"#,
            r#"{"file":{"path":"demo-1.0.zip"}},"by":{"actor":"user:ann","address":"::1","at":5}}}"#
        ),
        r#"{"access":{"kind":"rule","key":"1","body":{"b":1,"a":2}}}"#,
        concat!(
            r#"{"claim":{"key_sha256":"#,
            r#""1111111111111111111111111111111111111111111111111111111111111111","until":5}}"#
        ),
        r#"{"audit":{"kind":"signed-in","by":{"actor":"system","at":5},"project":"demo","detail":{}}}"#,
        concat!(
            r#"{"downloads":{"index":"main","project":"demo","file":"","when":{"day":{"day":20000,"#,
            r#""python":"3.12","platform":"","client":"pip"}},"count":9}}"#
        ),
        r#"{"downloads":{"index":"main","project":"","file":"","when":{"month":20000},"count":9}}"#,
        r#"{"key":{"name":"tokens","value":"00ff"}}"#,
    ] {
        let row = from_line(line).expect(line);
        assert_eq!(to_line(&row).expect(line), line);
    }
}

#[test]
fn what_this_program_never_writes_is_refused() {
    for line in [
        "",
        "{}",
        r#"{"release":{"index":"main"}}"#,
        r#"{"key":{"name":"tokens","value":"0"}}"#,
        r#"{"key":{"name":"tokens","value":"00","more":1}}"#,
        r#"{"key":{"name":"tokens","value":"00"}} {}"#,
        r#"{"project":{"index":"Main","key":"demo","name":"Demo","serial":7}}"#,
        r#"{"project":{"index":"main","key":"","name":"Demo","serial":7}}"#,
        r#"{"project":{"index":"main","key":"demo","name":"Demo","serial":-7}}"#,
        r#"{"audit":{"kind":"flown","by":{"actor":"system","at":5},"detail":{}}}"#,
        r#"{"claim":{"key_sha256":"11","until":5}}"#,
        r#"{"mark":{"index":"main","project":"demo","mark":{"mark":"hidden"},"since":5}}"#,
    ] {
        assert!(from_line(line).is_err(), "{line}");
    }
}
