//! The commands about who may do what.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;

use anyhow::{Context, anyhow};
use form_urlencoded::Serializer;
use wheelhouse_auth::token::{Caveat, Token};
use wheelhouse_index::permission::Rule;
use wheelhouse_server::api::{
    AccountList, AccountWish, CanReport, Changed, MemberList, MemberWish, ProviderName,
    PublisherList, PublisherReport, PublisherWish, RobotWish, RoleList, RoleName, RoleWish,
    RuleList, RuleWish, TokenList, TokenMade, TokenReport, TokenWish,
};

use super::connection::{self, Answer, Connection};
use super::{Options, Words, threads};
use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::CommandName;
use crate::program::{print, to_stderr};

/// Longest token that is read from the standard input, in bytes.
const MAX_TOKEN_BYTES: u64 = 64 << 10;
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// What a command is to do.
enum Task {
    Can {
        who: String,
        right: String,
        project: Option<String>,
    },
    Rules,
    AddRule(String),
    RemoveRule(String),
    Members,
    AddMember(MemberWish),
    RemoveMember(MemberWish),
    Accounts,
    MakeRobot(String),
    SetDisabled(AccountWish),
    SignOut(String),
    Roles(String),
    GiveRole(RoleWish),
    TakeRole {
        project: String,
        user: String,
    },
    Tokens,
    MakeToken(String),
    RevokeToken(String),
    NarrowToken,
    Publishers,
    AddPublisher {
        provider: ProviderName,
        fields: BTreeMap<String, String>,
    },
    RemovePublisher(String),
}

/// Carries out a command about who may do what.
pub(super) fn carry_out(
    command: CommandName,
    parsed: Parsed,
    environment: &Environment,
) -> Result<(), Failure> {
    let words = Words::of(&parsed)?;
    let task = task(command, &words)?;
    let options = Options::of(&parsed)?;
    if let Task::NarrowToken = task {
        return narrow(&options);
    }
    let runtime = threads()?;
    let done = runtime.block_on(async {
        let connection = connection::connect(parsed, &options, environment).await?;
        work(&connection, &options, task).await
    });
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    done
}

/// Reads the words of a command before anything is opened.
fn task(command: CommandName, words: &Words) -> Result<Task, UsageError> {
    let words: Vec<&str> = words.0.iter().map(String::as_str).collect();
    let text = |word: &str| word.to_owned();
    let rule = |words: &[&str]| {
        let rule = words.join(" ");
        match rule.parse::<Rule>() {
            Ok(rule) => Ok(rule.to_string()),
            Err(_) => Err(usage(CommandName::Rule)),
        }
    };
    let member = |group: &str, user: &str| MemberWish {
        group: text(group),
        user: text(user),
    };
    let account = |name: &str, disabled| AccountWish {
        name: text(name),
        disabled,
    };
    let role = |project: &str, user: &str, role| RoleWish {
        project: text(project),
        user: text(user),
        role,
    };
    Ok(match (command, words.as_slice()) {
        (CommandName::Can, [who, right]) => Task::Can {
            who: text(who),
            right: text(right),
            project: None,
        },
        (CommandName::Can, [who, right, project]) => Task::Can {
            who: text(who),
            right: text(right),
            project: Some(text(project)),
        },
        (CommandName::Rule, [] | ["list"]) => Task::Rules,
        (CommandName::Rule, ["add", words @ ..]) => Task::AddRule(rule(words)?),
        (CommandName::Rule, ["remove", words @ ..]) => Task::RemoveRule(rule(words)?),
        (CommandName::Group, [] | ["list"]) => Task::Members,
        (CommandName::Group, ["add", group, user]) => Task::AddMember(member(group, user)),
        (CommandName::Group, ["remove", group, user]) => Task::RemoveMember(member(group, user)),
        (CommandName::Account, [] | ["list"]) => Task::Accounts,
        (CommandName::Account, ["robot", name]) => Task::MakeRobot(text(name)),
        (CommandName::Account, ["disable", name]) => Task::SetDisabled(account(name, true)),
        (CommandName::Account, ["enable", name]) => Task::SetDisabled(account(name, false)),
        (CommandName::Account, ["sign-out", name]) => Task::SignOut(text(name)),
        (CommandName::Role, [project]) => Task::Roles(text(project)),
        (CommandName::Role, [project, "owner", user]) => {
            Task::GiveRole(role(project, user, RoleName::Owner))
        }
        (CommandName::Role, [project, "maintainer", user]) => {
            Task::GiveRole(role(project, user, RoleName::Maintainer))
        }
        (CommandName::Role, [project, "none", user]) => Task::TakeRole {
            project: text(project),
            user: text(user),
        },
        (CommandName::Token, [] | ["list"]) => Task::Tokens,
        (CommandName::Token, ["make", name]) => Task::MakeToken(text(name)),
        (CommandName::Token, ["revoke", id]) => Task::RevokeToken(text(id)),
        (CommandName::Token, ["narrow"]) => Task::NarrowToken,
        (CommandName::Publisher, [] | ["list"]) => Task::Publishers,
        (CommandName::Publisher, ["add", provider, fields @ ..]) => Task::AddPublisher {
            provider: provider_named(provider).ok_or_else(|| usage(command))?,
            fields: fields
                .iter()
                .map(|field| field.split_once('='))
                .map(|field| field.map(|(name, value)| (text(name), text(value))))
                .collect::<Option<_>>()
                .ok_or_else(|| usage(command))?,
        },
        (CommandName::Publisher, ["remove", id]) => Task::RemovePublisher(text(id)),
        _ => return Err(usage(command)),
    })
}

