//! Overdue invoices, and reminders of them.
//!
//! A day is over once it is over everywhere: at noon (UTC) of the next day, when it ends in the westernmost time zone. After an
//! outage, reminders that were missed are not made up for one by one: only the last of them is due.

use chrono::{DateTime, Utc};

use super::{Invoice, InvoiceEvent, InvoiceOverdue, InvoiceStatus, PaymentReminderDue};
use crate::invoicing::values::days_after;
use crate::kernel::{Day, Decision, Money};

/// When an invoice is overdue by so many days, everywhere.
fn overdue_at(due_date: Day, days: u16) -> DateTime<Utc> {
    let noon = days_after(due_date, days).0.and_hms_opt(12, 0, 0).unwrap_or_default();
    noon.and_utc()
}

/// When an invoice is to be looked at next: when it becomes overdue, and then at each reminder.
pub(super) fn next_check(due_date: Day, reminder_days: &[u16], overdue: bool, level: u16) -> Option<DateTime<Utc>> {
    if !overdue {
        return Some(overdue_at(due_date, 1));
    }
    reminder_days.get(usize::from(level)).map(|days| overdue_at(due_date, *days))
}

impl Invoice {
    /// When it is to be looked at next.
    pub(super) fn next_check_at(&self) -> Option<DateTime<Utc>> {
        self.issued.as_ref().and_then(|issued| next_check(issued.due_date, &issued.reminder_days, self.overdue, self.reminder_level))
    }

    pub(super) fn check_due(&self, now: DateTime<Utc>) -> Decision<InvoiceEvent> {
        let mut decision = Decision::nothing();
        let (Some(issued), Some(header)) = (&self.issued, &self.header) else { return decision };
        if self.status != InvoiceStatus::Finalized || self.open_minor <= 0 || now < overdue_at(issued.due_date, 1) {
            return decision;
        }
        let balance = Money::new(self.open_minor, header.currency);
        let reached = issued.reminder_days.iter().take_while(|days| now >= overdue_at(issued.due_date, **days)).count();
        let level = u16::try_from(reached).unwrap_or(u16::MAX);
        let next = |level| next_check(issued.due_date, &issued.reminder_days, true, level);
        if !self.overdue {
            decision = decision.and(InvoiceOverdue {
                source: header.source.clone(),
                number: issued.number.clone(),
                customer_id: header.customer.customer_id.clone(),
                due_date: issued.due_date,
                balance,
                next_check_at: next(self.reminder_level.max(level)),
            });
        }
        if level > self.reminder_level {
            decision = decision.and(PaymentReminderDue {
                source: header.source.clone(),
                level,
                days_overdue: (now.date_naive() - issued.due_date.0).num_days(),
                number: issued.number.clone(),
                customer: header.customer.clone(),
                due_date: issued.due_date,
                balance,
                next_check_at: next(level),
            });
        }
        decision
    }
}
