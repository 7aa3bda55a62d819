//! Plans, subscriptions, bills, usage and recurring revenue.

use domain::billing::calendar::Period;
use domain::billing::customer::Customer;
use domain::billing::plan::{Plan, PlanEvent, PlanLinked, PlanPublished, PlanRetired, PriceLink};
use domain::billing::subscription::{
    BillKind, CancellationScheduled, EndReason, EntitlementOverridden, EntitlementSuspended, Line, LineKind, Payer, PlanChangeScheduled,
    PlanChangeUnscheduled, ProviderState, ProviderStatus, Recurring, Subscription, SubscriptionEnded, SubscriptionPastDue,
    SubscriptionPeriodBilled, SubscriptionPlanChanged, SubscriptionRecovered, SubscriptionResumed, SubscriptionStarted, SubscriptionSynced,
    SubscriptionTakenOver,
};
use domain::billing::usage::{MetricSummary, Usage, UsagePeriodClosed, UsageRecorded};
use domain::billing::values::FeatureValue;
use domain::kernel::Currency;

use super::{Given, day, erased, euro, plan, recorded, terms, text};
use crate::billing::bill_list::{self, BillList};
use crate::billing::mrr_movement::{self, MovementKind, MrrMovement};
use crate::billing::plan_list::{self, PlanList};
use crate::billing::subscription_list::{self, SubscriptionList, SubscriptionState};
use crate::billing::usage_list::{self, UsageList};

fn key(text: &str) -> domain::billing::values::Key {
    text.to_owned().try_into().unwrap()
}

fn started(trial: Option<Period>) -> SubscriptionStarted {
    SubscriptionStarted {
        customer_id: "c".into(),
        customer_name: text("Acme"),
        plan: plan("p", 3_000),
        quantity: 2,
        net_days: 14,
        started_at: day("2026-03-01"),
        trial,
    }
}

fn march() -> Period {
    Period { start: day("2026-03-01"), end: day("2026-04-01") }
}

fn billed(id: &str, period: Period, before_minor: i64, after_minor: i64) -> SubscriptionPeriodBilled {
    let line = Line {
        kind: LineKind::Flat,
        description: "Plan".into(),
        quantity: 2.into(),
        amount: euro(6_000),
        service: period,
        metric: None,
        tax_rate_percent: None,
    };
    SubscriptionPeriodBilled {
        bill_id: id.into(),
        kind: BillKind::Recurring,
        period,
        anchor: period.start,
        number: 0,
        customer_id: "c".into(),
        customer_name: text("Acme"),
        payer: Payer::default(),
        plan_id: "p".into(),
        plan_version: 1,
        plan_name: text("Plan"),
        lines: vec![line],
        total: euro(6_000),
        credit_left_minor: 40,
        net_days: 14,
        recurring: Recurring { before_minor, after_minor },
        billed_at: period.start,
    }
}

fn ended(before_minor: i64) -> SubscriptionEnded {
    SubscriptionEnded {
        reason: EndReason::Unpaid,
        note: None,
        customer_id: "c".into(),
        plan_id: "p".into(),
        ended_at: day("2026-04-15"),
        credit_left: euro(0),
        credits: vec![],
        recurring: Recurring { before_minor, after_minor: 0 },
    }
}

fn changed(minor: i64, before_minor: i64, after_minor: i64) -> SubscriptionPlanChanged {
    SubscriptionPlanChanged {
        customer_id: "c".into(),
        from_plan_id: "p".into(),
        from_version: 1,
        from_quantity: 2,
        plan: plan("q", minor),
        quantity: 1,
        changed_at: day("2026-03-16"),
        pending: vec![],
        recurring: Recurring { before_minor, after_minor },
    }
}

fn active() -> Given<SubscriptionList> {
    Given::nothing(subscription_list::fold)
        .event::<Subscription>("s", started(None))
        .event::<Subscription>("s", billed("s-2026-03-01", march(), 0, 6_000))
}

