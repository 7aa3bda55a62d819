//! Position tokens: `context/partition@position`, such as a command's answer carries.

use std::fmt;
use std::str::FromStr;

use crate::problem::Problem;

/// The most tokens in one list.
pub const TOKENS_MAX: usize = 64;

/// A place in the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    /// The context.
    pub context: String,
    /// The log partition.
    pub partition: i32,
    /// The position within it.
    pub position: i64,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.context, self.partition, self.position)
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (context, place) = text.split_once('/').ok_or(())?;
        let (partition, position) = place.split_once('@').ok_or(())?;
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if context.is_empty() || context.len() > 64 || !context.bytes().all(name) || !number(partition) || !number(position) {
            return Err(());
        }
        Ok(Self { context: context.to_owned(), partition: partition.parse().map_err(|_| ())?, position: position.parse().map_err(|_| ())? })
    }
}

impl Token {
    /// Reads a comma-separated list. `place` names the header or parameter for the error. Tokens of another log partition than
    /// the tenant's are refused: they would tell of other tenants.
    pub fn list(text: &str, place: &str, partition: i32) -> Result<Vec<Self>, Problem> {
        let refuse = |message: &str| Problem::bad_value("invalid_position", place, message);
        let tokens: Result<Vec<Self>, ()> = text.split(',').map(|token| token.trim().parse()).collect();
        let tokens = tokens.map_err(|()| refuse("write positions as `context/partition@position`, separated by commas"))?;
        if tokens.len() > TOKENS_MAX {
            return Err(refuse("too many positions"));
        }
        if tokens.iter().any(|token| token.partition != partition) {
            return Err(refuse("the position is not one of this tenant's log partitions"));
        }
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let tokens = Token::list("abc/3@1024, inv/3@7", "x", 3).unwrap();
        assert_eq!(tokens.iter().map(ToString::to_string).collect::<Vec<_>>(), ["abc/3@1024", "inv/3@7"]);
    }

    #[test]
    fn other_partitions_and_other_texts_are_refused() {
        for text in [
            "",
            "abc",
            "abc/3",
            "abc/3@",
            "abc/@1",
            "/3@1",
            "abc/3@-1",
            "abc/3@+1",
            "abc/3@1x",
            "abc/3@99999999999999999999",
            "a b/3@1",
            "abc/3@1,",
            "abc/4@1",
        ] {
            assert!(Token::list(text, "x", 3).is_err(), "{text}");
        }
        assert!(Token::list(&vec!["abc/3@1"; 65].join(","), "x", 3).is_err());
    }
}
