use super::*;

fn find(files: &[(&str, &str)]) -> Result<VersionPlace, PlaceFault> {
    let owned: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let read = move |path: &str| {
        let found = owned.iter().find(|(name, _)| name == path);
        found.map(|(_, text)| text.clone())
    };
    VersionPlace::find(&read)
}

/// Finds a version and returns where, and the file with 9.9 in its place.
fn written(files: &[(&str, &str)]) -> (String, usize, String, String) {
    match find(files) {
        Ok(VersionPlace::Written(written)) => (
            written.file.clone(),
            written.line,
            written.version.to_string(),
            written.with(&"9.9".parse().expect("a version")),
        ),
        other => panic!("{files:?}: {other:?}"),
    }
}

const DYNAMIC: &str = "[project]\nname = \"a-b\"\ndynamic = [\"version\"]\n";

#[test]
fn versions_are_found_where_they_are_written() {
    let dynamic = |more: &str| format!("{DYNAMIC}{more}");
    for (files, file, line) in [
        (vec![("pyproject.toml", "[project]\nname = 'a'\nversion = '1.2'\n".to_owned())], "pyproject.toml", 3),
        (vec![("pyproject.toml", "[tool.poetry]\nversion=\"1.2\" # ours\n".to_owned())], "pyproject.toml", 2),
        (
            vec![
                ("pyproject.toml", dynamic("[tool.setuptools.dynamic]\nversion = {attr = \"a.b.VERSION\"}\n")),
                ("src/a/b.py", "\"\"\"Docs.\"\"\"\nVERSION: str = '1.2'\n".to_owned()),
            ],
            "src/a/b.py",
            2,
        ),
        (
            vec![
                ("pyproject.toml", dynamic("[tool.setuptools.dynamic]\nversion = {file = [\"VERSION\"]}\n")),
                ("VERSION", "\n1.2\n".to_owned()),
            ],
            "VERSION",
            2,
        ),
        (
            vec![
                ("pyproject.toml", dynamic("[tool.hatch.version]\npath = \"a/about.py\"\n")),
                ("a/about.py", "VERSION = \"1.2\"\n".to_owned()),
            ],
            "a/about.py",
            1,
        ),
        (
            vec![
                ("pyproject.toml", dynamic("[build-system]\nbuild-backend = \"flit_core.buildapi\"\n")),
                ("a_b.py", "\"\"\"Docs.\"\"\"\n\n__version__ = \"\"\"1.2\"\"\"\n".to_owned()),
            ],
            "a_b.py",
            3,
        ),
        (
            vec![
                ("pyproject.toml", "[build-system]\nrequires = []\n".to_owned()),
                ("setup.cfg", "[metadata]\nname = a\nversion: 1.2\n[options]\nversion = 3\n".to_owned()),
            ],
            "setup.cfg",
            3,
        ),
        (
            vec![
                ("setup.cfg", "[metadata]\nversion = attr: a.__version__\n".to_owned()),
                ("a/__init__.py", "__version__ = '1.2'\n".to_owned()),
            ],
            "a/__init__.py",
            1,
        ),
        (
            vec![
                ("setup.cfg", "[metadata]\nname = a\n".to_owned()),
                ("setup.py", "import setuptools\nsetuptools.setup(\n    name='a',\n    version='1.2',\n)\n".to_owned()),
            ],
            "setup.py",
            4,
        ),
        (
            vec![("setup.py", "from setuptools import setup\nV = \"1.2\"\nif __name__ == '__main__':\n    setup(version=V)\n".to_owned())],
            "setup.py",
            2,
        ),
        (
            vec![
                ("pyproject.toml", dynamic("")),
                ("setup.py", "setup(version = '1.2')\n".to_owned()),
            ],
            "setup.py",
            1,
        ),
    ] {
        let given: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let before = given.iter().find(|(name, _)| *name == file).expect("the file").1;
        let (found, at, version, changed) = written(&given);
        assert_eq!((found.as_str(), at, version.as_str()), (file, line, "1.2"), "{given:?}");
        assert_eq!(changed, before.replacen("1.2", "9.9", 1));
    }
}