#[test]
fn a_subscription_that_was_taken_over_has_its_past_and_is_due_at_the_end_of_its_period() {
    let taken = || SubscriptionTakenOver {
        customer_id: "c".into(),
        plan_id: "p".into(),
        period: Period { start: day("2026-05-01"), end: day("2026-06-01") },
        anchor: day("2026-03-01"),
        number: 2,
        currency: Currency::EUR,
        recurring: Recurring { before_minor: 0, after_minor: 6_000 },
        started_at: day("2026-03-01"),
    };
    let given: Given<SubscriptionList> =
        Given::nothing(subscription_list::fold).event::<Subscription>("s", started(None)).event::<Subscription>("s", taken());
    let row = given.row("s");
    assert_eq!((row.status, row.recurring_minor, row.started_at), (SubscriptionState::Active, 6_000, day("2026-03-01")));
    assert_eq!((row.period_start, row.due_at), (day("2026-05-01"), Some(day("2026-06-01"))));
    let given: Given<MrrMovement> = Given::nothing(mrr_movement::fold).event::<Subscription>("s", taken());
    let row = given.row("s:1");
    assert_eq!((row.kind, row.delta_minor, row.at), (MovementKind::New, 6_000, day("2026-03-01")));
}

#[test]
fn a_plan_is_listed_in_its_newest_version() {
    let published =
        |version: u32, minor: i64| -> PlanEvent { PlanPublished { version, terms: serde_json::from_value(terms(minor)).unwrap() }.into() };
    let link = PriceLink { provider: key("stripe"), product_id: None, price_id: text("price_1") };
    let given: Given<PlanList> = Given::nothing(plan_list::fold)
        .event::<Plan>("p", published(1, 3_000))
        .event::<Plan>("p", PlanLinked { version: 1, link: link.clone() })
        .event::<Plan>("p", published(2, 4_000));
    let row = given.row("p");
    assert_eq!((row.plan_version, row.price_minor, row.monthly_minor, &row.external_price_id), (2, 4_000, 4_000, &None));
    assert_eq!((row.created_at, row.version, row.tax_rate_percent.unwrap().to_string().as_str()), (recorded(1), 3, "19.5"));
    let given = given.event::<Plan>("p", PlanRetired { version: 2, link: Some(link) });
    assert!(given.row("p").retired);
}

#[test]
fn a_subscription_is_due_when_its_period_ends() {
    let trial = Period { start: day("2026-03-01"), end: day("2026-03-15") };
    let given: Given<SubscriptionList> = Given::nothing(subscription_list::fold).event::<Subscription>("s", started(Some(trial)));
    let row = given.row("s");
    assert_eq!((row.status, row.due_at, row.recurring_minor, row.entitled), (SubscriptionState::Trialing, Some(trial.end), 0, true));
    let next = Period { start: day("2026-03-15"), end: day("2026-04-15") };
    let given = given.event::<Subscription>("s", billed("s-2026-03-15", next, 0, 6_000));
    let row = given.row("s");
    assert_eq!((row.status, row.due_at, row.recurring_minor, row.credit_minor), (SubscriptionState::Active, Some(next.end), 6_000, 40));
    let given = given.event::<Subscription>("s", ended(6_000));
    let row = given.row("s");
    assert_eq!((row.status, row.due_at, row.entitled, row.end_reason.as_deref()), (SubscriptionState::Ended, None, false, Some("unpaid")));
}

