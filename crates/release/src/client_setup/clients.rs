//! What is written for each client.

use super::edit::{Edit, Format, Value};
use super::places::Machine;
use super::{Client, Index};

/// What is written into one file.
#[derive(Debug, Clone)]
pub struct FilePlan {
    /// The file.
    pub path: String,
    /// How it is written.
    pub format: Format,
    /// The changes.
    pub edits: Vec<Edit>,
    /// Whether it is of a project, and changed only if it is there.
    pub is_of_project: bool,
}

/// What is done for a client.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The files.
    pub files: Vec<FilePlan>,
    /// Under which names the key ring is given the password.
    pub services: Vec<String>,
    /// What its users have to know.
    pub notes: Vec<String>,
    /// What they can write from now on.
    pub usage: Vec<String>,
}

/// Returns what is done for a client. Sources that a client takes from projects alone go into the
/// project in `project`.
pub fn plan(client: Client, index: &Index, machine: &Machine<'_>, project: Option<&str>) -> Plan {
    let planner = Planner {
        index,
        machine,
        project,
    };
    match client {
        Client::Pip => planner.pip(),
        Client::Uv => planner.uv(),
        Client::Poetry => planner.poetry(),
        Client::Pdm => planner.pdm(),
        Client::Hatch => planner.hatch(),
        Client::Twine => planner.pypirc("twine upload -r", "dist/*"),
        Client::Flit => planner.pypirc("flit publish --repository", ""),
        Client::Pipenv => planner.pipenv(),
        Client::Conda => planner.conda(),
        Client::Netrc => Plan {
            files: planner.netrc().into_iter().collect(),
            ..Plan::default()
        },
    }
}

struct Planner<'a> {
    index: &'a Index,
    machine: &'a Machine<'a>,
    project: Option<&'a str>,
}

