//! The address of a directory and of the users in it.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ldap3::{Scope, get_url_params};
use url::Url;

/// An LDAP URL: `ldap[s]://HOST[:PORT]/BASE[?ATTRIBUTE[?SCOPE[?FILTER]]]`, as Apache's
/// `AuthLDAPURL` has it. Without an attribute it is `uid`, without a scope everything below the base,
/// without a filter every entry.
///
/// Standard: RFC 4516; RFC 2255 before it.
#[derive(Debug, Clone, PartialEq)]
pub struct LdapUrl {
    text: String,
    /// Scheme, host and port.
    pub(super) server: String,
    pub(super) base: String,
    pub(super) attribute: String,
    pub(super) scope: Scope,
    pub(super) filter: String,
}

impl Eq for LdapUrl {}

/// A text is no address of a directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; write ldaps://HOST/BASE?ATTRIBUTE?SCOPE?FILTER, such as ldaps://ldap.example/ou=people,dc=example?uid"
)]
pub struct LdapUrlError(String);

impl LdapUrl {
    /// Returns whether passwords go to another machine without being encrypted, unless `StartTLS`
    /// is used.
    pub fn is_plain(&self) -> bool {
        let Ok(url) = Url::parse(&self.server) else {
            return true;
        };
        let is_here = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            // Of an address in a scheme that the URL standard does not name, too.
            Some(url::Host::Domain(name)) => {
                let address = name.parse::<Ipv4Addr>();
                name == "localhost" || address.is_ok_and(|address| address.is_loopback())
            }
            None => false,
        };
        url.scheme() == "ldap" && !is_here
    }
}

impl FromStr for LdapUrl {
    type Err = LdapUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason: &str| LdapUrlError(reason.to_owned());
        let url = Url::parse(text).map_err(|error| LdapUrlError(error.to_string()))?;
        if !matches!(url.scheme(), "ldap" | "ldaps") {
            return Err(wrong("it begins with neither ldap:// nor ldaps://"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("it names no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds a user; name who searches with --ldap-bind"));
        }
        let params = get_url_params(&url).map_err(|error| LdapUrlError(error.to_string()))?;
        let port = url.port().map(|port| format!(":{port}"));
        let attribute = match params.attrs.as_slice() {
            [] | ["*"] => "uid",
            [attribute] => attribute,
            _ => return Err(wrong("it names more than one attribute")),
        };
        let is_attribute = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';');
        if !attribute.chars().all(is_attribute) {
            return Err(wrong("its attribute is none"));
        }
        if !params.extensions.is_empty() {
            return Err(wrong("it has extensions"));
        }
        let filter = match params.filter.trim() {
            filter if filter.starts_with('(') => filter.to_owned(),
            filter => format!("({filter})"),
        };
        ldap3::parse_filter(&filter).map_err(|()| wrong("its filter is none"))?;
        Ok(Self {
            text: text.to_owned(),
            server: format!("{}://{host}{}", url.scheme(), port.unwrap_or_default()),
            base: params.base.into_owned(),
            attribute: attribute.to_owned(),
            scope: params.scope,
            filter,
        })
    }
}

impl fmt::Display for LdapUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_users_are() {
        let url: LdapUrl = "ldaps://ldap.example/ou=people,dc=example"
            .parse()
            .expect("one");
        assert_eq!(
            (
                url.server.as_str(),
                url.base.as_str(),
                url.attribute.as_str()
            ),
            ("ldaps://ldap.example", "ou=people,dc=example", "uid")
        );
        assert_eq!(
            (url.scope, url.filter.as_str()),
            (Scope::Subtree, "(objectClass=*)")
        );
        let url: LdapUrl = "ldap://h:3389/dc=a%20b?mail?one?(|(a=b)(c=d))"
            .parse()
            .expect("one");
        assert_eq!(
            (
                url.server.as_str(),
                url.base.as_str(),
                url.attribute.as_str()
            ),
            ("ldap://h:3389", "dc=a b", "mail")
        );
        assert_eq!(
            (url.scope, url.filter.as_str()),
            (Scope::OneLevel, "(|(a=b)(c=d))")
        );
        let url: LdapUrl = "ldap://h/dc=a??sub?objectClass=person"
            .parse()
            .expect("one");
        assert_eq!(url.filter, "(objectClass=person)");
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for text in [
            "",
            "ldap.example",
            "http://ldap.example/",
            "ldap:///dc=a",
            "ldap://user:secret@h/dc=a",
            "ldap://h/dc=a?uid,mail",
            "ldap://h/dc=a?u=d",
            "ldap://h/dc=a?uid?deep",
            "ldap://h/dc=a?uid?sub?(a=b",
            "ldap://h/dc=a?uid?sub?(a=b)?bindname=x",
        ] {
            assert!(text.parse::<LdapUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_loopback_needs_no_encryption() {
        for (text, is_plain) in [
            ("ldap://ldap.example/dc=a", true),
            ("ldaps://ldap.example/dc=a", false),
            ("ldap://127.0.0.1/dc=a", false),
            ("ldap://localhost:3389/dc=a", false),
            ("ldap://192.0.2.1/dc=a", true),
        ] {
            let url: LdapUrl = text.parse().expect("an address");
            assert_eq!(url.is_plain(), is_plain, "{text}");
        }
    }
}
