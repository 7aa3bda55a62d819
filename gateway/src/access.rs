//! What a role allows.

use std::fmt;

/// Something that a caller may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission<'a> {
    /// `context.aggregate.command`
    Command {
        /// The context.
        context: &'a str,
        /// The aggregate's type.
        aggregate: &'a str,
        /// The command.
        command: &'a str,
    },
    /// `context.read`: read models and reports.
    Read {
        /// The context.
        context: &'a str,
    },
    /// `context.history`: single events, their order and past states.
    History {
        /// The context.
        context: &'a str,
    },
}

impl fmt::Display for Permission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { context, aggregate, command } => write!(f, "{context}.{aggregate}.{command}"),
            Self::Read { context } => write!(f, "{context}.read"),
            Self::History { context } => write!(f, "{context}.history"),
        }
    }
}

/// A built-in role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Everything.
    Owner,
    /// Everything.
    Admin,
    /// All commands, all reads.
    Member,
    /// All commands, all reads; a program.
    Service,
    /// Read models and reports.
    Analyst,
    /// Read models and history.
    Auditor,
}

impl Role {
    /// The role of that name. A name that is not known gives no rights.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            "member" => Self::Member,
            "service" => Self::Service,
            "analyst" => Self::Analyst,
            "auditor" => Self::Auditor,
            _ => return None,
        })
    }

    fn allows(self, permission: Permission<'_>) -> bool {
        match self {
            Self::Owner | Self::Admin | Self::Member | Self::Service => true,
            Self::Analyst => matches!(permission, Permission::Read { .. }),
            Self::Auditor => matches!(permission, Permission::Read { .. } | Permission::History { .. }),
        }
    }
}

/// Whether one of the roles allows it.
pub fn allows(roles: &[String], permission: Permission<'_>) -> bool {
    roles.iter().filter_map(|name| Role::of(name)).any(|role| role.allows(permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_allows_what_it_says_and_an_unknown_one_nothing() {
        let command = Permission::Command { context: "c", aggregate: "a", command: "x" };
        let (read, history) = (Permission::Read { context: "c" }, Permission::History { context: "c" });
        let expected = [
            ("owner", [true, true, true]),
            ("admin", [true, true, true]),
            ("member", [true, true, true]),
            ("service", [true, true, true]),
            ("analyst", [false, true, false]),
            ("auditor", [false, true, true]),
            ("Owner", [false, false, false]),
            ("root", [false, false, false]),
            ("", [false, false, false]),
        ];
        for (role, rights) in expected {
            let roles = [role.to_owned()];
            assert_eq!([command, read, history].map(|permission| allows(&roles, permission)), rights, "{role}");
        }
        assert!(!allows(&[], read));
        assert_eq!([command, read, history].map(|permission| permission.to_string()), ["c.a.x", "c.read", "c.history"]);
    }
}
