//! The gateway against a real Postgres. A context of its own ([`lab`]) stands for all; the contexts that ship are walked through
//! in [`coverage`].

mod accounting;
mod analytics;
mod analytics_series;
mod analytics_sql;
mod audit;
mod auth;
mod billing;
mod bulk;
mod cache;
mod commands;
mod contract;
mod coverage;
mod dashboards;
mod documents;
mod endpoints;
mod export;
mod export_jobs;
mod harness;
mod history;
mod inventory;
mod invoicing;
mod lab;
mod outage;
mod queries;
mod scheduling;
mod stream;
mod world;
