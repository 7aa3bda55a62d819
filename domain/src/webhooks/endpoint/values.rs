//! What the commands of an endpoint consist of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EndpointRejection, Url};
use crate::kernel::{Actor, EventFilter, Text};

/// The most single events, or positions, of one replay.
pub const REPLAY_PLACES_MAX: usize = 100;
/// Roles that may let the tenant's events leave the platform.
const MANAGERS: [&str; 3] = ["owner", "admin", "service"];
/// The most roles of one endpoint.
const ROLES_MAX: usize = 20;
/// The longest position token, in bytes: context, partition and position.
const TOKEN_BYTES_MAX: usize = 96;

/// With which events an endpoint begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// With what happens from now on.
    #[default]
    Now,
    /// With the first event.
    Start,
}

/// Why an endpoint is not delivered to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody has disabled it.
    #[default]
    Requested,
    /// The receiver has answered 410 Gone.
    Gone,
}

/// Refuses what is not an address of HTTP. What it leads to is looked at when it is connected to.
pub fn check_url(url: &Url) -> Result<(), EndpointRejection> {
    let invalid = |reason: &str| Err(EndpointRejection::UrlInvalid(reason.to_owned()));
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains('\\') {
        return invalid("it holds other than visible ASCII characters; write names in Punycode and others as %xx");
    }
    let lower = url.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return invalid("it does not begin with https://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.starts_with(':') {
        return invalid("it names no host");
    }
    if authority.contains('@') {
        return invalid("it holds a user name or password");
    }
    if url.contains('#') {
        return invalid("it holds a fragment");
    }
    Ok(())
}

/// Whether it is written as a position token, `crm/3@1024`.
pub fn is_token(text: &str) -> bool {
    let digits = |text: &str| (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    text.len() <= TOKEN_BYTES_MAX
        && text.split_once('/').is_some_and(|(context, place)| {
            name(context) && place.split_once('@').is_some_and(|(partition, position)| digits(partition) && digits(position))
        })
}

/// Refuses everybody who may not let events leave the platform.
pub fn managed_by(actor: &Actor) -> Result<(), EndpointRejection> {
    let may = actor.roles.iter().any(|role| MANAGERS.contains(&role.as_str()));
    if may { Ok(()) } else { Err(EndpointRejection::NotAllowed) }
}

/// The roles in whose name events go out: some that the caller has.
pub fn chosen(roles: Option<Vec<Text<64>>>, actor: &Actor) -> Result<Vec<String>, EndpointRejection> {
    let Some(roles) = roles else { return Ok(actor.roles.iter().take(ROLES_MAX).cloned().collect()) };
    let mut roles: Vec<String> = roles.into_iter().map(String::from).collect();
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() || roles.len() > ROLES_MAX {
        return Err(EndpointRejection::RolesWrong(ROLES_MAX));
    }
    match roles.iter().find(|role| !actor.roles.contains(role)) {
        Some(role) => Err(EndpointRejection::RoleNotHeld(role.clone())),
        None => Ok(roles),
    }
}

/// Refuses a filter that is none.
pub fn checked(filter: EventFilter) -> Result<EventFilter, EndpointRejection> {
    match filter.fault() {
        Some(fault) => Err(EndpointRejection::FilterInvalid(format!("`{}`: {}", fault.list, fault.expected))),
        None => Ok(filter),
    }
}
