//! The proxies that requests go through, by the names of the usual variables.

use reqwest::{NoProxy, Proxy};

use crate::error::SetupError;

/// Which proxies to use. The default is none.
///
/// The values are not printed: an address may hold a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Setting>,
    https: Option<Setting>,
    all: Option<Setting>,
    exceptions: Option<String>,
}

/// The name of a variable and its value.
type Setting = (&'static str, String);

/// Which requests a proxy is for.
enum Covers {
    Http,
    Https,
    All,
}

impl Proxies {
    /// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
    ///
    /// The lower-case name wins. `HTTP_PROXY` is passed over in a CGI program (where
    /// `REQUEST_METHOD` is set), because there it may come from a request's header `Proxy`.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let of = |lower: &'static str, upper: &'static str| -> Option<Setting> {
            [lower, upper].into_iter().find_map(|name| {
                let value = variable(name)?;
                let value = value.trim();
                (!value.is_empty()).then(|| (name, value.to_owned()))
            })
        };
        let is_cgi = variable("REQUEST_METHOD").is_some();
        Self {
            http: of("http_proxy", "HTTP_PROXY")
                .filter(|(name, _)| !is_cgi || *name == "http_proxy"),
            https: of("https_proxy", "HTTPS_PROXY"),
            all: of("all_proxy", "ALL_PROXY"),
            exceptions: of("no_proxy", "NO_PROXY").map(|(_, value)| value),
        }
    }

    /// Returns the proxies in the order in which they are tried.
    pub(crate) fn build(&self) -> Result<Vec<Proxy>, SetupError> {
        let exceptions = self.exceptions.as_deref().and_then(NoProxy::from_string);
        let settings = [
            self.http.as_ref().map(|setting| (setting, Covers::Http)),
            self.https.as_ref().map(|setting| (setting, Covers::Https)),
            self.all.as_ref().map(|setting| (setting, Covers::All)),
        ];
        let mut proxies = Vec::new();
        for ((variable, address), covers) in settings.into_iter().flatten() {
            let refused = || SetupError::Proxy {
                variable: (*variable).to_owned(),
            };
            let address = if address.contains("://") {
                address.clone()
            } else {
                format!("http://{address}")
            };
            let scheme = address.split(':').next().unwrap_or_default();
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return Err(refused());
            }
            let proxy = match covers {
                Covers::Http => Proxy::http(address),
                Covers::Https => Proxy::https(address),
                Covers::All => Proxy::all(address),
            };
            let proxy = proxy.map_err(|_| refused())?;
            proxies.push(proxy.no_proxy(exceptions.clone()));
        }
        Ok(proxies)
    }
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |setting: &Option<Setting>| setting.as_ref().map(|(name, _)| *name);
        f.debug_struct("Proxies")
            .field("http", &name(&self.http))
            .field("https", &name(&self.https))
            .field("all", &name(&self.all))
            .field("exceptions", &self.exceptions)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_variables(&|name| {
            let (_, value) = variables.iter().find(|(found, _)| *found == name)?;
            Some((*value).to_owned())
        })
    }

    #[test]
    fn lower_case_wins_and_empty_means_unset() {
        let proxies = from(&[
            ("http_proxy", "http://low.example:1"),
            ("HTTP_PROXY", "http://up.example:1"),
            ("https_proxy", " "),
            ("HTTPS_PROXY", "up.example:2"),
        ]);
        assert_eq!(proxies.http.as_ref().unwrap().1, "http://low.example:1");
        assert_eq!(proxies.https.as_ref().unwrap().0, "HTTPS_PROXY");
        assert_eq!(proxies.build().unwrap().len(), 2);
    }

    #[test]
    fn header_of_a_request_cannot_set_the_proxy_of_a_cgi_program() {
        let proxies = from(&[
            ("HTTP_PROXY", "http://evil.example"),
            ("REQUEST_METHOD", "GET"),
        ]);
        assert_eq!(proxies, Proxies::default());
    }

    #[test]
    fn unusable_address_names_its_variable_and_hides_its_value() {
        for address in ["socks5://u:secret@h:1", "http://u:secret@h:notaport"] {
            let proxies = from(&[("ALL_PROXY", address)]);
            let error = proxies.build().expect_err(address).to_string();
            assert!(error.contains("ALL_PROXY"), "{error}");
            assert!(!format!("{error}{proxies:?}").contains("secret"), "{error}");
        }
    }
}
