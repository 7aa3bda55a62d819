//! Which subtrees a proof is made of, and how their hashes follow from the nodes that are stored.
//!
//! Stored are the leaves and the complete subtrees of 2^8, 2^16, 2^24 … leaves ([`STORED_EVERY`]). A proof in a tree of n leaves therefore
//! reads at most 255 neighbouring nodes on each of log2(n) / 8 levels, which is a few ranges of an index however large the tree is.

use std::collections::HashMap;
use std::ops::Range;

use super::merkle::{Frontier, Hash, STORED_EVERY, node_hash};

/// Leaves that form a subtree, by their indexes.
pub type Span = Range<u64>;

/// The size of the left part of a tree: the largest power of two below its size.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The subtrees whose hashes prove that the leaf at `index` is in the tree of `size` leaves, from the leaf upwards (RFC 9162 §2.1.3.1).
pub fn of_inclusion(index: u64, size: u64) -> Vec<Span> {
    let (mut tree, mut spans) = (0..size, Vec::new());
    while tree.end - tree.start > 1 {
        let middle = tree.start + split(tree.end - tree.start);
        if index < middle {
            spans.push(middle..tree.end);
            tree.end = middle;
        } else {
            spans.push(tree.start..middle);
            tree.start = middle;
        }
    }
    spans.reverse();
    spans
}

/// The subtrees whose hashes prove that the tree of `newer` leaves begins with that of `older` leaves (RFC 9162 §2.1.4.1).
pub fn of_consistency(older: u64, newer: u64) -> Vec<Span> {
    if older == 0 || older >= newer {
        return Vec::new();
    }
    let (mut tree, mut spans, mut known) = (0..newer, Vec::new(), true);
    while tree.end != older {
        let middle = tree.start + split(tree.end - tree.start);
        if older <= middle {
            spans.push(middle..tree.end);
            tree.end = middle;
        } else {
            spans.push(tree.start..middle);
            tree.start = middle;
            known = false;
        }
    }
    if !known {
        spans.push(tree);
    }
    spans.reverse();
    spans
}

/// The subtrees beside the leaves of `inside`, from the left: with their hashes and these leaves the root can be computed.
pub fn beside(inside: &Span, size: u64) -> Vec<Span> {
    let mut spans = Vec::new();
    walk(0..size, inside, &mut |step| {
        if let Step::Beside(span) = step {
            spans.push(span);
        }
    });
    spans
}

enum Step {
    /// A subtree beside the leaves.
    Beside(Span),
    /// A subtree of the leaves.
    Inside(Span),
    /// The last two become one.
    Join,
}

fn walk(tree: Span, inside: &Span, take: &mut impl FnMut(Step)) {
    if tree.is_empty() {
        return;
    }
    if tree.end <= inside.start || tree.start >= inside.end || inside.is_empty() {
        return take(Step::Beside(tree));
    }
    if inside.start <= tree.start && tree.end <= inside.end {
        return take(Step::Inside(tree));
    }
    let middle = tree.start + split(tree.end - tree.start);
    walk(tree.start..middle, inside, take);
    walk(middle..tree.end, inside, take);
    take(Step::Join);
}

/// The root of the tree of `size` leaves, from consecutive leaves that begin at `first` and the hashes of the subtrees [`beside`] them.
/// `None` where there are too few or too many of either.
pub fn root_of_part(first: u64, leaves: &[Hash], others: &[Hash], size: u64) -> Option<Hash> {
    let inside = first..first + leaves.len() as u64;
    if inside.end > size {
        return None;
    }
    if size == 0 {
        return others.is_empty().then(super::merkle::empty_root);
    }
    let (mut stack, mut others, mut complete) = (Vec::new(), others.iter(), true);
    walk(0..size, &inside, &mut |step| match step {
        Step::Beside(_) => match others.next() {
            Some(hash) => stack.push(*hash),
            None => complete = false,
        },
        Step::Inside(span) => {
            let place = |index: u64| usize::try_from(index - first).unwrap_or(usize::MAX);
            stack.push(super::merkle::root_of(&leaves[place(span.start)..place(span.end)]));
        }
        Step::Join => {
            if let (Some(right), Some(left)) = (stack.pop(), stack.pop()) {
                stack.push(node_hash(&left, &right));
            }
        }
    });
    (complete && others.next().is_none()).then(|| stack.pop()).flatten()
}

/// Neighbouring nodes of a stored level; level 0 are the leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The level.
    pub level: u32,
    /// Indexes on that level.
    pub indexes: Range<u64>,
}

/// The complete subtrees that a span is made of, from the left: level and index.
fn complete(span: &Span) -> Vec<(u32, u64)> {
    let (mut at, mut subtrees) = (span.start, Vec::new());
    let size = span.end - span.start;
    for level in (0..u64::BITS).rev().filter(|level| (size >> level) & 1 == 1) {
        subtrees.push((level, at >> level));
        at += 1 << level;
    }
    subtrees
}

fn stored_of(level: u32, index: u64) -> Stored {
    let base = level - level % STORED_EVERY;
    let width = level - base;
    Stored { level: base, indexes: index << width..(index + 1) << width }
}

/// What has to be read to know the hashes of these spans.
pub fn to_read(spans: &[Span]) -> Vec<Stored> {
    let mut wanted: Vec<Stored> = spans.iter().flat_map(complete).map(|(level, index)| stored_of(level, index)).collect();
    wanted.sort_by_key(|stored| (stored.level, stored.indexes.start));
    wanted.dedup();
    wanted
}

