//! The command line of `wheelhouse`.

use std::ffi::OsString;

use super::error::UsageError;
use super::parser::{self, Parsed};
use super::{Command, HelpPage, Invocation, Refusal, unless_asked};
use crate::options::nearest::nearest;
use crate::options::{CommandName, OptionDef, Profile, defs, options_of};

/// The commands with what they do, in the order in which the help shows them.
pub(crate) const COMMANDS: &[(&str, &str)] = &[
    ("run", "Serve folders of wheels and sdists"),
    ("update", "Look for newer versions of the files in folders"),
    ("config check", "Check the settings that run would use"),
    (
        "config show",
        "Show the settings that run would use, and where each comes from",
    ),
    ("config reference", "Print the reference of all settings"),
    ("health", "Ask a running server whether it is well"),
    ("yank", "Let installers pass over a release or a file"),
    ("unyank", "Take a yank back"),
    (
        "status",
        "Show how the index or a project is, or set a project's status",
    ),
    ("delete", "Delete a file, a release or a project"),
    ("undelete", "Bring back what was deleted"),
    ("log", "Show what happened"),
    ("stats", "Show how often files were downloaded"),
    ("can", "Say whether somebody may do something, and why"),
    ("rule", "List, add and remove rules about who may do what"),
    ("group", "List and change the members of groups"),
    ("account", "Make robots, disable accounts"),
    ("role", "Show and change who owns a project"),
    ("token", "Make, list, narrow and revoke API tokens"),
    ("publisher", "List, add and remove trusted publishers"),
    (
        "release",
        "Check, build, upload and tag a release of a project",
    ),
    ("publish", "Upload wheels and sdists to an index"),
    ("doctor", "Ask an index what it can do"),
    (
        "setup-client",
        "Set pip, uv, poetry, twine and others up for an index",
    ),
    (
        "ci",
        "Write the file that lets a CI system check and release",
    ),
    (
        "move-to",
        "Move the index to another place while it is served",
    ),
    (
        "backup",
        "Make a snapshot of the index, list or verify those there are",
    ),
    ("restore", "Put a snapshot into an empty index"),
    (
        "migrate",
        "Bring the tables of the catalog up to date, or check them",
    ),
    (
        "check",
        "Compare catalog and files, and mend what can be proven",
    ),
    ("recover", "Make a lost catalog again from the files"),
    ("container", "Start as the container image does"),
    ("pypi-server", "Take the command line of pypiserver"),
    ("help", "Show this help, or that of a command"),
];

const CONFIG_WORDS: &[&str] = &["check", "show", "reference"];

/// Reads the words behind the program's name.
pub(super) fn read(words: &[OsString]) -> Result<Invocation, Box<Refusal>> {
    let command = Reader::new(words).command()?;
    Ok(Invocation {
        profile: Profile::Wheelhouse,
        command,
        is_legacy_form: false,
    })
}

