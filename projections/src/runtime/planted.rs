//! Defects that the simulation of the protocols must find (`workers/tests/sim`).
//!
//! Each stands in the code as `if planted(Bug::…)`. Without the feature `planted-bugs` that is `false` at compile time; the feature is for
//! tests alone: `cargo xtask tidy` refuses it anywhere but among dev-dependencies, and a release build of the program does not compile
//! with it.

/// Whether this build could misbehave on purpose.
pub const PLANTED_BUGS: bool = cfg!(feature = "planted-bugs");

/// A defect of the kind that such protocols have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A projector commits its checkpoint before it has applied the events.
    EarlyCheckpoint,
    /// The log draws positions from a sequence, and not under the lock of the log partition's head.
    PositionsFromASequence,
    /// The relay goes on at the offset at which the topic ends, as if it were a position.
    ResumeFromOffset,
    /// The tail takes what it holds already.
    NoDedupe,
    /// A projector does not look whether its checkpoint was where it thought.
    CheckpointNotCompared,
    /// The relay keeps what it knew of a log partition through a change of hands, and sends however little of its lease is left.
    LeaseNotFenced,
    /// The relay goes on where it has noted to have stopped, without asking Kafka.
    TrustOwnMemory,
    /// The tail takes what comes after a gap as if there was none.
    GapJumped,
    /// Later events of a parked key are applied.
    ParkedOvertaken,
    /// A process sends its commands without a key.
    EffectWithoutKey,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::EarlyCheckpoint,
        Self::PositionsFromASequence,
        Self::ResumeFromOffset,
        Self::NoDedupe,
        Self::CheckpointNotCompared,
        Self::LeaseNotFenced,
        Self::TrustOwnMemory,
        Self::GapJumped,
        Self::ParkedOvertaken,
        Self::EffectWithoutKey,
    ];
}

/// Whether the code is to misbehave in this way.
#[cfg(not(feature = "planted-bugs"))]
#[inline]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use active::{plant, planted};

#[cfg(feature = "planted-bugs")]
mod active {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether the code is to misbehave in this way, on this thread.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Has the code misbehave on this thread from now on; or behave.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }
}
