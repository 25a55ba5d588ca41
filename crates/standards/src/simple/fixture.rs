//! Pages for the tests of both forms.

use time::macros::datetime;

use super::{
    CoreMetadataMark, FragmentHash, ListedProject, PageFile, ProjectList, ProjectPage,
    ProjectStatus, Yanked,
};
use crate::digest::Sha256Digest;
use crate::name::ProjectKey;

fn key(spelling: &str) -> ProjectKey {
    ProjectKey::of(spelling).expect("not empty")
}

pub(super) fn project_list() -> ProjectList {
    ProjectList {
        serial: Some(42),
        projects: vec![
            ListedProject {
                key: key("Friendly.Bard"),
                display_name: "Friendly.Bard".to_owned(),
                last_serial: Some(41),
            },
            ListedProject {
                key: key("Sp ace:Ä<b>"),
                display_name: "Sp ace:Ä<b>".to_owned(),
                last_serial: None,
            },
        ],
    }
}

/// An archived project with an sdist and a yanked wheel that has everything.
pub(super) fn full_page() -> ProjectPage {
    let mut sdist = PageFile::new("demo-1.0.tar.gz", "/packages/demo-1.0.tar.gz", 123);
    sdist.sha256 = Some(Sha256Digest::new([10; 32]));
    sdist.upload_time = Some(datetime!(2026-01-02 03:04:05 UTC));
    sdist.requires_python = Some(">=3.8".to_owned());
    sdist.core_metadata = CoreMetadataMark::Absent;
    sdist.gpg_sig = Some(false);
    let wheel = PageFile {
        filename: "demo_pkg-2.0+cu12-py3-none-any.whl".to_owned(),
        url: "/packages/demo_pkg-2.0%2Bcu12-py3-none-any.whl".to_owned(),
        sha256: Some(Sha256Digest::new([11; 32])),
        listed_hash: FragmentHash::Sha256,
        size_bytes: 5_000_000_000,
        upload_time: Some(datetime!(2026-01-02 03:04:05.678901 +2)),
        requires_python: Some(">=3.8,<4".to_owned()),
        core_metadata: CoreMetadataMark::Present(Some(Sha256Digest::new([12; 32]))),
        gpg_sig: Some(true),
        yanked: Yanked::Yes(Some("does not \"start\"".to_owned())),
        provenance: Some("https://index.example/integrity/demo".to_owned()),
    };
    ProjectPage {
        key: key("Demo_Pkg"),
        display_name: "Demo_Pkg".to_owned(),
        serial: Some(42),
        status: ProjectStatus::Archived,
        status_reason: Some("done & dusted".to_owned()),
        versions: vec!["1.0".to_owned(), "2.0".to_owned()],
        files: vec![sdist, wheel],
    }
}
