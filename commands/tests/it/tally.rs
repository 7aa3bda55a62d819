//! A tiny aggregate with every kind of decision that the bus knows. The tests of `workers` use it too.

use domain::kernel::{Aggregate, AggregateId, AggregateType, Context, ContextDef, Decision, Refusal};
use domain::{commands, cqrs_aggregate, events, rejections};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The context of the tests.
pub const CONTEXT: ContextDef = ContextDef {
    name: "shop",
    summary: "Counts, for tests.",
    aggregates: || vec![<dyn AggregateType>::of::<Tally>()],
    imports: &[],
    due: &[],
    setup: &[],
};
const KEY_SCOPE: &str = "tally.key";

/// Something was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    /// Names the command.
    pub token: String,
    /// Which of the command's events it is, from 1.
    pub number: u32,
}

events! {
    /// What happens to a tally.
    pub enum TallyEvent {
        Counted = "counted" 1,
    }
}

/// The number of events, and the last token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// How many were counted.
    pub total: u64,
    /// A number that depends on all tokens and their order.
    pub digest: u64,
}

fn one() -> u32 {
    1
}

/// Counts.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Names the command.
    pub token: String,
    /// How many events it leads to.
    #[serde(default = "one")]
    pub times: u32,
}

/// Counts here and on another tally.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountBoth {
    /// Names the command.
    pub token: String,
    /// The other tally.
    pub other: AggregateId,
}

/// Counts here if another tally has counted exactly this.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountIf {
    /// Names the command.
    pub token: String,
    /// The other tally.
    pub other: AggregateId,
    /// What it must have counted.
    pub total: u64,
}

/// Takes a unique key.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The key.
    pub key: String,
}

/// Changes nothing, if the tally has counted exactly this.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What it must have counted.
    pub total: u64,
}

/// Changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rest {}

commands! {
    /// What can be asked of a tally.
    pub enum TallyCommand {
        either "count" => Count { "token": "t", "times": 2 },
        either "count-both" => CountBoth { "token": "t", "other": "b" },
        either "count-if" => CountIf { "token": "t", "other": "b", "total": 1 },
        either "hold" => Hold { "key": "k" },
        "expect" => Expect { "total": 1 },
        "rest" => Rest {},
    }
}

rejections! {
    /// Why a tally refuses.
    pub enum TallyRejection in "shop" {
        /// A count differs.
        #[error("It has counted {0}.")]
        NotTotal(u64) => "not_total" ["total"],
    }
}

fn counted(token: &str, number: u32) -> Counted {
    Counted { token: token.to_owned(), number }
}

impl Aggregate for Tally {
    const CONTEXT: &'static str = "shop";
    const TYPE: &'static str = "tally";
    type Command = TallyCommand;
    type Event = TallyEvent;

    fn apply(&mut self, event: &TallyEvent) {
        let TallyEvent::Counted(event) = event;
        self.total += 1;
        for byte in event.token.bytes() {
            self.digest = self.digest.wrapping_mul(31).wrapping_add(u64::from(byte)) % (1 << 40);
        }
    }

    fn handle(&self, command: TallyCommand, context: &Context<'_>) -> Result<Decision<TallyEvent>, Refusal> {
        match command {
            TallyCommand::Count(Count { token, times }) => {
                Ok((1..=times).fold(Decision::nothing(), |decision, number| decision.and(counted(&token, number))))
            }
            TallyCommand::CountBoth(CountBoth { token, other }) => {
                context.get::<Self>(other.as_str())?;
                Ok(Decision::event(counted(&token, 1)).also::<Self>(other, counted(&token, 2)))
            }
            TallyCommand::CountIf(CountIf { token, other, total }) => {
                let found = context.get::<Self>(other.as_str())?.map_or(0, |other| other.total);
                if found == total { Ok(Decision::event(counted(&token, 1))) } else { Err(TallyRejection::NotTotal(found).into()) }
            }
            TallyCommand::Hold(Hold { key }) => Ok(Decision::event(counted(&key, 1)).claim(KEY_SCOPE, key, "key")),
            TallyCommand::Expect(Expect { total }) if total == self.total => Ok(Decision::nothing()),
            TallyCommand::Rest(_) => Ok(Decision::nothing()),
            TallyCommand::Expect(_) => Err(TallyRejection::NotTotal(self.total).into()),
        }
    }
}

cqrs_aggregate!(Tally);
