//! Commands: declared once, decoded from JSON by their kebab-case name.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Whether a command may, must or must not meet an existing aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// The command makes the aggregate; on an existing one it is refused with `already_exists` (409).
    Creates,
    /// The command works on a new or an existing aggregate.
    Either,
    /// The aggregate must exist; otherwise `not_found` (404).
    Requires,
}

/// What is known of a command without an instance of it.
pub struct CommandDef {
    /// Kebab-case name, as in the URL.
    pub name: &'static str,
    /// How it relates to the aggregate's existence.
    pub creation: Creation,
    /// JSON Schema of the fields; its description is the command's documentation.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// A body that is accepted.
    pub example: fn() -> Value,
}

/// Why a body is not the command that it claims to be.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No such command.
    #[error("unknown command `{0}`")]
    UnknownCommand(String),
    /// The body is not JSON.
    #[error("the body is not valid JSON: {0}")]
    Syntax(String),
    /// The body is JSON but does not fit.
    #[error("{message}")]
    Field {
        /// Path of the field, such as `address.country`; empty for the body itself.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

/// The commands of one aggregate type. [`crate::commands!`] writes the implementation.
pub trait CommandSet: Sized + Send + Sync + 'static {
    /// All commands, in order of declaration.
    const DEFS: &'static [CommandDef];
    /// Reads the named command from a JSON body.
    fn decode(name: &str, body: &[u8]) -> Result<Self, DecodeError>;
}

/// Reads a value from JSON and names the offending field on failure. An empty body counts as `{}`.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            DecodeError::Field { path: if path == "." { String::new() } else { path }, message: inner.to_string() }
        } else {
            DecodeError::Syntax(inner.to_string())
        }
    })?;
    deserializer.end().map_err(|error| DecodeError::Syntax(error.to_string()))?;
    Ok(value)
}

/// Declares the commands of an aggregate: URL name, struct with the fields, and an example body.
/// `creates` and `either` before the name say that the aggregate need not exist.
///
/// ```
/// # use serde::Deserialize; use schemars::JsonSchema;
/// /// Opens the lid.
/// #[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// pub struct OpenLid { pub angle_deg: u16 }
/// domain::commands! {
///     /// What can be asked of a lid.
///     pub enum LidCommand {
///         creates "open" => OpenLid { "angle_deg": 90 },
///     }
/// }
/// use domain::kernel::CommandSet;
/// assert_eq!(LidCommand::decode("open", br#"{"angle_deg": 1}"#).unwrap(), LidCommand::from(OpenLid { angle_deg: 1 }));
/// ```
#[macro_export]
macro_rules! commands {
    (
        $(#[$meta:meta])* $vis:vis enum $name:ident {
            $( $($creation:ident)? $wire:literal => $variant:ident $example:tt ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis enum $name { $( #[doc = concat!("`", $wire, "`")] $variant($variant) ),+ }

        $( impl From<$variant> for $name {
            fn from(command: $variant) -> Self { Self::$variant(command) }
        } )+

        impl $crate::kernel::CommandSet for $name {
            const DEFS: &'static [$crate::kernel::CommandDef] = &[ $( $crate::kernel::CommandDef {
                name: $wire,
                creation: $crate::commands!(@creation $($creation)?),
                schema: |generator| <$variant as ::schemars::JsonSchema>::json_schema(generator),
                example: || ::serde_json::json!($example),
            } ),+ ];

            fn decode(name: &str, body: &[u8]) -> Result<Self, $crate::kernel::DecodeError> {
                match name {
                    $( $wire => $crate::kernel::decode_json::<$variant>(body).map(Self::$variant), )+
                    _ => Err($crate::kernel::DecodeError::UnknownCommand(name.to_owned())),
                }
            }
        }
    };
    (@creation) => { $crate::kernel::Creation::Requires };
    (@creation creates) => { $crate::kernel::Creation::Creates };
    (@creation either) => { $crate::kernel::Creation::Either };
}
