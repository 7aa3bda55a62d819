//! How what is owed is settled: by payments, by credit and by giving up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Money};

/// Where an amount that settles a debt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// What settles the open amount.
    pub applied: Money,
    /// What had been written off and comes in after all.
    pub recovered: Money,
    /// What is more than was owed, and becomes the customer's credit.
    pub excess: Money,
}

impl Settlement {
    /// Settles as much as possible of what is open, then of what was written off; the rest is excess.
    pub fn of(amount_minor: i64, open_minor: i64, written_off_minor: i64, currency: Currency) -> Self {
        let applied = amount_minor.min(open_minor.max(0));
        let recovered = (amount_minor - applied).min(written_off_minor.max(0));
        let money = |amount_minor| Money::new(amount_minor, currency);
        Self { applied: money(applied), recovered: money(recovered), excess: money(amount_minor - applied - recovered) }
    }
}

/// How far a document is paid, whatever else became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Nothing was paid, and something is open.
    #[default]
    Unpaid,
    /// Something was paid, and something is open.
    PartiallyPaid,
    /// Nothing is open.
    Paid,
    /// More was paid than was owed.
    Overpaid,
}

impl PaymentState {
    /// The state of a document of which this much is open, was paid, and was paid in excess.
    pub fn of(open_minor: i64, paid_minor: i64, excess_minor: i64) -> Self {
        match (open_minor > 0, paid_minor > 0) {
            (false, _) if excess_minor > 0 => Self::Overpaid,
            (false, _) => Self::Paid,
            (true, true) => Self::PartiallyPaid,
            (true, false) => Self::Unpaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PaymentState::{Overpaid, Paid, PartiallyPaid, Unpaid};
    use super::*;

    #[test]
    fn what_is_owed_is_settled_before_anything_is_in_excess() {
        let parts = |amount, open, written_off| {
            let settled = Settlement::of(amount, open, written_off, Currency::EUR);
            [settled.applied, settled.recovered, settled.excess].map(|money| money.amount_minor)
        };
        assert_eq!(parts(100, 100, 0), [100, 0, 0]);
        assert_eq!(parts(100, 60, 30), [60, 30, 10]);
        assert_eq!(parts(100, -5, 0), [0, 0, 100]);
        assert_eq!(parts(10, 60, 30), [10, 0, 0]);
    }

    #[test]
    fn how_far_something_is_paid_follows_from_what_is_open() {
        let states =
            [(5, 0, 0), (5, 5, 0), (0, 5, 0), (0, 5, 1), (0, 0, 0)].map(|(open, paid, excess)| PaymentState::of(open, paid, excess));
        assert_eq!(states, [Unpaid, PartiallyPaid, Paid, Overpaid, Paid]);
    }
}
