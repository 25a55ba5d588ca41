//! `recover`: makes a lost catalog again.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use wheelhouse_maintenance::recover::{RecoverError, Recovered, read_all};
use wheelhouse_store::files::objects::TakeOver;

use super::maintaining::{Teller, settings, threads};
use crate::command_line::Parsed;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::Profile;
use crate::options::defs::maintenance::{JSON, REHASH, TAKE_OVER};
use crate::wiring::{self, Recovery};

/// Makes a catalog from what is there without one, and fails if something cannot be proven.
pub(crate) fn recover(
    parsed: Parsed,
    profile: Profile,
    environment: &Environment,
) -> Result<(), Failure> {
    let (is_rehash, is_json) = (parsed.has(&REHASH), parsed.has(&JSON));
    let take_over = if parsed.has(&TAKE_OVER) {
        TakeOver::Yes
    } else {
        TakeOver::No
    };
    let settings = settings(parsed, profile, environment)?;
    let runtime = threads()?;
    let mut teller = Teller::new(is_json);
    let recovered = runtime.block_on(async {
        let mut tell = |told| teller.tell(told);
        let opened = wiring::open_to_recover(&settings, environment, take_over).await?;
        let mut recovered = match &opened.recovery {
            Recovery::Sealed(recovery) => recovery.run(&mut tell).await?,
            Recovery::Folders(recovery) => recovery.run(&mut tell).await?,
        };
        if is_rehash && let Recovery::Sealed(recovery) = &opened.recovery {
            let index = &opened.index;
            recovered.left += read_all(index, &*recovery.catalog, &mut tell).await?;
        }
        opened
            .end()
            .context("the catalog is made, and cannot be given free")?;
        Ok::<_, anyhow::Error>(recovered)
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    let recovered = recovered.map_err(|error| match error.downcast_ref::<RecoverError>() {
        Some(RecoverError::NotEmpty(_)) => Failure::Other(error),
        _ => Failure::Unfinished(error),
    })?;
    let Recovered {
        files,
        left,
        notices,
    } = recovered;
    let proven = match left {
        0 => "everything was proven".to_owned(),
        left => format!("not proven: {left}"),
    };
    let read = match (is_rehash, &settings.files) {
        (false, crate::settings::FileSettings::Objects(_)) => {
            "; a server reads the files in the background, and proves their digests by that"
        }
        _ => "",
    };
    let sentence = format!(
        "{files} files are listed again; {proven}{read}. Roles, rules, tokens, accounts and counts of downloads were in the lost catalog alone."
    );
    let numbers = json!({ "files": files, "left": left, "notices": notices });
    teller.end(&sentence, numbers)?;
    if left == 0 { Ok(()) } else { Err(Failure::No) }
}
