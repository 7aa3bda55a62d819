//! The binary as its users run it: real servers, real kills.

mod kills;
mod outage;
mod platform;
mod usage;
