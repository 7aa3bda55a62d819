//! The shapes of reports' answers. Statements build the answers; these types only describe them.

/// Declares types that are only ever described.
macro_rules! shapes {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(JsonSchema)]
        #[expect(dead_code, reason = "the type stands for its JSON Schema")]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type ),* }
    )* };
}

pub(crate) use shapes;
