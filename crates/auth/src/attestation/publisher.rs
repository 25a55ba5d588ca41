//! Whether a certificate was given to a job of a publisher, and how the publisher is shown.
//!
//! Source: Sigstore's Fulcio, "OID information", for what its certificates say of CI jobs.

use serde_json::{Value, json};
use sigstore_verify::crypto::{CertificateInfo, SubjectAltName};
use wheelhouse_index::access::{Provider, Publisher};

/// Returns a publisher as a provenance shows it.
pub(super) fn describe(publisher: &Publisher) -> Result<Value, String> {
    let wanted = |name: &str| publisher.wanted.get(name).map(String::as_str);
    let text = |name| wanted(name).unwrap_or_default();
    Ok(match publisher.provider {
        Provider::GitHub => json!({
            "kind": "GitHub",
            "claims": null,
            "repository": format!("{}/{}", text("owner"), text("repository")),
            "workflow": text("workflow"),
            "environment": wanted("environment"),
        }),
        Provider::GitLab => json!({
            "kind": "GitLab",
            "claims": null,
            "repository": format!("{}/{}", text("namespace"), text("project")),
            "workflow_filepath": text("workflow"),
            "environment": wanted("environment"),
        }),
        Provider::Google => json!({ "kind": "Google", "claims": null, "email": text("email") }),
        Provider::Generic => json!({
            "kind": "Generic",
            "claims": null,
            "issuer": publisher.issuer,
            "subject": text("sub"),
        }),
        Provider::ActiveState => {
            return Err("publishers of ActiveState have no attestations".to_owned());
        }
    })
}

/// Succeeds if a certificate, whose issuer is the publisher's, is of one of its jobs.
pub(super) fn check(publisher: &Publisher, certificate: &CertificateInfo) -> Result<(), String> {
    let wanted = |name: &str| publisher.wanted.get(name).map_or("", String::as_str);
    match publisher.provider {
        Provider::GitHub => {
            let repository = format!("{}/{}", wanted("owner"), wanted("repository"));
            let workflow = format!("/.github/workflows/{}", wanted("workflow"));
            check_job(certificate, &repository, &workflow)
        }
        Provider::GitLab => {
            let repository = format!("{}/{}", wanted("namespace"), wanted("project"));
            let workflow = format!("//{}", wanted("workflow"));
            check_job(certificate, &repository, &workflow)
        }
        Provider::Google => match &certificate.identity {
            Some(SubjectAltName::Email(email)) if email == wanted("email") => Ok(()),
            _ => Err(refused(certificate, wanted("email"))),
        },
        Provider::Generic => {
            let subject = wanted("sub");
            let is_name = certificate
                .identity
                .as_ref()
                .is_some_and(|name| name.as_str() == subject);
            let is_subject = certificate.ci_claims.token_subject.as_deref() == Some(subject);
            if is_name || is_subject {
                return Ok(());
            }
            Err(refused(certificate, subject))
        }
        Provider::ActiveState => Err("publishers of ActiveState have no attestations".to_owned()),
    }
}

/// Checks the repository of a job, and that its definition is the wanted file of it, as it was at
/// the commit or branch that the job ran for.
fn check_job(certificate: &CertificateInfo, repository: &str, file: &str) -> Result<(), String> {
    let claims = &certificate.ci_claims;
    let absent = || "the certificate does not say which job it was given to".to_owned();
    let source = claims.source_repository_uri.as_deref().ok_or_else(absent)?;
    let definition = claims.build_config_uri.as_deref().ok_or_else(absent)?;
    let path = source
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .map_or("", |(_, path)| path);
    // The forges tell no repositories apart by the case of their names.
    if !path.eq_ignore_ascii_case(repository) {
        return Err(format!(
            "it was signed by a job of {}, and the publisher is {repository}",
            shown(source)
        ));
    }
    let states = [
        &claims.source_repository_ref,
        &claims.source_repository_digest,
    ];
    let is_wanted = states.into_iter().flatten().any(|state| {
        definition
            .strip_suffix(state.as_str())
            .and_then(|rest| rest.strip_suffix('@'))
            .and_then(|rest| rest.strip_suffix(file))
            .is_some_and(|rest| rest.eq_ignore_ascii_case(source))
    });
    if !is_wanted {
        return Err(format!(
            "it was signed by the workflow {}, and the publisher is {repository}{file}",
            shown(definition)
        ));
    }
    Ok(())
}

fn refused(certificate: &CertificateInfo, wanted: &str) -> String {
    let name = certificate
        .identity
        .as_ref()
        .map_or("", SubjectAltName::as_str);
    format!("it was signed by `{}` and not by `{wanted}`", shown(name))
}

fn shown(text: &str) -> String {
    let text: String = text.chars().take(300).collect();
    text.escape_debug().to_string()
}
