//! Why a command is refused.

use serde::Serialize;

use super::AggregateKey;

/// The kind of a rejection; the gateway turns it into an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionKind {
    /// A rule of the domain (422).
    Rule,
    /// The aggregate, or one that the command names, does not exist for this tenant (404).
    NotFound,
    /// Something with this identity exists already (409).
    Conflict,
}

/// A refusal that a user can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// What kind of refusal it is.
    pub kind: RejectionKind,
    /// Stable code, `context.reason`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// The fields of the command that are at fault.
    pub fields: Vec<&'static str>,
}

/// An enum of the rejections of one aggregate; [`crate::rejections!`] writes the implementation.
pub trait Reason: std::error::Error {
    /// The context that refuses.
    const CONTEXT: &'static str;
    /// The stable code, without the context.
    fn code(&self) -> &'static str;
    /// The offending fields.
    fn fields(&self) -> &'static [&'static str];
}

/// What a decision may answer instead of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The command is refused.
    Rejected(Rejection),
    /// The decision needs another aggregate's state; the command bus loads it and decides again.
    Needs(AggregateKey),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl<R: Reason> From<R> for Rejection {
    fn from(reason: R) -> Self {
        Self {
            kind: RejectionKind::Rule,
            code: format!("{}.{}", R::CONTEXT, reason.code()),
            message: reason.to_string(),
            fields: reason.fields().to_vec(),
        }
    }
}

impl<R: Reason> From<R> for Refusal {
    fn from(reason: R) -> Self {
        Self::Rejected(reason.into())
    }
}

/// Declares the rejections of an aggregate: message, stable code and offending fields of each.
///
/// ```
/// domain::rejections! {
///     /// Why a box refuses a command.
///     pub enum BoxRejection in "storage" {
///         /// The lid is shut.
///         #[error("The box is closed.")]
///         Closed => "closed" [],
///         /// Too heavy.
///         #[error("{0} g is more than the box carries.")]
///         TooHeavy(u32) => "too_heavy" ["weight"],
///     }
/// }
/// let refusal = domain::kernel::Rejection::from(BoxRejection::TooHeavy(7));
/// assert_eq!(refusal.code, "storage.too_heavy");
/// ```
#[macro_export]
macro_rules! rejections {
    (
        $(#[$meta:meta])* $vis:vis enum $name:ident in $context:literal {
            $( $(#[$vmeta:meta])* $variant:ident $(($($ty:ty),+))? => $code:literal [$($field:literal),*] ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, ::thiserror::Error)]
        $vis enum $name { $( $(#[$vmeta])* $variant $(($($ty),+))? ),+ }

        impl $crate::kernel::Reason for $name {
            const CONTEXT: &'static str = $context;

            fn code(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $code ),+ }
            }

            fn fields(&self) -> &'static [&'static str] {
                match self { $( Self::$variant { .. } => &[$($field),*] ),+ }
            }
        }
    };
}
