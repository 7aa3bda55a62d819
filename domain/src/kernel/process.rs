//! Process managers: what must happen somewhere because something happened elsewhere.
//!
//! A process reads events and names steps; the runtime stores the steps in the transaction that moves the process's checkpoint, and then
//! takes each step once, however often it is retried or killed. Like a decision, a reaction is pure: it knows the event and nothing else,
//! so an event must hold what the steps need.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DecodeEventError, RecordedEvent};

/// A process manager. A new one reads the log from its beginning.
pub struct ProcessDef {
    /// Its name, `<context>.<name>`, such as `invoicing.ledger`. The storage contract of its steps.
    pub name: &'static str,
    /// One sentence for the documentation and the command line.
    pub summary: &'static str,
    /// The wire types without version that it reacts to, such as `invoicing.invoice_finalized`.
    pub reacts_to: &'static [&'static str],
    /// The steps that follow from an event; none where it does not matter. The same event always leads to the same steps, each under
    /// another name.
    pub react: fn(&RecordedEvent) -> Result<Vec<Step>, DecodeEventError>,
}

/// The longest name of a lane.
pub const LANE_CHARS_MAX: usize = 300;

/// One thing to do because of an event. It is known by the process, the event's id and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Tells the steps of one event apart.
    pub name: &'static str,
    /// Steps of one process, tenant and lane are taken in the order of their events, one after another; other lanes do not wait. An
    /// aggregate's id, mostly; 1 to [`LANE_CHARS_MAX`] characters.
    pub lane: String,
    /// What to do.
    pub action: Action,
}

impl Step {
    /// A step that sends a command.
    pub fn command(name: &'static str, lane: impl Into<String>, command: StepCommand) -> Self {
        Self { name, lane: lane.into(), action: Action::Command(command) }
    }

    /// A step that calls the outside.
    pub fn effect(name: &'static str, lane: impl Into<String>, effect: &'static str, body: Value) -> Self {
        Self { name, lane: lane.into(), action: Action::Effect { name: effect, body } }
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Sends a command, with an idempotency key made of the step. A domain rejection is final and shown to the operator.
    Command(StepCommand),
    /// Calls the outside through the effect of that name; what it answers are commands, sent like those above, in order, up to the first
    /// that is refused.
    Effect {
        /// Name of the effect.
        name: &'static str,
        /// What it needs.
        body: Value,
    },
}

/// A command that the platform sends to itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepCommand {
    /// The context.
    pub context: String,
    /// The aggregate's type.
    pub aggregate: String,
    /// The aggregate's id. Make it from the event where the command creates, so that it is known beforehand.
    pub id: String,
    /// The command.
    pub command: String,
    /// Its fields.
    pub body: Value,
}

/// A command that becomes due by the clock: timers, expiries, renewals.
///
/// The runtime looks into the read model for rows with `due_at <= now()` (a `timestamptz` column, NULL where nothing is due, with an index
/// `(due_at) WHERE due_at IS NOT NULL`: it asks for all tenants at once) and sends the command to the aggregate with the row's `id` (or
/// `aggregate_id`, where the table has that column), with an idempotency key made of the id and `due_at`. The aggregate has the last word:
/// it looks at `now` and changes nothing when it is early.
#[derive(Debug)]
pub struct DueDef {
    /// The view of the read model, such as `scheduling_timer_list`.
    pub table: &'static str,
    /// The aggregate.
    pub aggregate: &'static str,
    /// The command; it has no fields.
    pub command: &'static str,
}

/// A command that every new tenant starts with, sent under a key made of its place in the list: add at the end. It may be sent again long
/// afterwards (`neuroops tenants setup`), so the aggregate must take it twice, or refuse it as what exists already.
pub struct SetupDef {
    /// The aggregate.
    pub aggregate: &'static str,
    /// Its id.
    pub id: &'static str,
    /// The command.
    pub command: &'static str,
    /// Its fields, as JSON. [`SetupDef::CURRENCY`] in it stands for the currency of the tenant's books.
    pub body: &'static str,
}

impl SetupDef {
    /// What stands for the currency of the tenant's books.
    pub const CURRENCY: &'static str = "$currency";
}
