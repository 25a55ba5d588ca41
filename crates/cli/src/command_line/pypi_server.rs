//! The command line of pypiserver, with and without a sub-command.

use std::ffi::{OsStr, OsString};

use super::parser::{self, Parsed};
use super::{Command, HelpPage, Invocation, Refusal, unless_asked};
use crate::options::{CommandName, OptionDef, Profile, defs, options_of};

/// Reads the words behind the program's name.
///
/// A folder that is named like a sub-command is told from it by `is_folder`.
pub(super) fn read(
    words: &[OsString],
    is_folder: &dyn Fn(&OsStr) -> bool,
) -> Result<Invocation, Box<Refusal>> {
    if let Some(at) = place_of_command(words) {
        return with_command(words, at);
    }
    let mut words = words.to_vec();
    let command = match words.iter().position(|word| word == "-U") {
        Some(at) => {
            words.remove(at);
            CommandName::Update
        }
        None => CommandName::Run,
    };
    let parsed = read_options(&words, command)?;
    // Options of `run` in front of the word `run`: it was meant as the sub-command, unless there is
    // such a folder, which pypiserver would serve.
    if let Some(first) = parsed.free.first()
        && command_of(first).is_some()
        && !is_folder(first)
        && let Some(at) = words.iter().position(|word| word == first)
    {
        return with_command(&words, at);
    }
    let command = to_command(parsed, command, true);
    let is_legacy_form = matches!(command, Command::Run(_) | Command::Update(_));
    Ok(Invocation {
        profile: Profile::PypiServer,
        command,
        is_legacy_form,
    })
}

/// Returns where the sub-command stands, if nothing but shared options stands before it.
fn place_of_command(words: &[OsString]) -> Option<usize> {
    let shared = shared_options();
    let is_command = |word: &OsString| command_of(word).is_some();
    let places = (0..words.len()).filter(|&at| is_command(&words[at]));
    places.into_iter().find(|&at| {
        // A word behind an option that takes a value is that value, not the sub-command.
        let before = parser::parse(&words[..at], &shared);
        before.is_ok_and(|parsed| parsed.free.is_empty() && !asks(&parsed))
    })
}

fn with_command(words: &[OsString], at: usize) -> Result<Invocation, Box<Refusal>> {
    let command = command_of(&words[at]).unwrap_or(CommandName::Run);
    let mut words = words.to_vec();
    words.remove(at);
    let parsed = read_options(&words, command)?;
    Ok(Invocation {
        profile: Profile::PypiServer,
        command: to_command(parsed, command, false),
        is_legacy_form: false,
    })
}

fn read_options(words: &[OsString], command: CommandName) -> Result<Parsed, Box<Refusal>> {
    parser::parse(words, &options_of(command)).map_err(|error| {
        Box::new(Refusal {
            profile: Profile::PypiServer,
            command: Some(command),
            error,
        })
    })
}

fn to_command(parsed: Parsed, command: CommandName, is_legacy_form: bool) -> Command {
    let is_about_the_program = is_legacy_form && parsed.given.len() == 1 && parsed.free.is_empty();
    let page = if is_about_the_program {
        HelpPage::Program
    } else {
        HelpPage::Of(command)
    };
    unless_asked(
        parsed,
        page,
        match command {
            CommandName::Update => Command::Update,
            // There are two commands under this name.
            _ => Command::Run,
        },
    )
}

fn asks(parsed: &Parsed) -> bool {
    parsed.has(&defs::HELP) || parsed.has(&defs::VERSION)
}

fn command_of(word: &OsStr) -> Option<CommandName> {
    [CommandName::Run, CommandName::Update]
        .into_iter()
        .find(|command| word == command.as_str())
}

