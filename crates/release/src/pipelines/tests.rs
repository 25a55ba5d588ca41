use std::collections::BTreeMap;

use proptest::prelude::*;
use yaml_rust2::{Yaml, YamlLoader};

use super::*;

fn text(text: &str) -> PlainText {
    text.parse().expect("plain")
}

fn pipeline(system: System) -> Pipeline {
    Pipeline {
        system,
        project: "helpers".parse().expect("a name"),
        folder: text(""),
        branch: text("main"),
        tag_prefix: text("v"),
        destination: Destination::Pages(
            "https://pkgs.example/simple/".parse().expect("an address"),
        ),
        extra_indexes: Vec::new(),
        tests: Some(Tests {
            tool: TestTool::Pytest,
            install: "'[test]'".to_owned(),
        }),
        pythons: vec!["3.13".to_owned(), "3.14".to_owned()],
        image: None,
        runner: text("ubuntu-latest"),
        program: Program::Found,
        sign_in: if system.has_identity() {
            SignIn::Identity {
                audience: text("wheelhouse"),
            }
        } else {
            SignIn::Token
        },
        environment: None,
        actions: BTreeMap::new(),
    }
}

#[test]
fn pipelines_read_well() {
    for system in System::ALL {
        insta::assert_snapshot!(system.name(), pipeline(system).render().expect("filled"));
    }
}

#[test]
fn files_stand_where_systems_look() {
    for (system, top, below) in [
        (
            System::GitHub,
            ".github/workflows/release.yml",
            ".github/workflows/release-libs-helpers.yml",
        ),
        (
            System::GitLab,
            ".gitlab-ci.yml",
            ".gitlab/release-libs-helpers.yml",
        ),
        (System::Jenkins, "Jenkinsfile", "libs/helpers/Jenkinsfile"),
        (
            System::Azure,
            "azure-pipelines.yml",
            "libs/helpers/azure-pipelines.yml",
        ),
        (
            System::Bitbucket,
            "bitbucket-pipelines.yml",
            "bitbucket-pipelines.yml",
        ),
        (
            System::Woodpecker,
            ".woodpecker/release.yml",
            ".woodpecker/release-libs-helpers.yml",
        ),
    ] {
        assert_eq!(system.file(""), top);
        assert_eq!(system.file("libs/helpers"), below);
    }
}

/// All texts in a document.
fn texts(yaml: &Yaml, into: &mut Vec<String>) {
    match yaml {
        Yaml::String(text) => into.push(text.clone()),
        Yaml::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Yaml::Hash(hash) => hash.iter().for_each(|(key, value)| {
            texts(key, into);
            texts(value, into);
        }),
        _ => {}
    }
}

fn plain() -> impl Strategy<Value = PlainText> {
    ".{1,20}".prop_filter_map("what CI systems act on", |text: String| {
        text.parse::<PlainText>().ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_things_are_called_the_file_says_just_that(
        branch in plain(),
        folder in plain(),
        image in plain(),
        environment in plain(),
        path in "[ -~]{0,20}",
    ) {
        for system in System::ALL {
            let mut pipeline = pipeline(system);
            pipeline.branch = branch.clone();
            pipeline.folder = folder.clone();
            pipeline.image = Some(image.clone());
            pipeline.environment = Some(environment.clone());
            pipeline.destination =
                Destination::Pages(format!("https://pkgs.example/{path}/simple/").parse().expect("an address"));
            let file = pipeline.render().expect("filled");
            prop_assert_eq!(whose(folder.as_str(), &file), Hand::Ours);
            if system == System::Jenkins {
                continue;
            }
            let documents = YamlLoader::load_from_str(&file);
            let documents = documents.map_err(|error| TestCaseError::fail(format!("{error}\n{file}")))?;
            let mut found = Vec::new();
            texts(&documents[0], &mut found);
            let mut expected = vec![image.as_str().to_owned()];
            if !matches!(system, System::Azure | System::Jenkins | System::Woodpecker) {
                expected.push(environment.as_str().to_owned());
            }
            if system != System::GitLab {
                expected.push(branch.as_str().to_owned());
            }
            if system != System::Bitbucket {
                expected.push(format!("./{}", folder.as_str()));
            }
            for text in expected {
                prop_assert!(found.contains(&text), "{:?} is not in\n{}", text, file);
            }
        }
    }
}
