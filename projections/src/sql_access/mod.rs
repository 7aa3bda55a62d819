//! SQL for analysts: stable views `analytics.<context>_<read_model>`, and roles that log in and see one tenant.
//!
//! The tables, policies and functions behind this are in the migration of the context `analytics`; everything here runs on the connection of
//! the role that owns all objects.

mod roles;
mod views;

pub use roles::{Granted, SqlAccessError, SqlRole, grant, list, revoke};
pub use views::{keep_from_lingering, refresh};
