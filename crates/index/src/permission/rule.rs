//! One rule: who, which rights, which projects.

use std::fmt;
use std::str::FromStr;

use super::{GroupName, Pattern, PatternError, Principal, Question, Rights, RightsError, Role};
use crate::actor::{Actor, UserName};
use crate::identity::IndexName;

/// Allows somebody something. Written as `WHO RIGHTS [PROJECTS [INDEX]]`, such as
/// `group:data upload+create data-*`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Whom it allows something.
    pub who: Who,
    /// What.
    pub rights: Rights,
    /// With which projects.
    pub projects: Pattern,
    /// In which index, if not in all.
    pub index: Option<IndexName>,
    /// Where it was written, for people.
    pub origin: String,
}

/// Where a rule was written does not matter.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        (&self.who, self.rights, &self.projects, &self.index)
            == (&other.who, other.rights, &other.projects, &other.index)
    }
}

impl Eq for Rule {}

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Everybody, signed in or not: `everybody`.
    Everybody,
    /// Everybody who signed in: `users`.
    Users,
    /// One user or robot: `user:NAME`.
    User(UserName),
    /// The members of a group: `group:NAME`.
    Group(GroupName),
    /// The owners of the project: `owners`.
    Owners,
    /// The maintainers of the project: `maintainers`.
    Maintainers,
}

impl Rule {
    pub(super) fn everywhere(who: Who, rights: Rights) -> Self {
        Self {
            who,
            rights,
            projects: Pattern::everything(),
            index: None,
            origin: "built in".to_owned(),
        }
    }

    /// Returns the rule with a note of where it was written.
    #[must_use]
    pub fn from_origin(mut self, origin: &str) -> Self {
        origin.clone_into(&mut self.origin);
        self
    }

    /// Returns whether the rule allows somebody what is asked.
    pub(super) fn allows(&self, who: &Principal, question: Question<'_>) -> bool {
        self.rights.contains(question.right)
            && self.is_of(question.index)
            && match question.project {
                Some(project) => self.projects.matches(project),
                None => self.projects.is_everything(),
            }
            && match self.who {
                Who::Owners => has_role(who, question, &[Role::Owner]),
                Who::Maintainers => has_role(who, question, &[Role::Owner, Role::Maintainer]),
                _ => self.is_about(who),
            }
    }

    pub(super) fn is_of(&self, index: &IndexName) -> bool {
        self.index.as_ref().is_none_or(|own| own == index)
    }

    /// Returns whether the rule is about somebody, whatever part they have in a project.
    pub(super) fn is_about(&self, who: &Principal) -> bool {
        match &self.who {
            Who::Everybody => true,
            Who::Users => *who.actor() != Actor::Anonymous,
            Who::User(name) => who.actor().account() == Some(name),
            Who::Group(name) => who.groups().contains(name),
            Who::Owners | Who::Maintainers => false,
        }
    }
}

fn has_role(who: &Principal, question: Question<'_>, wanted: &[Role]) -> bool {
    let Some(account) = who.actor().account() else {
        return false;
    };
    question
        .roles
        .iter()
        .any(|(name, role)| name == account && wanted.contains(role))
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Users => f.write_str("users"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Owners => f.write_str("owners"),
            Self::Maintainers => f.write_str("maintainers"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.who, self.rights, self.projects)?;
        match &self.index {
            Some(index) => write!(f, " {index}"),
            None => Ok(()),
        }
    }
}

/// A text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It does not have two to four words.
    #[error("a rule is WHO RIGHTS [PROJECTS [INDEX]], such as `group:data upload+create data-*`")]
    Shape,
    /// The first word is nobody.
    #[error(
        "`{0}` is nobody; write everybody, users, user:NAME, group:NAME, owners or maintainers"
    )]
    Who(String),
    /// The second word is no set of rights.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// The third word is no pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The fourth word is no name of an index.
    #[error("`{0}` is no name of an index")]
    Index(String),
}

impl FromStr for Who {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "everybody" => Self::Everybody,
            "users" => Self::Users,
            "owners" => Self::Owners,
            "maintainers" => Self::Maintainers,
            _ => match text.split_once(':') {
                Some(("user", name)) if !name.is_empty() => Self::User(UserName::new(name)),
                Some(("group", name)) if !name.is_empty() => Self::Group(GroupName::new(name)),
                _ => return Err(RuleError::Who(text.to_owned())),
            },
        })
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (who, rights, rest) = match words[..] {
            [who, rights, ref rest @ ..] if rest.len() <= 2 => (who, rights, rest),
            _ => return Err(RuleError::Shape),
        };
        let index = rest.get(1).map(|name| {
            name.parse()
                .map_err(|_| RuleError::Index((*name).to_owned()))
        });
        Ok(Self {
            who: who.parse()?,
            rights: rights.parse()?,
            projects: rest
                .first()
                .map_or(Ok(Pattern::everything()), |p| p.parse())?,
            index: index.transpose()?,
            origin: String::new(),
        })
    }
}
