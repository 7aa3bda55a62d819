//! A question to a read model or a report, in the words of its address: `/v1/<context>/<source>?<term>=<value>&…`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::kernel::Text;
use crate::rejections;

/// Terms of one question at most.
pub const TERMS_MAX: usize = 64;
/// Parameters of one saved query at most.
pub const PARAMETERS_MAX: usize = 20;
/// The longest name of a term: a column, a point and an operator.
const NAME_CHARS_MAX: usize = 100;
/// The longest value of a term.
const VALUE_CHARS_MAX: usize = 1024;
/// The term that says in which order rows come.
pub(super) const SORT: &str = "sort";
/// What the asker says at the time of asking, so that a kept question cannot say it.
const RESERVED: [&str; 2] = ["limit", "cursor"];

/// A name as in URLs and tables: letters, digits, `_`, `-` and `.`, 1 to 100 of them, the first one a letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier(String);

impl TryFrom<String> for Identifier {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if begins && text.len() <= NAME_CHARS_MAX && text.bytes().all(allowed) {
            return Ok(Self(text));
        }
        Err(format!("a name is a letter and up to {} further letters, digits, `_`, `-` or `.`", NAME_CHARS_MAX - 1))
    }
}

impl From<Identifier> for String {
    fn from(name: Identifier) -> Self {
        name.0
    }
}

impl Deref for Identifier {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Identifier {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Identifier".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX, "pattern": "^[A-Za-z][A-Za-z0-9_.-]*$" })
    }
}

/// The terms of a question by name, at most 64: filters of a read model (`status`, `amount_minor.gte`) with `sort`, `fields` and `q`, or
/// parameters of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Identifier, String>", into = "BTreeMap<Identifier, String>")]
pub struct Terms(BTreeMap<Identifier, String>);

impl TryFrom<BTreeMap<Identifier, String>> for Terms {
    type Error = String;

    fn try_from(terms: BTreeMap<Identifier, String>) -> Result<Self, String> {
        if terms.len() > TERMS_MAX {
            return Err(format!("there are more than {TERMS_MAX} terms"));
        }
        match terms.iter().find(|(_, value)| value.contains('\0') || value.chars().count() > VALUE_CHARS_MAX) {
            Some((name, _)) => Err(format!("the value of `{}` has more than {VALUE_CHARS_MAX} characters or a NUL among them", &**name)),
            None => Ok(Self(terms)),
        }
    }
}

impl From<Terms> for BTreeMap<Identifier, String> {
    fn from(terms: Terms) -> Self {
        terms.0
    }
}

impl Deref for Terms {
    type Target = BTreeMap<Identifier, String>;

    fn deref(&self) -> &BTreeMap<Identifier, String> {
        &self.0
    }
}

impl JsonSchema for Terms {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Terms".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object", "maxProperties": TERMS_MAX,
            "propertyNames": { "pattern": "^[A-Za-z][A-Za-z0-9_.-]*$", "maxLength": NAME_CHARS_MAX },
            "additionalProperties": { "type": "string", "maxLength": VALUE_CHARS_MAX }
        })
    }
}

/// What is asked of which read model or report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The context, such as `crm`.
    pub context: Identifier,
    /// The read model or report, as in URLs: `deal-list`.
    pub source: Identifier,
    /// Filters of the read model with `sort`, `fields` and `q`, or parameters of the report, as they stand in a query string. A value
    /// that is `{name}` stands for the parameter of that name.
    #[serde(default)]
    pub terms: Terms,
}

impl Question {
    /// The parameter that a value stands for.
    pub fn placeholder(value: &str) -> Option<&str> {
        let name = value.strip_prefix('{')?.strip_suffix('}')?;
        Identifier::try_from(name.to_owned()).is_ok().then_some(name)
    }

    /// The names of the parameters that its terms stand for.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.terms.values().filter_map(|value| Self::placeholder(value))
    }

    /// Refuses what no kept question can say.
    pub(super) fn check(&self) -> Result<(), QuestionRejection> {
        match self.terms.keys().find(|name| RESERVED.contains(&&***name)) {
            Some(name) => Err(QuestionRejection::ReservedName(name.to_string())),
            None => Ok(()),
        }
    }
}

