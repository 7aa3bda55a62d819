//! Changes of plan, cancellations, and their taking back.

use super::bill::{Draft, flat, line, monthly, usage_lines};
use super::{
    BillKind, Biller, CancelSubscription, CancellationScheduled, ChangePlan, Effective, EndReason, Line, LineKind, PlanChangeScheduled,
    PlanChangeUnscheduled, ProviderChange, ProviderChangeRequested, Standing, Subscription, SubscriptionEvent, SubscriptionRejection,
    SubscriptionResumed,
};
use crate::billing::calendar::Period;
use crate::billing::plan::{Plan, PlanVersion};
use crate::billing::usage::Usage;
use crate::billing::values::in_currency;
use crate::kernel::{Context, Decision, Refusal};

impl Subscription {
    pub(super) fn change_plan(&self, command: &ChangePlan, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let (plan, _) = self.under_way()?;
        let to = match &command.plan_id {
            Some(id) => Plan::on_sale(id.as_str(), context)?,
            None => plan.clone(),
        };
        let quantity = to.quantity(command.quantity.unwrap_or(self.quantity))?;
        in_currency(to.terms.price, plan.terms.price.currency)?;
        if self.billed_by == Biller::Provider {
            return self.request_plan(command, &to, quantity, context);
        }
        let (plan, period) = self.current(context)?;
        if self.cancellation.is_some() {
            return Err(SubscriptionRejection::CancellationPending.into());
        }
        let same = to.id == plan.id && to.version == plan.version && quantity == self.quantity;
        match command.when {
            _ if same && self.scheduled.is_some() => Ok(Decision::event(PlanChangeUnscheduled {})),
            _ if same => Ok(Decision::nothing()),
            Effective::Now => self.change_now(to, quantity, command.prorate, period, context),
            Effective::PeriodEnd => {
                let known = self.scheduled.as_ref().is_some_and(|change| change.plan == to && change.quantity == quantity);
                let scheduled = PlanChangeScheduled { plan: to, quantity, at: period.end };
                Ok(if known { Decision::nothing() } else { Decision::event(scheduled) })
            }
        }
    }

    fn change_now(
        &self,
        to: PlanVersion,
        quantity: u32,
        prorate: bool,
        period: Period,
        context: &Context<'_>,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let now = context.now;
        let (plan, _) = self.under_way()?;
        let mut draft = Draft::new(self, context);
        if self.standing == Standing::Trialing {
            draft.push(self.changed_to(to, quantity, Vec::new(), 0, now));
            return Ok(draft.decided());
        }
        let usage = context.get::<Usage>(context.aggregate_id)?;
        let payer = self.payer(context)?;
        let rest = Period { start: now, end: period.end };
        let restarts = to.terms.interval != plan.terms.interval;
        // What was used so far is billed as it was sold.
        let rates_change = to.terms.charges != plan.terms.charges;
        let mut pending = if rates_change || restarts { usage_lines(plan, usage, period) } else { Vec::new() };
        if prorate {
            pending.extend(self.unused(plan, period, rest));
        }
        if prorate && !restarts {
            let minor = period.remainder_of(flat(&to, quantity), now);
            let description = format!("{}, rest of the period", &*to.terms.name);
            pending.extend((minor > 0).then(|| line(LineKind::Proration, description, quantity.into(), minor, rest, &to)));
        }
        draft.push(self.changed_to(to.clone(), quantity, pending, monthly(&to, quantity), now));
        if restarts {
            let next = Period::nth(now, to.terms.interval, 0);
            let minor = flat(&to, quantity);
            let flat = (minor > 0).then(|| line(LineKind::Flat, to.terms.name.to_string(), quantity.into(), minor, next, &to));
            draft.bill(BillKind::Recurring, next, (now, 0), flat.into_iter().collect(), payer);
        }
        if rates_change || restarts {
            draft.close_usage(usage, period);
        }
        Ok(draft.decided())
    }

    /// What is given back for the rest of the period.
    fn unused(&self, plan: &PlanVersion, period: Period, rest: Period) -> Option<Line> {
        let minor = period.remainder_of(flat(plan, self.quantity), rest.start);
        let description = format!("{}, not used", &*plan.terms.name);
        (minor > 0).then(|| line(LineKind::Proration, description, self.quantity.into(), -minor, rest, plan))
    }

    pub(super) fn cancel(&self, command: CancelSubscription, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let CancelSubscription { when, prorate, reason } = command;
        if self.standing == Standing::Ended {
            return Ok(Decision::nothing());
        }
        if self.billed_by == Biller::Provider {
            return Ok(match (when, &self.provider) {
                (Effective::PeriodEnd, Some((state, _))) if state.cancel_at.is_some() => Decision::nothing(),
                (Effective::PeriodEnd, _) => self.request(ProviderChange::CancelAtPeriodEnd),
                (Effective::Now, _) => self.request(ProviderChange::CancelNow { prorate }),
            });
        }
        let (plan, period) = self.current(context)?;
        if when == Effective::PeriodEnd {
            let scheduled = CancellationScheduled { at: period.end, reason };
            return Ok(if self.cancellation.is_some() { Decision::nothing() } else { Decision::event(scheduled) });
        }
        let usage = context.get::<Usage>(context.aggregate_id)?;
        let payer = self.payer(context)?;
        let mut draft = Draft::new(self, context);
        if self.standing == Standing::Active {
            let mut lines = usage_lines(plan, usage, period);
            let rest = Period { start: context.now, end: period.end };
            lines.extend(self.unused(plan, period, rest).filter(|_| prorate));
            draft.final_bill(lines, context.now, payer);
        }
        draft.close_usage(usage, period);
        draft.end(EndReason::Cancelled, reason, context.now);
        Ok(draft.decided())
    }

    pub(super) fn resume(&self, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
        self.under_way()?;
        if self.billed_by == Biller::Provider {
            let ending = self.provider.as_ref().is_some_and(|(state, _)| state.cancel_at.is_some());
            return Ok(if ending { self.request(ProviderChange::Resume) } else { Decision::nothing() });
        }
        if self.cancellation.is_none() {
            return Ok(Decision::nothing());
        }
        self.current(context)?;
        Ok(Decision::event(SubscriptionResumed {}))
    }

    /// Asks the payment provider for a change, once.
    fn request(&self, change: ProviderChange) -> Decision<SubscriptionEvent> {
        match &self.provider {
            Some((state, _)) if self.requested.as_ref() != Some(&change) => {
                Decision::event(ProviderChangeRequested { external_id: state.external_id.clone(), change })
            }
            _ => Decision::nothing(),
        }
    }

    fn request_plan(
        &self,
        command: &ChangePlan,
        to: &PlanVersion,
        quantity: u32,
        context: &Context<'_>,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let (plan, _) = self.under_way()?;
        if to.id == plan.id && quantity == self.quantity {
            return Ok(Decision::nothing());
        }
        to.sellable_at_provider()?;
        let link = context.get::<Plan>(&to.id)?.and_then(|plan| plan.link.clone());
        Ok(self.request(ProviderChange::ChangePlan {
            plan_id: to.id.clone(),
            price_id: link.map(|link| link.price_id),
            quantity,
            prorate: command.prorate && command.when == Effective::Now,
        }))
    }
}