#[test]
fn what_is_planned_for_the_end_of_the_period_is_shown_until_it_happens() {
    let scheduled = PlanChangeScheduled { plan: plan("q", 9_000), quantity: 1, at: march().end };
    let given = active().event::<Subscription>("s", scheduled.clone());
    assert_eq!((given.row("s").scheduled_plan_id.as_deref(), given.row("s").scheduled_quantity), (Some("q"), Some(1)));
    let given = given.event::<Subscription>("s", PlanChangeUnscheduled {});
    assert_eq!(given.row("s").scheduled_plan_id, None);
    let given = given.event::<Subscription>("s", scheduled).event::<Subscription>("s", changed(9_000, 6_000, 9_000));
    let row = given.row("s");
    assert_eq!((row.plan_id.as_str(), row.price_minor, row.recurring_minor, &row.scheduled_plan_id), ("q", 9_000, 9_000, &None));
    let given = given.event::<Subscription>("s", CancellationScheduled { at: march().end, reason: Some(text("dear")) });
    assert_eq!((given.row("s").cancel_at, given.row("s").cancel_reason.as_deref()), (Some(march().end), Some("dear")));
    let given = given.event::<Subscription>("s", SubscriptionResumed {});
    assert_eq!((given.row("s").cancel_at, given.row("s").status), (None, SubscriptionState::Active));
}

#[test]
fn a_payment_that_is_overdue_takes_the_entitlement_and_gives_it_back() {
    let past_due = SubscriptionPastDue { payment_id: "y".into(), since: march().start };
    let given = active().event::<Subscription>("s", past_due);
    assert_eq!((given.row("s").status, given.row("s").entitled), (SubscriptionState::PastDue, true));
    let given = given.event::<Subscription>("s", EntitlementSuspended { payment_id: "y".into(), step: 2 });
    assert_eq!((given.row("s").status, given.row("s").entitled), (SubscriptionState::Suspended, false));
    let given = given.event::<Subscription>("s", SubscriptionRecovered { payment_id: "y".into(), still_overdue: 0, entitled: true });
    let row = given.row("s");
    assert_eq!((row.status, row.entitled, row.overdue_payments.len(), row.suspended_by.len()), (SubscriptionState::Active, true, 0, 0));
}

#[test]
fn overrides_come_and_go_and_erased_customers_lose_their_name() {
    let overridden = |value: Option<FeatureValue>| EntitlementOverridden { feature: key("seats"), value, until: None, reason: None };
    let given = active().event::<Subscription>("s", overridden(Some(FeatureValue::Number(50))));
    assert_eq!(given.row("s").overrides[&key("seats")].value, FeatureValue::Number(50));
    let given = given.event::<Subscription>("s", overridden(None)).event::<Customer>("c", erased()).event::<Customer>("other", erased());
    assert_eq!((given.row("s").overrides.len(), &given.row("s").customer_name), (0, &None));
}

fn synced(status: ProviderStatus, before_minor: i64, after_minor: i64) -> SubscriptionSynced {
    SubscriptionSynced {
        customer_id: "c".into(),
        customer_name: text("Acme"),
        plan: plan("p", 3_000),
        quantity: 1,
        state: ProviderState {
            external_id: text("sub_1"),
            status,
            period: march(),
            started_at: march().start,
            trial_end: None,
            cancel_at: None,
            ended_at: None,
        },
        observed_at: day("2026-03-02"),
        recurring: Recurring { before_minor, after_minor },
    }
}

#[test]
fn a_subscription_of_the_provider_stands_as_it_says_and_is_never_due() {
    let mut given: Given<SubscriptionList> = Given::nothing(subscription_list::fold);
    for (status, state, entitled) in [
        (ProviderStatus::Incomplete, SubscriptionState::Incomplete, false),
        (ProviderStatus::Trialing, SubscriptionState::Trialing, true),
        (ProviderStatus::Active, SubscriptionState::Active, true),
        (ProviderStatus::PastDue, SubscriptionState::PastDue, true),
        (ProviderStatus::Unpaid, SubscriptionState::Suspended, false),
        (ProviderStatus::Paused, SubscriptionState::Paused, false),
    ] {
        given = given.event::<Subscription>("s", synced(status, 0, 3_000));
        let row = given.row("s");
        assert_eq!(
            (row.status, row.entitled, row.due_at, row.external_id.as_deref()),
            (state, entitled, None, Some("sub_1")),
            "{status:?}"
        );
    }
}

