//! The help pages, made from the definitions of the options.

use std::fmt::Write;

use super::wrap::{TIE, wrap};
use super::{CommandName, Kind, OptionDef, Profile, Topic, defs, options_of};
use crate::command_line::{COMMANDS, HelpPage};

/// The width of a page, in characters.
const WIDTH: usize = 80;

/// Where the sentence about an option begins.
const COLUMN: usize = 32;

/// Returns a help page.
pub(crate) fn page(page: HelpPage, profile: Profile) -> String {
    match (page, profile) {
        (HelpPage::Program, Profile::Wheelhouse) => program(),
        (HelpPage::Program, Profile::PypiServer) | (HelpPage::DropIn, _) => drop_in(),
        (HelpPage::Of(command), profile) => of_command(command, profile),
        (HelpPage::Config, _) => config(),
        (HelpPage::Container, _) => container(),
    }
}

fn program() -> String {
    let mut text = "A private Python package index in one program.\n\n\
                    Usage: wheelhouse COMMAND [OPTION ...]\n\nCommands:\n"
        .to_owned();
    for (name, what) in COMMANDS {
        entry(&mut text, &format!("  {name}"), what, 20);
    }
    text.push_str("\nOptions:\n");
    for option in [&defs::HELP, &defs::VERSION] {
        entry(&mut text, &left(option), option.help, 20);
    }
    text.push_str(
        "\nTo serve the folder `packages`, and to read about the options of a command:\n\n\
         \x20 wheelhouse run packages\n\
         \x20 wheelhouse run --help\n",
    );
    text
}

fn drop_in() -> String {
    let mut text = "Takes the command line of pypiserver.\n\n\
                    Usage: pypi-server run [OPTION ...] [DIR ...]\n\
                    \x20      pypi-server update [OPTION ...] [DIR ...]\n\n\
                    Commands:\n"
        .to_owned();
    entry(&mut text, "  run", "Serve folders of wheels and sdists", 20);
    entry(
        &mut text,
        "  update",
        "Look for newer versions of the files in folders",
        20,
    );
    text.push_str(
        "\nThe options of a command are listed by `pypi-server run --help`. These belong to\n\
         both commands, and may stand before the command:\n",
    );
    let shared = |option: &&OptionDef| option.commands.contains(&CommandName::Update);
    let options: Vec<_> = options_of(CommandName::Run)
        .into_iter()
        .filter(shared)
        .collect();
    let words = |option: &&&OptionDef| !matches!(option.kind, Kind::Folders);
    topics(
        &mut text,
        &options.iter().filter(words).copied(),
        Profile::PypiServer,
    );
    text
}

