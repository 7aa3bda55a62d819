//! Looks through the log on behalf of endpoints: what is for them becomes lanes.

use std::collections::BTreeMap;

use domain::kernel::{EventFilter, wire_type};

use super::store::{EndpointKey, Header, LaneKey, Move, Stretch, Wanted};

/// Events of one stretch that are read at a time.
pub const PAGE: i64 = 500;
/// Positions that are looked through at a time: the events of many tenants share a log partition.
pub const SPAN: i64 = 50_000;
/// Stretches that are read with one statement.
pub const STRETCHES_MAX: usize = 64;
/// A cursor that only passed what was not for its endpoint is written down this often, in positions.
pub const WRITE_EVERY: i64 = 10_000;

/// How far an endpoint has been told of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// As Postgres has it.
    pub stored: i64,
    /// As it is: what lies between was not for the endpoint.
    pub seen: i64,
}

/// What follows from a look at the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How far each stretch was looked through.
    pub seen: Vec<i64>,
    /// What is for the endpoints, by subject.
    pub stretches: Vec<Stretch>,
}

/// Sorts what the log holds of the wanted stretches by subject.
pub fn sort<'a>(wanted: &[Wanted], headers: &[Header], filter: impl Fn(&EndpointKey) -> Option<&'a EventFilter>) -> Found {
    let mut lanes: BTreeMap<LaneKey, (i64, i64)> = BTreeMap::new();
    let mut counts = vec![0_i64; wanted.len()];
    let mut seen: Vec<i64> = wanted.iter().map(|one| one.until).collect();
    for header in headers {
        let Some(one) = wanted.get(header.wanted) else { continue };
        counts[header.wanted] += 1;
        if counts[header.wanted] >= PAGE {
            seen[header.wanted] = header.position;
        }
        let wire = wire_type(&one.context, &header.event_type, &header.event_version);
        let is_wanted = |filter: &EventFilter| filter.matches_parts(&one.context, &wire, &header.aggregate_type, &header.aggregate_id);
        if !filter(&one.endpoint).is_some_and(is_wanted) {
            continue;
        }
        let key = LaneKey {
            endpoint: one.endpoint.clone(),
            context: one.context.clone(),
            aggregate_type: header.aggregate_type.clone(),
            aggregate_id: header.aggregate_id.clone(),
            redelivery: String::new(),
        };
        let range = lanes.entry(key).or_insert((header.sequence, header.sequence));
        *range = (range.0.min(header.sequence), range.1.max(header.sequence));
    }
    let stretches = lanes.into_iter().map(|(key, (first, last))| Stretch { key, first, last }).collect();
    Found { seen, stretches }
}

/// The cursors to be written down: those that something was found for, and those that have come far.
pub fn moves(wanted: &[Wanted], found: &Found, stored: impl Fn(&Wanted) -> i64) -> Vec<Move> {
    let moved = wanted.iter().zip(&found.seen).filter_map(|(one, seen)| {
        let from = stored(one);
        let has_lanes = found.stretches.iter().any(|stretch| stretch.key.endpoint == one.endpoint && stretch.key.context == one.context);
        let due = has_lanes || seen - from >= WRITE_EVERY;
        (due && *seen > from).then(|| Move { endpoint: one.endpoint.clone(), context: one.context.clone(), from, to: *seen })
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(id: &str) -> EndpointKey {
        EndpointKey { tenant: uuid::Uuid::from_u128(7), id: id.to_owned() }
    }

    fn wanted(id: &str, until: i64) -> Wanted {
        Wanted { endpoint: endpoint(id), context: "crm".to_owned(), partition: 0, after: 0, until }
    }

    fn header(wanted: usize, position: i64, subject: &str, sequence: i64) -> Header {
        Header {
            wanted,
            position,
            aggregate_type: "contact".to_owned(),
            aggregate_id: subject.to_owned(),
            sequence,
            event_type: "contact_registered".to_owned(),
            event_version: "1".to_owned(),
        }
    }

    #[test]
    fn events_become_ranges_of_their_subjects() {
        let all = EventFilter::default();
        let none = EventFilter { types: vec!["crm.deal_*".to_owned()], ..EventFilter::default() };
        let wanted = [wanted("a", 90), wanted("b", 70)];
        let headers = [header(0, 1, "x", 4), header(0, 2, "y", 1), header(0, 3, "x", 5), header(1, 1, "x", 4)];
        let found = sort(&wanted, &headers, |key| Some(if key.id == "a" { &all } else { &none }));
        let ranges: Vec<_> = found.stretches.iter().map(|one| (one.key.aggregate_id.as_str(), one.first, one.last)).collect();
        assert_eq!((found.seen.as_slice(), ranges.as_slice()), ([90, 70].as_slice(), [("x", 4, 5), ("y", 1, 1)].as_slice()));
        let moves = moves(&wanted, &found, |_| 0);
        assert_eq!(moves.iter().map(|one| (one.endpoint.id.as_str(), one.to)).collect::<Vec<_>>(), [("a", 90)], "b goes on in memory");
    }

    #[test]
    fn a_full_page_is_looked_through_to_its_last_event_only() {
        let all = EventFilter::default();
        let headers: Vec<Header> = (1..=PAGE).map(|position| header(0, position * 3, "x", position)).collect();
        let found = sort(&[wanted("a", SPAN)], &headers, |_| Some(&all));
        assert_eq!(found.seen, [PAGE * 3]);
        assert_eq!((found.stretches[0].first, found.stretches[0].last), (1, PAGE));
    }

    #[test]
    fn a_cursor_that_came_far_is_written_down() {
        let found = Found { seen: vec![WRITE_EVERY], stretches: Vec::new() };
        assert_eq!(moves(&[wanted("a", WRITE_EVERY)], &found, |_| 0).len(), 1);
        assert_eq!(moves(&[wanted("a", WRITE_EVERY)], &found, |_| 1).len(), 0);
    }
}