/// The words in front of the command, which are options, and those behind it.
struct Reader<'a> {
    words: &'a [OsString],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(words: &'a [OsString]) -> Self {
        let is_no_option = |word: &OsString| !word.to_string_lossy().starts_with('-');
        let mut at = words.iter().position(is_no_option).unwrap_or(words.len());
        // The word behind an option that takes a value is that value.
        let shared = Self::shared_options();
        while at < words.len() && parser::parse(&words[..at], &shared).is_err() {
            at += 1;
        }
        Self { words, at }
    }

    /// The options that may stand in front of the command.
    fn shared_options() -> Vec<&'static OptionDef> {
        let is_shared = |option: &&OptionDef| option.commands.contains(&CommandName::Update);
        options_of(CommandName::Run)
            .into_iter()
            .filter(is_shared)
            .collect()
    }

    fn command(&self) -> Result<Command, Box<Refusal>> {
        let Some(word) = self.words.get(self.at) else {
            let parsed = self.options(Self::shared_options().as_slice(), None, 0)?;
            return Ok(unless_asked(parsed, HelpPage::Program, |_| {
                Command::Help(HelpPage::Program)
            }));
        };
        match word.to_str() {
            Some("run") => self.with_options(CommandName::Run, Command::Run),
            Some("update") => self.with_options(CommandName::Update, Command::Update),
            Some("backup") => self.with_options(CommandName::Backup, Command::Backup),
            Some("restore") => self.with_options(CommandName::Restore, Command::Restore),
            Some("migrate") => self.with_options(CommandName::Migrate, Command::Migrate),
            Some("move-to") => self.with_options(CommandName::MoveTo, Command::MoveTo),
            Some("check") => self.with_options(CommandName::Check, Command::Check),
            Some("recover") => self.with_options(CommandName::Recover, Command::Recover),
            Some("health") => self.health(),
            Some("config") => self.config(),
            Some(word) if owners_command(word).is_some() => self.owners(word),
            Some(word) if let Some(name) = maintainers_command(word) => self.maintainers(name),
            Some("container") => Ok(self.container()),
            Some("help") => self.help(),
            Some("version") => Ok(Command::Version),
            _ => {
                let written = word.to_string_lossy().into_owned();
                let names = COMMANDS.iter().map(|(name, _)| *name);
                let nearest = nearest(&written, names);
                Err(refused(None, UsageError::UnknownCommand { written, nearest }).into())
            }
        }
    }

    fn with_options(
        &self,
        name: CommandName,
        command: fn(Parsed) -> Command,
    ) -> Result<Command, Box<Refusal>> {
        let parsed = self.options(&options_of(name), Some(name), 1)?;
        Ok(unless_asked(parsed, HelpPage::Of(name), command))
    }

    fn maintainers(&self, name: CommandName) -> Result<Command, Box<Refusal>> {
        let (usage, at_least, most) = match name {
            CommandName::Doctor => ("URL", 1, 1),
            CommandName::Release => ("[DIR]", 0, 1),
            CommandName::SetupClient => ("[CLIENT ...]", 0, usize::MAX),
            CommandName::Ci => ("[SYSTEM] [DIR]", 0, 2),
            _ => ("FILE ...", 1, usize::MAX),
        };
        let parsed = self.options(&options_of(name), Some(name), 1)?;
        if let Some(word) = parsed.free.get(most) {
            return Err(unexpected(name.as_str(), word).into());
        }
        if parsed.free.len() < at_least && !parsed.has(&defs::HELP) {
            let error = UsageError::Words {
                command: name.as_str(),
                usage,
            };
            return Err(refused(Some(name), error).into());
        }
        let command = |parsed| Command::Maintainers(name, parsed);
        Ok(unless_asked(parsed, HelpPage::Of(name), command))
    }

    fn health(&self) -> Result<Command, Box<Refusal>> {
        let name = CommandName::Health;
        let parsed = self.options(&options_of(name), Some(name), 1)?;
        match parsed.free.first() {
            Some(word) => Err(unexpected(name.as_str(), word).into()),
            None => Ok(unless_asked(parsed, HelpPage::Of(name), Command::Health)),
        }
    }

    fn owners(&self, word: &str) -> Result<Command, Box<Refusal>> {
        let name = owners_command(word).unwrap_or(CommandName::Log);
        let parsed = self.options(&options_of(name), Some(name), 1)?;
        let most = match name {
            CommandName::Log => 0,
            CommandName::Status => 2,
            _ if defs::owners::ACCESS.contains(&name) => 20,
            _ => 1,
        };
        let needs_target = !matches!(
            name,
            CommandName::Log | CommandName::Status | CommandName::Stats
        ) && !defs::owners::ACCESS.contains(&name);
        if let Some(word) = parsed.free.get(most) {
            return Err(unexpected(name.as_str(), word).into());
        }
        if needs_target && parsed.free.is_empty() && !parsed.has(&defs::HELP) {
            let error = UsageError::MissingTarget {
                command: name.as_str(),
            };
            return Err(refused(Some(name), error).into());
        }
        let command = |parsed| Command::Owners(name, parsed);
        Ok(unless_asked(parsed, HelpPage::Of(name), command))
    }

    fn config(&self) -> Result<Command, Box<Refusal>> {
        let name = CommandName::Run;
        let word = self
            .words
            .get(self.at + 1)
            .map(|word| word.to_string_lossy());
        match word.as_deref() {
            Some("check") => {
                let parsed = self.options(&options_of(name), Some(name), 2)?;
                Ok(unless_asked(parsed, HelpPage::Config, Command::ConfigCheck))
            }
            Some("show") => {
                let parsed = self.options(&options_of(name), Some(name), 2)?;
                Ok(unless_asked(parsed, HelpPage::Config, Command::ConfigShow))
            }
            Some("reference") => Ok(Command::ConfigReference),
            Some("-h" | "--help") => Ok(Command::Help(HelpPage::Config)),
            _ => {
                let error = UsageError::MissingWord {
                    command: "config",
                    words: CONFIG_WORDS,
                };
                Err(refused(None, error).into())
            }
        }
    }

    fn container(&self) -> Command {
        let words = self.words[self.at + 1..].to_vec();
        Command::Container(words)
    }

    fn help(&self) -> Result<Command, Box<Refusal>> {
        let page = match self
            .words
            .get(self.at + 1)
            .map(|word| word.to_string_lossy())
            .as_deref()
        {
            None => HelpPage::Program,
            Some("run") => HelpPage::Of(CommandName::Run),
            Some("update") => HelpPage::Of(CommandName::Update),
            Some("backup") => HelpPage::Of(CommandName::Backup),
            Some("restore") => HelpPage::Of(CommandName::Restore),
            Some("migrate") => HelpPage::Of(CommandName::Migrate),
            Some("move-to") => HelpPage::Of(CommandName::MoveTo),
            Some("health") => HelpPage::Of(CommandName::Health),
            Some("check") => HelpPage::Of(CommandName::Check),
            Some("recover") => HelpPage::Of(CommandName::Recover),
            Some("config") => HelpPage::Config,
            Some("container") => HelpPage::Container,
            Some("pypi-server") => HelpPage::DropIn,
            Some(word) if owners_command(word).is_some() => {
                HelpPage::Of(owners_command(word).unwrap_or(CommandName::Log))
            }
            Some(word) if let Some(name) = maintainers_command(word) => HelpPage::Of(name),
            Some(word) => {
                let nearest = nearest(word, COMMANDS.iter().map(|(name, _)| *name));
                let written = word.to_owned();
                return Err(refused(None, UsageError::UnknownCommand { written, nearest }).into());
            }
        };
        Ok(Command::Help(page))
    }

    /// Reads all words but the command's own, of which there are `skipped`.
    fn options(
        &self,
        options: &[&'static OptionDef],
        command: Option<CommandName>,
        skipped: usize,
    ) -> Result<Parsed, Box<Refusal>> {
        let mut words = self.words[..self.at].to_vec();
        words.extend_from_slice(&self.words[(self.at + skipped).min(self.words.len())..]);
        parser::parse(&words, options).map_err(|error| refused(command, error).into())
    }
}

