//! Which events somebody follows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RecordedEvent;

/// The most contexts, patterns of types, or subjects of one filter.
pub const PATTERNS_MAX: usize = 50;
/// The longest context, pattern or subject, in bytes.
pub const PATTERN_BYTES_MAX: usize = 256;

/// Which events somebody follows. An empty list leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventFilter {
    /// Contexts, such as `crm`; all where empty.
    #[schemars(length(max = 50), inner(length(min = 1, max = 256), pattern(r"^[a-z][a-z0-9_]*$")))]
    pub contexts: Vec<String>,
    /// Wire types such as `crm.contact_registered.v1`, or their beginnings where a `*` follows; all where empty.
    #[schemars(length(max = 50), inner(length(min = 1, max = 256), pattern(r"^[!-)+\--~]*\*?$")))]
    pub types: Vec<String>,
    /// Subjects, `aggregate/id`; all where empty.
    #[schemars(length(max = 50), inner(length(min = 1, max = 256), pattern(r"^[!-+\--~]*/[!-+\--~]*$")))]
    pub subjects: Vec<String>,
}

/// What is wrong with a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterFault {
    /// `contexts`, `types` or `subjects`.
    pub list: &'static str,
    /// What is expected.
    pub expected: &'static str,
}

impl EventFilter {
    /// Whether the event is one of those.
    pub fn matches(&self, event: &RecordedEvent) -> bool {
        self.matches_parts(&event.context, &event.wire_type(), &event.aggregate_type, &event.aggregate_id)
    }

    /// Whether an event of this kind is one of those.
    pub fn matches_parts(&self, context: &str, wire_type: &str, aggregate_type: &str, aggregate_id: &str) -> bool {
        let types = self.types.is_empty()
            || self.types.iter().any(|wanted| match wanted.strip_suffix('*') {
                Some(prefix) => wire_type.starts_with(prefix),
                None => *wanted == wire_type,
            });
        let is_subject = |wanted: &String| wanted.split_once('/').is_some_and(|(kind, id)| kind == aggregate_type && id == aggregate_id);
        self.follows(context) && types && (self.subjects.is_empty() || self.subjects.iter().any(is_subject))
    }

    /// Whether events of the context may be among those.
    pub fn follows(&self, context: &str) -> bool {
        self.contexts.is_empty() || self.contexts.iter().any(|wanted| wanted == context)
    }

    /// What is wrong with it, if something is.
    pub fn fault(&self) -> Option<FilterFault> {
        let plain = |text: &String| !text.is_empty() && text.len() <= PATTERN_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        let fault = |list, expected| Some(FilterFault { list, expected });
        for (list, values) in [("contexts", &self.contexts), ("types", &self.types), ("subjects", &self.subjects)] {
            if values.len() > PATTERNS_MAX {
                return fault(list, "at most 50 values are expected");
            }
        }
        let name =
            |text: &String| plain(text) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !self.contexts.iter().all(name) {
            return fault("contexts", "the name of a context is expected");
        }
        if !self.types.iter().all(|wanted| plain(wanted) && !wanted.trim_end_matches('*').contains('*') && !wanted.ends_with("**")) {
            return fault("types", "a wire type, or the beginning of one followed by `*`, is expected");
        }
        if !self.subjects.iter().all(|wanted| plain(wanted) && wanted.contains('/')) {
            return fault("subjects", "`aggregate/id` is expected");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(types: &[&str], subjects: &[&str]) -> EventFilter {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        EventFilter { contexts: Vec::new(), types: texts(types), subjects: texts(subjects) }
    }

    #[test]
    fn a_filter_shows_the_types_and_subjects_that_it_names() {
        let matches = |filter: &EventFilter| filter.matches_parts("abc", "abc.thing_made.v1", "thing", "t-1");
        assert!(matches(&filter(&[], &[])));
        assert!(matches(&filter(&["abc.thing_made.v1"], &["thing/t-1"])));
        assert!(matches(&filter(&["x", "abc.thing_*"], &[])));
        assert!(matches(&filter(&["*"], &[])));
        assert!(matches(&EventFilter { contexts: vec!["abc".to_owned()], ..EventFilter::default() }));
        assert!(!matches(&EventFilter { contexts: vec!["abd".to_owned()], ..EventFilter::default() }));
        assert!(!matches(&filter(&["abc.thing_made"], &[])));
        assert!(!matches(&filter(&[], &["thing/t-2"])));
        assert!(!matches(&filter(&["abc.thing_made.v1"], &["other/t-1"])));
    }

    #[test]
    fn a_faulty_filter_is_told() {
        for (bad, list) in [
            (filter(&["a*b"], &[]), "types"),
            (filter(&["**"], &[]), "types"),
            (filter(&[""], &[]), "types"),
            (filter(&["a b"], &[]), "types"),
            (filter(&["x"; 51], &[]), "types"),
            (filter(&[], &["thing"]), "subjects"),
            (EventFilter { contexts: vec!["A".to_owned()], ..EventFilter::default() }, "contexts"),
        ] {
            assert_eq!(bad.fault().map(|fault| fault.list), Some(list), "{bad:?}");
        }
        assert_eq!(filter(&["abc.*"], &["thing/t-1"]).fault(), None);
    }
}
