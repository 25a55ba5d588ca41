//! The routes: which function answers which address. Folders follow URLs.

mod api;
mod files;
mod health;
mod integrity;
mod json_api;
mod legacy;
mod openid;
mod pages;
mod project;
mod root;
mod rss;
mod simple;
mod trusted;
mod upload;
pub(crate) mod upload_form;
mod xmlrpc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, any, get, post};

use crate::error::ApiError;
use crate::state::State;

pub(crate) use api::{ViaSocket, moving_router, router as api_router};
pub(crate) use files::answer as answer_file;
pub(crate) use simple::{moved_permanently, requested as requested_page};
pub(crate) use trusted::Exchange;

/// Builds the table of routes. Addresses are below the base path, which is stripped before.
///
/// # Errors
/// A sentence, if the extra health path is an address that has another meaning.
pub(crate) fn router(state: State) -> Result<Router, String> {
    let project_redirect = || get(project::redirect);
    let xml_rpc = || post(xmlrpc::call);
    let mut router = Router::new()
        .route("/", get(root::welcome).post(upload::post))
        .route("/legacy", get(legacy::explain).post(upload::post))
        .route("/legacy/", get(legacy::explain).post(upload::post))
        .route("/simple", get(simple::add_slash))
        .route(
            "/simple/",
            pages(get(simple::project_list)).post(simple::post),
        )
        .route("/simple/{project}", get(simple::add_slash))
        .route("/simple/{project}/", pages(get(simple::project_page)))
        .route("/packages", get(simple::add_slash))
        .route("/packages/", get(simple::flat_list))
        .route("/packages/{*path}", get(files::download))
        .route("/RPC2", project_redirect().merge(xml_rpc()))
        .route("/RPC2/", project_redirect().merge(xml_rpc()))
        .route("/pypi", get(legacy::action).merge(xml_rpc()))
        .route("/pypi/", get(legacy::action).merge(xml_rpc()))
        .route("/rss/updates.xml", get(rss::updates))
        .route("/rss/packages.xml", get(rss::new_projects))
        .route("/rss/project/{project}/releases.xml", get(rss::releases))
        .route(
            "/integrity/{project}/{version}/{file}/provenance",
            get(integrity::provenance),
        )
        .route("/_/oidc/audience", get(trusted::audience))
        .route("/_/oidc/mint-token", post(trusted::mint))
        .route("/_/oidc/github/mint-token", post(trusted::mint))
        .route("/_/oidc/burn-token", post(trusted::burn))
        .route("/_/openid/sign-in", get(openid::begin))
        .route("/_/openid/return", get(openid::finish))
        .route("/.well-known/pytp", get(trusted::discover))
        .route("/favicon.ico", get(not_found))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/{project}", project_redirect())
        .route("/{project}/", project_redirect())
        .route("/{project}/json", get(json_api::old_project));
    for end in ["", "/"] {
        router = router
            .route(
                &format!("/pypi/{{project}}/json{end}"),
                get(json_api::project),
            )
            .route(
                &format!("/pypi/{{project}}/{{version}}/json{end}"),
                get(json_api::release),
            );
    }
    // Hatch asks below its upload address, and not always with a plain plus sign.
    for upload in ["", "/legacy"] {
        for plus in ["+", "%2B", "%2b"] {
            let path = format!("{upload}/{plus}simple/{{project}}/");
            router = router.route(&path, get(simple::project_page));
        }
    }
    match state.settings.health_path.as_deref() {
        // The operator's path may be one of our own checks, which then answers as it always does.
        None | Some("/healthz" | "/readyz") => {}
        Some(path) => {
            check_health_path(path)?;
            router = router.route(path, get(health::ok));
        }
    }
    Ok(router
        .merge(api::router())
        .merge(pages::router(&state))
        .fallback(any(pages::unknown_address))
        .layer(DefaultBodyLimit::disable())
        .with_state(state))
}

/// Adds what browsers ask before they let a page of another site read.
fn pages(route: MethodRouter<State>) -> MethodRouter<State> {
    route.options(simple::preflight)
}

async fn not_found() -> ApiError {
    ApiError::not_found()
}

/// Refuses a health path that has another meaning: it would hide that.
fn check_health_path(path: &str) -> Result<(), String> {
    let fixed = [
        "/legacy",
        "/legacy/",
        "/simple",
        "/simple/",
        "/packages",
        "/packages/",
        "/RPC2",
        "/RPC2/",
        "/pypi",
        "/pypi/",
        "/favicon.ico",
        "/healthz",
        "/readyz",
        "/metrics",
        "/search",
        "/account",
        "/admin",
        "/api",
        "/api/",
    ];
    let parts: Vec<&str> = path[1..].split('/').collect();
    let is_family = matches!(
        parts.as_slice(),
        [
            "simple"
                | "packages"
                | "rss"
                | "integrity"
                | "pypi"
                | "api"
                | "project"
                | "account"
                | "admin"
                | "_",
            _,
            ..
        ] | ["legacy", "+simple", ..]
            | [_, "json"]
    );
    if fixed.contains(&path) || is_family {
        return Err(format!(
            "the health endpoint `{path}` would hide an address that has another meaning; choose another path, such as /health"
        ));
    }
    Ok(())
}