/// Returns the command for owners that a word is.
fn owners_command(word: &str) -> Option<CommandName> {
    let mut commands = defs::owners::COMMANDS.iter().copied();
    commands.find(|command| command.as_str() == word)
}

/// Returns the command for maintainers that a word is.
fn maintainers_command(word: &str) -> Option<CommandName> {
    let mut commands = defs::maintainers::COMMANDS.iter().copied();
    commands.find(|command| command.as_str() == word)
}

fn unexpected(command: &'static str, word: &OsString) -> Refusal {
    let word = word.to_string_lossy().into_owned();
    refused(None, UsageError::UnexpectedWord { command, word })
}

fn refused(command: Option<CommandName>, error: UsageError) -> Refusal {
    Refusal {
        profile: Profile::Wheelhouse,
        command,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(line: &str) -> String {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let parsed = |name: &str, parsed: Parsed| {
            let names: Vec<_> = parsed.given.iter().map(|(option, _)| option.long).collect();
            let free: Vec<_> = parsed
                .free
                .iter()
                .map(|word| word.to_string_lossy())
                .collect();
            format!("{name} {} | {}", names.join(" "), free.join(" "))
        };
        match read(&words).map(|invocation| invocation.command) {
            Ok(Command::Run(words)) => parsed("run", words),
            Ok(Command::Update(words)) => parsed("update", words),
            Ok(Command::ConfigCheck(words)) => parsed("check", words),
            Ok(Command::ConfigShow(words)) => parsed("show", words),
            Ok(Command::Health(words)) => parsed("health", words),
            Ok(Command::Backup(words)) => parsed("backup", words),
            Ok(Command::Restore(words)) => parsed("restore", words),
            Ok(Command::Migrate(words)) => parsed("migrate", words),
            Ok(Command::MoveTo(words)) => parsed("move-to", words),
            Ok(Command::Check(words)) => parsed("check-all", words),
            Ok(Command::Recover(words)) => parsed("recover", words),
            Ok(other) => format!("{other:?}"),
            Err(refusal) => {
                let hint = refusal.error.hint().map(|hint| format!("; {hint}"));
                format!("{}{}", refusal.error, hint.unwrap_or_default())
            }
        }
    }

    #[test]
    fn each_command_is_read() {
        for (line, expected) in [
            ("", "Help(Program)"),
            ("--help", "Help(Program)"),
            ("--version", "Version"),
            ("run", "run  | "),
            (
                "run packages -p 1 -vv",
                "run port verbose verbose | packages",
            ),
            ("-v --log-file x run y", "run verbose log-file | y"),
            (
                "run --allow-plain-passwords --state-dir s",
                "run allow-plain-passwords state-dir | ",
            ),
            ("run -h", "Help(Of(Run))"),
            ("help run", "Help(Of(Run))"),
            (
                "update --index-url https://index.example/simple/ d",
                "update index-url | d",
            ),
            ("config check -p 1 d", "check port | d"),
            ("config show d", "show  | d"),
            ("config reference", "ConfigReference"),
            ("config --help", "Help(Config)"),
            ("health --url http://localhost/", "health url | "),
            ("health -p 1", "health port | "),
            (
                "migrate --check --catalog postgres:///x",
                "migrate check catalog | ",
            ),
            (
                "backup --to b --encrypt-for age1x --keep 3 d",
                "backup to encrypt-for keep | d",
            ),
            (
                "restore --from b --identity k d",
                "restore from identity | d",
            ),
            ("help restore", "Help(Of(Restore))"),
            ("help migrate", "Help(Of(Migrate))"),
            ("help move-to", "Help(Of(MoveTo))"),
            ("help recover", "Help(Of(Recover))"),
            (
                "check --rehash --repair --json --files file:x",
                "check-all rehash repair json files | ",
            ),
            ("recover --take-over d", "recover take-over | d"),
            (
                "container -v -P .htpasswd packages",
                "Container([\"-v\", \"-P\", \".htpasswd\", \"packages\"])",
            ),
        ] {
            assert_eq!(meaning(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused_with_advice() {
        for (line, expected) in [
            (
                "rnu packages",
                "there is no command `rnu`; did you mean `run`?",
            ),
            (
                "packages",
                "there is no command `packages`; to serve a folder of this name, write \
                 `wheelhouse run packages`",
            ),
            (
                "-p 1 packages",
                "there is no option `-p`; `-p` is an option of `run`",
            ),
            (
                "run -x",
                "there is no option `-x`; `-x` is an option of `update`",
            ),
            (
                "run --prot 1",
                "there is no option `--prot`; did you mean `--port`?",
            ),
            (
                "config",
                "`config` needs one of these after it: check, show, reference",
            ),
            ("health x", "`x` is one word too many for `health`"),
        ] {
            assert_eq!(meaning(line), expected, "{line:?}");
        }
    }
}