fn usage(command: CommandName) -> UsageError {
    UsageError::Words {
        command: command.as_str(),
        usage: match command {
            CommandName::Can => "WHO RIGHT [PROJECT]",
            CommandName::Rule => "[add|remove WHO RIGHTS [PROJECTS [INDEX]]]",
            CommandName::Group => "[add|remove GROUP USER]",
            CommandName::Account => "[robot|disable|enable NAME]",
            CommandName::Role => "PROJECT [owner|maintainer|none USER]",
            CommandName::Publisher => {
                "[add github|gitlab|google|activestate|generic NAME=VALUE ... --projects LIST | remove ID]"
            }
            _ => "[make NAME | revoke ID | narrow]",
        },
    }
}

#[expect(clippy::too_many_lines, reason = "it has an arm for each task")]
async fn work(connection: &Connection, options: &Options, task: Task) -> Result<(), Failure> {
    match task {
        Task::Can {
            who,
            right,
            project,
        } => can(connection, options, &who, &right, project.as_deref()).await,
        Task::Rules => {
            let answer = connection.get(RULES).await?;
            show(options, &answer, rules)
        }
        Task::AddRule(rule) => {
            let answer = connection.send("POST", RULES, &RuleWish { rule }).await?;
            changed(
                options,
                &answer,
                "the rule counts now",
                "the rule was there already",
            )
        }
        Task::RemoveRule(rule) => {
            let address = address(RULES, &[("rule", &rule)]);
            let answer = connection.remove(&address).await?;
            changed(options, &answer, "the rule counts no more", "")
        }
        Task::Members => {
            let answer = connection.get(MEMBERS).await?;
            show(options, &answer, members)
        }
        Task::AddMember(member) => {
            let answer = connection.send("POST", MEMBERS, &member).await?;
            changed(options, &answer, "a member now", "a member already")
        }
        Task::RemoveMember(member) => {
            let asked = [("group", member.group.as_str()), ("user", &member.user)];
            let answer = connection.remove(&address(MEMBERS, &asked)).await?;
            changed(options, &answer, "no member any more", "")
        }
        Task::Accounts => {
            let answer = connection.get(ACCOUNTS).await?;
            show(options, &answer, accounts)
        }
        Task::MakeRobot(name) => {
            let answer = connection
                .send("POST", ACCOUNTS, &RobotWish { name })
                .await?;
            changed(
                options,
                &answer,
                "the robot has an account; `wheelhouse token make NAME --owner ROBOT` makes it a token",
                "",
            )
        }
        Task::SetDisabled(account) => {
            let (done, was) = if account.disabled {
                (
                    "disabled: sign-ins and tokens are worth nothing now",
                    "disabled already",
                )
            } else {
                ("enabled", "enabled already")
            };
            let answer = connection.send("PUT", ACCOUNTS, &account).await?;
            changed(options, &answer, done, was)
        }
        Task::SignOut(name) => {
            let browsers = address(BROWSERS, &[("user", &name)]);
            let answer = connection.remove(&browsers).await?;
            changed(
                options,
                &answer,
                "no browser is signed in any more",
                "no browser was signed in",
            )
        }
        Task::Roles(project) => {
            let answer = connection
                .get(&address(ROLES, &[("project", &project)]))
                .await?;
            show(options, &answer, roles)
        }
        Task::GiveRole(role) => {
            let answer = connection.send("POST", ROLES, &role).await?;
            changed(options, &answer, "done", "it was so already")
        }
        Task::TakeRole { project, user } => {
            let asked = [("project", project.as_str()), ("user", &user)];
            let answer = connection.remove(&address(ROLES, &asked)).await?;
            changed(options, &answer, "no part in it any more", "")
        }
        Task::Tokens => {
            let asked: Vec<_> = options
                .owner
                .iter()
                .map(|name| ("owner", name.as_str()))
                .collect();
            let answer = connection.get(&address(TOKENS, &asked)).await?;
            show(options, &answer, tokens)
        }
        Task::MakeToken(name) => make_token(connection, options, name).await,
        Task::RevokeToken(id) => {
            let answer = connection.remove(&address(TOKENS, &[("id", &id)])).await?;
            changed(options, &answer, "the token is worth nothing now", "")
        }
        Task::NarrowToken => Ok(()),
        Task::Publishers => {
            let answer = connection.get(PUBLISHERS).await?;
            show(options, &answer, publishers)
        }
        Task::AddPublisher {
            provider,
            mut fields,
        } => {
            let wish = PublisherWish {
                provider,
                issuer: fields.remove("issuer").unwrap_or_default(),
                wanted: fields,
                rights: options.rights.clone(),
                projects: options.projects.clone().unwrap_or_default(),
            };
            let answer = connection.send("POST", PUBLISHERS, &wish).await?;
            show(options, &answer, publisher_line)
        }
        Task::RemovePublisher(id) => {
            let answer = connection
                .remove(&address(PUBLISHERS, &[("id", &id)]))
                .await?;
            changed(options, &answer, "its jobs are trusted no more", "")
        }
    }
}

