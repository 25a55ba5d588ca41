use super::*;
use proptest::prelude::*;

#[test]
fn parts_of_a_wheel_are_those_of_its_name() {
    let wheel: WheelFilename =
        "Friendly.Bard-1.0+cu126-2local-py2.py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
            .parse()
            .unwrap();
    assert_eq!(wheel.project().as_str(), "friendly-bard");
    assert_eq!(wheel.distribution(), "Friendly.Bard");
    assert_eq!(wheel.version().as_str(), "1.0+cu126");
    assert_eq!(wheel.build(), Some("2local"));
    assert!(wheel.python_tags().eq(["py2", "py3"]));
    assert!(wheel.abi_tags().eq(["none"]));
    assert!(
        wheel
            .platform_tags()
            .eq(["manylinux_2_17_x86_64", "manylinux2014_x86_64"])
    );

    let wheel: WheelFilename = "a-1-py3-none-any.whl".parse().unwrap();
    assert_eq!(wheel.build(), None);
    assert!(wheel.python_tags().eq(["py3"]));
}

#[test]
fn parts_of_an_sdist_are_those_of_its_name() {
    let sdist: SdistFilename = "Friendly-Bard-1.0.zip".parse().unwrap();
    assert_eq!(sdist.project().as_str(), "friendly-bard");
    assert_eq!(sdist.distribution(), "Friendly-Bard");
    assert_eq!(sdist.version().as_str(), "1.0");
    assert_eq!(sdist.format(), SdistFormat::Zip);
}

#[test]
fn names_outside_the_standards_are_refused_with_the_reason() {
    use FilenameError as E;
    for (name, error) in [
        ("", E::Extension),
        ("demo-1.0.exe", E::Extension),
        ("demo-1.0-py3-none-any.WHL", E::Extension),
        ("demo-1.0.tar.bz2", E::Extension),
        ("dir/demo-1.0.tar.gz", E::Character('/')),
        ("dir\\demo-1.0.tar.gz", E::Character('\\')),
        ("demo-1.0\n.tar.gz", E::Character('\n')),
        ("démo-1.0.tar.gz", E::Character('é')),
        ("demo- 1.0.tar.gz", E::Character(' ')),
        ("demo-1.0-none-any.whl", E::WheelParts(4)),
        ("a-b-1.0-1-py3-none-any.whl", E::WheelParts(7)),
        (".whl", E::WheelParts(1)),
        ("a__b-1.0-py3-none-any.whl", E::Underscores),
        ("demo-1.0-b1-py3-none-any.whl", E::BuildTag),
        ("demo-1.0--py3-none-any.whl", E::BuildTag),
        ("demo-1.0-py3.-none-any.whl", E::Tag),
        ("demo-1.0-py3-none-.whl", E::Tag),
        ("demo-1.0-py3-none-a+b.whl", E::Tag),
        ("demo-1.0-1-none-any.whl", E::PythonTag),
        (
            "_demo-1.0-py3-none-any.whl",
            E::Project(ProjectNameError::Edge),
        ),
        ("demo-latest-py3-none-any.whl", E::Version(VersionError)),
        ("demo.tar.gz", E::SdistParts),
        ("demo-.tar.gz", E::Version(VersionError)),
        ("-1.0.tar.gz", E::Project(ProjectNameError::Edge)),
        ("demo-1.0-linux.tar.gz", E::Version(VersionError)),
    ] {
        assert_eq!(name.parse::<DistributionFilename>(), Err(error), "{name:?}");
    }
    let long = format!("{}-1.0.tar.gz", "a".repeat(255));
    assert_eq!(long.parse::<SdistFilename>(), Err(E::TooLong));
}

#[test]
fn old_spellings_are_read_but_not_normal() {
    for (name, expected) in [
        (
            "Friendly.Bard-1.0-py3-none-any.whl",
            "friendly_bard-1.0-py3-none-any.whl",
        ),
        ("Foo-01.0-3-py3-none-any.whl", "foo-01.0-3-py3-none-any.whl"),
        ("friendly-bard-1.0.tar.gz", "friendly_bard-1.0.tar.gz"),
        ("friendly_bard-v1.0-rc1.zip", ""),
        ("friendly_bard-1.0.RC1.zip", "friendly_bard-1.0rc1.zip"),
        ("a.b-1.tar.gz", "a_b-1.tar.gz"),
    ] {
        match name.parse::<DistributionFilename>() {
            Ok(parsed) => assert_eq!(
                parsed.check_normal(),
                Err(FilenameError::NotNormal {
                    expected: expected.into()
                }),
                "{name}"
            ),
            Err(_) => assert_eq!(expected, "", "{name}"),
        }
    }
    for name in [
        "friendly_bard-1.0-py3-none-any.whl",
        // The version of a wheel is compared as a version, not as text.
        "friendly_bard-01.0-py3-none-any.whl",
        "friendly_bard-1.0.0.tar.gz",
        "demo-1.0+cu126.zip",
    ] {
        let parsed: DistributionFilename = name.parse().unwrap();
        assert_eq!(parsed.check_normal(), Ok(()), "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_or_comes_back_as_it_was(name in any_name()) {
        if let Ok(parsed) = name.parse::<DistributionFilename>() {
            prop_assert_eq!(parsed.to_string(), &*name);
            if let Err(FilenameError::NotNormal { expected }) = parsed.check_normal() {
                let normal: DistributionFilename = expected.parse().unwrap();
                prop_assert_eq!(normal.check_normal(), Ok(()));
                prop_assert_eq!(normal.project(), parsed.project());
                prop_assert_eq!(normal.version(), parsed.version());
            }
            if let DistributionFilename::Wheel(wheel) = parsed {
                let sets = [
                    wheel.python_tags().collect::<Vec<_>>().join("."),
                    wheel.abi_tags().collect::<Vec<_>>().join("."),
                    wheel.platform_tags().collect::<Vec<_>>().join("."),
                ];
                let build = wheel.build().map(|b| format!("{b}-")).unwrap_or_default();
                let again = format!(
                    "{}-{}-{build}{}.whl", wheel.distribution(), wheel.version(), sets.join("-")
                );
                prop_assert_eq!(again, name);
            }
        }
    }
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "[aA1._-]{1,4}-[0-2a.+!-]{1,4}(\\.tar\\.gz|\\.zip)",
        "[aA1._]{1,4}-[0-2a.+!]{1,3}(-[0-9a]{1,2})?-[py3.]{1,4}-[none.]{1,4}-[any.]{1,4}\\.whl",
    ]
}
