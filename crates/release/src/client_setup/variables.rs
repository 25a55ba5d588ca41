//! Variables that go before what files say.

use super::Client;

/// Returns the variables that are set and would win over what is written for a client, each with what
/// it does. Their values may hold passwords, and are not shown.
pub fn overriding(
    client: Client,
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let own = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let of_pip = [
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_NO_INDEX",
        "PIP_KEYRING_PROVIDER",
    ];
    let names: Vec<String> = match client {
        Client::Pip | Client::Conda => of_pip.map(str::to_owned).to_vec(),
        Client::Pipenv => {
            let mut names = of_pip.map(str::to_owned).to_vec();
            names.push("PIPENV_PYPI_MIRROR".to_owned());
            names
        }
        Client::Uv => [
            "UV_NO_CONFIG",
            "UV_DEFAULT_INDEX",
            "UV_INDEX",
            "UV_INDEX_URL",
            "UV_EXTRA_INDEX_URL",
            "UV_NO_INDEX",
            "UV_KEYRING_PROVIDER",
            "UV_PUBLISH_URL",
            "UV_PUBLISH_TOKEN",
        ]
        .map(str::to_owned)
        .to_vec(),
        Client::Poetry => vec![
            format!("POETRY_REPOSITORIES_{own}_URL"),
            format!("POETRY_HTTP_BASIC_{own}_USERNAME"),
            format!("POETRY_HTTP_BASIC_{own}_PASSWORD"),
        ],
        Client::Pdm => [
            "PDM_PYPI_URL",
            "PDM_IGNORE_STORED_INDEX",
            "PDM_PYPI_USERNAME",
            "PDM_PYPI_PASSWORD",
            "PDM_PUBLISH_REPO",
        ]
        .map(str::to_owned)
        .to_vec(),
        Client::Hatch => ["HATCH_INDEX_REPO", "HATCH_INDEX_USER", "HATCH_INDEX_AUTH"]
            .map(str::to_owned)
            .to_vec(),
        Client::Twine => [
            "TWINE_REPOSITORY",
            "TWINE_REPOSITORY_URL",
            "TWINE_USERNAME",
            "TWINE_PASSWORD",
        ]
        .map(str::to_owned)
        .to_vec(),
        Client::Flit => ["FLIT_INDEX_URL", "FLIT_USERNAME", "FLIT_PASSWORD"]
            .map(str::to_owned)
            .to_vec(),
        Client::Netrc => Vec::new(),
    };
    let is_set = |name: &String| variable(name).is_some();
    names.into_iter().filter(is_set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_win_are_named() {
        let set = |name: &str| {
            ["PIP_INDEX_URL", "POETRY_HTTP_BASIC_MY_CORP_PASSWORD"]
                .contains(&name)
                .then(|| "secret".to_owned())
        };
        assert_eq!(overriding(Client::Pip, "x", &set), ["PIP_INDEX_URL"]);
        assert_eq!(
            overriding(Client::Poetry, "my-corp", &set),
            ["POETRY_HTTP_BASIC_MY_CORP_PASSWORD"]
        );
        assert!(overriding(Client::Uv, "x", &set).is_empty());
    }
}
