//! The ledger through HTTP, the real command bus and real projections.

mod balances;
mod books;
mod contention;
mod currencies;
mod documents;
mod open_items;
mod rebuilds;
mod rejections;
mod stock;
mod workflow;