fn provider_named(name: &str) -> Option<ProviderName> {
    Some(match name {
        "github" => ProviderName::GitHub,
        "gitlab" => ProviderName::GitLab,
        "google" => ProviderName::Google,
        "activestate" => ProviderName::ActiveState,
        "generic" => ProviderName::Generic,
        _ => return None,
    })
}

fn publishers(list: &PublisherList) -> String {
    list.publishers.iter().map(publisher_line).collect()
}

fn publisher_line(publisher: &PublisherReport) -> String {
    let wanted: Vec<String> = publisher
        .wanted
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "{}  {}  {}  {}  {}\n",
        publisher.id,
        publisher.issuer,
        wanted.join(" "),
        publisher.rights,
        publisher.projects.join(",")
    )
}

const PUBLISHERS: &str = "/api/v1/access/publishers";
const RULES: &str = "/api/v1/access/rules";
const MEMBERS: &str = "/api/v1/access/members";
const ROLES: &str = "/api/v1/access/roles";
const ACCOUNTS: &str = "/api/v1/access/accounts";
const BROWSERS: &str = "/api/v1/access/browsers";
const TOKENS: &str = "/api/v1/access/tokens";

fn address(path: &str, asked: &[(&str, &str)]) -> String {
    if asked.is_empty() {
        return path.to_owned();
    }
    let mut query = Serializer::new(String::new());
    query.extend_pairs(asked);
    format!("{path}?{}", query.finish())
}

/// Prints an answer as JSON or for people.
fn show<T: serde::de::DeserializeOwned>(
    options: &Options,
    answer: &Answer,
    written: fn(&T) -> String,
) -> Result<(), Failure> {
    if options.json {
        return print(&answer.text());
    }
    print(&written(&answer.read()?))
}

fn changed(options: &Options, answer: &Answer, done: &str, was: &str) -> Result<(), Failure> {
    if options.json {
        return print(&answer.text());
    }
    let report: Changed = answer.read()?;
    let said = if report.changed { done } else { was };
    print(&format!("{said}\n"))
}

