//! What must be true of every record: the tree of `always every …` and `never assign …`.

use super::{Expr, Word};
use crate::source::Span;

/// One sentence about all records, whatever the rules become.
#[derive(Clone, Debug)]
pub struct InvariantDecl {
    pub label: Option<Word>,
    pub kind: InvariantKindDecl,
    pub because: Option<Word>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum InvariantKindDecl {
    /// `always every Account where type counts as Client has owner`.
    Has { record: Word, condition: Option<Expr>, role: Word },
    /// `never assign owner of Account to Contractors where arr >= 1M USD`.
    Never {
        /// Only said where a record is said too.
        role: Option<Word>,
        record: Option<Word>,
        /// At least one.
        who: Vec<Word>,
        condition: Option<Expr>,
    },
}
