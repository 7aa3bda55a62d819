//! The dashboards over all contexts, each figure beside one that the test has worked out from plain facts.

mod business;
mod figures;
mod freshness;
mod ranking;
mod refusals;
