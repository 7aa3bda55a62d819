//! Billing with Stripe, against a real Postgres and a Stripe of our own.

mod charges;
mod deliveries;
mod outage;
mod pages;
mod reconciliation;
mod support;
