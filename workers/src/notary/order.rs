//! The order in which events become leaves.
//!
//! Within a log partition it is the log's. Among the contexts it is that of time, as far as it is known: an event is taken only
//! when each context of the same partition number has shown what it has next, or that it has nothing. An effect thereby follows its cause also
//! where the notary catches up with years.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use domain::kernel::RecordedEvent;
use projections::runtime::{Place, Position};

/// Events of one log partition that are kept at most before they are taken; what is kept in all is bounded by this and the page.
const KEPT_MAX: usize = 1000;

#[derive(Default)]
struct Queue {
    /// The last position that was read.
    read: Position,
    events: VecDeque<Arc<RecordedEvent>>,
}

/// Events that were read and have no leaf yet.
#[derive(Default)]
pub(super) struct Order {
    /// By partition number, then by context.
    queues: BTreeMap<i32, BTreeMap<String, Queue>>,
}

impl Order {
    /// Follows these log partitions from their positions on.
    pub fn follow(&mut self, places: impl Iterator<Item = (Place, Position)>) {
        for (Place { context, partition }, read) in places {
            self.queues.entry(partition).or_default().insert(context, Queue { read, events: VecDeque::new() });
        }
    }

    /// Forgets the log partitions whose number is not wanted any more.
    pub fn retain(&mut self, wanted: impl Fn(i32) -> bool) {
        self.queues.retain(|partition, _| wanted(*partition));
    }

    /// Where to read on, and after which positions.
    pub fn wanted(&self, heads: &HashMap<Place, Position>) -> Vec<(Place, Position)> {
        self.all()
            .filter(|(place, queue)| queue.events.len() < KEPT_MAX && is_behind(heads, place, queue))
            .map(|(place, queue)| (place, queue.read))
            .collect()
    }

    /// Whether there is more to read.
    pub fn is_behind(&self, heads: &HashMap<Place, Position>) -> bool {
        self.all().any(|(place, queue)| !queue.events.is_empty() || is_behind(heads, &place, queue))
    }

    /// Takes in what was read.
    pub fn add(&mut self, events: Vec<Arc<RecordedEvent>>) {
        for event in events {
            let queue = self.queues.get_mut(&event.partition).and_then(|queues| queues.get_mut(&event.context));
            if let Some(queue) = queue.filter(|queue| event.position == queue.read + 1) {
                queue.read = event.position;
                queue.events.push_back(event);
            }
        }
    }

    /// The next events in order, up to `limit`.
    pub fn next(&mut self, heads: &HashMap<Place, Position>, limit: usize) -> Vec<Arc<RecordedEvent>> {
        let mut taken = Vec::new();
        for (partition, queues) in &mut self.queues {
            let open: Vec<bool> = queues
                .iter()
                .map(|(context, queue)| is_behind(heads, &Place { context: context.clone(), partition: *partition }, queue))
                .collect();
            let mut queues: Vec<&mut Queue> = queues.values_mut().collect();
            while taken.len() < limit {
                // Nothing may be taken while a context has not shown what it has next.
                if queues.iter().zip(&open).any(|(queue, open)| *open && queue.events.is_empty()) {
                    break;
                }
                let first = queues.iter_mut().filter(|queue| !queue.events.is_empty()).min_by_key(|queue| queue.events[0].recorded_at);
                let Some(event) = first.and_then(|queue| queue.events.pop_front()) else { break };
                taken.push(event);
            }
        }
        taken
    }

    fn all(&self) -> impl Iterator<Item = (Place, &Queue)> {
        self.queues.iter().flat_map(|(partition, queues)| {
            queues.iter().map(|(context, queue)| (Place { context: context.clone(), partition: *partition }, queue))
        })
    }
}

fn is_behind(heads: &HashMap<Place, Position>, place: &Place, queue: &Queue) -> bool {
    heads.get(place).is_some_and(|head| *head > queue.read)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::kernel::TenantId;
    use uuid::Uuid;

    use super::*;

    fn event(context: &str, position: i64, second: i64) -> Arc<RecordedEvent> {
        Arc::new(RecordedEvent {
            context: context.to_owned(),
            partition: 0,
            position,
            event_id: Uuid::nil(),
            tenant_id: TenantId(Uuid::nil()),
            aggregate_type: String::new(),
            aggregate_id: String::new(),
            sequence: 0,
            event_type: String::new(),
            event_version: String::new(),
            payload: String::new(),
            metadata: String::new(),
            recorded_at: DateTime::from_timestamp(second, 0).unwrap(),
        })
    }

    fn place(context: &str) -> Place {
        Place { context: context.to_owned(), partition: 0 }
    }

    fn told(events: &[Arc<RecordedEvent>]) -> Vec<String> {
        events.iter().map(|event| format!("{}@{}", event.context, event.position)).collect()
    }

    #[test]
    fn contexts_are_merged_by_time_and_each_keeps_its_own_order() {
        let mut order = Order::default();
        order.follow([(place("a"), 0), (place("b"), 4)].into_iter());
        let heads = HashMap::from([(place("a"), 3), (place("b"), 6)]);
        assert_eq!(order.wanted(&heads), [(place("a"), 0), (place("b"), 4)]);
        order.add(vec![event("a", 1, 10), event("a", 2, 10), event("b", 5, 5)]);
        // Behind b@5 something unknown follows, which may be older than a@1.
        assert_eq!(told(&order.next(&heads, 100)), ["b@5"]);
        assert_eq!(told(&order.next(&heads, 100)), [""; 0]);
        order.add(vec![event("b", 6, 11), event("b", 6, 11), event("b", 9, 12)]);
        assert_eq!(told(&order.next(&heads, 1)), ["a@1"]);
        assert_eq!(told(&order.next(&heads, 100)), ["a@2"]);
        assert!(order.is_behind(&heads));
        order.add(vec![event("a", 3, 20)]);
        assert_eq!(told(&order.next(&heads, 100)), ["b@6", "a@3"]);
        assert!(!order.is_behind(&heads));
        assert_eq!(order.wanted(&heads), []);
    }

    #[test]
    fn what_is_not_followed_is_not_taken() {
        let mut order = Order::default();
        order.follow([(place("a"), 0)].into_iter());
        let heads = HashMap::from([(place("a"), 1), (place("b"), 1)]);
        order.add(vec![event("b", 1, 1), event("a", 1, 2)]);
        order.retain(|_| false);
        assert_eq!(told(&order.next(&heads, 100)), [""; 0]);
    }
}
