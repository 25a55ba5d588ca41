use std::fmt::Write;

use zeroize::Zeroizing;

use super::*;
use crate::client_setup::places::System;
use crate::client_setup::{Account, Kept, apply};

fn index(address: &str, is_sole: bool, account: Option<Kept>) -> Index {
    let simple: url::Url = address.parse().expect("an address");
    Index {
        name: "company".to_owned(),
        upload: simple.join("../legacy/").expect("an address"),
        is_loopback: simple.host_str() == Some("127.0.0.1"),
        simple,
        is_sole,
        account: account.map(|kept| Account {
            user: "ada".to_owned(),
            kept,
        }),
    }
}

/// What is written for a client on an empty machine: each file with its text.
fn written(client: Client, index: &Index) -> String {
    let machine = Machine {
        system: System::Linux,
        home: "~",
        variable: &|_| None,
        exists: &|_| false,
    };
    let plan = plan(client, index, &machine, Some("project"));
    let mut text = String::new();
    for file in &plan.files {
        let applied = apply(file.format, "", &file.edits).expect("applied");
        let _ = write!(text, "## {}\n{}", file.path, applied.text);
    }
    for service in &plan.services {
        let _ = writeln!(text, "## keyring {service}");
    }
    text
}

const HTTPS: &str = "https://h.example/simple/";

fn files() -> Kept {
    Kept::Files(Zeroizing::new("pw".to_owned()))
}

const NETRC: &str = "## ~/.netrc\nmachine h.example\nlogin ada\npassword pw\n";

#[test]
fn pip() {
    assert_eq!(
        written(Client::Pip, &index(HTTPS, true, None)),
        "## ~/.config/pip/pip.conf\n[global]\nindex-url = https://h.example/simple/\n"
    );
    assert_eq!(
        written(
            Client::Pip,
            &index("http://h.example:81/simple/", false, None)
        ),
        "## ~/.config/pip/pip.conf\n[global]\nextra-index-url = http://h.example:81/simple/\n\
         trusted-host = h.example:81\n"
    );
    assert_eq!(
        written(
            Client::Pip,
            &index("http://127.0.0.1:81/simple/", true, None)
        ),
        "## ~/.config/pip/pip.conf\n[global]\nindex-url = http://127.0.0.1:81/simple/\n"
    );
    let kept = written(Client::Pip, &index(HTTPS, true, Some(files())));
    assert!(kept.ends_with(NETRC), "{kept}");
    assert_eq!(
        written(Client::Pip, &index(HTTPS, true, Some(Kept::Keyring))),
        "## ~/.config/pip/pip.conf\n[global]\nindex-url = https://ada@h.example/simple/\n\
         keyring-provider = subprocess\n## keyring https://h.example/simple/\n"
    );
}

#[test]
fn uv() {
    assert_eq!(
        written(Client::Uv, &index(HTTPS, true, Some(files()))),
        format!(
            "## ~/.config/uv/uv.toml\npublish-url = \"https://h.example/legacy/\"\n\n[[index]]\n\
             name = \"company\"\nurl = \"https://h.example/simple/\"\ndefault = true\n\
             authenticate = \"always\"\npublish-url = \"https://h.example/legacy/\"\n{NETRC}"
        )
    );
    assert_eq!(
        written(Client::Uv, &index(HTTPS, false, None)),
        "## ~/.config/uv/uv.toml\n[[index]]\nname = \"company\"\n\
         url = \"https://h.example/simple/\"\npublish-url = \"https://h.example/legacy/\"\n"
    );
    let keyring = written(Client::Uv, &index(HTTPS, true, Some(Kept::Keyring)));
    assert!(keyring.contains("url = \"https://ada@h.example/simple/\""));
    assert!(keyring.contains("keyring-provider = \"subprocess\""));
    assert!(keyring.contains("## keyring https://h.example/legacy/\n"));
}

#[test]
fn poetry() {
    assert_eq!(
        written(Client::Poetry, &index(HTTPS, true, Some(files()))),
        "## ~/.config/pypoetry/config.toml\n[repositories.company]\n\
         url = \"https://h.example/legacy/\"\n## ~/.config/pypoetry/auth.toml\n\
         [http-basic.company]\nusername = \"ada\"\npassword = \"pw\"\n## project/pyproject.toml\n\
         [[tool.poetry.source]]\nname = \"company\"\nurl = \"https://h.example/simple/\"\n\
         priority = \"primary\"\n"
    );
    let keyring = written(Client::Poetry, &index(HTTPS, false, Some(Kept::Keyring)));
    assert!(keyring.contains("supplemental") && !keyring.contains("password"));
    assert!(keyring.ends_with("## keyring poetry-repository-company\n"));
}

#[test]
fn pdm() {
    assert_eq!(
        written(Client::Pdm, &index(HTTPS, true, Some(files()))),
        format!(
            "## ~/.config/pdm/config.toml\n[pypi]\nurl = \"https://h.example/simple/\"\n\n\
             [repository.company]\nurl = \"https://h.example/legacy/\"\nusername = \"ada\"\n\
             password = \"pw\"\n{NETRC}"
        )
    );
    let extra = written(Client::Pdm, &index("http://h.example/simple/", false, None));
    assert!(extra.contains(&format!(
        "[pypi.{}]\nurl = \"http://h.example/simple/\"\nverify_ssl = false\n",
        "company"
    )));
}

#[test]
fn uploaders() {
    assert_eq!(
        written(Client::Hatch, &index(HTTPS, true, Some(files()))),
        "## ~/.config/hatch/config.toml\n[publish.index]\nrepo = \"company\"\n\n\
         [publish.index.repos.company]\nurl = \"https://h.example/legacy/\"\nuser = \"ada\"\n\
         auth = \"pw\"\n"
    );
    for client in [Client::Twine, Client::Flit] {
        assert_eq!(
            written(client, &index(HTTPS, true, Some(files()))),
            "## ~/.pypirc\n[distutils]\nindex-servers = company\n\n[company]\n\
             repository = https://h.example/legacy/\nusername = ada\npassword = pw\n"
        );
        let keyring = written(client, &index(HTTPS, true, Some(Kept::Keyring)));
        assert!(!keyring.contains("password"));
        assert!(keyring.ends_with("## keyring https://h.example/legacy/\n"));
    }
}

#[test]
fn pipenv_conda_and_netrc() {
    let pipenv = written(Client::Pipenv, &index(HTTPS, true, None));
    assert!(pipenv.contains("pip.conf") && pipenv.ends_with(
        "## project/Pipfile\n[[source]]\nname = \"company\"\nurl = \"https://h.example/simple/\"\n\
         verify_ssl = true\n"
    ));
    let conda = index(HTTPS, true, None);
    assert_eq!(written(Client::Conda, &conda), written(Client::Pip, &conda));
    assert_eq!(
        written(Client::Netrc, &index(HTTPS, true, Some(files()))),
        NETRC
    );
}

#[test]
fn passwords_are_not_shown() {
    let index = index(HTTPS, true, Some(files()));
    let machine = Machine {
        system: System::Linux,
        home: "~",
        variable: &|_| None,
        exists: &|_| false,
    };
    for client in Client::ALL {
        let plan = plan(client, &index, &machine, Some("project"));
        assert!(
            !format!("{plan:?} {index:?}").contains("\"pw\""),
            "{client}"
        );
        assert_eq!(Client::from_name(client.as_str()), Some(client));
    }
    assert_eq!(Client::from_name("conan"), None);
}