/// Nodes of stored levels by level and index.
pub type Nodes = HashMap<(u32, u64), Hash>;

/// The hash of a span whose nodes were read; `None` where one is missing.
pub fn hash_of(span: &Span, nodes: &Nodes) -> Option<Hash> {
    let mut subtrees = Vec::new();
    for (level, index) in complete(span) {
        let stored = stored_of(level, index);
        let mut tree = Frontier::default();
        for index in stored.indexes {
            tree.push(*nodes.get(&(stored.level, index))?, |_, _, _| {});
        }
        subtrees.push(tree.root());
    }
    let mut from_right = subtrees.into_iter().rev();
    let last = from_right.next()?;
    Some(from_right.fold(last, |right, left| node_hash(&left, &right)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::merkle::{Head, empty_root, leaf_hash, root_of, verify_consistency, verify_inclusion};
    use super::*;

    /// A tree with all that is stored of it.
    fn grow(size: u64) -> (Vec<Hash>, Nodes, Frontier) {
        let (mut tree, mut nodes, mut leaves) = (Frontier::default(), Nodes::new(), Vec::new());
        for index in 0..size {
            let leaf = leaf_hash(&index.to_be_bytes());
            leaves.push(leaf);
            nodes.insert((0, index), leaf);
            tree.push(leaf, |level, index, hash| _ = nodes.insert((level, index), hash));
        }
        (leaves, nodes, tree)
    }

    /// The nodes that `to_read` asks for, and no others.
    fn read(spans: &[Span], nodes: &Nodes) -> Nodes {
        let wanted = to_read(spans);
        wanted
            .iter()
            .flat_map(|stored| stored.indexes.clone().map(|index| ((stored.level, index), nodes[&(stored.level, index)])))
            .collect()
    }

    fn hashes(spans: &[Span], nodes: &Nodes) -> Vec<Hash> {
        let known = read(spans, nodes);
        spans.iter().map(|span| hash_of(span, &known).unwrap()).collect()
    }

    /// The root as RFC 9162 §2.1.1 defines it.
    fn defined_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(usize::try_from(split(leaves.len() as u64)).unwrap());
                node_hash(&defined_root(left), &defined_root(right))
            }
        }
    }

    #[test]
    fn every_proof_of_small_trees_holds() {
        let (leaves, nodes, _) = grow(40);
        for size in 1..=40 {
            let root = root_of(&leaves[..usize::try_from(size).unwrap()]);
            assert_eq!(root, defined_root(&leaves[..usize::try_from(size).unwrap()]));
            for index in 0..size {
                let proof = hashes(&of_inclusion(index, size), &nodes);
                assert_eq!(
                    verify_inclusion(&leaves[usize::try_from(index).unwrap()], index, size, &proof, &root),
                    Ok(()),
                    "{index} of {size}"
                );
            }
            for older in 0..=size {
                let proof = hashes(&of_consistency(older, size), &nodes);
                let head = Head { size: older, root: root_of(&leaves[..usize::try_from(older).unwrap()]) };
                assert_eq!(verify_consistency(&head, &Head { size, root }, &proof), Ok(()), "{older} in {size}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn proofs_of_large_trees_hold_and_altered_ones_do_not(size in 1_u64..3000, pick in any::<u64>(), older in any::<u64>(), bit in 0_usize..256) {
            let (leaves, nodes, tree) = grow(size);
            let root = tree.root();
            let index = pick % size;
            let leaf = leaves[usize::try_from(index).unwrap()];
            let spans = of_inclusion(index, size);
            let mut proof = hashes(&spans, &nodes);
            prop_assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
            prop_assert!(to_read(&spans).len() <= 2 * 64);
            let head = Head { size: older % (size + 1), root: root_of(&leaves[..usize::try_from(older % (size + 1)).unwrap()]) };
            let grown = hashes(&of_consistency(head.size, size), &nodes);
            prop_assert_eq!(verify_consistency(&head, &Head { size, root }, &grown), Ok(()));
            if let Some(first) = proof.first_mut() {
                first[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root).is_err());
            }
            for at in 0..grown.len() {
                let mut altered = grown.clone();
                altered[at][bit / 8] ^= 1 << (bit % 8);
                let held = verify_consistency(&head, &Head { size, root }, &altered);
                prop_assert!(held.is_err());
            }
        }

        #[test]
        fn a_part_with_what_is_beside_it_leads_to_the_root(size in 1_u64..2000, a in any::<u64>(), b in any::<u64>()) {
            let (leaves, nodes, tree) = grow(size);
            let (a, b) = (a % (size + 1), b % (size + 1));
            let inside = a.min(b)..a.max(b);
            let others = hashes(&beside(&inside, size), &nodes);
            let part = &leaves[usize::try_from(inside.start).unwrap()..usize::try_from(inside.end).unwrap()];
            prop_assert_eq!(root_of_part(inside.start, part, &others, size), Some(tree.root()));
            prop_assert!(others.len() <= 2 * 64);
            if !part.is_empty() {
                prop_assert_ne!(root_of_part(inside.start, &part[1..], &others, size), Some(tree.root()));
            }
            let more = [others.as_slice(), &[tree.root()]].concat();
            prop_assert_eq!(root_of_part(inside.start, part, &more, size), None);
        }
    }
}
