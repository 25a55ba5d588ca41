//! The forms of the API about who may do what.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{SchemaType, Type};

/// Whether somebody may do something, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CanReport {
    /// Whether they may.
    pub allowed: bool,
    /// The rule that allows it, or why none does.
    pub reason: String,
}

/// Whether anything is different now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// Whether it was not so before.
    pub changed: bool,
}

/// The rules that count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleList {
    /// In the order in which they are looked at.
    pub rules: Vec<RuleReport>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleReport {
    /// The rule.
    #[schema(example = "group:data upload+create data-*")]
    pub rule: String,
    /// Where it was written.
    pub origin: String,
}

/// A rule to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleWish {
    /// `WHO RIGHTS [PROJECTS [INDEX]]`.
    #[schema(
        example = "group:data upload+create data-*",
        max_length = 300,
        pattern = "^(everybody|users|owners|maintainers|(user|group):[A-Za-z0-9._@-]{1,40}) (all|update|list|download|upload|create|yank|delete|admin)(\\+(list|download|upload|create|yank|delete|admin)){0,3}( (\\*|[a-z][a-z0-9-]{0,20}\\*?)( [a-z][a-z0-9-]{0,10})?)?$"
    )]
    pub rule: String,
}

/// Members of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberList {
    /// Ordered by group and user.
    pub members: Vec<MemberWish>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberWish {
    /// The group.
    #[schema(
        example = "data",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    pub group: String,
    /// The user.
    #[schema(
        example = "ada",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    pub user: String,
}

/// Who has which part in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleList {
    /// Owners first.
    pub roles: Vec<RoleWish>,
}

/// A user's part in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleWish {
    /// The project.
    #[schema(
        example = "demo",
        min_length = 1,
        max_length = 200,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub project: String,
    /// The user.
    #[schema(
        example = "ada",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    pub user: String,
    /// The part.
    pub role: RoleName,
}

/// The part that a user has in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    /// May do everything with it, and say who else may.
    Owner,
    /// May upload and yank.
    Maintainer,
}

/// Accounts that something is kept about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountList {
    /// Ordered by name.
    pub accounts: Vec<AccountReport>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountReport {
    /// The name.
    pub name: String,
    /// Whether it is a robot's: without a password, with tokens alone.
    pub is_robot: bool,
    /// Whether nobody can sign in with it, nor use its tokens.
    pub disabled: bool,
    /// Since when it is kept.
    pub since: String,
}

/// A robot to make an account for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RobotWish {
    /// The name.
    #[schema(
        example = "ci",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    pub name: String,
}

/// Whether an account may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountWish {
    /// The name.
    #[schema(
        example = "eve",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    pub name: String,
    /// Whether nobody can sign in with it, nor use its tokens.
    pub disabled: bool,
}

/// Tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// Ordered by when they were made.
    pub tokens: Vec<TokenReport>,
}

/// A token, without what makes it one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenReport {
    /// The public part, by which it is revoked.
    pub id: String,
    /// Whose rights it has at most.
    pub owner: String,
    /// What its owner calls it.
    pub name: String,
    /// The only rights that it may be used for; `null` for all that its owner has.
    pub rights: Option<String>,
    /// The only projects that it may be used for; `null` for all.
    pub projects: Option<Vec<String>>,
    /// When it was made.
    pub made_at: String,
    /// From when on it is worth nothing; `null` for never.
    pub expires_at: Option<String>,
    /// When it was last used, within a minute; `null` for never.
    pub last_used: Option<String>,
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenWish {
    /// What to call it.
    #[schema(
        example = "CI of demo",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$"
    )]
    pub name: String,
    /// Whose it is to be, if not the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "ci",
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\s\\x00-\\x1f\\x7f-\\x9f/:,]+$"
    )]
    pub owner: Option<String>,
    /// The only rights that it may be used for, with `+` between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "upload",
        pattern = "^(all|update|list|download|upload|create|yank|delete|admin)(\\+(list|download|upload|create|yank|delete|admin)){0,3}$"
    )]
    pub rights: Option<String>,
    /// The only projects that it may be used for: names in which `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = patterns)]
    pub projects: Option<Vec<String>>,
    /// For how many days it is good.
    #[serde(
        default,
        deserialize_with = "whole",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 1, maximum = 3650)]
    pub days: Option<u32>,
}

