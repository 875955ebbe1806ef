//! What keeps an owner before any rule is asked: holds and locks; and hand-offs (design section 3, points 3 and 14).

use super::{Path, Rule};
use crate::syntax::SpanOfTime;

/// While its conditions hold, the owner stays. Its rule's target is [`super::TargetKind::Keep`].
#[derive(Clone, Debug)]
pub struct Hold {
    pub rule: Rule,
    pub kind: HoldKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldKind {
    /// The owner stays, whatever the rules say.
    Lock,
    /// An owner whom the rules would replace stays for at most so long; without a span, while the conditions hold.
    Hold(Option<SpanOfTime>),
}

impl HoldKind {
    pub fn word(self) -> &'static str {
        match self {
            HoldKind::Lock => "lock",
            HoldKind::Hold(_) => "hold",
        }
    }
}

/// A person who replaces another has them beside them for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOff {
    pub over: SpanOfTime,
    /// It begins once all of these are known.
    pub once: Vec<Path>,
}
