//! Pages of somebody who signed in: who it is, what the form said, and the page as the answer. None of
//! it is kept by anybody.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{Html, IntoResponse, Response};
use form_urlencoded::Serializer;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::permission::Principal;
use wheelhouse_ui::Page;
use wheelhouse_ui::frame::Frame;

use super::{frame, see_other};
use crate::drained::DrainedBody;
use crate::error::ApiError;
use crate::render::add_page_policy;
use crate::request::RequestInfo;
use crate::session::{Visit, other_site};
use crate::state::State;
use crate::whole_body::read_whole;

/// Largest form without files, in bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// Most fields of a form.
const MAX_FIELDS: usize = 200;

/// Somebody who signed in asks for a page.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) visit: Visit,
    pub(super) info: RequestInfo,
    query: Fields,
}

impl Reader {
    pub(super) fn who(&self) -> &Principal {
        &self.visit.who
    }

    /// Returns a parameter of the address.
    pub(super) fn asked(&self, name: &str) -> &str {
        self.query.get(name)
    }

    /// Shows a page.
    pub(super) fn show<P: Page>(&self, state: &State, page: &P) -> Result<Response, ApiError> {
        let mut frame = own_frame(state, &self.info, &self.visit)?;
        frame.notice = Done::of(self.asked("done")).map(|done| done.sentence().to_owned());
        Ok(shown(state, &frame, StatusCode::OK, page))
    }

    /// Sends the browser to another page.
    pub(super) fn sent_to(&self, path: &str) -> Response {
        see_other(&self.info.external.path(path))
    }
}

impl FromRequestParts<State> for Reader {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, state: &State) -> Result<Self, Response> {
        let info = info_of(head);
        let visit = state.visit(&info).await;
        match visit.map_err(IntoResponse::into_response)? {
            Some(visit) => Ok(Self {
                visit,
                info,
                query: Fields::of(head.uri.query().unwrap_or_default().as_bytes()),
            }),
            None => Err(to_sign_in(head, &info)),
        }
    }
}

/// Sends a browser to the page of signing in, and back.
fn to_sign_in(head: &Parts, info: &RequestInfo) -> Response {
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    see_other(&sign_in_address(info, target))
}

/// Returns the address at which somebody signs in who then goes to a path of ours.
pub(super) fn sign_in_address(info: &RequestInfo, to: &str) -> String {
    let query = Serializer::new(String::new())
        .append_pair("to", to)
        .finish();
    info.external.path(&format!("/account/sign-in?{query}"))
}

/// Somebody who signed in sends a form. That it was made by a page of ours, for this browser, is proven.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) visit: Visit,
    pub(super) info: RequestInfo,
    pub(super) headers: HeaderMap,
    fields: Fields,
}

impl Sender {
    pub(super) fn who(&self) -> &Principal {
        &self.visit.who
    }

    /// Returns who makes a change, and how the request came.
    pub(super) fn by(&self, state: &State) -> Attribution {
        let actor = self.visit.who.actor().clone();
        self.info
            .attribution(actor, &self.headers, state.index.now())
    }

    /// Returns a field without blanks around it. One that is not there is empty.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    /// Returns all values of a field.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.all(name)
    }

    /// Returns the fields whose names begin so, with the rest of their names, less those that are empty.
    pub(super) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let given = self.fields.0.iter();
        given.filter_map(move |(name, value)| {
            let value = value.trim();
            let name = name.strip_prefix(prefix)?;
            (!value.is_empty()).then_some((name, value))
        })
    }

    /// Shows a page in answer to the form.
    pub(super) fn show<P: Page>(
        &self,
        state: &State,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, ApiError> {
        let frame = own_frame(state, &self.info, &self.visit)?;
        Ok(shown(state, &frame, status, page))
    }

    /// Sends the browser to a page, which says what was done.
    pub(super) fn done(&self, path: &str, done: Done) -> Response {
        let mark = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{mark}done={}", done.name());
        see_other(&self.info.external.path(&target))
    }
}

impl FromRequest<State> for Sender {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &State) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        let info = info_of(&head);
        let body = DrainedBody::new(body, &head.headers);
        let visit = visit_of(state, &head, &info).await?;
        let fields = Fields::read(state, &head, body).await?;
        state.check_form(&visit, Some(fields.get("form_token")))?;
        Ok(Self {
            visit,
            info,
            headers: head.headers,
            fields,
        })
    }
}

/// Returns whose browser sent a form.
pub(super) async fn visit_of(
    state: &State,
    head: &Parts,
    info: &RequestInfo,
) -> Result<Visit, ApiError> {
    let visit = state.visit_of_form(&head.headers, info).await?;
    visit.ok_or_else(|| {
        ApiError::new(
            StatusCode::FORBIDDEN,
            "you are not signed in any more, and nothing was changed; sign in, and send the form once more",
        )
    })
}

