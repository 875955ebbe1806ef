//! Owners: compared with names, found in a list of them, still active.

use super::{negate, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, OwnerRef, OwnerTest, TestKind};
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr};

impl Checker<'_> {
    pub(super) fn compare_owner(&mut self, op: CompareOp, of: OwnerRef, right: &Expr, span: Span) -> Cond {
        if !matches!(op, CompareOp::Equal | CompareOp::Unequal) {
            self.error(Code::WrongType, "owners have no order", span, format!("compared with `{}`", op.mark()));
            return never(span);
        }
        match self.owner_name(right) {
            Some(name) => {
                let is = test(TestKind::Owner { of, test: OwnerTest::Is(vec![name]) }, span);
                negate(is, op == CompareOp::Unequal)
            }
            None => never(span),
        }
    }

    pub(super) fn owner_in(&mut self, of: OwnerRef, names: &[Expr], span: Span) -> Cond {
        let names: Option<Vec<_>> = names.iter().map(|name| self.owner_name(name)).collect();
        match names {
            Some(names) => test(TestKind::Owner { of, test: OwnerTest::Is(names) }, span),
            None => never(span),
        }
    }
}

pub(super) fn owner_active(of: OwnerRef, wanted: bool, span: Span) -> Cond {
    let active = test(TestKind::Owner { of: of.clone(), test: OwnerTest::Active }, span);
    if wanted {
        return active;
    }
    // `is inactive` is said of somebody; `is not active` is the plain opposite and holds for nobody too.
    let known = test(TestKind::Owner { of, test: OwnerTest::Known }, span);
    Cond::All(vec![known, negate(active, true)])
}
