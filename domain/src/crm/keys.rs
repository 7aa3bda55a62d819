//! Unique keys: values, such as an email address, that one record of a kind holds within the tenant.

use crate::kernel::Decision;

/// A value that is unique within its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The name space, such as `contact.email`.
    pub scope: &'static str,
    /// The normalised value.
    pub value: String,
    /// The field of the record that it is the value of.
    pub field: &'static str,
}

/// Gives back the keys that only `before` has, and takes those that only `after` has; where sharing was asked for, only those that
/// are free.
pub(super) fn exchange<E>(decision: Decision<E>, before: &[Key], after: &[Key], shared: bool) -> Decision<E> {
    let released = before.iter().filter(|key| !after.contains(key));
    let decision = released.fold(decision, |decision, key| decision.release(key.scope, &key.value));
    let taken = after.iter().filter(|key| !before.contains(key));
    taken.fold(decision, |decision, key| {
        if shared { decision.claim_if_free(key.scope, &key.value, key.field) } else { decision.claim(key.scope, &key.value, key.field) }
    })
}
