//! Whose forwarded headers are believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::source::Source;
use crate::options::defs;

/// Whose forwarded headers are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// Proxies that were named. All that they forward is believed, the client's address included.
    pub trusted: Vec<IpRange>,
    /// Whether host, scheme and prefix are believed from private ranges too. From loopback they
    /// always are.
    pub trust_private_ranges: bool,
}

/// A range of addresses, such as `10.1.0.0/16`; one address is a range as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpRange {
    network: IpAddr,
    prefix_length: u8,
}

impl IpRange {
    /// Returns the first address of the range.
    pub const fn network(&self) -> IpAddr {
        self.network
    }

    /// Returns the number of leading bits that all addresses of the range share.
    pub const fn prefix_length(&self) -> u8 {
        self.prefix_length
    }

    /// Returns whether an address is in the range. An IPv4 address written as an IPv6 one
    /// (`::ffff:10.1.2.3`) counts as the IPv4 address that it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix_length);
                (u64::from(network.to_bits()) >> shift) == (u64::from(address.to_bits()) >> shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix_length);
                let first = network.to_bits().checked_shr(shift).unwrap_or(0);
                first == address.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix_length)
    }
}

impl FromStr for IpRange {
    type Err = IpRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let network: IpAddr = address.trim().parse().map_err(|_| IpRangeError)?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix_length = match length {
            Some(length) => length.trim().parse().map_err(|_| IpRangeError)?,
            None => bits,
        };
        if prefix_length > bits {
            return Err(IpRangeError);
        }
        Ok(Self {
            network,
            prefix_length,
        })
    }
}

/// A text is neither an address nor a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an address such as `10.0.0.7` or a range such as `10.0.0.0/8` or `fd00::/8`")]
pub struct IpRangeError;

impl ProxySettings {
    pub(super) fn of(source: Source<'_>) -> Self {
        let ranges = source.values.list(&defs::TRUSTED_PROXY);
        Self {
            // Each one was read once already, when the list was checked.
            trusted: ranges
                .iter()
                .filter_map(|range| range.parse().ok())
                .collect(),
            trust_private_ranges: source.values.truth(&defs::TRUST_PRIVATE_PROXIES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_holds_the_addresses_that_share_its_leading_bits() {
        for (range, address, is_inside) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
        ] {
            let range: IpRange = range.parse().unwrap();
            let inside = range.contains(address.parse().unwrap());
            assert_eq!(inside, is_inside, "{address} in {range}");
        }
    }

    #[test]
    fn text_that_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "host.example",
            "10.0.0.0/",
            "10.0.0/8",
            "10.0.0.0/-1",
        ] {
            assert_eq!(text.parse::<IpRange>(), Err(IpRangeError), "{text:?}");
        }
    }
}
