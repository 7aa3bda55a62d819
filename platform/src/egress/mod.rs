//! Requests to addresses that tenants give: bounded in time and size, and never to a network that is not the Internet.
//!
//! What a name resolves to is checked inside the connector: the addresses that were looked at are the ones that are connected to, so a
//! name that resolves differently a moment later gains nothing. Redirects are not followed and no proxy is taken from the environment.

mod client;
mod ranges;

pub use client::{Answer, Egress, EgressError, EgressOptions, Lookup, SystemLookup, check_url};
pub use ranges::{AddressPolicy, AddressRange, RangeError, special_purpose};
