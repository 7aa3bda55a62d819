//! Provable history: the pure parts that the notary, the gateway and `neuroops audit` share.
//!
//! - [`merkle`]: the Merkle tree of RFC 9162: hashes, a tree that only grows, and the checks of proofs.
//! - [`spans`]: which nodes a proof is made of, and how they follow from those that are stored.
//! - [`leaf`]: how an event becomes the entry of a leaf, byte by byte.
//! - [`note`]: signed notes (C2SP `signed-note`) with Ed25519.
//! - [`checkpoint`]: the state of a tenant's tree as such a note (C2SP `tlog-checkpoint`).
//! - [`record`]: a leaf with its event, as proofs and exports show it.
//! - [`store`]: the notary's tables, read for proofs.
//!
//! The decisions are in `docs/adr/0007-provable-history.md`.

pub mod checkpoint;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod record;
pub mod spans;
pub mod store;
