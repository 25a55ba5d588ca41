use std::os::unix::fs::PermissionsExt;

use super::*;

fn wishes() -> StateWishes {
    StateWishes {
        folder: None,
        roots: vec!["/srv/my packages".into(), "/srv/more".into()],
        objects: None,
        state_directory: Some("/var/lib/wh:/var/lib/other".into()),
        state_home: Some("/home/ada/state".into()),
        home: Some("/home/ada".into()),
    }
}

/// Chooses where every folder but those with one of these beginnings is read-only.
fn chosen(wishes: &StateWishes, fit: &[&str]) -> StateFolder {
    let probe = |path: &Path, _| {
        if fit.iter().any(|fit| path.starts_with(fit)) {
            Fitness::Fit
        } else {
            Fitness::Unfit("read-only".into())
        }
    };
    choose(wishes, probe).unwrap()
}

const NAME: &str = "mypackages-18446403200e";

#[test]
fn the_first_place_that_is_fit_is_chosen() {
    let wishes = wishes();
    let all: &[&str] = &["/srv", "/var/lib", "/home"];
    for (fit, expected) in [
        (all, "/srv/my packages/.wheelhouse".to_owned()),
        (&all[1..], format!("/var/lib/wh/{NAME}")),
        (&all[2..], format!("/home/ada/state/wheelhouse/{NAME}")),
    ] {
        let folder = chosen(&wishes, fit);
        assert_eq!(folder.path(), Some(Path::new(&expected)));
        assert!(folder.note().contains(&expected), "{}", folder.note());
        assert!(folder.catalog_file().unwrap().starts_with(&expected));
    }
    let memory = chosen(&wishes, &[]);
    assert_eq!(memory.path(), None);
    for part in [
        "in memory",
        "`--state-dir`",
        "`/srv/my packages/.wheelhouse` cannot be used (read-only), and ",
    ] {
        assert!(memory.note().contains(part), "{}", memory.note());
    }
}

#[test]
fn a_folder_that_was_asked_for_is_used_or_refused() {
    let mut wishes = wishes();
    wishes.folder = Some("/srv/state".into());
    let folder = chosen(&wishes, &["/srv"]);
    assert_eq!(folder.path(), Some(Path::new("/srv/state")));
    let error = choose(&wishes, |_, _| Fitness::Unfit("read-only".into()));
    let error = error.expect_err("it was asked for").to_string();
    assert_eq!(
        error,
        "the state folder `/srv/state` cannot be used: read-only"
    );
    let remote = choose(&wishes, |_, _| Fitness::Remote("nfs")).unwrap();
    assert!(remote.note().contains("type nfs"), "{}", remote.note());
}

#[test]
fn a_remote_file_system_is_passed_over_and_the_cost_is_told() {
    let probe = |path: &Path, parents| {
        let is_root = path.starts_with("/srv");
        assert_eq!(is_root, parents == Parents::MustExist, "{}", path.display());
        if is_root {
            Fitness::Remote("nfs")
        } else {
            Fitness::Fit
        }
    };
    let folder = choose(&wishes(), probe).unwrap();
    assert!(folder.path().unwrap().starts_with("/var/lib/wh"));
    let note = folder.note();
    assert!(
        note.contains(".wheelhouse` is on a file system of type nfs: it does not"),
        "{note}"
    );
}

#[test]
fn variables_that_name_no_folder_do_not_count() {
    let mut wishes = wishes();
    wishes.state_directory = Some("relative".into());
    wishes.state_home = Some("relative".into());
    let folder = chosen(&wishes, &["/home", "relative"]);
    let expected = format!("/home/ada/.local/state/wheelhouse/{NAME}");
    assert_eq!(folder.path(), Some(Path::new(&expected)));
    wishes.home = None;
    assert_eq!(chosen(&wishes, &["/home", "relative"]).path(), None);
    let nothing = StateWishes::default();
    assert!(
        chosen(&nothing, &["/"])
            .note()
            .contains("no folder is known")
    );
}

#[test]
fn other_roots_have_another_folder() {
    let names: Vec<_> = [
        &["/a/b"][..],
        &["/a/b", "/c"],
        &["/c", "/a/b"],
        &["/a/c", "/b"],
        &["/x/b"],
        &["/"],
        &["/\u{1f389}"],
        &[],
    ]
    .iter()
    .map(|roots| name_after(&roots.iter().map(PathBuf::from).collect::<Vec<_>>()))
    .collect();
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    assert!(names[0].starts_with("b-") && names[5].starts_with("packages-"));
}

#[test]
fn a_real_folder_is_made_for_nobody_else_to_read() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("deep/er/state");
    let fitness = probe::probe(&state, Parents::MayBeMade);
    assert!(!matches!(fitness, Fitness::Unfit(_)), "{fitness:?}");
    assert_eq!(
        state.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(
        std::fs::read_dir(&state).unwrap().count(),
        0,
        "nothing is left in it"
    );
    assert_eq!(probe::probe(&state, Parents::MustExist), fitness);

    let missing = root.path().join("missing/.wheelhouse");
    let unfit = probe::probe(&missing, Parents::MustExist);
    assert!(matches!(unfit, Fitness::Unfit(_)), "{unfit:?}");
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("state")] {
        let unfit = probe::probe(&path, Parents::MayBeMade);
        assert!(matches!(unfit, Fitness::Unfit(_)), "{unfit:?}");
    }
}

#[test]
fn a_second_server_is_kept_out_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = StateLock::take(folder.path()).unwrap();
    let error = StateLock::take(folder.path())
        .expect_err("in use")
        .to_string();
    let process = format!("(process {})", std::process::id());
    assert!(error.contains(&process), "{error}");
    assert!(error.contains("`--state-dir`"), "{error}");
    drop(first);
    drop(StateLock::take(folder.path()).unwrap());
    let missing = StateLock::take(&folder.path().join("missing"));
    assert!(matches!(missing, Err(StateError::Unusable { .. })));
}

#[test]
fn objects_have_a_state_folder_named_after_their_place() {
    let of = |place: &str| {
        let wishes = StateWishes {
            roots: Vec::new(),
            objects: Some(place.to_owned()),
            ..wishes()
        };
        let state = chosen(&wishes, &["/home/ada"]);
        state.path().expect("a folder").to_owned()
    };
    let folder = of("s3://wheels/team");
    assert!(
        folder.starts_with("/home/ada/state/wheelhouse"),
        "{folder:?}"
    );
    assert!(folder.to_string_lossy().contains("/team-"), "{folder:?}");
    assert_ne!(folder, of("s3://other/team"));
}
