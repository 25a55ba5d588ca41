//! Whether an address leads back to this program.

use std::net::IpAddr;

use url::{Host, Url};

/// Where this program answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAddress {
    bound: Option<IpAddr>,
    port: u16,
    names: Vec<String>,
}

impl OwnAddress {
    /// Describes a program that listens on a host and port, on a machine with these names.
    pub fn new(host: &str, port: u16, machine_names: &[String]) -> Self {
        let mut names: Vec<String> = machine_names
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        let bound = host.trim_matches(['[', ']']).parse().ok();
        if bound.is_none() {
            names.push(host.to_ascii_lowercase());
        }
        Self { bound, port, names }
    }

    /// Returns whether a URL leads to this machine, and there to our port or to one where a web
    /// server in front of us would answer.
    pub fn leads_here(&self, url: &Url) -> bool {
        let is_our_port = url
            .port_or_known_default()
            .is_some_and(|port| port == self.port || port == 80 || port == 443);
        is_our_port
            && match url.host() {
                Some(Host::Ipv4(address)) => self.is_our_address(address.into()),
                Some(Host::Ipv6(address)) => self.is_our_address(address.into()),
                Some(Host::Domain(name)) => self.is_our_name(&name.to_ascii_lowercase()),
                None => false,
            }
    }

    fn is_our_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // Loopback leads here even if another address is bound: two programs on one port are rare.
        address.is_loopback() || address.is_unspecified() || self.bound == Some(address)
    }

    fn is_our_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        name == "localhost"
            || name.ends_with(".localhost")
            || self.names.iter().any(|own| {
                name == own
                    || name
                        .strip_prefix(own.as_str())
                        .is_some_and(|domain| !own.contains('.') && domain.starts_with('.'))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_on_our_port_is_us_and_others_are_not() {
        let own = OwnAddress::new("192.0.2.7", 8080, &["Box".to_owned()]);
        for (url, is_us) in [
            ("http://192.0.2.7:8080/simple/", true),
            ("http://localhost:8080/", true),
            ("http://[::1]:8080/", true),
            ("http://[::ffff:127.0.0.1]:8080/", true),
            ("https://box/", true),
            ("https://box.corp.example/simple", true),
            ("http://localhost:3141/", false),
            ("http://192.0.2.8:8080/", false),
            ("https://boxes.example/", false),
            ("https://index.example/", false),
        ] {
            assert_eq!(own.leads_here(&url.parse().unwrap()), is_us, "{url}");
        }
    }
}
