//! How periods are billed.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{
    BillKind, Biller, CREDITED_BILLS_MAX, EndReason, Line, LineKind, Payer, Recurring, Standing, Subscription, SubscriptionEnded,
    SubscriptionEvent, SubscriptionPeriodBilled, SubscriptionPlanChanged, SubscriptionStarted,
};
use crate::billing::calendar::Period;
use crate::billing::customer::Customer;
use crate::billing::plan::PlanVersion;
use crate::billing::usage::{Usage, UsagePeriodClosed};
use crate::billing::values::AMOUNT_MINOR_MAX;
use crate::kernel::{Aggregate as _, ClaimAction, Context, Decision, Money, Refusal};

/// What a decision adds to a subscription, and the state that it leads to.
pub(super) struct Draft<'a> {
    /// The state after the events so far.
    pub state: Subscription,
    context: &'a Context<'a>,
    decision: Decision<SubscriptionEvent>,
}

impl<'a> Draft<'a> {
    /// Begins from a state.
    pub fn new(state: &Subscription, context: &'a Context<'a>) -> Self {
        Self { state: state.clone(), context, decision: Decision::nothing() }
    }

    /// Adds an event.
    pub fn push(&mut self, event: impl Into<SubscriptionEvent>) {
        let event = event.into();
        self.state.apply(&event);
        self.decision = std::mem::take(&mut self.decision).and(event);
    }

    /// The usage of the period is billed: it counts no more.
    pub fn close_usage(&mut self, usage: Option<&Usage>, period: Period) {
        if usage.is_some_and(|usage| usage.of_period(period.start).is_some()) {
            let closed = UsagePeriodClosed { period_start: period.start };
            self.decision = std::mem::take(&mut self.decision).also::<Usage>(self.context.aggregate_id, closed);
        }
    }

    /// Bills a period with these lines, those that are pending, and the credit. The claim lets the log refuse a second bill of the
    /// period even if a state were wrong: it is held by the bill at this version of the subscription.
    pub fn bill(&mut self, kind: BillKind, period: Period, place: (DateTime<Utc>, u32), lines: Vec<Line>, payer: Payer) {
        let Some(plan) = self.state.plan.clone() else { return };
        let currency = plan.terms.price.currency;
        let mut all = std::mem::take(&mut self.state.pending);
        all.extend(lines);
        let subtotal: i64 = all.iter().map(|line| line.amount.amount_minor).sum();
        let owed = subtotal - self.state.credit_minor;
        let total = owed.max(0);
        if total != subtotal {
            let description = if total < subtotal { "Credit" } else { "Credit carried forward" };
            all.push(line(LineKind::Credit, description.to_owned(), Decimal::ONE, total - subtotal, period, &plan));
        }
        let bill_id = self.state.bill_id(self.context.aggregate_id, period);
        let (key, holder) =
            (format!("{}/{}", self.context.aggregate_id, period.start.to_rfc3339()), format!("{bill_id}@{}", self.context.version));
        let recurring = Recurring {
            before_minor: self.state.recurring_minor,
            after_minor: if kind == BillKind::Final { self.state.recurring_minor } else { monthly(&plan, self.state.quantity) },
        };
        self.push(SubscriptionPeriodBilled {
            bill_id,
            kind,
            period,
            anchor: place.0,
            number: place.1,
            customer_id: self.state.customer_id.clone(),
            customer_name: self.state.customer_name.clone().unwrap_or_else(|| plan.terms.name.clone()),
            payer,
            plan_id: plan.id,
            plan_version: plan.version,
            plan_name: plan.terms.name,
            lines: all,
            total: Money::new(total, currency),
            credit_left_minor: total - owed,
            net_days: self.state.net_days,
            recurring,
            billed_at: self.context.now,
        });
        let decision = std::mem::take(&mut self.decision);
        self.decision = decision.with_claim(ClaimAction::Take, super::PERIOD_SCOPE, key, "period", Some(holder));
    }

    /// The decision.
    pub fn decided(self) -> Decision<SubscriptionEvent> {
        self.decision
    }
}

/// What a plan comes to in a month, without usage.
pub(super) fn monthly(plan: &PlanVersion, quantity: u32) -> i64 {
    plan.terms.interval.monthly(flat(plan, quantity))
}

