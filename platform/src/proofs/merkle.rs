//! The Merkle tree of RFC 9162 §2.1.

use sha2::{Digest as _, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// Nodes of these levels are stored: 8, 16, 24 … A complete subtree of 2^level leaves is one node.
pub const STORED_EVERY: u32 = 8;

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Sizes or index that no tree can have.
    #[error("the sizes or the index of the proof do not fit together")]
    Range,
    /// Too few or too many hashes.
    #[error("the proof does not have as many hashes as its sizes ask for")]
    Length,
    /// The smaller root is not the one that the hashes lead to.
    #[error("the proof does not lead to the older root")]
    OlderRoot,
    /// The root is not the one that the hashes lead to.
    #[error("the proof does not lead to the root")]
    Root,
}

/// The hash of a leaf, told from that of a node by its first byte.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of a node with two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The right edge of a tree, which is all that is needed to let it grow: the roots of its largest complete subtrees, from the left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Puts one together from what [`Frontier::size`] and [`Frontier::to_bytes`] told; `None` where they do not fit each other.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && peaks.len() == size.count_ones() as usize;
        fits.then(|| Self { size, peaks: peaks.to_vec() })
    }

    /// The peaks, one behind the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. `stored` is told level, index and hash of each node of a stored level that is complete now.
    pub fn push(&mut self, leaf: Hash, mut stored: impl FnMut(u32, u64, Hash)) {
        let mut hash = leaf;
        let merges = self.size.trailing_ones();
        for level in 1..=merges {
            // A tree of this size has a peak for each of its trailing ones.
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            if level.is_multiple_of(STORED_EVERY) {
                stored(level, self.size >> level, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root of a tree with these leaves.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    for leaf in leaves {
        tree.push(*leaf, |_, _, _| {});
    }
    tree.root()
}

/// Checks that the leaf stands at `index` in the tree of `size` leaves with this root (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node.is_multiple_of(2) && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// A tree's size and root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

/// Checks that the newer tree begins with all that the older one holds (RFC 9162 §2.1.4.2).
pub fn verify_consistency(older: &Head, newer: &Head, proof: &[Hash]) -> Result<(), ProofError> {
    if older.size > newer.size {
        return Err(ProofError::Range);
    }
    if older.size == newer.size || older.size == 0 {
        let known = if older.size == 0 { empty_root() } else { newer.root };
        if !proof.is_empty() {
            return Err(ProofError::Length);
        }
        return if older.root == known { Ok(()) } else { Err(ProofError::OlderRoot) };
    }
    // Where the older tree is complete, its own root begins the proof and is left out of it.
    let implied = older.size.is_power_of_two().then_some(older.root);
    let mut hashes = implied.into_iter().chain(proof.iter().copied());
    let first = hashes.next().ok_or(ProofError::Length)?;
    let (mut node, mut last) = (older.size - 1, newer.size - 1);
    let shift = node.trailing_ones();
    node >>= shift;
    last >>= shift;
    let (mut from, mut to) = (first, first);
    for sibling in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node % 2 == 1 || node == last {
            from = node_hash(&sibling, &from);
            to = node_hash(&sibling, &to);
            while node.is_multiple_of(2) && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            to = node_hash(&to, &sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if from != older.root {
        return Err(ProofError::OlderRoot);
    }
    if to == newer.root { Ok(()) } else { Err(ProofError::Root) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries and roots by which implementations of RFC 6962 and 9162 check themselves (certificate-transparency).
    const ENTRIES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hash(text: &str) -> Hash {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    fn leaves() -> Vec<Hash> {
        ENTRIES.iter().map(|entry| leaf_hash(&hex::decode(entry).unwrap())).collect()
    }

    #[test]
    fn roots_are_those_of_the_published_vectors() {
        assert_eq!(hex::encode(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Frontier::default().root(), empty_root());
        for (size, root) in (1..).zip(ROOTS) {
            assert_eq!(root_of(&leaves()[..size]), hash(root), "{size}");
        }
    }

    #[test]
    fn published_proofs_hold_and_others_do_not() {
        let (leaves, root) = (leaves(), hash(ROOTS[7]));
        let path = [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
        .map(hash);
        assert_eq!(verify_inclusion(&leaves[0], 0, 8, &path, &root), Ok(()));
        assert_eq!(verify_inclusion(&leaves[1], 0, 8, &path, &root), Err(ProofError::Root));
        assert_eq!(verify_inclusion(&leaves[0], 1, 8, &path, &root), Err(ProofError::Root));
        assert_eq!(verify_inclusion(&leaves[0], 8, 8, &path, &root), Err(ProofError::Range));
        assert_eq!(verify_inclusion(&leaves[0], 0, 8, &path[..2], &root), Err(ProofError::Length));
        let long = [path.as_slice(), &path[..1]].concat();
        assert_eq!(verify_inclusion(&leaves[0], 0, 8, &long, &root), Err(ProofError::Length));
        let grown = [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(hash);
        let (older, newer) = (Head { size: 6, root: hash(ROOTS[5]) }, Head { size: 8, root });
        assert_eq!(verify_consistency(&older, &newer, &grown), Ok(()));
        assert_eq!(verify_consistency(&newer, &older, &grown), Err(ProofError::Range));
        assert_eq!(verify_consistency(&older, &newer, &grown[..2]), Err(ProofError::Length));
        assert_eq!(verify_consistency(&Head { root, ..older }, &newer, &grown), Err(ProofError::OlderRoot));
        assert_eq!(verify_consistency(&older, &Head { root: older.root, ..newer }, &grown), Err(ProofError::Root));
        let empty = Head { size: 0, root: empty_root() };
        assert_eq!(verify_consistency(&empty, &newer, &[]), Ok(()));
        assert_eq!(verify_consistency(&newer, &newer, &[]), Ok(()));
        assert_eq!(verify_consistency(&Head { root: older.root, ..newer }, &newer, &[]), Err(ProofError::OlderRoot));
    }

    #[test]
    fn a_frontier_is_kept_in_bytes() {
        let mut tree = Frontier::default();
        for (size, leaf) in (1..).zip(leaves()) {
            tree.push(leaf, |_, _, _| {});
            assert_eq!(Frontier::from_bytes(size, &tree.to_bytes()), Some(tree.clone()));
            assert_eq!(Frontier::from_bytes(size + 7, &tree.to_bytes()).is_some(), size.count_ones() == (size + 7).count_ones());
        }
        assert_eq!(Frontier::from_bytes(1, &[0; 33]), None);
    }
}
