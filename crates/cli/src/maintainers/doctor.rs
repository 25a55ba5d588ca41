//! `doctor`: asks an index what it can do, and says what each gap means.

use std::fmt::Write;

use anyhow::Context;
use serde_json::json;
use wheelhouse_standards::name::{ProjectKey, ProjectName};
use wheelhouse_upstream::{Ability, Examination, Examiner, Subject, Verdict};

use crate::command_line::{Parsed, UsageError};
use crate::environment::Environment;
use crate::exit::{Failure, ReleaseFailure};
use crate::options::defs::maintainers as defs;
use crate::program::print;
use crate::sign_in::{self, Asked, take_user};

use super::{address, beside, proxies, simple, user_agent};

/// Carries out the command.
pub(super) fn doctor(parsed: &Parsed, environment: &Environment) -> Result<(), Failure> {
    let text = |option| parsed.text(option);
    let word = parsed
        .free
        .first()
        .and_then(|word| word.to_str())
        .unwrap_or_default();
    let mut index = address(word)?;
    let in_address = take_user(&mut index);
    let index = simple(index);
    let mut upload = match text(&defs::UPLOAD_URL) {
        Some(address_of_uploads) => address(&address_of_uploads)?,
        None => beside(&index),
    };
    take_user(&mut upload);
    let project = text(&defs::DOCTOR_PROJECT).map(|name| {
        let read: Result<ProjectName, _> = name.parse();
        read.map(ProjectKey::from)
            .map_err(|_| UsageError::BadTarget {
                word: name,
                reason: "it is no name of a project",
            })
    });
    let subject = Subject {
        index,
        upload,
        project: project.transpose()?,
    };
    let asked = Asked {
        url: &subject.index,
        user: text(&defs::DOCTOR_USER),
        in_address,
        section: None,
    };
    let insecure_http = parsed.truth(&defs::INSECURE_HTTP);
    let pair = asked.find(environment)?;
    let authorization = pair.map(|pair| sign_in::header(&pair, &subject.index, insecure_http));
    let authorization = authorization.transpose()?;
    let authorization = authorization
        .as_ref()
        .map(|value| (&subject.index, value.as_str()));
    let examiner = Examiner::new(&user_agent(), &proxies(environment), authorization)
        .map_err(|error| Failure::Other(error.into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the program's work")?;
    let found = runtime
        .block_on(examiner.examine(&subject))
        .map_err(|error| {
            ReleaseFailure::network(error.to_string(), "give the address of the simple pages")
        })?;
    if parsed.truth(&defs::JSON) {
        return print(&as_json(&subject, &found));
    }
    print(&as_table(&subject, &found))
}

fn as_json(subject: &Subject, found: &Examination) -> String {
    let answers = found.answers.iter().map(|answer| {
        let (name, gap) = meaning(answer.ability);
        json!({
            "ability": name,
            "verdict": word(answer.verdict),
            "seen": answer.seen,
            "meaning": (answer.verdict == Verdict::No).then_some(gap),
        })
    });
    let object = json!({
        "index": subject.index.as_str(),
        "upload": subject.upload.as_str(),
        "project": found.project.as_ref().map(ProjectKey::as_str),
        "server": found.server,
        "answers": answers.collect::<Vec<_>>(),
    });
    format!("{object}\n")
}

fn as_table(subject: &Subject, found: &Examination) -> String {
    let mut text = format!("{}", subject.index);
    if let Some(server) = &found.server {
        let _ = write!(text, ", by {}", plain(server));
    }
    match &found.project {
        Some(project) => {
            let _ = writeln!(text, ", looking at `{project}`\n");
        }
        None => text.push_str("; no file was seen, and files were not looked at\n\n"),
    }
    for answer in &found.answers {
        let (name, _) = meaning(answer.ability);
        let _ = writeln!(
            text,
            "{:<8} {name:<15} {}",
            word(answer.verdict),
            plain(&answer.seen)
        );
    }
    let gaps = found
        .answers
        .iter()
        .filter(|answer| answer.verdict == Verdict::No);
    let gaps: Vec<_> = gaps.map(|answer| meaning(answer.ability)).collect();
    if gaps.is_empty() {
        text.push_str("\nNothing of this is missing.\n");
        return text;
    }
    text.push_str("\nWhat is missing, and what that means:\n");
    for (name, gap) in gaps {
        let _ = writeln!(text, "\n{name}\n  {gap}");
    }
    text
}

/// What a stranger's server says, without what a terminal would act on.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::Unseen => "unknown",
    }
}

/// Returns what an ability is called, and what it means to be without it.
const fn meaning(ability: Ability) -> (&'static str, &'static str) {
    match ability {
        Ability::Https => (
            "https",
            "pip wants --trusted-host, uv --allow-insecure-host, and passwords can be read on their way.",
        ),
        Ability::Reading => (
            "reading",
            "pip and uv need a user and a password, in the address, netrc or keyring; poetry those of `poetry config http-basic`. Run this again with --user.",
        ),
        Ability::Json => (
            "JSON pages",
            "pip, uv and poetry read the HTML, which has no upload times, no sizes and no status.",
        ),
        Ability::Html => (
            "HTML pages",
            "pip before 22.2 and other old tools cannot install from here.",
        ),
        Ability::Names => (
            "spellings",
            "pip, uv and poetry ask for the normal form of a name and are well; people and old tools that type another one find nothing.",
        ),
        Ability::Unknown => (
            "unknown names",
            "uv stops at 401 and 403 where it should go on to the next index; a redirect gives private names away and lets strangers answer for them.",
        ),
        Ability::Digests => (
            "digests",
            "pip --require-hashes and the lock files of uv and poetry have to trust the first download.",
        ),
        Ability::UploadTimes => (
            "upload times",
            "uv --exclude-newer passes over every file here, and pip --uploaded-prior-to fails.",
        ),
        Ability::Sizes => (
            "sizes",
            "uv and pip cannot say how much there is to download.",
        ),
        Ability::MetadataFiles => (
            "metadata files",
            "pip downloads whole wheels to learn what they need; uv and poetry read parts of them, if the index has ranges.",
        ),
        Ability::Ranges => (
            "ranges",
            "uv, poetry and pip's lazy wheels download whole files where parts would do, and a download that broke off begins anew.",
        ),
        Ability::PageTags => (
            "unchanged pages",
            "every installation of pip, uv and poetry transfers every page anew.",
        ),
        Ability::FileCaching => (
            "file caching",
            "caches in front of the index, and pip's own, transfer files again that have not changed.",
        ),
        Ability::Yanking => (
            "yanking",
            "a bad release can only be deleted, which breaks whoever has pinned it.",
        ),
        Ability::Uploading => (
            "uploads",
            "twine, uv publish and poetry publish cannot use this address; give another one with --upload-url.",
        ),
    }
}