#[test]
fn what_is_computed_is_told_with_the_reason() {
    for (files, file, words) in [
        (
            vec![("setup.py", "V = open('V').read()\nsetup(version=V)\n")],
            "setup.py",
            "computes",
        ),
        (
            vec![("setup.py", "setup(version=f'{1}')\n")],
            "setup.py",
            "computes",
        ),
        (
            vec![("setup.py", "V = '1'\nV = '2'\nsetup(version=V)\n")],
            "setup.py",
            "computes",
        ),
        (
            vec![("setup.py", "setup(**arguments)\n")],
            "setup.py",
            "no plain version",
        ),
        (vec![("setup.py", "run()\n")], "setup.py", "no plain call"),
        (
            vec![("setup.py", "def broken(:\n")],
            "setup.py",
            "no plain call",
        ),
        (
            vec![("pyproject.toml", DYNAMIC)],
            "pyproject.toml",
            "build backend",
        ),
        (
            vec![(
                "pyproject.toml",
                "[project]\ndynamic = ['version']\n[tool.setuptools_scm]\n",
            )],
            "pyproject.toml",
            "setuptools-scm",
        ),
        (
            vec![(
                "pyproject.toml",
                "[project]\ndynamic = ['version']\n[tool.hatch.version]\nsource = 'vcs'\n",
            )],
            "pyproject.toml",
            "hatch",
        ),
    ] {
        match find(&files) {
            Ok(VersionPlace::Computed { file: found, why }) => {
                assert_eq!(found, file, "{files:?}");
                assert!(why.contains(words), "{files:?}: {why}");
            }
            other => panic!("{files:?}: {other:?}"),
        }
    }
}

#[test]
fn mistakes_name_the_file_and_the_line() {
    for (files, file, line, words) in [
        (vec![], "pyproject.toml", None, "no version"),
        (
            vec![("setup.cfg", "[metadata]\nname = a\n")],
            "setup.cfg",
            None,
            "no version",
        ),
        (
            vec![("pyproject.toml", "[project]\nname = 'a'\n")],
            "pyproject.toml",
            Some(1),
            "has no version",
        ),
        (
            vec![("pyproject.toml", "[project]\nname = 'a'\nversion = 1.2\n")],
            "pyproject.toml",
            Some(3),
            "no text",
        ),
        (
            vec![("pyproject.toml", "[project]\nversion = 'one'\n")],
            "pyproject.toml",
            Some(2),
            "`one` is no version",
        ),
        (
            vec![("pyproject.toml", "[project\n")],
            "pyproject.toml",
            Some(1),
            "not valid TOML",
        ),
        (
            vec![(
                "pyproject.toml",
                "[project]\ndynamic=['version']\n[tool.setuptools.dynamic]\nversion={attr='a.v'}\n",
            )],
            "a.py",
            None,
            "is not there",
        ),
        (
            vec![
                (
                    "pyproject.toml",
                    "[project]\ndynamic=['version']\n[tool.hatch.version]\npath='a.py'\n",
                ),
                ("a.py", "x = 1\n"),
            ],
            "a.py",
            None,
            "assigns nothing to `__version__`",
        ),
    ] {
        let fault = find(&files).expect_err(words);
        assert_eq!(
            (fault.file.as_str(), fault.line),
            (file, line),
            "{files:?}: {fault}"
        );
        assert!(fault.to_string().contains(words), "{fault}");
        assert!(!fault.fix.is_empty());
    }
}

#[test]
fn names_are_read_where_they_are_plain() {
    for (file, text, name) in [
        ("pyproject.toml", "[project]\nname = 'a.b'\n", Some("a.b")),
        ("pyproject.toml", "[tool.poetry]\nname = \"c\"\n", Some("c")),
        ("setup.cfg", "[metadata]\nname: d\nversion = 1\n", Some("d")),
        ("setup.cfg", "[options]\nname = d\n", None),
        ("setup.py", "setup(\n  name='e',\n)\n", Some("e")),
        ("setup.py", "setup(name=NAME)\n", None),
    ] {
        let read = |path: &str| (path == file).then(|| text.to_owned());
        assert_eq!(name_of(&read).as_deref(), name, "{text}");
    }
}