/// Reads a whole number, however JSON writes it: `268.0` is one too.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    if !is_whole {
        return Err(serde::de::Error::custom("it must be a whole number"));
    }
    // Such a number is written without a fraction, and fits.
    Ok(format!("{number:.0}").parse().ok())
}

fn patterns() -> utoipa::openapi::schema::Array {
    let pattern = utoipa::openapi::ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[A-Za-z0-9._*-]{1,255}$"));
    utoipa::openapi::ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(pattern)
        .min_items(Some(1))
        .max_items(Some(20))
        .build()
}

/// A token that was made. It is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenMade {
    /// The token: a password for any user name, such as `__token__`.
    pub token: String,
    /// What is kept of it.
    pub kept: TokenReport,
}

impl std::fmt::Debug for TokenMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenMade")
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

/// A part of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trail {
    /// The events, the last first.
    pub events: Vec<TrailEvent>,
}

/// One event of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrailEvent {
    /// Where it stands: what `before` takes.
    #[serde(default)]
    #[schema(example = "1795996800000000.17")]
    pub place: String,
    /// When.
    pub at: String,
    /// What happened.
    #[schema(example = "token-made")]
    pub kind: String,
    /// The project, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What exactly.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Who did it.
    pub by: super::EventAuthor,
}

/// Trusted publishers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublisherList {
    /// Ordered by id.
    pub publishers: Vec<PublisherReport>,
}

/// A trusted publisher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublisherReport {
    /// By which it is removed.
    pub id: String,
    /// How its identity tokens are read.
    pub provider: ProviderName,
    /// Who signs them.
    pub issuer: String,
    /// What they must say.
    pub wanted: BTreeMap<String, String>,
    /// What its jobs may do.
    pub rights: String,
    /// With which projects.
    pub projects: Vec<String>,
    /// Since when it is trusted.
    pub since: String,
}

/// How identity tokens are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderName {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Google.
    Google,
    /// The builds of `ActiveState`.
    ActiveState,
    /// Any other.
    Generic,
}

/// A publisher to trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublisherWish {
    /// How its identity tokens are read.
    pub provider: ProviderName,
    /// Who signs them: an issuer that the operator trusts.
    #[schema(
        example = "https://ci.company.example",
        max_length = 200,
        pattern = "^https://[a-z0-9]{1,20}\\.example$"
    )]
    pub issuer: String,
    /// What they must say, by the provider's own names.
    #[schema(schema_with = wanted)]
    pub wanted: BTreeMap<String, String>,
    /// What its jobs may do, with `+` between rights; without, upload and create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        example = "list+download",
        pattern = "^(list|download|upload|create|yank)(\\+(list|download|upload|create|yank)){0,3}$"
    )]
    pub rights: Option<String>,
    /// With which projects: names in which `*` stands for any text.
    #[schema(schema_with = some_patterns)]
    pub projects: Vec<String>,
}

fn wanted() -> utoipa::openapi::schema::Object {
    let text = utoipa::openapi::ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(200))
        .pattern(Some("^[^\\x00-\\x1f\\x7f-\\x9f]+$"));
    utoipa::openapi::ObjectBuilder::new()
        .property("sub", text)
        .required("sub")
        .additional_properties(Some(
            utoipa::openapi::schema::AdditionalProperties::FreeForm(false),
        ))
        .build()
}

fn some_patterns() -> utoipa::openapi::schema::Array {
    let mut list = patterns();
    list.schema_type = SchemaType::Type(Type::Array);
    list
}
