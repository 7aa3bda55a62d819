//! The binary as its users run it: real servers, real kills.

mod audit;
mod automation;
mod business;
mod chaos;
mod clients;
mod contract;
mod demo;
mod disk;
mod imports;
mod kills;
mod otlp;
mod outage;
mod platform;
mod trace;
mod usage;
mod worker;
