//! Which addresses are the Internet's.
//!
//! The ranges are those of the IANA registries of special-purpose addresses (RFC 6890 and its updates).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses with the same first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

/// A text that is not a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a range of addresses is expected, such as 10.1.0.0/16 or fd00::/8")]
pub struct RangeError;

impl FromStr for AddressRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (first, bits) = text.split_once('/').ok_or(RangeError)?;
        let first: IpAddr = first.parse().map_err(|_| RangeError)?;
        let bits: u8 = bits.parse().map_err(|_| RangeError)?;
        if bits > if first.is_ipv4() { 32 } else { 128 } {
            return Err(RangeError);
        }
        Ok(Self { first, bits })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl AddressRange {
    /// Whether the address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => v4_within(address, first, self.bits),
            (IpAddr::V6(first), IpAddr::V6(address)) => v6_within(address, first, self.bits),
            _ => false,
        }
    }
}

fn v4_within(address: Ipv4Addr, first: Ipv4Addr, bits: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
    (address.to_bits() ^ first.to_bits()) & mask == 0
}

fn v6_within(address: Ipv6Addr, first: Ipv6Addr, bits: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    (address.to_bits() ^ first.to_bits()) & mask == 0
}

/// Ranges of IPv4 that are not the Internet's.
const V4: [(Ipv4Addr, u8, &str); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier's customers"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

const fn v6(first: u16, second: u16) -> Ipv6Addr {
    Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0)
}

/// Ranges of IPv6 that are not the Internet's; besides, only `2000::/3` is.
const V6: [(Ipv6Addr, u8, &str); 15] = [
    (Ipv6Addr::UNSPECIFIED, 128, "this network"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "an IPv4 address in disguise"),
    (Ipv6Addr::UNSPECIFIED, 96, "an IPv4 address in disguise"),
    (v6(0x64, 0xff9b), 32, "translated to IPv4 (NAT64)"),
    (v6(0x100, 0), 64, "discarded"),
    (v6(0x2001, 0x0db8), 32, "for documentation"),
    (v6(0x2001, 0), 32, "tunnelled to IPv4 (Teredo)"),
    (v6(0x2001, 0), 23, "reserved for protocols"),
    (v6(0x2002, 0), 16, "tunnelled to IPv4 (6to4)"),
    (v6(0x3fff, 0), 20, "for documentation"),
    (v6(0xfc00, 0), 7, "private"),
    (v6(0xfe80, 0), 10, "link-local"),
    (v6(0xfec0, 0), 10, "private"),
    (v6(0xff00, 0), 8, "multicast"),
];

/// What an address that is not the Internet's is for; `None` for one that is.
pub fn special_purpose(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|(first, bits, _)| v4_within(address, *first, *bits)).map(|(.., kind)| *kind),
        IpAddr::V6(address) => {
            let named = V6.iter().find(|(first, bits, _)| v6_within(address, *first, *bits)).map(|(.., kind)| *kind);
            named.or_else(|| (!v6_within(address, v6(0x2000, 0), 3)).then_some("reserved"))
        }
    }
}

/// Which addresses may be connected to: those of the Internet, and what operators allow besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Ranges that are allowed whatever they are for.
    pub allowed: Vec<AddressRange>,
}

impl AddressPolicy {
    /// Whether operators have named the address.
    pub fn is_named(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|range| range.contains(address))
    }

    /// What speaks against an address; `None` where it may be connected to.
    pub fn objection(&self, address: IpAddr) -> Option<&'static str> {
        special_purpose(address).filter(|_| !self.is_named(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<&'static str> {
        special_purpose(text.parse().unwrap())
    }

    #[test]
    fn the_ends_of_each_special_range_are_special_and_their_neighbours_are_not() {
        for (first, last, before, after) in [
            ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
            ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
            ("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
            ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
            ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
            ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
            ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
        ] {
            assert!(kind(first).is_some() && kind(last).is_some(), "{first} to {last}");
            assert!(kind(before).is_none() && kind(after).is_none(), "{before} and {after}");
        }
        for special in ["0.0.0.0", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.88.99.1"] {
            assert!(kind(special).is_some(), "{special}");
        }
        for public in ["1.1.1.1", "8.8.8.8", "93.184.215.14", "223.255.255.255"] {
            assert_eq!(kind(public), None, "{public}");
        }
    }

    #[test]
    fn addresses_of_ipv6_that_lead_elsewhere_are_special() {
        for special in [
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "5f00::1",
            "e000::1",
            "1::1",
        ] {
            assert!(kind(special).is_some(), "{special}");
        }
        for public in ["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2620:fe::fe", "3ffe::1"] {
            assert_eq!(kind(public), None, "{public}");
        }
    }

    #[test]
    fn operators_may_name_ranges() {
        let policy = AddressPolicy { allowed: vec!["127.0.0.2/32".parse().unwrap(), "fd00::/8".parse().unwrap()] };
        assert_eq!(policy.objection("127.0.0.2".parse().unwrap()), None);
        assert_eq!(policy.objection("fd00::7".parse().unwrap()), None);
        assert_eq!(policy.objection("127.0.0.1".parse().unwrap()), Some("loopback"));
        assert_eq!(policy.objection("::ffff:127.0.0.2".parse().unwrap()), Some("an IPv4 address in disguise"));
        for bad in ["", "127.0.0.1", "127.0.0.1/33", "::/129", "x/8", "127.0.0.1/-1"] {
            assert!(bad.parse::<AddressRange>().is_err(), "{bad}");
        }
        assert!("0.0.0.0/0".parse::<AddressRange>().unwrap().contains("9.9.9.9".parse().unwrap()));
    }
}
