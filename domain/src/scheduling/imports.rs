//! How a file of timers becomes commands: one timer a row.
//!
//! Headers are compared in lower case with every run of punctuation and spaces as one space. A row has one of `at` (a point in time), `local`
//! (what the clocks of its zone show) and `cron`; what the timer sends is named by context, aggregate and command, and its fields are JSON.

use crate::kernel::{ImportColumn, ImportDef};

const fn column(field: &'static str, headers: &'static [&'static str]) -> ImportColumn {
    ImportColumn { field, headers }
}

const TIMERS: ImportDef = ImportDef {
    name: "timers",
    aggregate: "timer",
    create: "schedule",
    update: "reschedule",
    columns: &[
        column("id", &["timer id", "job id", "id"]),
        column("name", &["name", "job name", "title"]),
        column("schedule.at", &["at", "run at", "fires at"]),
        column("schedule.local", &["local", "local time", "run at local time"]),
        column("schedule.cron", &["cron", "cron expression", "crontab"]),
        column("zone", &["zone", "time zone", "timezone"]),
        column("until", &["until", "ends at", "end date"]),
        column("command.context", &["target context", "context"]),
        column("command.aggregate", &["target aggregate", "aggregate"]),
        column("command.id", &["target id", "aggregate id"]),
        column("command.command", &["target command", "command"]),
        column("command.body", &["body", "payload", "command body"]),
        column("catch_up", &["catch up", "misfire policy"]),
        column("grace_seconds", &["grace seconds", "misfire grace time"]),
    ],
    lists: &[],
    in_order: &[],
};

/// The imports of the context.
pub(super) const IMPORTS: &[ImportDef] = &[TIMERS];