/// The flat price of a period.
pub(super) fn flat(plan: &PlanVersion, quantity: u32) -> i64 {
    plan.terms.price.amount_minor.saturating_mul(i64::from(quantity)).min(AMOUNT_MINOR_MAX)
}

pub(super) fn line(kind: LineKind, description: String, quantity: Decimal, minor: i64, service: Period, plan: &PlanVersion) -> Line {
    let amount = Money::new(minor, plan.terms.price.currency);
    Line { kind, description, quantity, amount, service, metric: None, tax_rate_percent: plan.terms.tax_rate_percent }
}

/// The line of the flat price; none where the plan has no flat price.
fn flat_line(plan: &PlanVersion, quantity: u32, period: Period) -> Option<Line> {
    let amount = flat(plan, quantity);
    (amount > 0).then(|| line(LineKind::Flat, plan.terms.name.to_string(), quantity.into(), amount, period, plan))
}

/// Lines for what was used in a period, at the prices of the plan.
pub(super) fn usage_lines(plan: &PlanVersion, usage: Option<&Usage>, period: Period) -> Vec<Line> {
    let Some(totals) = usage.and_then(|usage| usage.of_period(period.start)) else { return Vec::new() };
    let lines = plan.terms.charges.iter().filter_map(|charge| {
        let units = totals.units(&charge.metric, charge.aggregation);
        let amount = charge.amount_minor(units);
        (!units.is_zero() || amount != 0).then(|| Line {
            metric: Some(charge.metric.clone()),
            ..line(LineKind::Usage, charge.name.to_string(), units, amount, period, plan)
        })
    });
    lines.collect()
}

/// A subscription's beginning, with the bill of the first period unless there is a trial.
pub(super) fn first(started: SubscriptionStarted, payer: Payer, context: &Context<'_>) -> Decision<SubscriptionEvent> {
    let (plan, quantity, at) = (started.plan.clone(), started.quantity, started.started_at);
    let in_trial = started.trial.is_some();
    let mut draft = Draft::new(&Subscription::default(), context);
    draft.push(started);
    if !in_trial {
        let period = Period::nth(at, plan.terms.interval, 0);
        draft.bill(BillKind::Recurring, period, (at, 0), flat_line(&plan, quantity, period).into_iter().collect(), payer);
    }
    draft.decided()
}

impl Subscription {
    /// `<subscription>-<day>`; where a day has several bills (plans were changed at once), the later ones are numbered.
    fn bill_id(&self, subscription_id: &str, period: Period) -> String {
        let day = period.start.date_naive();
        match self.last_bill {
            Some((last, count)) if last == day => format!("{subscription_id}-{day}-{}", count + 1),
            _ => format!("{subscription_id}-{day}"),
        }
    }

    pub(super) fn billed(&mut self, e: &SubscriptionPeriodBilled) {
        let day = e.period.start.date_naive();
        let count = self.last_bill.filter(|(last, _)| *last == day).map_or(0, |(_, count)| count);
        self.last_bill = Some((day, count + 1));
        self.pending.clear();
        self.credit_minor = e.credit_left_minor;
        if e.total.amount_minor > 0 {
            self.bills.push((e.bill_id.clone(), e.total.amount_minor));
            let over = self.bills.len().saturating_sub(CREDITED_BILLS_MAX);
            self.bills.drain(..over);
        }
        if e.kind == BillKind::Recurring {
            self.standing = Standing::Active;
            self.period = Some(e.period);
            self.anchor = Some(e.anchor);
            self.number = e.number;
            self.recurring_minor = e.recurring.after_minor;
        }
    }

    /// What a bill says of the customer today. Who was erased meanwhile pays as before.
    pub(super) fn payer(&self, context: &Context<'_>) -> Result<Payer, Refusal> {
        let customer = context.get::<Customer>(&self.customer_id)?;
        Ok(customer.and_then(|customer| customer.profile.as_ref()).map(super::payer_of).unwrap_or_default())
    }

