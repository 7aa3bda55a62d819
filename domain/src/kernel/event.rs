//! Events: declared once, stored as JSON under a stable name and version.

use std::any::Any;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Aggregate, RecordedEvent};

/// Turns the payload of one version, a JSON object, into that of the next.
pub type Upcaster = fn(Value) -> Value;

/// A version that is not written any more. Events of it stay in the log, so it is read forever.
pub struct PastVersion {
    /// JSON Schema of the payload: the file under `schemas/` that was committed while the version was written.
    pub schema: &'static str,
    /// Turns a payload of this version into one of the next.
    pub upcast: Upcaster,
}

/// What is known of an event type without an instance of it.
pub struct EventDef {
    /// The name under which it is stored: past tense, snake case.
    pub name: &'static str,
    /// The version that is written today, 1 or more.
    pub version: u32,
    /// `past[n]` is version `n + 1`; there are `version - 1` of them.
    pub past: &'static [PastVersion],
    /// JSON Schema of today's payload.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// Why a stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeEventError {
    /// The name is not one of the aggregate's events.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// A version newer than this program, or not a number.
    #[error("event type `{name}` has version `{found}`, and this program reads up to {known}; deploy the newer program")]
    UnknownVersion {
        /// The event type.
        name: String,
        /// The version that was stored.
        found: String,
        /// The newest version known.
        known: u32,
    },
    /// The payload does not fit the schema.
    #[error("the payload of `{name}` does not fit its schema")]
    Payload {
        /// The event type.
        name: String,
        /// What serde found.
        source: serde_json::Error,
    },
}

/// The events of one aggregate type. [`crate::events!`] writes the implementation.
pub trait EventSet: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// All event types, in order of declaration.
    const DEFS: &'static [EventDef];
    /// The type of this event.
    fn def(&self) -> &'static EventDef;
    /// The payload as JSON.
    fn payload(&self) -> Result<String, serde_json::Error>;
    /// Reads a stored event of any version ever shipped.
    fn decode(name: &str, version: &str, payload: &str) -> Result<Self, DecodeEventError>;
}

/// An event whose aggregate type is known only at run time.
pub trait ErasedEvent: Any + Debug + Send + Sync {
    /// The event's type.
    fn def(&self) -> &'static EventDef;
    /// The payload as JSON.
    fn payload(&self) -> Result<String, serde_json::Error>;
    /// For the downcast in the aggregate's own code.
    fn as_any(&self) -> &dyn Any;
}

