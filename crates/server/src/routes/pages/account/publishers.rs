//! `/account/publishers`: trusted publishers of somebody's own projects; of all, for administrators.

use axum::extract::State as Shares;
use axum::response::Response;
use http::StatusCode;
use wheelhouse_index::access::{Provider, Publisher};
use wheelhouse_index::permission::{Principal, Role};
use wheelhouse_ui::account::publishers::{PublisherForm, PublisherLine, PublishersPage};

use super::super::listed;
use super::super::own::{Done, Reader, Sender};
use crate::api::PublisherWish;
use crate::error::ApiError;
use crate::request::RequestInfo;
use crate::routes::api::access::publishers;
use crate::state::State;

/// `GET /account/publishers`, with `?provider=` for the form.
pub(in crate::routes::pages) async fn page(
    Shares(state): Shares<State>,
    reader: Reader,
) -> Result<Response, ApiError> {
    let form = provider_named(reader.asked("provider")).map(|provider| {
        let issuers = issuers(&state);
        PublisherForm {
            issuer: issuer_of(provider, &issuers),
            issuers,
            ..empty_form(provider)
        }
    });
    let page = with(&state, reader.who(), &reader.info, form);
    reader.show(&state, &page)
}

/// `POST /account/publishers`: trusts one.
pub(in crate::routes::pages) async fn add(
    Shares(state): Shares<State>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let provider = provider_named(sender.field("provider"))
        .ok_or_else(|| ApiError::bad_request("the form does not say where the jobs run"))?;
    let wish = PublisherWish {
        provider: provider.into(),
        issuer: sender.field("issuer").to_owned(),
        wanted: sender
            .beginning_with("wanted-")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        rights: None,
        projects: listed(sender.field("projects")),
    };
    let added = publishers::add(&state, sender.who(), wish, sender.by(&state)).await;
    match added {
        Ok(_) => Ok(sender.done("/account/publishers", Done::PublisherAdded)),
        Err(error) if error.status.is_server_error() => Err(error),
        Err(error) => {
            let mut form = empty_form(provider);
            for (name, value, _) in &mut form.fields {
                sender.field(&format!("wanted-{name}")).clone_into(value);
            }
            sender.field("issuer").clone_into(&mut form.issuer);
            sender.field("projects").clone_into(&mut form.projects);
            form.issuers = issuers(&state);
            form.error = Some(error.detail);
            let page = with(&state, sender.who(), &sender.info, Some(form));
            let status = match error.status {
                StatusCode::NOT_FOUND => StatusCode::FORBIDDEN,
                status => status,
            };
            sender.show(&state, status, &page)
        }
    }
}

/// `POST /account/publishers/remove`.
pub(in crate::routes::pages) async fn remove(
    Shares(state): Shares<State>,
    sender: Sender,
) -> Result<Response, ApiError> {
    let id = sender.field("id");
    publishers::remove(&state, sender.who(), id, sender.by(&state)).await?;
    Ok(sender.done("/account/publishers", Done::PublisherRemoved))
}

fn with(
    state: &State,
    who: &Principal,
    info: &RequestInfo,
    form: Option<PublisherForm>,
) -> PublishersPage {
    let mut known = state.access.publishers();
    known.retain(|known| publishers::check_may_trust(state, who, &known.projects).is_ok());
    let own = who.actor().account();
    let own = own.map_or_else(Vec::new, |user| state.access.projects_of(user));
    PublishersPage {
        publishers: known.into_iter().map(line).collect(),
        is_enabled: state.exchange.is_some(),
        providers: Provider::ALL.map(|one| (one.name(), called(one))).to_vec(),
        form,
        own: own
            .into_iter()
            .filter(|(_, role)| *role == Role::Owner)
            .map(|(project, _)| project.to_string())
            .collect(),
        server: info.external.url(""),
    }
}

fn line(publisher: Publisher) -> PublisherLine {
    let projects: Vec<String> = publisher.projects.iter().map(ToString::to_string).collect();
    PublisherLine {
        id: publisher.id,
        provider: called(publisher.provider),
        issuer: publisher.issuer,
        wanted: publisher.wanted.into_iter().collect(),
        rights: publisher.rights.to_string(),
        projects: projects.join(", "),
        since: publisher.since.seconds(),
    }
}

fn provider_named(name: &str) -> Option<Provider> {
    Provider::ALL.into_iter().find(|one| one.name() == name)
}

const fn called(provider: Provider) -> &'static str {
    match provider {
        Provider::GitHub => "GitHub Actions",
        Provider::GitLab => "GitLab CI",
        Provider::Google => "Google Cloud",
        Provider::ActiveState => "ActiveState",
        Provider::Generic => "another system",
    }
}

fn empty_form(provider: Provider) -> PublisherForm {
    let (needed, more) = provider.fields();
    let needed = needed.iter().map(|name| (*name, String::new(), true));
    let more = more.iter().map(|name| (*name, String::new(), false));
    PublisherForm {
        provider: provider.name(),
        called: called(provider),
        issuer: String::new(),
        issuers: Vec::new(),
        fields: needed.chain(more).collect(),
        projects: String::new(),
        error: None,
    }
}

fn issuers(state: &State) -> Vec<String> {
    let exchange = state.exchange.as_ref();
    exchange.map_or_else(Vec::new, |exchange| exchange.issuers())
}

/// Returns the issuer that is most likely meant.
fn issuer_of(provider: Provider, issuers: &[String]) -> String {
    let is_likely = |issuer: &&String| issuer.contains(provider.name());
    let likely = issuers.iter().find(is_likely);
    let only = issuers.first().filter(|_| issuers.len() == 1);
    likely.or(only).cloned().unwrap_or_default()
}