#[expect(clippy::too_many_lines, reason = "it has a sentence for each command")]
fn of_command(command: CommandName, profile: Profile) -> String {
    let program = match profile {
        Profile::Wheelhouse => "wheelhouse",
        Profile::PypiServer => "pypi-server",
    };
    let (what, folders) = match command {
        CommandName::Run => (
            "Serves folders of wheels and sdists as a Python package index.",
            " [DIR ...]",
        ),
        CommandName::Update => (
            "Looks for newer versions of the files in folders, and prints the pip commands \
             that fetch them.",
            " [DIR ...]",
        ),
        CommandName::Yank => (
            "Lets installers pass over a file, a release or all releases of a project, unless they \
             are asked for exactly that version. Nothing is deleted.",
            " PROJECT[==VERSION|/FILE]",
        ),
        CommandName::Unyank => ("Takes a yank back.", " PROJECT[==VERSION|/FILE]"),
        CommandName::Status => (
            "Without a project, shows how the index is and what needs somebody. With one, shows \
             what was said about it. With one of active, archived, deprecated and quarantined \
             behind it, gives it that status; nobody can install what is quarantined.",
            " [PROJECT [STATUS]]",
        ),
        CommandName::Delete => (
            "Deletes a file, a release or a project. Files are kept aside for 30 days, and the \
             same bytes stay away when somebody copies them in again, until `undelete`.",
            " PROJECT[==VERSION|/FILE]",
        ),
        CommandName::Undelete => (
            "Brings back what was deleted, as far as it is still kept, and lets it be copied in \
             again.",
            " PROJECT[==VERSION|/FILE]",
        ),
        CommandName::Log => (
            "Shows what happened to the index: uploads, changes in the folders, what owners did.",
            "",
        ),
        CommandName::Stats => (
            "Shows how often files were downloaded: of the index, with the projects that were \
             downloaded most, or of a project, by day, version and file; and by what fetched them: \
             version of Python, platform and client. Counts are some seconds old.",
            " [PROJECT]",
        ),
        CommandName::Can => (
            "Says whether a user or robot, or `anonymous`, has a right with a project, or with \
             everything, and by which rule. Exit code 1 means no.",
            " WHO RIGHT [PROJECT]",
        ),
        CommandName::Rule => (
            "Lists the rules about who may do what, adds one, or removes one that was added. A \
             rule is WHO RIGHTS [PROJECTS [INDEX]], such as `group:data upload+create data-*`. \
             With the first rule users may do no more than rules say.",
            " [add|remove RULE]",
        ),
        CommandName::Group => (
            "Lists the members of groups that are kept here, and adds or removes one.",
            " [add|remove GROUP USER]",
        ),
        CommandName::Account => (
            "Lists accounts that something is kept about; makes one for a robot, which has tokens \
             and no password; disables one, which ends its sign-ins and tokens at once, or enables \
             it again; signs all browsers of one out.",
            " [robot|disable|enable|sign-out NAME]",
        ),
        CommandName::Role => (
            "Lists the owners and maintainers of a project, makes somebody one, or takes their \
             part. Owners may do everything with their project and say who else may; maintainers \
             may upload and yank.",
            " PROJECT [owner|maintainer|none USER]",
        ),
        CommandName::Token => (
            "Lists tokens, makes one, revokes one, or narrows one without asking a server. A token \
             is a password for the user name `__token__`; it is shown once. `narrow` reads a token \
             from its standard input.",
            " [make NAME | revoke ID | narrow]",
        ),
        CommandName::Publisher => (
            "Lists trusted publishers, trusts one, or trusts it no more. Jobs of a trusted publisher \
             exchange an identity token of their CI for a token that is good for 15 minutes: to \
             upload to --projects, or with --rights list+download to install. A FIELD is \
             NAME=VALUE: issuer, and for github owner, owner_id, repository, workflow and \
             environment; for gitlab namespace, project, workflow and environment; for google \
             email and sub; for activestate organization, project and actor_id; for generic any \
             claims, sub among them.",
            " [add PROVIDER FIELD ... | remove ID]",
        ),
        CommandName::Release => (
            "Releases the commit that is checked out in DIR, or here: reads version and changelog, \
             checks them, the tag, the repository and the index, builds sdist and wheel, installs \
             and imports the wheel in a fresh environment, uploads both, waits until the index lists \
             them, and tags the commit. All is made from a copy in a temporary folder; nothing is \
             uploaded unless every check passed, and what broke off is finished by running it again. \
             Exit codes: 2 for the command line, 3 if a check fails, 4 if the index cannot be \
             reached, 5 if it refuses.",
            " [DIR]",
        ),
        CommandName::Publish => (
            "Uploads wheels and sdists to an index. They are checked first, as our servers check \
             them; nothing is sent unless all are good. What the index has already is not sent, \
             what breaks off is sent again, and in the end the index is asked whether it lists \
             every file with its digest. Exit codes: 3 for files that no index would take, 4 if the \
             index cannot be reached, 5 if it refuses.",
            " FILE ...",
        ),
        CommandName::Doctor => (
            "Asks any index what it can do, and says what each gap means for those who use pip, uv and \
             poetry. URL is the address of its simple pages, or of its host. Nothing is changed \
             there. Exit code 4: the index cannot be reached, or is none.",
            " URL",
        ),
        CommandName::SetupClient => (
            "Sets clients up for an index: pip, uv, poetry, pdm, hatch, twine, flit, pipenv, conda and \
             netrc, or those of them that are on this machine. Their own files are changed, and keep \
             everything else; running it again changes nothing. A password goes into the key ring \
             where there is the program `keyring`, else into files that nobody else can read. Exit \
             codes: 2 for the command line, 3 if a file is left alone or a check fails, 4 if the \
             index cannot be reached, 5 if it refuses.",
            " [CLIENT ...]",
        ),
        CommandName::Ci => (
            "Writes the file that lets a CI system check each change of the project in DIR, or here, and \
             release each tag. SYSTEM is github, gitlab, jenkins, azure, bitbucket or woodpecker; without \
             it, the remote and the files of the repository tell. A file that is not ours, or that \
             somebody changed, is left as it is. What remains to be done is told in the end. Exit codes: \
             2 for the command line, 3 if the file cannot be written.",
            " [SYSTEM] [DIR]",
        ),
        CommandName::MoveTo => (
            "Moves an index to the catalog and the files that the file CONFIG names, which must be empty. \
             The index goes on meanwhile; in the end nothing can be changed for a moment, and then the \
             server of this machine that serves it hands over to one with these settings. What stops \
             goes on where it stopped when it is run again. The index that moves is the one that the \
             options and the settings here name, as for `run`.",
            " CONFIG [DIR ...]",
        ),
        CommandName::Backup => (
            "Makes a snapshot of the index in the folder --to, beside a running server: its catalog as \
             it is at one moment, and the files that are not there from earlier snapshots. The index \
             is the one that the other options and the settings name, as for `run`. Exit code 1: a file \
             was gone or altered, and is missing in the snapshot, which has all others.",
            " --to PATH [DIR ...]",
        ),
        CommandName::Restore => (
            "Puts a snapshot into an empty index of any kind, as the other options and the settings \
             name it for `run`. No server may run over it meanwhile. If it is cut short, the same \
             command goes on where it stopped. Exit code 1: files were missing in the snapshot already.",
            " --from PATH [DIR ...]",
        ),
        CommandName::Migrate => (
            "Makes the tables of the catalog, or brings them up to date, as `run` does at its start. \
             Older servers go on meanwhile, unless the tables say that they cannot. Exit code 1: \
             with --check, something is to be done first, or this program does not fit the catalog.",
            " [DIR ...]",
        ),
        CommandName::Check => (
            "Compares catalog, files and metadata, and says what is not as it is recorded, beside a \
             running server or without one. Nothing is changed without --repair, which with a catalog \
             in a file needs that no server runs. Exit codes: 0 if nothing is wrong, or nothing any \
             more; 1 if something is; 4 if it cannot be checked to the end.",
            " [DIR ...]",
        ),
        CommandName::Recover => (
            "Makes a catalog again where there is none: from the sealed records of a store of objects, \
             or from the files in folders. Marks of what was yanked and deleted come from beside the \
             files; who may do what, tokens and counts are lost. What cannot be proven is named. A \
             recovery that broke off goes on where it was. Exit codes: 0 if everything is proven, 1 if \
             something is not, 4 if it cannot be done to the end.",
            " [DIR ...]",
        ),
        CommandName::Health => (
            "Asks a running server whether it is well: exit code 0 means that it is.",
            "",
        ),
    };
    let mut text = wrap(what, WIDTH).join("\n");
    let _ = write!(
        text,
        "\n\nUsage: {program} {} [OPTION ...]{folders}\n",
        command.as_str()
    );
    topics(&mut text, &options_of(command).into_iter(), profile);
    if defs::owners::COMMANDS.contains(&command) {
        text.push_str(
            "\nWithout --server, a running server of the folder is asked over the socket in its\n\
             state folder; if none runs, the folder is worked on directly.\n",
        );
    } else if profile == Profile::Wheelhouse
        && !matches!(
            command,
            CommandName::Health
                | CommandName::Release
                | CommandName::Publish
                | CommandName::Doctor
                | CommandName::SetupClient
                | CommandName::Ci
        )
    {
        text.push_str(
            "\nEach option can also stand in `wheelhouse.toml` under its long name, and in a\n\
             variable such as WHEELHOUSE_PORT. What is written here goes before the variable,\n\
             and that before the file.\n",
        );
    }
    text
}