impl<E: EventSet> ErasedEvent for E {
    fn def(&self) -> &'static EventDef {
        EventSet::def(self)
    }

    fn payload(&self) -> Result<String, serde_json::Error> {
        EventSet::payload(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Reads one payload, through the upcasters where it is of an older version. Used by [`crate::events!`].
pub fn decode_payload<T: DeserializeOwned>(def: &EventDef, version: &str, payload: &str) -> Result<T, DecodeEventError> {
    let name = || def.name.to_owned();
    let unknown = || DecodeEventError::UnknownVersion { name: name(), found: version.to_owned(), known: def.version };
    let found: u32 = version.parse().map_err(|_| unknown())?;
    if found == def.version {
        return serde_json::from_str(payload).map_err(|source| DecodeEventError::Payload { name: name(), source });
    }
    if found == 0 || found > def.version {
        return Err(unknown());
    }
    // Upcasters may rely on an object; other writers of the log may have stored anything.
    let object: Map<String, Value> = serde_json::from_str(payload).map_err(|source| DecodeEventError::Payload { name: name(), source })?;
    let past = def.past.get(found as usize - 1..).ok_or_else(unknown)?;
    let value = past.iter().fold(Value::Object(object), |value, version| (version.upcast)(value));
    serde_json::from_value(value).map_err(|source| DecodeEventError::Payload { name: name(), source })
}

/// Whether the event belongs to an aggregate of this type.
pub fn is_of<A: Aggregate>(event: &RecordedEvent) -> bool {
    event.context == A::CONTEXT && event.aggregate_type == A::TYPE
}

/// The event as one of `A`'s, or `None` where it is another aggregate's. An event of `A` that this program does not know or cannot
/// read is an error, so that it is parked and not lost.
pub fn event_of<A: Aggregate>(event: &RecordedEvent) -> Result<Option<A::Event>, DecodeEventError> {
    is_of::<A>(event).then(|| A::Event::decode(&event.event_type, &event.event_version, &event.payload)).transpose()
}

/// Declares the events of an aggregate. Each variant wraps the struct of the same name, which holds the payload;
/// the name in quotes and the version are the storage contract. Past versions follow in brackets, the first one first, each with the
/// schema that was committed for it (`include_str!` of the file under `schemas/`).
///
/// ```
/// # use domain::kernel::PastVersion;
/// # use serde::{Serialize, Deserialize}; use schemars::JsonSchema;
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
/// pub struct LidOpened { pub angle_deg: u16 }
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
/// pub struct LidShut {}
/// domain::events! {
///     /// What happens to a lid.
///     pub enum LidEvent {
///         LidOpened = "lid_opened" 2 [PastVersion {
///             schema: r#"{ "type": "object" }"#,
///             upcast: |mut old| { old["angle_deg"] = 90.into(); old },
///         }],
///         LidShut = "lid_shut" 1,
///     }
/// }
/// use domain::kernel::EventSet;
/// assert_eq!(LidEvent::decode("lid_opened", "1", "{}").unwrap(), LidEvent::from(LidOpened { angle_deg: 90 }));
/// assert!(LidEvent::decode("lid_opened", "1", "[]").is_err() && LidEvent::decode("lid_opened", "3", "{}").is_err());
/// ```
#[macro_export]
macro_rules! events {
    (
        $(#[$meta:meta])* $vis:vis enum $name:ident {
            $( $variant:ident = $wire:literal $version:literal $([$($past:expr),+ $(,)?])? ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        $vis enum $name { $(
            #[doc = concat!("`", $wire, "`, version ", stringify!($version))]
            #[serde(rename = $wire)]
            $variant($variant)
        ),+ }

        $( impl From<$variant> for $name {
            fn from(event: $variant) -> Self { Self::$variant(event) }
        } )+

        impl $crate::kernel::EventSet for $name {
            const DEFS: &'static [$crate::kernel::EventDef] = &[ $( $crate::kernel::EventDef {
                name: $wire,
                version: $version,
                past: &[$($($past),+)?],
                schema: |generator| <$variant as ::schemars::JsonSchema>::json_schema(generator),
            } ),+ ];

            fn def(&self) -> &'static $crate::kernel::EventDef {
                let name = match self { $( Self::$variant(_) => $wire ),+ };
                // The search is over a handful of constants and always succeeds: both lists come from one declaration.
                Self::DEFS.iter().find(|def| def.name == name).unwrap_or(&Self::DEFS[0])
            }

            fn payload(&self) -> Result<String, ::serde_json::Error> {
                match self { $( Self::$variant(event) => ::serde_json::to_string(event) ),+ }
            }

            fn decode(name: &str, version: &str, payload: &str) -> Result<Self, $crate::kernel::DecodeEventError> {
                let Some(def) = Self::DEFS.iter().find(|def| def.name == name) else {
                    return Err($crate::kernel::DecodeEventError::UnknownType(name.to_owned()));
                };
                match name {
                    $( $wire => $crate::kernel::decode_payload::<$variant>(def, version, payload).map(Self::$variant), )+
                    _ => Err($crate::kernel::DecodeEventError::UnknownType(name.to_owned())),
                }
            }
        }

        impl ::cqrs_es::DomainEvent for $name {
            fn event_type(&self) -> String { $crate::kernel::EventSet::def(self).name.to_owned() }
            fn event_version(&self) -> String { $crate::kernel::EventSet::def(self).version.to_string() }
        }
    };
}