#[test]
fn each_billed_period_is_a_bill() {
    let april = Period { start: day("2026-04-01"), end: day("2026-05-01") };
    let given: Given<BillList> = Given::nothing(bill_list::fold)
        .event::<Subscription>("s", started(None))
        .event::<Subscription>("s", billed("s-2026-03-01", march(), 0, 6_000))
        .event::<Subscription>("s", billed("s-2026-04-01", april, 6_000, 6_000));
    assert_eq!(given.ids(), ["s-2026-03-01", "s-2026-04-01"]);
    let row = given.row("s-2026-04-01");
    assert_eq!((row.total_minor, row.due_on.to_string().as_str(), row.lines.len()), (6_000, "2026-04-15", 1));
    let given = given.event::<Customer>("c", erased());
    assert!(given.ids().iter().all(|id| given.row(id).customer_name.is_none()));
}

#[test]
fn usage_is_what_the_event_says_and_is_closed_by_period() {
    let totals = |metric: &str, count: u64, sum: &str| MetricSummary {
        metric: key(metric),
        count,
        sum: sum.parse().unwrap(),
        max: Some("7.10".parse().unwrap()),
        latest: None,
        unique_count: 1,
    };
    let used = |start: &str, totals: Vec<MetricSummary>| UsageRecorded {
        customer_id: "c".into(),
        period_start: day(start),
        records: vec![],
        totals,
    };
    let given: Given<UsageList> = Given::nothing(usage_list::fold)
        .event::<Usage>("s", used("2026-03-01", vec![totals("calls", 2, "12.50"), totals("users", 1, "1")]))
        .event::<Usage>("s", used("2026-04-01", vec![totals("calls", 1, "1")]))
        .event::<Usage>("s", used("2026-03-01", vec![totals("calls", 3, "19.60")]));
    assert_eq!(given.ids(), ["s:20260301T000000Z:calls", "s:20260301T000000Z:users", "s:20260401T000000Z:calls"]);
    let row = given.row("s:20260301T000000Z:calls");
    assert_eq!((row.count, row.sum.to_string().as_str(), row.max.unwrap().to_string().as_str()), (3, "19.6", "7.1"));
    let given = given.event::<Usage>("s", UsagePeriodClosed { period_start: day("2026-03-01") });
    let closed: Vec<bool> = given.ids().iter().map(|id| given.row(id).closed).collect();
    assert_eq!(closed, [true, true, false]);
}

#[test]
fn recurring_revenue_moves_with_what_subscriptions_come_to() {
    let given: Given<MrrMovement> = Given::nothing(mrr_movement::fold)
        .event::<Subscription>("s", started(None))
        .event::<Subscription>("s", billed("s-2026-03-01", march(), 0, 6_000))
        .event::<Subscription>("s", changed(9_000, 6_000, 9_000))
        .event::<Subscription>("s", billed("s-2026-04-01", march(), 9_000, 9_000))
        .event::<Subscription>("s", changed(1_000, 9_000, 1_000))
        .event::<Subscription>("s", ended(1_000))
        .event::<Subscription>("t", synced(ProviderStatus::Active, 0, 3_000));
    let moved: Vec<_> = given.ids().iter().map(|id| (*id, given.row(id).kind, given.row(id).delta_minor)).collect();
    assert_eq!(
        moved,
        [
            ("s:2", MovementKind::New, 6_000),
            ("s:3", MovementKind::Expansion, 3_000),
            ("s:5", MovementKind::Contraction, -8_000),
            ("s:6", MovementKind::Churn, -1_000),
            ("t:1", MovementKind::New, 3_000),
        ]
    );
    let sum: i64 = given.ids().iter().filter(|id| id.starts_with('s')).map(|id| given.row(id).delta_minor).sum();
    assert_eq!(sum, 0, "what began and ended comes to nothing");
}
