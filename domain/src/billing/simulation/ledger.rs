//! An independent account of what bills and payments come to, kept from events alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::billing::payment::{ChargebackOutcome, PaymentEvent};
use crate::billing::subscription::{BillKind, Line, LineKind, SubscriptionEvent};
use crate::billing::usage::UsageEvent;
use crate::kernel::ErasedDecision;

/// What is known of a subscription.
#[derive(Default)]
struct Account {
    /// The starts of the periods that were billed.
    periods: BTreeSet<DateTime<Utc>>,
    bill_ids: BTreeSet<String>,
    /// What all lines that are no credit come to, and all totals.
    charged_minor: i64,
    owed_minor: i64,
    /// What waits for the next bill: usage among it.
    pending_units: Decimal,
    transactions: BTreeSet<String>,
    /// What was used and is not billed.
    open: BTreeMap<DateTime<Utc>, Decimal>,
    trialing: bool,
}

/// What is known of a payment.
#[derive(Default)]
struct Till {
    asked_minor: i64,
    captured_minor: i64,
    again: BTreeMap<String, i64>,
    refunds: BTreeMap<String, i64>,
    lost: BTreeMap<String, i64>,
}

/// All accounts.
#[derive(Default)]
pub struct Ledger {
    accounts: BTreeMap<String, Account>,
    tills: BTreeMap<String, Till>,
}

fn units(lines: &[Line]) -> Decimal {
    lines.iter().filter(|line| line.kind == LineKind::Usage).map(|line| line.quantity).sum()
}

impl Ledger {
    /// How many bills there were.
    pub fn bills(&self) -> usize {
        self.accounts.values().map(|account| account.periods.len()).sum()
    }

    /// Takes note of a decision that is stored.
    pub fn note(&mut self, decision: &ErasedDecision) {
        for write in &decision.writes {
            for event in &write.events {
                let any = event.as_any();
                if let Some(event) = any.downcast_ref::<PaymentEvent>() {
                    self.tills.entry(write.key.id.clone()).or_default().note(&write.key.id, event);
                }
            }
        }
        // Usage and the bills that take it up are written together, under one id.
        let ids: BTreeSet<&String> = decision.writes.iter().map(|write| &write.key.id).collect();
        for id in ids {
            let of =
                |kind: &'static str| decision.writes.iter().filter(move |write| write.key.aggregate_type == kind && write.key.id == *id);
            let subscription: Vec<&SubscriptionEvent> =
                of("subscription").flat_map(|write| &write.events).filter_map(|event| event.as_any().downcast_ref()).collect();
            let usage: Vec<&UsageEvent> =
                of("usage").flat_map(|write| &write.events).filter_map(|event| event.as_any().downcast_ref()).collect();
            if !subscription.is_empty() || !usage.is_empty() {
                self.accounts.entry(id.clone()).or_default().note(id, &subscription, &usage);
            }
        }
    }
}

impl Account {
    fn note(&mut self, id: &str, events: &[&SubscriptionEvent], usage: &[&UsageEvent]) {
        let mut closed = Decimal::ZERO;
        for event in usage {
            match event {
                UsageEvent::UsageRecorded(e) => {
                    for record in &e.records {
                        assert!(
                            self.transactions.insert(record.transaction_id.to_string()),
                            "{id}: {} counts twice",
                            &*record.transaction_id
                        );
                        *self.open.entry(e.period_start).or_default() += record.value;
                    }
                }
                UsageEvent::UsagePeriodClosed(e) => closed += self.open.remove(&e.period_start).unwrap_or_default(),
            }
        }
        let (was_trialing, mut rated, mut follows_provider) = (self.trialing, Decimal::ZERO, false);
        for event in events {
            match event {
                SubscriptionEvent::SubscriptionStarted(e) => self.trialing = e.trial.is_some(),
                SubscriptionEvent::SubscriptionSynced(_) => follows_provider = true,
                SubscriptionEvent::SubscriptionPlanChanged(e) => {
                    rated += units(&e.pending);
                    self.pending_units += units(&e.pending);
                }
                SubscriptionEvent::SubscriptionPeriodBilled(e) => {
                    assert!(self.periods.insert(e.period.start), "{id}: the period from {} is billed twice", e.period.start);
                    assert!(self.bill_ids.insert(e.bill_id.clone()), "{id}: there are two bills {}", e.bill_id);
                    let sum: i64 = e.lines.iter().map(|line| line.amount.amount_minor).sum();
                    assert_eq!(sum, e.total.amount_minor, "{id}: the lines of {} add up to what is owed", e.bill_id);
                    assert!(sum >= 0 && e.credit_left_minor >= 0, "{id}: {} owes less than nothing", e.bill_id);
                    let charged = e.lines.iter().filter(|line| line.kind != LineKind::Credit).map(|line| line.amount.amount_minor);
                    self.charged_minor += charged.sum::<i64>();
                    self.owed_minor += sum;
                    assert_eq!(
                        self.charged_minor,
                        self.owed_minor - e.credit_left_minor,
                        "{id}: money was lost or made up by {}",
                        e.bill_id
                    );
                    rated += units(&e.lines) - self.pending_units;
                    self.pending_units = Decimal::ZERO;
                    if e.kind == BillKind::Recurring {
                        self.trialing = false;
                    }
                }
                _ => {}
            }
        }
        let expected = if was_trialing || follows_provider { Decimal::ZERO } else { closed.max(Decimal::ZERO) };
        assert_eq!(rated, expected, "{id}: what was used is billed once");
    }
}

impl Till {
    fn note(&mut self, id: &str, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentRequested(e) => self.asked_minor = e.amount.amount_minor,
            PaymentEvent::PaymentAdjusted(e) => self.asked_minor = self.asked_minor.max(e.amount.amount_minor),
            PaymentEvent::PaymentCapturedAgain(e) => {
                let before = self.again.insert(e.external_id.to_string(), e.amount.amount_minor);
                assert!(self.captured_minor > 0 && before.is_none(), "{id}: {} came twice under one id", &*e.external_id);
            }
            PaymentEvent::PaymentCaptured(e) => {
                assert_eq!(self.captured_minor, 0, "{id} is captured twice");
                self.captured_minor = e.amount.amount_minor;
                assert!((1..=self.asked_minor).contains(&self.captured_minor), "{id}: {} of {}", self.captured_minor, self.asked_minor);
            }
            PaymentEvent::RefundRequested(e) => {
                self.refunds.insert(e.refund_id.clone(), e.amount.amount_minor);
            }
            PaymentEvent::RefundCompleted(e) => {
                self.refunds.insert(e.refund_id.clone(), e.amount.amount_minor);
            }
            PaymentEvent::RefundFailed(e) => {
                self.refunds.remove(&e.refund_id);
            }
            PaymentEvent::ChargebackClosed(e) if e.outcome == ChargebackOutcome::Lost => {
                self.lost.insert(e.dispute_id.to_string(), e.amount.amount_minor);
            }
            _ => {}
        }
        let refunded: i64 = self.refunds.values().sum();
        let received = self.captured_minor + self.again.values().sum::<i64>();
        assert!(refunded <= received, "{id} gives back {refunded} of {received}");
    }
}