async fn can(
    connection: &Connection,
    options: &Options,
    who: &str,
    right: &str,
    project: Option<&str>,
) -> Result<(), Failure> {
    let mut asked = vec![("actor", who), ("right", right)];
    asked.extend(project.map(|project| ("project", project)));
    let answer = connection
        .get(&address("/api/v1/access/can", &asked))
        .await?;
    let report: CanReport = answer.read()?;
    let said = if report.allowed { "yes" } else { "no" };
    if options.json {
        print(&answer.text())?;
    } else {
        print(&format!("{said}: {}\n", report.reason))?;
    }
    if report.allowed {
        return Ok(());
    }
    Err(Failure::No)
}

fn rules(list: &RuleList) -> String {
    lines(
        list.rules
            .iter()
            .map(|rule| [rule.rule.as_str(), &rule.origin]),
    )
}

fn members(list: &MemberList) -> String {
    lines(
        list.members
            .iter()
            .map(|one| [one.group.as_str(), &one.user]),
    )
}

fn roles(list: &RoleList) -> String {
    let part = |role: &RoleWish| match role.role {
        RoleName::Owner => "owner",
        RoleName::Maintainer => "maintainer",
    };
    lines(
        list.roles
            .iter()
            .map(|role| [part(role), role.user.as_str()]),
    )
}

fn accounts(list: &AccountList) -> String {
    lines(list.accounts.iter().map(|account| {
        let kind = if account.is_robot { "robot" } else { "user" };
        let state = if account.disabled {
            "disabled"
        } else {
            "enabled"
        };
        [account.name.as_str(), kind, state]
    }))
}

fn tokens(list: &TokenList) -> String {
    let mut text = String::new();
    for token in &list.tokens {
        text.push_str(&token_line(token));
    }
    text
}

fn token_line(token: &TokenReport) -> String {
    let mut line = format!("{}  {}  {}", token.id, token.owner, token.name);
    if let Some(rights) = &token.rights {
        let _ = write!(line, "  {rights}");
    }
    if let Some(projects) = &token.projects {
        let _ = write!(line, "  {}", projects.join(","));
    }
    if let Some(end) = &token.expires_at {
        let _ = write!(line, "  until {end}");
    }
    let used = token.last_used.as_deref().unwrap_or("never");
    let _ = writeln!(line, "  last used {used}");
    line
}

/// Writes rows with their columns below each other.
fn lines<'a, const N: usize>(rows: impl Iterator<Item = [&'a str; N]>) -> String {
    let rows: Vec<[&str; N]> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

async fn make_token(
    connection: &Connection,
    options: &Options,
    name: String,
) -> Result<(), Failure> {
    let wish = TokenWish {
        name,
        owner: options.owner.clone(),
        rights: options.rights.clone(),
        projects: options.projects.clone(),
        days: options.days.and_then(|days| u32::try_from(days).ok()),
    };
    let answer = connection.send("POST", TOKENS, &wish).await?;
    if options.json {
        return print(&answer.text());
    }
    let made: TokenMade = answer.read()?;
    to_stderr(
        "this is the only time that the token is shown; use it as the password of `__token__`\n",
    );
    print(&format!("{}\n", made.token))
}

/// Narrows a token that is read from the standard input: on the command line others could see it.
fn narrow(options: &Options) -> Result<(), Failure> {
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(MAX_TOKEN_BYTES);
    input
        .read_to_string(&mut text)
        .context("cannot read a token from the standard input")?;
    let until = options.days.map(|days| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        });
        now.saturating_add(i64::try_from(days).unwrap_or(0) * SECONDS_PER_DAY)
    });
    let caveat = Caveat {
        projects: options.projects.clone(),
        rights: options.rights.clone(),
        until,
    };
    if caveat == Caveat::default() {
        let error = anyhow!("say what the token may be used for: --rights, --projects or --days");
        return Err(error.into());
    }
    let token = Token::parse(&text).map_err(anyhow::Error::new)?;
    let narrow = token.narrowed(&caveat).map_err(anyhow::Error::new)?;
    print(&format!("{}\n", narrow.text().reveal()))
}