fn config() -> String {
    "Checks and shows settings.\n\n\
     Usage: wheelhouse config check [OPTION ...] [DIR ...]\n\
     \x20      wheelhouse config show [OPTION ...] [DIR ...]\n\
     \x20      wheelhouse config reference\n\n\
     check and show take the options of `wheelhouse run` and start nothing. check\n\
     says whether `run` would start with these settings; show prints them with where\n\
     each one comes from, secrets hidden; reference prints the page about\n\
     all settings.\n"
        .to_owned()
}

fn container() -> String {
    "Starts as the container image does.\n\n\
     Usage: wheelhouse container [ARGUMENT ...]\n\n\
     As root, it first becomes user 9898 of group 9898. Without arguments it then\n\
     serves `~/packages`, where the home folder is /data, on the port that the\n\
     variable PYPISERVER_PORT tells, else PORT, else 8080. With arguments it takes\n\
     them as `pypi-server` does, such as `-v -P .htpasswd packages`.\n"
        .to_owned()
}

fn topics(
    text: &mut String,
    options: &(impl Iterator<Item = &'static OptionDef> + Clone),
    profile: Profile,
) {
    for &topic in Topic::ALL {
        let mut here = options
            .clone()
            .filter(|option| option.topic == topic)
            .peekable();
        if here.peek().is_some() {
            let _ = write!(text, "\n{}:\n", topic.title());
        }
        for option in here {
            entry(text, &left(option), &right(option, profile), COLUMN);
        }
    }
}

/// Writes a name and the sentence about it, which begins in a column.
fn entry(text: &mut String, left: &str, right: &str, column: usize) {
    let lines = wrap(right, WIDTH - column);
    let mut lines = lines.iter();
    if left.chars().count() + 2 > column {
        let _ = writeln!(text, "{left}");
    } else if let Some(first) = lines.next() {
        let _ = writeln!(text, "{left:<column$}{first}");
    }
    for line in lines {
        let _ = writeln!(text, "{:column$}{line}", "");
    }
}

fn left(option: &OptionDef) -> String {
    if matches!(option.kind, Kind::Folders) {
        return "  DIR ...".to_owned();
    }
    let short = match option.shorts.first() {
        Some(short) => format!("-{short}, "),
        None => "    ".to_owned(),
    };
    let value = option
        .value_name()
        .map(|name| format!(" {name}"))
        .unwrap_or_default();
    format!("  {short}--{}{value}", option.long)
}

fn right(option: &OptionDef, profile: Profile) -> String {
    let mut text = option.help.to_owned();
    if let Kind::Choice { words, .. } = option.kind {
        let _ = write!(text, " [{}]", words.join(", "));
    }
    let is_worth_saying = option.topic != Topic::Compatibility && option.long != "verbose";
    if let Some(default) = option.default.under(profile)
        && is_worth_saying
    {
        let _ = write!(text, " [default:{TIE}{default}]");
    }
    let shorts = option
        .shorts
        .iter()
        .skip(1)
        .map(|short| format!("-{short}"));
    let other: Vec<String> = shorts
        .chain(option.aliases.iter().map(|alias| format!("--{alias}")))
        .collect();
    if !other.is_empty() {
        let _ = write!(text, " [also:{TIE}{}]", other.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_page() {
        insta::assert_snapshot!(page(HelpPage::Program, Profile::Wheelhouse));
    }

    #[test]
    fn run_page() {
        insta::assert_snapshot!(page(HelpPage::Of(CommandName::Run), Profile::Wheelhouse));
    }

    #[test]
    fn drop_in_page() {
        insta::assert_snapshot!(page(HelpPage::Program, Profile::PypiServer));
    }

    #[test]
    fn drop_in_update_page() {
        insta::assert_snapshot!(page(HelpPage::Of(CommandName::Update), Profile::PypiServer));
    }

    #[test]
    fn health_page() {
        insta::assert_snapshot!(page(HelpPage::Of(CommandName::Health), Profile::Wheelhouse));
    }

    #[test]
    fn yank_page() {
        insta::assert_snapshot!(page(HelpPage::Of(CommandName::Yank), Profile::Wheelhouse));
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let commands = [CommandName::Run, CommandName::Update, CommandName::Health];
        let commands = commands
            .into_iter()
            .chain(defs::owners::COMMANDS.iter().copied());
        let pages = commands.map(HelpPage::Of).chain([
            HelpPage::Program,
            HelpPage::Config,
            HelpPage::Container,
        ]);
        for page in pages {
            for profile in [Profile::Wheelhouse, Profile::PypiServer] {
                for line in super::page(page, profile).lines() {
                    assert!(line.chars().count() <= WIDTH, "{page:?}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn every_option_is_on_the_page_of_each_command_that_takes_it() {
        for option in defs::ALL
            .iter()
            .chain(defs::owners::ALL)
            .filter(|option| !matches!(option.kind, Kind::Folders))
        {
            for &command in option.commands {
                let page = page(HelpPage::Of(command), Profile::PypiServer);
                assert!(
                    page.contains(&format!("--{}", option.long)),
                    "--{}",
                    option.long
                );
            }
        }
    }
}