impl Question {
    /// What is asked when nobody sets the parameters: each stands for its default at that time, and the terms of those without one are left
    /// out. So is `sort`, where rows come in the order of their ids.
    #[must_use]
    pub fn by_default(&self, parameters: &[QueryParameter], at: DateTime<Utc>) -> Self {
        let value = |value: &String| {
            let Some(name) = Self::placeholder(value) else { return Some(value.clone()) };
            let parameter = parameters.iter().find(|parameter| *parameter.name == *name)?;
            parameter.default.as_deref().map(|default| parameter.at(default, at))
        };
        let kept = self.terms.iter().filter(|(name, _)| &***name != SORT);
        let terms = kept.filter_map(|(name, term)| Some((name.clone(), value(term)?))).collect();
        Self { context: self.context.clone(), source: self.source.clone(), terms: Terms(terms) }
    }
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A point in time (RFC 3339).
    Timestamp,
    /// A day (ISO 8601).
    Date,
}

/// What whoever runs a saved query can or must give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryParameter {
    /// What a term says in braces, and the name in the query string of a run.
    pub name: Identifier,
    /// Its type.
    pub kind: ParameterKind,
    /// The value where a run gives none. Of a day or a time also `today`, `today-30d` or `now-12h`: counted from the day (UTC) or time of the run.
    #[serde(default)]
    pub default: Option<Text<VALUE_CHARS_MAX>>,
    /// Whether a run must give it. Where a run gives none of a parameter that is not required and has no default, the terms that
    /// stand for it are left out.
    #[serde(default)]
    pub required: bool,
    /// What it means.
    #[serde(default)]
    pub description: Option<Text<500>>,
}

impl QueryParameter {
    /// A value as it is asked for at a time: days and times may be relative to it.
    pub fn at(&self, value: &str, now: DateTime<Utc>) -> String {
        let absolute = match self.kind {
            ParameterKind::Date => relative(value, now).map(|at| at.date_naive().to_string()),
            ParameterKind::Timestamp => relative(value, now).map(|at| at.to_rfc3339()),
            _ => None,
        };
        absolute.unwrap_or_else(|| value.to_owned())
    }
}

/// `today` and `now`, perhaps with a distance: `today-30d`, `now+12h`. Days are those of UTC.
fn relative(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let (base, rest) = text.strip_prefix("today").map(|rest| (today, rest)).or_else(|| text.strip_prefix("now").map(|rest| (now, rest)))?;
    if rest.is_empty() {
        return Some(base);
    }
    let unit = rest.chars().last().filter(|unit| matches!(unit, 'd' | 'h'))?;
    let sign = rest.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
    let digits = rest.get(1..rest.len() - 1).filter(|digits| (1..=5).contains(&digits.len()))?;
    let count: i64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    let distance = if unit == 'd' { TimeDelta::days(count) } else { TimeDelta::hours(count) };
    base.checked_add_signed(if sign == '-' { -distance } else { distance })
}

/// Refuses parameters that do not belong to the question.
pub(super) fn check_parameters(question: &Question, parameters: &[QueryParameter]) -> Result<(), QuestionRejection> {
    if parameters.len() > PARAMETERS_MAX {
        return Err(QuestionRejection::TooManyParameters(PARAMETERS_MAX));
    }
    for (index, parameter) in parameters.iter().enumerate() {
        let name = &parameter.name;
        if RESERVED.contains(&&**name) {
            return Err(QuestionRejection::ReservedName(name.to_string()));
        }
        if parameters[..index].iter().any(|other| other.name == *name) {
            return Err(QuestionRejection::RepeatedParameter(name.to_string()));
        }
        if parameter.required && parameter.default.is_some() {
            return Err(QuestionRejection::RequiredWithDefault(name.to_string()));
        }
        if !question.placeholders().any(|used| used == &**name) {
            return Err(QuestionRejection::UnusedParameter(name.to_string()));
        }
    }
    match question.placeholders().find(|used| parameters.iter().all(|parameter| &*parameter.name != *used)) {
        Some(name) => Err(QuestionRejection::UndeclaredParameter(name.to_owned())),
        None => Ok(()),
    }
}

