//! Process managers at work: what a step does outside the platform is an [`EffectHandler`].

mod effects;

pub use effects::{EffectError, EffectHandler, EffectStep};