impl Planner<'_> {
    fn pip(&self) -> Plan {
        let index = self.index;
        let address = index.with_user(&index.simple);
        let mut edits = Vec::new();
        if index.is_sole {
            edits.push(set(&["global", "index-url"], text(address)));
            for place in [
                ["global", "extra-index-url"],
                ["install", "index-url"],
                ["install", "extra-index-url"],
            ] {
                edits.push(remove(&place));
            }
        } else {
            edits.push(add(&["global", "extra-index-url"], address));
        }
        if let Some(host) = index.trusted_host() {
            edits.push(add(&["global", "trusted-host"], host));
        }
        if index.keyring_user().is_some() {
            let value = text("subprocess".to_owned());
            edits.push(set(&["global", "keyring-provider"], value));
        }
        let mut plan = Plan {
            files: vec![file(self.machine.pip(), Format::Ini, edits)],
            services: self.services(&[self.index.simple.as_str()]),
            notes: Vec::new(),
            usage: vec!["pip install PROJECT".to_owned()],
        };
        plan.files.extend(self.netrc());
        if !index.is_sole {
            plan.notes.push(confusion("pip"));
        }
        plan
    }

    fn uv(&self) -> Plan {
        let index = self.index;
        let mut pairs = vec![("url".to_owned(), text(index.with_user(&index.simple)))];
        if index.is_sole {
            pairs.push(("default".to_owned(), Value::Truth(true)));
        }
        if index.account.is_some() {
            let value = text("always".to_owned());
            pairs.push(("authenticate".to_owned(), value));
        }
        let upload = index.with_user(&index.upload);
        pairs.push(("publish-url".to_owned(), text(upload.clone())));
        let mut edits = vec![Edit::Table {
            place: place(&["index"]),
            name: index.name.clone(),
            claims: "url",
            pairs,
        }];
        if index.is_sole {
            edits.push(Edit::OnlyTable {
                place: place(&["index"]),
                name: index.name.clone(),
            });
            for keys in [
                &["index-url"][..],
                &["extra-index-url"],
                &["pip", "index-url"],
                &["pip", "extra-index-url"],
            ] {
                edits.push(remove(keys));
            }
            edits.push(set(&["publish-url"], text(upload)));
        }
        if index.keyring_user().is_some() {
            edits.push(set(&["keyring-provider"], text("subprocess".to_owned())));
        }
        let publish = if index.is_sole {
            "uv publish".to_owned()
        } else {
            format!("uv publish --index {}", index.name)
        };
        let mut plan = Plan {
            files: vec![file(self.machine.uv(), Format::Toml, edits)],
            services: self.services(&[index.simple.as_str(), index.upload.as_str()]),
            notes: Vec::new(),
            usage: vec!["uv pip install PROJECT".to_owned(), publish],
        };
        plan.files.extend(self.netrc());
        plan
    }

    fn poetry(&self) -> Plan {
        let index = self.index;
        let name = index.name.as_str();
        let config = vec![claim(&["repositories", name, "url"], &index.upload)];
        let mut plan = Plan {
            files: vec![file(
                self.machine.poetry("config.toml"),
                Format::Toml,
                config,
            )],
            services: self.services(&[&format!("poetry-repository-{name}")]),
            notes: Vec::new(),
            usage: vec![format!("poetry publish -r {name}")],
        };
        let account = self.account(&["http-basic", name], "username", "password");
        if !account.is_empty() {
            let path = self.machine.poetry("auth.toml");
            plan.files.push(file(path, Format::Toml, account));
        }
        let Some(project) = self.project else {
            plan.notes.push(
                "poetry takes indexes to install from out of projects alone: run this again with \
                 --project-folder for each project"
                    .to_owned(),
            );
            return plan;
        };
        let priority = if index.is_sole {
            "primary"
        } else {
            "supplemental"
        };
        let pairs = vec![
            ("url".to_owned(), text(index.simple.as_str().to_owned())),
            ("priority".to_owned(), text(priority.to_owned())),
        ];
        let edits = self.source(&["tool", "poetry", "source"], pairs);
        let path = self.machine.below(project, &["pyproject.toml"]);
        plan.files.push(FilePlan {
            is_of_project: true,
            ..file(path, Format::Toml, edits)
        });
        plan.usage.push("poetry add PROJECT".to_owned());
        if !index.is_sole {
            plan.notes.push(format!(
                "poetry asks the public index first; tie your own projects to this one: `poetry \
                 add --source {name} PROJECT`"
            ));
        }
        plan
    }

    fn pdm(&self) -> Plan {
        let index = self.index;
        let name = index.name.as_str();
        let source: &[&str] = if index.is_sole {
            &["pypi"]
        } else {
            &["pypi", name]
        };
        let at = |key| [source, &[key]].concat();
        let mut edits = if index.is_sole {
            vec![set(&at("url"), text(index.simple.as_str().to_owned()))]
        } else {
            vec![claim(&at("url"), &index.simple)]
        };
        if index.trusted_host().is_some() {
            edits.push(set(&at("verify_ssl"), Value::Truth(false)));
        }
        if let Some(user) = index.keyring_user() {
            edits.push(set(&at("username"), text(user.to_owned())));
        }
        edits.push(claim(&["repository", name, "url"], &index.upload));
        edits.extend(self.account(&["repository", name], "username", "password"));
        let mut plan = Plan {
            files: vec![file(self.machine.pdm(), Format::Toml, edits)],
            services: self.services(&[index.simple.as_str(), &format!("pdm-repository-{name}")]),
            notes: Vec::new(),
            usage: vec![
                "pdm add PROJECT".to_owned(),
                format!("pdm publish -r {name}"),
            ],
        };
        plan.files.extend(self.netrc());
        if !index.is_sole {
            plan.notes.push(confusion("pdm"));
        }
        plan
    }

    fn hatch(&self) -> Plan {
        let index = self.index;
        let name = index.name.as_str();
        let repository = ["publish", "index", "repos", name];
        let at = |key| [&repository[..], &[key]].concat();
        let mut edits = vec![claim(&at("url"), &index.upload)];
        edits.extend(self.account(&repository, "user", "auth"));
        if index.is_sole {
            let value = text(name.to_owned());
            edits.push(set(&["publish", "index", "repo"], value));
        }
        let usage = if index.is_sole {
            "hatch publish".to_owned()
        } else {
            format!("hatch publish -r {name}")
        };
        Plan {
            files: vec![file(self.machine.hatch(), Format::Toml, edits)],
            services: self.services(&[index.upload.as_str()]),
            notes: vec![
                "hatch installs with uv or pip, and as they are set up: name those too".to_owned(),
            ],
            usage: vec![usage],
        }
    }

    /// The file of twine and flit.
    fn pypirc(&self, command: &str, files: &str) -> Plan {
        let index = self.index;
        let name = index.name.as_str();
        let mut edits = vec![
            Edit::Add {
                place: place(&["distutils", "index-servers"]),
                item: name.to_owned(),
                beside: &["pypi", "testpypi"],
            },
            claim(&[name, "repository"], &index.upload),
        ];
        edits.extend(self.account(&[name], "username", "password"));
        let mut notes = Vec::new();
        if index.keyring_user().is_some() {
            let program = command.split(' ').next().unwrap_or_default();
            notes.push(format!(
                "{program} asks the key ring only if the module `keyring` is installed beside it"
            ));
        }
        Plan {
            files: vec![file(self.machine.pypirc(), Format::Ini, edits)],
            services: self.services(&[index.upload.as_str()]),
            notes,
            usage: vec![format!("{command} {name} {files}").trim_end().to_owned()],
        }
    }

    fn pipenv(&self) -> Plan {
        let index = self.index;
        let mut plan = self.pip();
        plan.usage = vec!["pipenv install PROJECT".to_owned()];
        if !index.is_sole {
            plan.notes = vec![confusion("pipenv")];
        }
        let Some(project) = self.project else {
            plan.notes.push(
                "pipenv takes its sources from the Pipfile of a project: run this again with \
                 --project-folder for each project that has one"
                    .to_owned(),
            );
            return plan;
        };
        let pairs = vec![
            ("url".to_owned(), text(index.with_user(&index.simple))),
            (
                "verify_ssl".to_owned(),
                Value::Truth(index.trusted_host().is_none()),
            ),
        ];
        let edits = self.source(&["source"], pairs);
        let path = self.machine.below(project, &["Pipfile"]);
        plan.files.push(FilePlan {
            is_of_project: true,
            ..file(path, Format::Toml, edits)
        });
        plan
    }

    fn conda(&self) -> Plan {
        let mut plan = self.pip();
        plan.usage = vec!["python -m pip install PROJECT".to_owned()];
        plan.notes.push(
            "conda itself cannot install from such an index, and nothing is written for it: pip in \
             its environments, and what stands below `pip:` in an environment.yml, come from here, \
             as pip was set up"
                .to_owned(),
        );
        plan
    }

    fn netrc(&self) -> Option<FilePlan> {
        let account = self.index.account.as_ref()?;
        let password = self.index.password()?;
        let host = self.index.simple.host_str()?;
        let edit = Edit::Login {
            host: host.trim_matches(['[', ']']).to_owned(),
            user: account.user.clone(),
            password: password.clone(),
        };
        Some(file(self.machine.netrc(), Format::Netrc, vec![edit]))
    }

    /// The account in the own file of a client that reads no netrc.
    fn account(&self, path: &[&str], user: &str, password: &str) -> Vec<Edit> {
        let Some(account) = &self.index.account else {
            return Vec::new();
        };
        let at = |key| [path, &[key]].concat();
        let mut edits = vec![set(&at(user), text(account.user.clone()))];
        if let Some(secret) = self.index.password() {
            edits.push(set(&at(password), Value::Secret(secret.clone())));
        }
        edits
    }

    /// A source in the file of a project.
    fn source(&self, path: &[&str], pairs: Vec<(String, Value)>) -> Vec<Edit> {
        let name = self.index.name.clone();
        let mut edits = vec![Edit::Table {
            place: place(path),
            name: name.clone(),
            claims: "url",
            pairs,
        }];
        if self.index.is_sole {
            edits.push(Edit::OnlyTable {
                place: place(path),
                name,
            });
        }
        edits
    }

    fn services(&self, names: &[&str]) -> Vec<String> {
        if self.index.keyring_user().is_none() {
            return Vec::new();
        }
        names.iter().map(|&name| name.to_owned()).collect()
    }
}

fn place(path: &[&str]) -> Vec<String> {
    path.iter().map(|&part| part.to_owned()).collect()
}

fn text(text: String) -> Value {
    Value::Text(text)
}

fn set(path: &[&str], value: Value) -> Edit {
    Edit::Set {
        place: place(path),
        value,
        is_claim: false,
    }
}

fn claim(path: &[&str], url: &url::Url) -> Edit {
    Edit::Set {
        place: place(path),
        value: Value::Text(url.as_str().to_owned()),
        is_claim: true,
    }
}

fn add(path: &[&str], item: String) -> Edit {
    Edit::Add {
        place: place(path),
        item,
        beside: &[],
    }
}

fn remove(path: &[&str]) -> Edit {
    Edit::Remove { place: place(path) }
}

fn file(path: String, format: Format, edits: Vec<Edit>) -> FilePlan {
    FilePlan {
        path,
        format,
        edits,
        is_of_project: false,
    }
}

fn confusion(program: &str) -> String {
    format!(
        "{program} takes the highest version from any index: whoever publishes the name of a private \
         project elsewhere gets it installed here; without --extra this is the only index"
    )
}

#[cfg(test)]
mod tests;
