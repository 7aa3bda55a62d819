//! The hierarchy of parent companies.

use super::{Company, CompanyRejection, CompanyStatus};
use crate::kernel::{Context, Refusal};

/// How many companies stand above a company at most.
const DEPTH_MAX: usize = 50;

/// The company at the end of the redirects that start at `id`. Stops at the deciding company, whose state is not loaded.
pub(super) fn survivor_of(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
    let mut id = id.to_owned();
    while id != context.aggregate_id {
        match context.get::<Company>(&id)?.map(|company| &company.status) {
            Some(CompanyStatus::Merged { into }) => id.clone_from(into),
            _ => break,
        }
    }
    Ok(id)
}

/// Whether one of `targets` is `start` or stands above it. Every company on the way is read, so the append is guarded by all of them.
pub(super) fn leads_to(start: &str, targets: &[&str], context: &Context<'_>) -> Result<bool, Refusal> {
    let mut id = survivor_of(start, context)?;
    for _ in 0..=DEPTH_MAX {
        if targets.contains(&id.as_str()) {
            return Ok(true);
        }
        let Some(parent_id) = context.get::<Company>(&id)?.and_then(|company| company.parent_id.as_deref()) else {
            return Ok(false);
        };
        id = survivor_of(parent_id, context)?;
    }
    Err(CompanyRejection::TooDeep(DEPTH_MAX).into())
}
