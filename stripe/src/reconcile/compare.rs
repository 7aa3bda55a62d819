//! What differs between Stripe and us, as a pure function of both.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::billing::payment::PAID_TWICE;
use domain::billing::reconciliation::DriftKind;
use domain::kernel::{Money, StepCommand, TenantId};
use serde::Serialize;

use crate::api::objects::{CustomerState, Intent, PriceState, RefundState, SubscriptionState, key};
use crate::decide::{link, of_intent, of_refund, unlink};
use crate::inbox::ours;
use crate::lookup::{OurCustomer, OurPayment, OurPrice, OurSubscription};

/// What Stripe has.
#[derive(Debug, Default)]
pub struct Theirs {
    /// Customers that were not deleted.
    pub customers: Vec<CustomerState>,
    /// Payments of the time that is looked at.
    pub intents: Vec<Intent>,
    /// Refunds of that time.
    pub refunds: Vec<RefundState>,
    /// Subscriptions, with what follows from each here.
    pub subscriptions: Vec<(SubscriptionState, Vec<StepCommand>)>,
    /// The prices that we know of, as far as they are there.
    pub prices: HashMap<String, PriceState>,
}

/// What we have.
#[derive(Debug, Default)]
pub struct Ours {
    /// Customers that Stripe should know.
    pub customers: Vec<OurCustomer>,
    /// Payments that Stripe should know, of the same time, and those that it names.
    pub payments: Vec<OurPayment>,
    /// Subscriptions that Stripe bills.
    pub subscriptions: Vec<OurSubscription>,
    /// Plans with prices at Stripe.
    pub prices: Vec<OurPrice>,
}

/// A difference, and the commands that would mend it.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// What kind of difference it is.
    pub kind: DriftKind,
    /// What it is about.
    pub object: &'static str,
    /// Our id.
    pub id: Option<String>,
    /// Stripe's id.
    pub external_id: Option<String>,
    /// How it is here.
    pub ours: Option<String>,
    /// How it is there.
    pub theirs: Option<String>,
    /// Whether it was mended.
    pub repaired: bool,
    /// Why it was not.
    pub note: Option<String>,
    /// What would mend it.
    #[serde(skip)]
    pub repair: Vec<StepCommand>,
}

/// What was found for a tenant.
#[derive(Debug, Default)]
pub struct Found {
    /// How many there are of each kind: here and there.
    pub compared: BTreeMap<&'static str, (u64, u64)>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// What was found, by tenant.
pub type ByTenant = BTreeMap<TenantId, Found>;

struct Book(ByTenant);

impl Book {
    fn count(&mut self, tenant: TenantId, object: &'static str, here: u64, there: u64) {
        let counts = self.0.entry(tenant).or_default().compared.entry(object).or_default();
        counts.0 += here;
        counts.1 += there;
    }

    fn note(&mut self, tenant: TenantId, difference: Difference) {
        self.0.entry(tenant).or_default().differences.push(difference);
    }
}

fn differs(kind: DriftKind, object: &'static str, id: Option<&str>, external_id: Option<&str>) -> Difference {
    let (id, external_id) = (id.map(str::to_owned), external_id.map(str::to_owned));
    Difference { kind, object, id, external_id, ours: None, theirs: None, repaired: false, note: None, repair: Vec::new() }
}

impl Difference {
    fn between(mut self, ours: impl Into<String>, theirs: impl Into<String>) -> Self {
        (self.ours, self.theirs) = (Some(ours.into()), Some(theirs.into()));
        self
    }

    fn mended_by(mut self, repair: Vec<StepCommand>) -> Self {
        self.repair = repair;
        self
    }

