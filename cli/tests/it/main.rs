//! The binary as its users run it: real servers, real kills.

mod automation;
mod kills;
mod outage;
mod platform;
mod usage;
