//! An endpoint: an address of another system, the events that it is told of, and the secrets that sign what it is sent.
//!
//! Events go out in the name of roles of whoever registered the endpoint: of contexts that these may not follow, nothing is sent. Secrets
//! are named here by their ids only. What is still to be delivered is not part of the endpoint: it follows from the log and from how far
//! the endpoint has been told.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::{Aggregate, Context, Decision, EventFilter, Refusal, Text, When};
use crate::{commands, cqrs_aggregate, events, rejections};

mod values;

pub use values::{Begin, Cause, REPLAY_PLACES_MAX};
use values::{check_url, checked, chosen, is_token, managed_by};

/// The longest address, in characters.
pub type Url = Text<2000>;
/// What people call an endpoint.
pub type Description = Text<500>;

/// Secrets that may sign at the same time.
pub const SECRETS_MAX: usize = 5;
/// How long a secret that was replaced goes on signing, in seconds, where the command does not say: a day.
const OVERLAP_SECONDS: u32 = 86_400;
/// The longest that it may go on signing: a week.
const OVERLAP_SECONDS_MAX: u32 = 7 * 86_400;

/// A secret that signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SigningSecret {
    /// Its id; the secret itself is in nobody's hands but the platform's and the receiver's.
    pub id: Uuid,
    /// Until when it signs; without end where it was not replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

// ---------------------------------------------------------------------------------------------------------- events

/// An endpoint was registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointRegistered {
    /// The address.
    pub url: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The events that it is told of.
    pub filter: EventFilter,
    /// In the name of these roles.
    pub roles: Vec<String>,
    /// With which events it begins.
    pub begin: Begin,
    /// The secret that signs.
    pub secret_id: Uuid,
    /// Who registered it.
    pub registered_by: String,
}

/// An endpoint has another address or is told of other events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointChanged {
    /// The address.
    pub url: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The events that it is told of.
    pub filter: EventFilter,
    /// In the name of these roles.
    pub roles: Vec<String>,
}

/// A new secret signs; those before it go on for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointSecretRotated {
    /// The new secret.
    pub secret_id: Uuid,
    /// Until when the secrets before it sign.
    pub previous_until: DateTime<Utc>,
}

/// A secret signs no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointSecretRevoked {
    /// The secret.
    pub secret_id: Uuid,
}

/// Nothing is delivered until the endpoint is enabled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointDisabled {
    /// Why.
    pub cause: Cause,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Description>,
}

/// The endpoint is delivered to again, with what happened meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointEnabled {}

/// Events are to be delivered again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointReplayRequested {
    /// 1 for the endpoint's first replay, 2 for the second …
    pub number: u64,
    /// All that were recorded at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// All after these positions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The events at these positions, each by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Who wants it.
    pub requested_by: String,
}

/// The endpoint is gone for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointRemoved {}

events! {
    /// What happens to an endpoint.
    pub enum EndpointEvent {
        EndpointRegistered = "endpoint_registered" 1,
        EndpointChanged = "endpoint_changed" 1,
        EndpointSecretRotated = "endpoint_secret_rotated" 1,
        EndpointSecretRevoked = "endpoint_secret_revoked" 1,
        EndpointDisabled = "endpoint_disabled" 1,
        EndpointEnabled = "endpoint_enabled" 1,
        EndpointReplayRequested = "endpoint_replay_requested" 1,
        EndpointRemoved = "endpoint_removed" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where an endpoint stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    /// It is delivered to.
    #[default]
    Enabled,
    /// Nothing is delivered until it is enabled.
    Disabled,
    /// It is gone for good.
    Removed,
}

/// An endpoint's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Where it stands.
    pub status: EndpointStatus,
    /// Address, filter and roles; nothing before it is registered.
    pub setting: Option<EndpointChanged>,
    /// The secrets, the newest last. Some may have expired.
    pub secrets: Vec<SigningSecret>,
    /// How many replays were requested.
    pub replays: u64,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Registers an address that is told of events. The answer holds the secret that signs deliveries, this once. Only owners, admins and
/// services may.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterEndpoint {
    /// Where deliveries are posted: an address of the Internet, by https.
    pub url: Url,
    /// What it is for.
    #[serde(default)]
    pub description: Option<Description>,
    /// The events that it is told of; all where left out.
    #[serde(default)]
    pub filter: EventFilter,
    /// In the name of which of the caller's roles; all of them where left out.
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 64)))]
    pub roles: Option<Vec<Text<64>>>,
    /// With which events it begins.
    #[serde(default)]
    pub begin: Begin,
}