    /// The period after the one that is under way, with the plan that it follows, and its place: anchor and number.
    fn following(&self, plan: &PlanVersion, period: Period) -> (Period, (DateTime<Utc>, u32)) {
        let changes = self.plan.as_ref().is_some_and(|current| current.terms.interval != plan.terms.interval);
        let (anchor, number) = match self.standing {
            // The trial stands before the first period.
            Standing::Trialing => (period.end, 0),
            _ if changes => (period.end, 0),
            _ => (self.anchor.unwrap_or(period.end), self.number + 1),
        };
        (Period::nth(anchor, plan.terms.interval, number), (anchor, number))
    }

    /// The period in which usage of that time counts: the one that is under way for whatever is late, a later one where the clock is
    /// behind, none after the end.
    pub(in crate::billing) fn period_at(&self, at: DateTime<Utc>) -> Option<Period> {
        /// More periods than any outage leaves behind.
        const PERIODS_MAX: u32 = 5_000;
        let period = self.period?;
        if at < period.end {
            return Some(period);
        }
        if self.billed_by == Biller::Provider {
            return Some(period);
        }
        let plan =
            self.scheduled.as_ref().map(|scheduled| &scheduled.plan).or(self.plan.as_ref()).filter(|_| self.cancellation.is_none())?;
        let (_, (anchor, number)) = self.following(plan, period);
        (number..number + PERIODS_MAX).map(|number| Period::nth(anchor, plan.terms.interval, number)).find(|period| period.contains(at))
    }

    pub(super) fn bill_period(&self, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let Ok((plan, period)) = self.under_way() else { return Ok(Decision::nothing()) };
        if self.billed_by == Biller::Provider || context.now < period.end {
            return Ok(Decision::nothing());
        }
        let usage = context.get::<Usage>(context.aggregate_id)?;
        let payer = self.payer(context)?;
        let mut draft = Draft::new(self, context);
        // What is used on trial costs nothing.
        let mut lines = if self.standing == Standing::Trialing { Vec::new() } else { usage_lines(plan, usage, period) };
        if let Some(cancellation) = &self.cancellation {
            draft.final_bill(lines, period.end, payer);
            draft.close_usage(usage, period);
            draft.end(EndReason::Cancelled, cancellation.reason.clone(), period.end);
            return Ok(draft.decided());
        }
        let (next, quantity) = match &self.scheduled {
            Some(scheduled) => (&scheduled.plan, scheduled.quantity),
            None => (plan, self.quantity),
        };
        let (following, place) = self.following(next, period);
        if self.scheduled.is_some() {
            let trialing = self.standing == Standing::Trialing;
            let after_minor = if trialing { 0 } else { monthly(next, quantity) };
            draft.push(self.changed_to(next.clone(), quantity, Vec::new(), after_minor, period.end));
        }
        lines.extend(flat_line(next, quantity, following));
        draft.bill(BillKind::Recurring, following, place, lines, payer);
        draft.close_usage(usage, period);
        Ok(draft.decided())
    }

    pub(super) fn changed_to(
        &self,
        plan: PlanVersion,
        quantity: u32,
        pending: Vec<Line>,
        after_minor: i64,
        changed_at: DateTime<Utc>,
    ) -> SubscriptionPlanChanged {
        let (from_plan_id, from_version) = self.plan.as_ref().map(|plan| (plan.id.clone(), plan.version)).unwrap_or_default();
        SubscriptionPlanChanged {
            customer_id: self.customer_id.clone(),
            from_plan_id,
            from_version,
            from_quantity: self.quantity,
            plan,
            quantity,
            changed_at,
            pending,
            recurring: Recurring { before_minor: self.recurring_minor, after_minor },
        }
    }
}

impl Draft<'_> {
    /// The last bill, where there is something to bill or to give back.
    pub fn final_bill(&mut self, lines: Vec<Line>, at: DateTime<Utc>, payer: Payer) {
        if lines.is_empty() && self.state.pending.is_empty() {
            return;
        }
        let place = (self.state.anchor.unwrap_or(at), self.state.number);
        self.bill(BillKind::Final, Period { start: at, end: at }, place, lines, payer);
    }

    /// The end.
    pub fn end(&mut self, reason: EndReason, note: Option<crate::billing::values::Note>, at: DateTime<Utc>) {
        let ended: Option<SubscriptionEnded> = self.state.ending(reason, note, at);
        if let Some(ended) = ended {
            self.push(ended);
        }
    }
}
