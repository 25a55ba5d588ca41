//! What remains to be done by hand, command for command.

use std::fmt::Write;

use wheelhouse_release::pipelines::{Destination, Pipeline, Program, SignIn, System};

use super::remote::Remote;

/// Returns the steps that are left.
pub(super) fn steps(pipeline: &Pipeline, remote: Option<&Remote>, file: &str) -> String {
    let mut steps = Vec::new();
    match (&pipeline.sign_in, pipeline.system) {
        (SignIn::Identity { .. }, System::GitHub) => {
            steps.push(trust_github(pipeline, remote, file));
        }
        (SignIn::Identity { .. }, System::GitLab) => {
            steps.push(trust_gitlab(pipeline, remote));
        }
        (SignIn::Identity { audience }, _) => {
            steps.push(format!(
                "In Jenkins, with the plugin \"OpenID Connect Provider\", make a credential of the kind\n\
                 \"OpenID Connect id token\" with the id wheelhouse-identity and the audience {audience},\n\
                 and let its claim `sub` be the same for every tag."
            ));
            steps.push(format!(
                "Let the server, started with --trusted-issuer ISSUER, trust its jobs:\n    \
                 wheelhouse publisher add generic issuer=ISSUER sub=SUB{}",
                of_server(pipeline)
            ));
        }
        (SignIn::Token, _) => {
            steps.push(format!(
                "Make a token for the releases of this project alone; it is shown once:\n    \
                 wheelhouse token make \"CI of {0}\" --rights list+download+upload+create --days 365{1}",
                pipeline.project,
                of_server(pipeline)
            ));
            steps.push(secret(pipeline));
        }
    }
    if pipeline.program == Program::Found {
        steps.push(program(pipeline.system));
    }
    steps.push(format!(
        "Commit {file}. A release is then a tag on a commit that has its version:\n    \
         git tag {0}1.2.0 && git push {1} {0}1.2.0",
        pipeline.tag_prefix,
        remote.map_or("origin", |remote| remote.name.as_str())
    ));
    let mut text = String::from("\nWhat remains:\n");
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", number + 1, step.replace('\n', "\n   "));
    }
    text
}

/// Says how a file that is there takes ours in.
pub(super) fn include(file: &str, other: &str) -> String {
    format!(
        "{file} is there, and is not ours; it was left as it is. Add to it:\n\n\
         include:\n  - local: /{other}\n\n"
    )
}

fn of_server(pipeline: &Pipeline) -> String {
    let (Destination::Pages(pages) | Destination::Uploads { pages, .. }) = &pipeline.destination;
    let mut base = pages.clone();
    if let Ok(mut parts) = base.path_segments_mut() {
        parts.pop_if_empty().pop().push("");
    }
    format!(
        " \\\n        --projects {} --server {base}",
        pipeline.project
    )
}

fn environment(pipeline: &Pipeline) -> String {
    let environment = pipeline.environment.as_ref();
    environment.map_or_else(String::new, |name| {
        format!(" environment='{}'", name.as_str().replace('\'', "'\\''"))
    })
}

fn trust_github(pipeline: &Pipeline, remote: Option<&Remote>, file: &str) -> String {
    let (owner, repository) = names(remote, "OWNER", "REPOSITORY");
    let issuer = match remote.map(|remote| remote.host.as_str()) {
        Some("github.com") | None => "https://token.actions.githubusercontent.com".to_owned(),
        Some(host) => format!("https://{host}/_services/token"),
    };
    format!(
        "Let the server, started with --trusted-issuer {issuer},\n\
         trust the jobs of this file; NUMBER is what `gh api users/{owner} --jq .id` tells:\n    \
         wheelhouse publisher add github issuer={issuer} \\\n        \
         owner={owner} owner_id=NUMBER repository={repository} workflow={}{}{}",
        file.rsplit('/').next().unwrap_or(file),
        environment(pipeline),
        of_server(pipeline)
    )
}

fn trust_gitlab(pipeline: &Pipeline, remote: Option<&Remote>) -> String {
    let (namespace, project) = names(remote, "NAMESPACE", "PROJECT");
    let host = remote.map_or("GITLAB", |remote| remote.host.as_str());
    format!(
        "Let the server, started with --trusted-issuer https://{host}, trust the jobs of this file:\n    \
         wheelhouse publisher add gitlab issuer=https://{host} \\\n        \
         namespace={namespace} project={project} workflow=.gitlab-ci.yml{}{}\n\
         Protect the tags {}* in GitLab, so that not everybody can release.",
        environment(pipeline),
        of_server(pipeline),
        pipeline.tag_prefix
    )
}

fn names(remote: Option<&Remote>, owner: &str, repository: &str) -> (String, String) {
    match remote {
        Some(remote) => (remote.owner(), remote.repository().to_owned()),
        None => (owner.to_owned(), repository.to_owned()),
    }
}

/// Says where the token goes.
fn secret(pipeline: &Pipeline) -> String {
    match pipeline.system {
        System::GitHub => {
            let environment = pipeline.environment.as_ref();
            let flag = environment.map_or_else(String::new, |name| {
                format!(" --env '{}'", name.as_str().replace('\'', "'\\''"))
            });
            format!("Keep it as a secret of the repository; this asks for it:\n    gh secret set WHEELHOUSE_TOKEN{flag}")
        }
        System::GitLab => format!(
            "Keep it in GitLab below Settings, CI/CD, Variables as WHEELHOUSE_TOKEN, masked and protected, and\n\
             protect the tags {}*.",
            pipeline.tag_prefix
        ),
        System::Jenkins => {
            "Keep it in Jenkins as a credential of the kind \"Secret text\" with the id wheelhouse-token."
                .to_owned()
        }
        System::Azure => {
            "Keep it as the variable WHEELHOUSE_TOKEN of the pipeline, with \"Keep this value secret\".".to_owned()
        }
        System::Bitbucket => format!(
            "Keep it below Repository settings, Deployments, {} as the secured variable WHEELHOUSE_TOKEN.",
            pipeline.environment.as_ref().map_or("Production", |name| name.as_str())
        ),
        System::Woodpecker => {
            "Keep it as the secret wheelhouse_token of the repository, for the event tag alone.".to_owned()
        }
    }
}

/// Says how the program gets to the runner if it is not there.
fn program(system: System) -> String {
    let place = match system {
        System::GitHub => "a variable of the\nrepository (gh variable set WHEELHOUSE_PROGRAM_URL)",
        System::GitLab => "a CI/CD variable of the project or the group",
        System::Jenkins => "a global property of Jenkins",
        System::Azure => "a variable of the pipeline",
        System::Bitbucket => "a variable of the repository or the workspace",
        System::Woodpecker => {
            return "Let the jobs have wheelhouse: --image NAME with one that has it, or --wheelhouse URL.".to_owned();
        }
    };
    format!(
        "Let the jobs have wheelhouse: on the runner or in the image (--image NAME), from an address in\n\
         the file (--wheelhouse URL), or from WHEELHOUSE_PROGRAM_URL, {place}."
    )
}