rejections! {
    /// Why a question cannot be kept.
    pub enum QuestionRejection in "analytics" {
        /// The asker's own words.
        #[error("`{0}` is said by whoever asks, each time; leave it out here.")]
        ReservedName(String) => "name_reserved" ["question", "parameters"],
        /// Too many.
        #[error("A query has at most {0} parameters; leave some out.")]
        TooManyParameters(usize) => "too_many_parameters" ["parameters"],
        /// Two of one name.
        #[error("The parameter `{0}` is declared more than once; declare it once.")]
        RepeatedParameter(String) => "parameter_repeated" ["parameters"],
        /// It could never be missing.
        #[error("The parameter `{0}` is required and has a default; choose one of the two.")]
        RequiredWithDefault(String) => "parameter_required_with_default" ["parameters"],
        /// No term uses it.
        #[error("No term says {{{0}}}; use the parameter in a term, or leave it out.")]
        UnusedParameter(String) => "parameter_unused" ["parameters"],
        /// A term uses what is not there.
        #[error("A term says {{{0}}}, and there is no parameter of that name; declare it.")]
        UndeclaredParameter(String) => "parameter_undeclared" ["question", "parameters"],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn question(terms: &Value) -> Result<Question, serde_json::Error> {
        serde_json::from_value(json!({ "context": "crm", "source": "deal-list", "terms": terms }))
    }

    #[test]
    fn terms_are_bounded() {
        assert!(question(&json!({ "status": "open", "amount_minor.gte": "1", "owner": "" })).is_ok());
        for bad in [json!({ "a b": "x" }), json!({ "1a": "x" }), json!({ "a": "x".repeat(1025) }), json!({ "a": "\0" }), json!({ "a": 1 })]
        {
            assert!(question(&bad).is_err(), "{bad}");
        }
        let terms = |count: usize| Value::Object((0..count).map(|n| (format!("c{n}"), json!("x"))).collect());
        assert!(question(&terms(TERMS_MAX)).is_ok() && question(&terms(TERMS_MAX + 1)).is_err());
    }

    #[test]
    fn days_and_times_may_be_relative() {
        let now: DateTime<Utc> = "2026-03-01T15:30:00Z".parse().unwrap();
        for (text, expected) in [
            ("today", Some("2026-03-01T00:00:00Z")),
            ("today-30d", Some("2026-01-30T00:00:00Z")),
            ("now+12h", Some("2026-03-02T03:30:00Z")),
            ("now-1d", Some("2026-02-28T15:30:00Z")),
            ("today-", None),
            ("today-d", None),
            ("today-1w", None),
            ("today 1d", None),
            ("today-999999d", None),
            ("yesterday", None),
            ("2026-03-01", None),
        ] {
            assert_eq!(relative(text, now), expected.map(|at| at.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn without_anybody_defaults_are_asked_for() {
        let asked =
            question(&json!({ "status": "{status}", "owner": "{who}", "closed_on.gte": "{since}", "sort": "-id", "q": "x" })).unwrap();
        let parameters: Vec<QueryParameter> = serde_json::from_value(json!([
            { "name": "status", "kind": "text", "default": "today" },
            { "name": "who", "kind": "text" },
            { "name": "since", "kind": "date", "default": "today-1d" }
        ]))
        .unwrap();
        let by_default = asked.by_default(&parameters, "2026-03-01T15:30:00Z".parse().unwrap());
        assert_eq!(by_default, question(&json!({ "status": "today", "closed_on.gte": "2026-02-28", "q": "x" })).unwrap());
    }

    #[test]
    fn only_a_whole_value_is_a_placeholder() {
        for (value, expected) in
            [("{owner}", Some("owner")), ("{a.b}", Some("a.b")), ("x{owner}", None), ("{}", None), ("{a b}", None), ("{", None), ("", None)]
        {
            assert_eq!(Question::placeholder(value), expected, "{value}");
        }
    }
}