/// Returns the options that both sub-commands take.
fn shared_options() -> Vec<&'static OptionDef> {
    let is_shared = |option: &&OptionDef| option.commands.contains(&CommandName::Update);
    options_of(CommandName::Run)
        .into_iter()
        .filter(is_shared)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::value::Value;

    /// Shows what a line comes to, such as `run port=1 | packages`, with `old form` before it if the
    /// sub-command is missing.
    fn meaning(line: &str) -> String {
        meaning_with(line, &|_| false)
    }

    fn meaning_with(line: &str, is_folder: &dyn Fn(&OsStr) -> bool) -> String {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let invocation = match read(&words, is_folder) {
            Ok(invocation) => invocation,
            Err(refusal) => {
                let command = refusal.command.map_or("?", CommandName::as_str);
                return format!("{command}: {}", refusal.error);
            }
        };
        let form = if invocation.is_legacy_form {
            "old form "
        } else {
            ""
        };
        let (command, parsed) = match invocation.command {
            Command::Run(parsed) => ("run", parsed),
            Command::Update(parsed) => ("update", parsed),
            other => return format!("{form}{other:?}"),
        };
        let given = parsed.given.iter().map(|(option, value)| match value {
            Value::Truth(true) => format!(" {}", option.long),
            Value::Integer(number) => format!(" {}={number}", option.long),
            Value::Text(text) => format!(" {}={text}", option.long),
            other => format!(" {}={other:?}", option.long),
        });
        let free: Vec<_> = parsed
            .free
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let line = format!(
            "{form}{command}{} | {}",
            given.collect::<String>(),
            free.join(" ")
        );
        line.trim().to_owned()
    }

    #[track_caller]
    fn assert_meanings(cases: &[(&str, &str)]) {
        for (line, expected) in cases {
            assert_eq!(meaning(line), *expected, "{line:?}");
        }
    }

    #[test]
    fn kept_sub_commands() {
        assert_meanings(&[
            ("run", "run |"),
            ("run -p 8081 a b", "run port=8081 | a b"),
            ("run a -p 8081 b", "run port=8081 | a b"),
            ("update -x -u a", "update execute allow-unstable | a"),
            ("update --allow-un", "update allow-unstable |"),
        ]);
    }

    #[test]
    fn kept_form_without_a_sub_command_runs() {
        assert_meanings(&[
            ("", "old form run |"),
            ("-p 8080 packages", "old form run port=8080 | packages"),
            ("packages -p 8080", "old form run port=8080 | packages"),
            (
                "--server-base-url /x DIR",
                "old form run server-base-url=/x | DIR",
            ),
            ("-v packages", "old form run verbose=1 | packages"),
            (
                "--log-stream stderr packages",
                "old form run log-stream=stderr | packages",
            ),
        ]);
    }

    #[test]
    fn kept_word_u_makes_the_old_form_update() {
        assert_meanings(&[
            (
                "DIR -U DIR2 -x -u",
                "old form update execute allow-unstable | DIR DIR2",
            ),
            ("-U", "old form update |"),
            ("-Ux", "run: there is no option `-Ux`"),
        ]);
    }

    #[test]
    fn mended_shared_option_before_the_sub_command_is_honoured() {
        assert_meanings(&[
            ("--hash-algo md5 run DIR", "run hash-algo=md5 | DIR"),
            ("-v run DIR -v", "run verbose=1 verbose=1 | DIR"),
            (
                "--hash-a=md5 -vv update DIR",
                "update hash-algo=md5 verbose=1 verbose=1 | DIR",
            ),
            // A value is no sub-command.
            ("--log-frmt run run DIR", "run log-frmt=run | DIR"),
            ("--log-frmt run DIR", "old form run log-frmt=run | DIR"),
        ]);
    }

    #[test]
    fn mended_option_of_run_before_the_word_run_is_honoured() {
        assert_meanings(&[
            ("-p 8081 run DIR", "run port=8081 | DIR"),
            ("-P pw run", "run passwords=Path(\"pw\") |"),
        ]);
    }

    #[test]
    fn kept_folder_that_is_called_run_is_served_by_the_old_form() {
        let is_run = |name: &OsStr| name == "run";
        assert_eq!(
            meaning_with("-p 8081 run DIR", &is_run),
            "old form run port=8081 | run DIR"
        );
        assert_eq!(meaning_with("run DIR", &is_run), "run | DIR");
    }

    #[test]
    fn mended_error_is_that_of_the_form_which_was_meant() {
        assert_meanings(&[
            ("run --nonsense", "run: there is no option `--nonsense`"),
            ("update -p 1", "update: there is no option `-p`"),
            (
                "-p http packages",
                "run: `--port` is `http`: write a whole number",
            ),
            (
                "packages --nonsense",
                "run: there is no option `--nonsense`",
            ),
            (
                "packages -U --nonsense",
                "update: there is no option `--nonsense`",
            ),
        ]);
    }

    #[test]
    fn kept_help_and_version_stand_on_either_side_of_the_sub_command() {
        assert_meanings(&[
            ("--help", "Help(Program)"),
            ("-h", "Help(Program)"),
            ("run -h", "Help(Of(Run))"),
            ("update --help", "Help(Of(Update))"),
            ("-h run", "Help(Program)"),
            ("packages -p 1 -h", "Help(Of(Run))"),
            ("--version", "Version"),
            ("--version run", "Version"),
            ("run --version", "Version"),
            ("--vers", "Version"),
        ]);
    }

    #[test]
    fn kept_two_hyphens_end_the_options() {
        assert_meanings(&[
            ("run -- -p", "run | -p"),
            ("-- packages", "old form run | packages"),
        ]);
    }

    #[test]
    fn kept_value_that_is_no_value_is_refused() {
        assert_meanings(&[
            (
                "run --log-stream file",
                "run: `--log-stream` is `file`: choose from stdout, stderr, none",
            ),
            (
                "run --cache-control soon",
                "run: `--cache-control` is `soon`: write a whole number",
            ),
            ("run -p", "run: `--port` needs a value: PORT"),
        ]);
        let refused = read(&["run", "-a", ""].map(OsString::from), &|_| false).expect_err("empty");
        assert!(
            refused
                .error
                .to_string()
                .starts_with("`--authenticate` is empty"),
            "{refused:?}"
        );
    }

    #[test]
    fn kept_server_and_backend_are_accepted_and_waitress_too() {
        assert_meanings(&[
            ("run --server GEVENT", "run server=gevent |"),
            ("run --server waitress", "run server=waitress |"),
            ("run --backend cached-dir", "run backend=cached-dir |"),
        ]);
        assert!(meaning("run --server nginx").starts_with("run: `--server` is `nginx`: choose"));
    }
}
