//! Questions about the past: `becomes`, `was`, `changed within`, `for 30 days`, `within 4 business hours`.

use super::Checker;
use super::policy::{Cond, History, HistoryAsk, HistoryId, Path, TestKind};
use super::related::{asks_related, asks_related_day};
use super::roles::paths_of;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, ExprKind, SpanOfTime};

impl Checker<'_> {
    pub(super) fn history_test(&mut self, expr: &Expr, scope: &Scope) -> Option<Cond> {
        let span = expr.span;
        let ask = match &expr.kind {
            ExprKind::Becomes { left, value } => HistoryAsk::Becomes(self.past_comparison(left, value, span, scope)?),
            ExprKind::Was { left, value } => HistoryAsk::Was(self.past_comparison(left, value, span, scope)?),
            ExprKind::For { condition, span: length } => {
                let cond = self.condition(condition, scope);
                self.past_condition(&cond, span, scope)?;
                self.whole_days(*length, span)?;
                HistoryAsk::For(cond, *length)
            }
            ExprKind::ChangedWithin { left, span: length } => {
                let (path, _) = self.past_field(left, scope)?;
                HistoryAsk::Changed(path, *length)
            }
            ExprKind::WithinBusinessHours { left, hours } => {
                let (path, kind) = self.past_field(left, scope)?;
                if kind != FieldKind::Time {
                    self.push(
                        Diagnostic::error(Code::WrongType, "hours are counted to an instant")
                            .at(left.span, kind.describe())
                            .help("name a field that is declared `time`"),
                    );
                    return None;
                }
                HistoryAsk::InTime(path, *hours)
            }
            _ => return None,
        };
        self.own_fields_only(scope, span)?;
        // Each role has an owner of its own, whose time runs.
        let role = (!ask.is_of_values()).then(|| scope.role.clone());
        let history = History { record: scope.root, ask, role };
        let at = self.histories.iter().position(|known| *known == history).unwrap_or_else(|| {
            self.histories.push(history);
            self.histories.len() - 1
        });
        Some(Cond::Test { kind: TestKind::History(HistoryId(u32::try_from(at).unwrap_or(u32::MAX))), span })
    }

    /// `status becomes Onboarding` asks when `status = Onboarding` began to hold.
    fn past_comparison(&mut self, left: &Expr, value: &Expr, span: Span, scope: &Scope) -> Option<Cond> {
        let equal =
            ExprKind::Compare { op: CompareOp::Equal, left: Box::new(left.clone()), right: Box::new(value.clone()) };
        let cond = self.condition(&Expr { kind: equal, span }, scope);
        self.past_condition(&cond, span, scope)?;
        Some(cond)
    }

    /// Only what is asked of fields alone can be asked of earlier values.
    fn past_condition(&mut self, cond: &Cond, span: Span, scope: &Scope) -> Option<()> {
        let mut is_of_fields = true;
        cond.visit(&mut |kind, _| {
            is_of_fields &= !matches!(kind, TestKind::Owner { .. } | TestKind::History(_));
        });
        let mut related = false;
        cond.visit(&mut |kind, _| {
            related |= match kind {
                TestKind::Numbers { left, right, .. } => asks_related(left) || asks_related(right),
                TestKind::Days { left, right, .. } => asks_related_day(left) || asks_related_day(right),
                _ => false,
            };
        });
        if is_of_fields && !related && paths_of(cond).iter().all(|path| path.steps.is_empty()) {
            return self.own_fields_only(scope, span);
        }
        self.push(
            Diagnostic::error(Code::NoHistory, "history is kept of the record's own fields")
                .at(span, "asks owners, other records or an earlier state")
                .help("ask a field of the record itself: `status for 30 days` in the rules of that record"),
        );
        None
    }

    fn own_fields_only(&mut self, scope: &Scope, span: Span) -> Option<()> {
        if scope.prefix.is_empty() && !scope.is_related {
            return Some(());
        }
        self.push(
            Diagnostic::error(Code::NoHistory, "history is kept of the record that is decided")
                .at(span, "asked of another record")
                .help("ask a field of the record itself"),
        );
        None
    }

    fn past_field(&mut self, left: &Expr, scope: &Scope) -> Option<(Path, FieldKind)> {
        let ExprKind::Path(path) = &left.kind else {
            self.push(
                Diagnostic::error(Code::NoHistory, "history is kept of fields")
                    .at(left.span, "not a field")
                    .help("name one field of the record"),
            );
            return None;
        };
        let (resolved, record) = self.resolve_whole(path, scope)?;
        let kind = self.field(record, resolved.field).kind.clone();
        if !resolved.steps.is_empty() {
            self.own_fields_only(&Scope { is_related: true, ..scope.clone() }, left.span)?;
        }
        Some((resolved, kind))
    }

    fn whole_days(&mut self, length: SpanOfTime, span: Span) -> Option<()> {
        if !length.unit.is_clock() {
            return Some(());
        }
        self.push(
            Diagnostic::error(Code::WrongType, "a state is kept from run to run, not from hour to hour")
                .at(span, "not a number of days, weeks, months or years")
                .help("write `for 1 days` or more"),
        );
        None
    }
}