pub(super) fn info_of(head: &Parts) -> RequestInfo {
    let info = head.extensions.get::<RequestInfo>();
    info.expect("the front has named every request").clone()
}

/// The fields of a form, or the parameters of an address, in their order.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded).into_owned();
        Self(pairs.take(MAX_FIELDS).collect())
    }

    /// Reads a form.
    pub(super) async fn read(
        state: &State,
        head: &Parts,
        body: DrainedBody,
    ) -> Result<Self, ApiError> {
        let media_type = head.headers.get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next());
        let is_form = media_type.is_some_and(|value| {
            value
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !is_form {
            let detail = "only a form of a page can be sent here; programs use the API, which /api/openapi.json describes";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = read_whole(state, body, MAX_FORM_BYTES, "the form").await?;
        Ok(Self::of(&bytes))
    }

    pub(super) fn get(&self, wanted: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Returns a field as it was sent, blanks and all.
    pub(super) fn exact(&self, wanted: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value)
    }

    fn all(&self, wanted: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(name, _)| name == wanted);
        found.map(|(_, value)| value.trim()).collect()
    }
}

/// Returns the frame of somebody's own pages.
pub(super) fn own_frame(
    state: &State,
    info: &RequestInfo,
    visit: &Visit,
) -> Result<Frame, ApiError> {
    let mut frame = frame(state, info, &visit.who);
    frame.form_token = Some(visit.form_token()?);
    Ok(frame)
}

/// Answers with a page that nobody keeps.
pub(super) fn shown<P: Page>(
    state: &State,
    frame: &Frame,
    status: StatusCode,
    page: &P,
) -> Response {
    let html = match state.settings.pages.render(frame, page) {
        Ok(html) => html,
        Err(error) => {
            tracing::error!("{error}");
            return ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "this page cannot be shown; the server's log says why",
            )
            .into_response();
        }
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    add_page_policy(headers);
    response
}

/// Refuses what a page of another site sent without a session to look at.
pub(super) fn check_site(head: &Parts, info: &RequestInfo) -> Result<(), ApiError> {
    if crate::origin::is_of_another_site(&head.headers, info) {
        return Err(other_site());
    }
    Ok(())
}

macro_rules! done {
    ($($variant:ident = $name:literal, $sentence:literal;)*) => {
        /// What was done by the request before: a word in the address, so that nobody can put a
        /// sentence of theirs on a page of ours.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Done {
            $($variant,)*
        }

        impl Done {
            fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$variant => $sentence,)*
                }
            }
        }
    };
}

done! {
    OthersSignedOut = "others-signed-out", "All other browsers are signed out.";
    TokenRevoked = "token-revoked", "The token is worth nothing now.";
    PublisherAdded = "publisher-added", "Its jobs are trusted now.";
    PublisherRemoved = "publisher-removed", "Its jobs are trusted no more.";
    Yanked = "yanked", "Installers pass it over now.";
    Unyanked = "unyanked", "Installers pass it over no more.";
    StatusSet = "status-set", "The project has that status now.";
    Deleted = "deleted", "It is deleted.";
    Undeleted = "undeleted", "It may come back: what was still kept is here again.";
    RoleGiven = "role-given", "It is so now.";
    RoleTaken = "role-taken", "There is no part any more.";
    RobotMade = "robot-made", "The robot has an account; make it a token with wheelhouse token make NAME --owner ROBOT.";
    AccountDisabled = "account-disabled", "Sign-ins and tokens of the account are worth nothing now.";
    AccountEnabled = "account-enabled", "The account may be used again.";
    SignedOutEverywhere = "signed-out-everywhere", "All browsers of the account are signed out.";
}

/// Returns a text as one word of a command in a shell.
pub(super) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+,=:".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns the command that asks a call of the API.
pub(super) fn ask(info: &RequestInfo, call: &str) -> String {
    format!("curl {}", shell_word(&info.external.url(call)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_stay_words() {
        for (text, word) in [
            ("demo==1.0", "demo==1.0"),
            ("", "''"),
            ("a b; rm -rf ~", "'a b; rm -rf ~'"),
            ("it's", r"'it'\''s'"),
            ("$(x)`y`", "'$(x)`y`'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn what_was_done_is_told_by_a_word_that_is_known() {
        assert_eq!(Done::of(Done::Deleted.name()), Some(Done::Deleted));
        assert_eq!(Done::of("<b>you won"), None);
    }

    #[test]
    fn fields_are_trimmed_and_bounded() {
        let fields = Fields::of(b"a=+x+&b=1&b=2&c");
        assert_eq!((fields.get("a"), fields.exact("a")), ("x", " x "));
        assert_eq!((fields.all("b"), fields.get("d")), (vec!["1", "2"], ""));
        let many = "a=1&".repeat(10_000);
        assert_eq!(Fields::of(many.as_bytes()).0.len(), MAX_FIELDS);
    }
}