/// Changes what is given, and leaves the rest. Only owners, admins and services may.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeEndpoint {
    /// Where deliveries are posted.
    pub url: Option<Url>,
    /// What it is for.
    pub description: Option<Description>,
    /// The events that it is told of.
    pub filter: Option<EventFilter>,
    /// In the name of which of the caller's roles.
    #[schemars(length(max = 20), inner(length(min = 1, max = 64)))]
    pub roles: Option<Vec<Text<64>>>,
}

fn overlap_seconds() -> u32 {
    OVERLAP_SECONDS
}

/// Makes a new secret, which the answer holds this once. The one before it goes on signing beside it for a while. Only owners, admins and
/// services may.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateEndpointSecret {
    /// How long the secret before it goes on signing, in seconds: up to a week.
    #[serde(default = "overlap_seconds")]
    #[schemars(range(max = 604_800))]
    pub overlap_seconds: u32,
}

/// Lets a secret that was replaced sign no more. Only owners, admins and services may.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeEndpointSecret {
    /// The secret's id, as the list of endpoints shows it.
    pub secret_id: Uuid,
}

/// Lets nothing be delivered until the endpoint is enabled. What happens meanwhile is delivered then.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DisableEndpoint {
    /// Why.
    pub cause: Cause,
    /// In words.
    pub detail: Option<Description>,
}

/// Lets the endpoint be delivered to again, beginning with what happened meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnableEndpoint {}

/// Has events delivered again: from a time on, from positions on, or single ones. Give one of the three.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayEndpoint {
    /// All that were recorded at this time or later.
    pub since: Option<When>,
    /// All after these positions; contexts that are not named go on as they are.
    #[schemars(length(max = 100), inner(length(min = 1, max = 96), pattern(r"^[a-z0-9_]+/[0-9]{1,9}@[0-9]{1,18}$")))]
    pub after: Vec<Text<96>>,
    /// The events at these positions, each by itself: failed deliveries, say.
    #[schemars(length(max = 100), inner(length(min = 1, max = 96), pattern(r"^[a-z0-9_]+/[0-9]{1,9}@[0-9]{1,18}$")))]
    pub events: Vec<Text<96>>,
}

/// Removes the endpoint for good. What was not delivered is not any more.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RemoveEndpoint {}

