//! The hierarchy of parent companies.

use super::{Company, CompanyRejection};
use crate::crm::merge::{Merge, survivor_of};
use crate::kernel::{AggregateId, Context, Refusal};

/// How many companies stand above a company at most.
const DEPTH_MAX: usize = 50;

/// Whether one of `targets` is `start` or stands above it. Every company on the way is read, so the append is guarded by all of them.
fn leads_to(start: &str, targets: &[&str], context: &Context<'_>) -> Result<bool, Refusal> {
    let mut id = survivor_of::<Company>(start, context)?;
    for _ in 0..=DEPTH_MAX {
        if targets.contains(&id.as_str()) {
            return Ok(true);
        }
        let Some(parent_id) = context.get::<Company>(&id)?.and_then(|company| company.parent_id.as_deref()) else {
            return Ok(false);
        };
        id = survivor_of::<Company>(parent_id, context)?;
    }
    Err(CompanyRejection::TooDeep(DEPTH_MAX).into())
}

/// The company that `id` means today, which does not stand below the deciding one.
pub(super) fn parent_of(id: &AggregateId, context: &Context<'_>) -> Result<String, Refusal> {
    if id.as_str() == context.aggregate_id || leads_to(id.as_str(), &[context.aggregate_id], context)? {
        return Err(CompanyRejection::Cycle.into());
    }
    Company::resolve(id.as_str(), context)
}

/// The survivor's parent. The parties become one node of the hierarchy, so a parent that is one of them or stands below one of
/// them would close a cycle: such a parent is passed over, and refused where it was chosen.
pub(super) fn merged_parent(merge: &Merge<'_, Company>, context: &Context<'_>) -> Result<Option<String>, Refusal> {
    let ids: Vec<&str> = merge.parties().iter().map(|party| party.id.as_str()).collect();
    for party in merge.givers("parent_id") {
        let Some(parent_id) = party.record.parent_id.as_deref() else { continue };
        if !leads_to(parent_id, &ids, context)? {
            return Ok(Some(parent_id.to_owned()));
        }
        if merge.is_chosen("parent_id") {
            return Err(CompanyRejection::Cycle.into());
        }
    }
    Ok(None)
}