    fn noted(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }
}

/// Compares everything.
pub fn compare(ours: &Ours, theirs: &Theirs) -> ByTenant {
    let mut book = Book(ByTenant::new());
    customers(&mut book, ours, theirs);
    payments(&mut book, ours, theirs);
    refunds(&mut book, ours, theirs);
    subscriptions(&mut book, ours, theirs);
    prices(&mut book, ours, theirs);
    book.0
}

fn customers(book: &mut Book, ours_: &Ours, theirs: &Theirs) {
    let there: HashSet<&str> = theirs.customers.iter().map(|customer| customer.id.as_str()).collect();
    for customer in &ours_.customers {
        let tenant = TenantId(customer.tenant_id);
        book.count(tenant, "customer", 1, 0);
        let external_id = customer.external_id.as_deref().unwrap_or_default();
        if !there.contains(external_id) {
            let difference = differs(DriftKind::Deleted, "customer", Some(&customer.id), Some(external_id));
            book.note(tenant, difference.between("linked", "deleted").mended_by(vec![unlink(&customer.id)]));
        }
    }
    let known: HashMap<(TenantId, &str), &OurCustomer> =
        ours_.customers.iter().map(|customer| ((TenantId(customer.tenant_id), customer.id.as_str()), customer)).collect();
    for customer in &theirs.customers {
        let Some((tenant, id)) = ours(&customer.metadata, key::CUSTOMER) else { continue };
        book.count(tenant, "customer", 0, 1);
        match known.get(&(tenant, id.as_str())) {
            Some(known) if known.external_id.as_deref() == Some(&customer.id) => {}
            Some(known) => {
                let difference = differs(DriftKind::State, "customer", Some(&id), Some(&customer.id));
                let linked = known.external_id.clone().unwrap_or_default();
                book.note(tenant, difference.between(linked, &customer.id).noted("Stripe has the customer twice; merge them there."));
            }
            None => {
                let difference = differs(DriftKind::MissingHere, "customer", Some(&id), Some(&customer.id));
                book.note(tenant, difference.between("not linked", "active").mended_by(vec![link(&id, &customer.id)]));
            }
        }
    }
}

/// Whether our word for a payment's standing goes with Stripe's.
fn agrees(ours: &str, theirs: &str) -> bool {
    let captured = ["captured", "partially_refunded", "refunded", "disputed", "charged_back"].contains(&ours);
    match theirs {
        "succeeded" => captured,
        "requires_capture" => ours == "authorized",
        "requires_action" => matches!(ours, "action_required" | "given_up"),
        // Called off by us, or tried again by another attempt; only who waits for it must be told.
        "canceled" => !matches!(ours, "authorized" | "action_required"),
        // Under way, or to be tried again.
        _ => matches!(ours, "open" | "action_required" | "given_up" | "voided"),
    }
}

fn shown(amount: Option<Money>) -> String {
    amount.map_or_else(|| "unknown".to_owned(), |amount| amount.to_string())
}

fn payments(book: &mut Book, ours_: &Ours, theirs: &Theirs) {
    let known: HashMap<(TenantId, &str), &OurPayment> =
        ours_.payments.iter().map(|payment| ((TenantId(payment.tenant_id), payment.id.as_str()), payment)).collect();
    let mut succeeded: HashMap<(TenantId, String), &str> = HashMap::new();
    for intent in &theirs.intents {
        let Some((tenant, id)) = ours(&intent.metadata, key::PAYMENT) else { continue };
        book.count(tenant, "payment", 0, 1);
        if intent.status == "succeeded"
            && let Some(first) = succeeded.insert((tenant, id.clone()), &intent.id)
        {
            let difference = differs(DriftKind::Amount, "payment", Some(&id), Some(&intent.id)).between(first, &intent.id);
            book.note(tenant, difference.noted("The customer was charged twice for one payment; refund one of the two at Stripe."));
            continue;
        }
        let Some(payment) = known.get(&(tenant, id.as_str())) else {
            let difference = differs(DriftKind::MissingHere, "payment", Some(&id), Some(&intent.id)).between("none", &intent.status);
            book.note(tenant, difference.noted("There is no such payment here."));
            continue;
        };
        if !agrees(&payment.status, &intent.status) {
            let difference = differs(DriftKind::State, "payment", Some(&id), Some(&intent.id)).between(&payment.status, &intent.status);
            book.note(tenant, difference.mended_by(of_intent(&id, intent, None)));
            continue;
        }
        let captured = intent.received.map(|received| received.amount_minor);
        if intent.status == "succeeded" && captured != Some(payment.captured_minor) {
            let difference = differs(DriftKind::Amount, "payment", Some(&id), Some(&intent.id));
            let ours = format!("{} {}", payment.captured_minor, payment.currency);
            book.note(
                tenant,
                difference
                    .between(ours, shown(intent.received))
                    .noted("What came in cannot be changed afterwards; correct it in the ledger."),
            );
        }
    }
    let there: HashSet<&str> = theirs.intents.iter().map(|intent| intent.id.as_str()).collect();
    for payment in &ours_.payments {
        let tenant = TenantId(payment.tenant_id);
        book.count(tenant, "payment", 1, 0);
        if let Some(external_id) = payment.external_id.as_deref().filter(|id| !there.contains(id)) {
            let difference = differs(DriftKind::MissingThere, "payment", Some(&payment.id), Some(external_id));
            book.note(tenant, difference.between(&payment.status, "none").noted("Stripe does not have the payment."));
        }
    }
}

fn refunds(book: &mut Book, ours_: &Ours, theirs: &Theirs) {
    let by_intent: HashMap<&str, &OurPayment> =
        ours_.payments.iter().filter_map(|payment| Some((payment.external_id.as_deref()?, payment))).collect();
    let mut sums: BTreeMap<(TenantId, &str), (i64, Vec<&RefundState>)> = BTreeMap::new();
    // What came twice and went back never was part of the amount.
    let twice = |refund: &&RefundState| refund.metadata.get(key::REFUND).is_some_and(|id| id.starts_with(PAID_TWICE));
    for refund in theirs.refunds.iter().filter(|refund| refund.status == "succeeded" && !twice(refund)) {
        let Some(payment) = refund.intent.as_deref().and_then(|intent| by_intent.get(intent)) else { continue };
        let sum = sums.entry((TenantId(payment.tenant_id), payment.id.as_str())).or_default();
        sum.0 += refund.amount.map_or(0, |amount| amount.amount_minor);
        sum.1.push(refund);
    }
    for payment in &ours_.payments {
        let tenant = TenantId(payment.tenant_id);
        let (there, refunds) = sums.get(&(tenant, payment.id.as_str())).cloned().unwrap_or_default();
        if payment.refunded_minor == 0 && refunds.is_empty() {
            continue;
        }
        book.count(tenant, "refund", u64::from(payment.refunded_minor > 0), u64::from(!refunds.is_empty()));
        if payment.refunded_minor != there {
            let difference = differs(DriftKind::Amount, "refund", Some(&payment.id), payment.external_id.as_deref());
            let currency = &payment.currency;
            let difference = difference.between(format!("{} {currency}", payment.refunded_minor), format!("{there} {currency}"));
            book.note(
                tenant,
                if payment.refunded_minor < there {
                    difference.mended_by(refunds.iter().flat_map(|refund| of_refund(&payment.id, refund)).collect())
                } else {
                    difference.noted("More is refunded here than at Stripe; check whether it was given back by other means.")
                },
            );
        }
    }
}

fn subscriptions(book: &mut Book, ours_: &Ours, theirs: &Theirs) {
    let known: HashMap<(TenantId, &str), &OurSubscription> = ours_
        .subscriptions
        .iter()
        .map(|subscription| ((TenantId(subscription.tenant_id), subscription.id.as_str()), subscription))
        .collect();
    for (subscription, follow) in &theirs.subscriptions {
        let Some((tenant, id)) = ours(&subscription.metadata, key::SUBSCRIPTION) else { continue };
        book.count(tenant, "subscription", 0, 1);
        let (quantity, end) = (subscription.item.as_ref().map(|(_, _, quantity)| *quantity), subscription.period.map(|(_, end)| end));
        let theirs = format!("{} × {}", quantity.unwrap_or_default(), subscription.status);
        let Some(here) = known.get(&(tenant, id.as_str())) else {
            let difference = differs(DriftKind::MissingHere, "subscription", Some(&id), Some(&subscription.id));
            book.note(tenant, difference.between("none", theirs).mended_by(follow.clone()));
            continue;
        };
        let same = here.provider_status.as_deref() == Some(&subscription.status)
            && u64::try_from(here.quantity).ok() == quantity
            // Tables keep microseconds, Stripe seconds.
            && end.is_none_or(|end| end.timestamp() == here.period_end.timestamp());
        if !same {
            let ours = format!("{} × {}", here.quantity, here.provider_status.as_deref().unwrap_or("none"));
            let difference = differs(DriftKind::State, "subscription", Some(&id), Some(&subscription.id)).between(ours, theirs);
            book.note(
                tenant,
                if here.ended {
                    difference.noted("It is over here, and does not begin again.")
                } else {
                    difference.mended_by(follow.clone())
                },
            );
        }
    }
    let there: HashSet<&str> = theirs.subscriptions.iter().map(|(subscription, _)| subscription.id.as_str()).collect();
    for subscription in &ours_.subscriptions {
        let tenant = TenantId(subscription.tenant_id);
        book.count(tenant, "subscription", 1, 0);
        if let Some(external_id) = subscription.external_id.as_deref().filter(|id| !subscription.ended && !there.contains(id)) {
            let difference = differs(DriftKind::MissingThere, "subscription", Some(&subscription.id), Some(external_id));
            let ours = subscription.provider_status.clone().unwrap_or_default();
            book.note(tenant, difference.between(ours, "none").noted("Stripe does not have the subscription."));
        }
    }
}

fn prices(book: &mut Book, ours_: &Ours, theirs: &Theirs) {
    const REPUBLISH: &str = "Publish the plan again to have another price made.";
    for price in &ours_.prices {
        let (tenant, external_id) = (TenantId(price.tenant_id), price.external_price_id.as_deref().unwrap_or_default());
        let there = theirs.prices.get(external_id);
        book.count(tenant, "price", 1, u64::from(there.is_some()));
        let difference = |kind| differs(kind, "price", Some(&price.plan_id), Some(external_id));
        let on_sale = if price.retired { "retired" } else { "on sale" };
        match there {
            None => book.note(tenant, difference(DriftKind::Deleted).between(on_sale, "none").noted(REPUBLISH)),
            Some(there) if !there.active && !price.retired => {
                book.note(tenant, difference(DriftKind::State).between(on_sale, "inactive").noted(REPUBLISH));
            }
            Some(there) => {
                let same =
                    there.amount.is_none_or(|amount| amount.amount_minor == price.price_minor && amount.currency.code() == price.currency);
                if !same {
                    let ours = format!("{} {}", price.price_minor, price.currency);
                    book.note(tenant, difference(DriftKind::Amount).between(ours, shown(there.amount)).noted(REPUBLISH));
                }
            }
        }
    }
}