commands! {
    /// What can be asked of an endpoint.
    pub enum EndpointCommand {
        creates "register" => RegisterEndpoint {
            "url": "https://hooks.example.com/neuroops", "description": "Orders to the warehouse",
            "filter": { "contexts": ["crm"], "types": ["crm.deal_*"] }, "begin": "now"
        },
        "change" => ChangeEndpoint { "filter": { "types": ["crm.deal_won.v1"] } },
        "rotate-secret" => RotateEndpointSecret { "overlap_seconds": 86_400 },
        "revoke-secret" => RevokeEndpointSecret { "secret_id": "01970000-0000-7000-8000-000000000001" },
        "disable" => DisableEndpoint { "detail": "maintenance" },
        "enable" => EnableEndpoint {},
        "replay" => ReplayEndpoint { "since": "2026-03-01T12:00:00Z" },
        "remove" => RemoveEndpoint {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Endpoint {
    const CONTEXT: &'static str = "webhooks";
    const TYPE: &'static str = "endpoint";
    type Command = EndpointCommand;
    type Event = EndpointEvent;

    fn apply(&mut self, event: &EndpointEvent) {
        match event {
            EndpointEvent::EndpointRegistered(e) => {
                let EndpointRegistered { url, description, filter, roles, secret_id, .. } = e.clone();
                self.setting = Some(EndpointChanged { url, description, filter, roles });
                self.secrets = vec![SigningSecret { id: secret_id, until: None }];
            }
            EndpointEvent::EndpointChanged(e) => self.setting = Some(e.clone()),
            EndpointEvent::EndpointSecretRotated(e) => {
                for secret in &mut self.secrets {
                    secret.until = Some(secret.until.map_or(e.previous_until, |until| until.min(e.previous_until)));
                }
                self.secrets.push(SigningSecret { id: e.secret_id, until: None });
                // The oldest have expired: no more than so many sign when one is added.
                let excess = self.secrets.len().saturating_sub(SECRETS_MAX);
                self.secrets.drain(..excess);
            }
            EndpointEvent::EndpointSecretRevoked(e) => self.secrets.retain(|secret| secret.id != e.secret_id),
            EndpointEvent::EndpointDisabled(_) => self.status = EndpointStatus::Disabled,
            EndpointEvent::EndpointEnabled(_) => self.status = EndpointStatus::Enabled,
            EndpointEvent::EndpointReplayRequested(e) => self.replays = e.number,
            EndpointEvent::EndpointRemoved(_) => {
                self.status = EndpointStatus::Removed;
                self.secrets.clear();
            }
        }
    }

    fn handle(&self, command: EndpointCommand, context: &Context<'_>) -> Result<Decision<EndpointEvent>, Refusal> {
        managed_by(context.actor)?;
        Ok(match command {
            EndpointCommand::RegisterEndpoint(command) => register(command, context)?,
            EndpointCommand::ChangeEndpoint(command) => self.change(command, context)?,
            EndpointCommand::RotateEndpointSecret(command) => self.rotate(&command, context)?,
            EndpointCommand::RevokeEndpointSecret(command) => self.revoke(&command, context)?,
            EndpointCommand::DisableEndpoint(command) => match self.status {
                EndpointStatus::Enabled => Decision::event(EndpointDisabled { cause: command.cause, detail: command.detail }),
                EndpointStatus::Disabled => Decision::nothing(),
                EndpointStatus::Removed => return Err(EndpointRejection::Removed.into()),
            },
            EndpointCommand::EnableEndpoint(_) => match self.status {
                EndpointStatus::Enabled => Decision::nothing(),
                EndpointStatus::Disabled => Decision::event(EndpointEnabled {}),
                EndpointStatus::Removed => return Err(EndpointRejection::Removed.into()),
            },
            EndpointCommand::ReplayEndpoint(command) => self.replay(command, context)?,
            EndpointCommand::RemoveEndpoint(_) => match self.status {
                EndpointStatus::Removed => Decision::nothing(),
                EndpointStatus::Enabled | EndpointStatus::Disabled => Decision::event(EndpointRemoved {}),
            },
        })
    }
}

cqrs_aggregate!(Endpoint);

fn register(command: RegisterEndpoint, context: &Context<'_>) -> Result<Decision<EndpointEvent>, EndpointRejection> {
    check_url(&command.url)?;
    Ok(Decision::event(EndpointRegistered {
        url: command.url.into(),
        description: command.description,
        filter: checked(command.filter)?,
        roles: chosen(command.roles, context.actor)?,
        begin: command.begin,
        secret_id: context.fresh_id(0),
        registered_by: context.actor.subject.clone(),
    }))
}

impl Endpoint {
    /// The setting of an endpoint that is there.
    fn setting(&self) -> Result<&EndpointChanged, EndpointRejection> {
        self.setting.as_ref().filter(|_| self.status != EndpointStatus::Removed).ok_or(EndpointRejection::Removed)
    }

    fn change(&self, command: ChangeEndpoint, context: &Context<'_>) -> Result<Decision<EndpointEvent>, EndpointRejection> {
        let before = self.setting()?;
        let mut after = before.clone();
        if let Some(url) = command.url {
            check_url(&url)?;
            after.url = url.into();
        }
        if let Some(filter) = command.filter {
            after.filter = checked(filter)?;
        }
        if let Some(roles) = command.roles {
            after.roles = chosen(Some(roles), context.actor)?;
        }
        after.description = command.description.or(after.description);
        Ok(if after == *before { Decision::nothing() } else { Decision::event(after) })
    }

    fn rotate(&self, command: &RotateEndpointSecret, context: &Context<'_>) -> Result<Decision<EndpointEvent>, EndpointRejection> {
        self.setting()?;
        if command.overlap_seconds > OVERLAP_SECONDS_MAX {
            return Err(EndpointRejection::OverlapTooLong(OVERLAP_SECONDS_MAX));
        }
        let signing = self.secrets.iter().filter(|secret| secret.until.is_none_or(|until| until > context.now)).count();
        if signing >= SECRETS_MAX {
            return Err(EndpointRejection::TooManySecrets(SECRETS_MAX));
        }
        let previous_until = context.now + TimeDelta::seconds(command.overlap_seconds.into());
        Ok(Decision::event(EndpointSecretRotated { secret_id: context.fresh_id(0), previous_until }))
    }

    fn revoke(&self, command: &RevokeEndpointSecret, context: &Context<'_>) -> Result<Decision<EndpointEvent>, EndpointRejection> {
        self.setting()?;
        match self.secrets.iter().find(|secret| secret.id == command.secret_id) {
            Some(SigningSecret { until: None, .. }) => Err(EndpointRejection::SecretInUse),
            Some(SigningSecret { until: Some(until), .. }) if *until > context.now => {
                Ok(Decision::event(EndpointSecretRevoked { secret_id: command.secret_id }))
            }
            // It signs no more, or never did here.
            Some(_) | None => Ok(Decision::nothing()),
        }
    }

    fn replay(&self, command: ReplayEndpoint, context: &Context<'_>) -> Result<Decision<EndpointEvent>, EndpointRejection> {
        self.setting()?;
        let ReplayEndpoint { since, after, events } = command;
        let given = usize::from(since.is_some()) + usize::from(!after.is_empty()) + usize::from(!events.is_empty());
        if given != 1 {
            return Err(EndpointRejection::ReplayUnclear);
        }
        if since.is_some_and(|since| since.0 > context.now) {
            return Err(EndpointRejection::FutureTime);
        }
        if after.len().max(events.len()) > REPLAY_PLACES_MAX {
            return Err(EndpointRejection::TooManyPlaces(REPLAY_PLACES_MAX));
        }
        let tokens = |texts: Vec<Text<96>>| -> Vec<String> { texts.into_iter().map(String::from).collect() };
        let (after, events) = (tokens(after), tokens(events));
        if let Some(wrong) = after.iter().chain(&events).find(|text| !is_token(text)) {
            return Err(EndpointRejection::PositionInvalid(wrong.clone()));
        }
        let since = since.map(|since| since.0);
        let requested_by = context.actor.subject.clone();
        Ok(Decision::event(EndpointReplayRequested { number: self.replays + 1, since, after, events, requested_by }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why an endpoint refuses a command.
    pub enum EndpointRejection in "webhooks" {
        /// Somebody who may not.
        #[error("Only owners, admins and services may let events leave the platform; ask one of them.")]
        NotAllowed => "not_allowed" [],
        /// Not an address.
        #[error("The address cannot be used: {0}.")]
        UrlInvalid(String) => "url_invalid" ["url"],
        /// Not a filter.
        #[error("The filter cannot be used: {0}.")]
        FilterInvalid(String) => "filter_invalid" ["filter"],
        /// None, or too many.
        #[error("Give 1 to {0} roles, or leave them out.")]
        RolesWrong(usize) => "roles_wrong" ["roles"],
        /// A role that the caller lacks.
        #[error("You do not have the role `{0}`, so events cannot go out in its name.")]
        RoleNotHeld(String) => "role_not_held" ["roles"],
        /// Gone for good.
        #[error("The endpoint was removed; register another.")]
        Removed => "removed" [],
        /// More than a week.
        #[error("A secret that was replaced signs for {0} seconds at most.")]
        OverlapTooLong(u32) => "overlap_too_long" ["overlap_seconds"],
        /// Too many at the same time.
        #[error("{0} secrets sign already; revoke one that is no longer used.")]
        TooManySecrets(usize) => "too_many_secrets" [],
        /// Nothing would sign.
        #[error("The newest secret cannot be revoked; rotate it first.")]
        SecretInUse => "secret_in_use" ["secret_id"],
        /// None of the three, or several.
        #[error("Say what to deliver again by one of `since`, `after` and `events`.")]
        ReplayUnclear => "replay_unclear" ["since", "after", "events"],
        /// Nothing is there yet.
        #[error("The time has not come yet.")]
        FutureTime => "future_time" ["since"],
        /// Too many.
        #[error("Give {0} positions at most.")]
        TooManyPlaces(usize) => "too_many_places" ["after", "events"],
        /// Not a position.
        #[error("`{0}` is not a position; write `context/partition@position`.")]
        PositionInvalid(String) => "position_invalid" ["after", "events"],
    }
}

#[cfg(test)]
mod tests;
