//! Why a record is not somebody's: each rule that would give it to them, and what keeps it from doing so.

use super::asked_text::asked_text;
use super::trace::{RuleTrace, RuleVerdict, explain, explain_rule, trace};
use crate::analysis::{self, Row, Way};
use crate::check::policy::{Cond, OwnerRef, Role, RuleId, Target, TargetKind};
use crate::decide::Facts;
use crate::decide::row::{Named, Setting, first_named};
use crate::plan::{contest_text, targets_text};
use crate::value::Owner;

/// The rules that would give a record to somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// In order; empty where no rule ever gives a record to them.
    pub rules: Vec<RuleNot>,
    /// The rule that decides, and whom it names; `None` where no rule matches.
    pub decided: Option<(RuleId, Named)>,
    /// The rules give it to them: what stands before or behind the rules does not.
    pub is_given: bool,
}

/// One rule that would give it to them.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleNot {
    pub trace: RuleTrace,
    /// How it would.
    pub ways: Vec<WayNot>,
    /// Ways that are not listed, rows of a long table.
    pub ways_left: usize,
    /// Whom it names for this record, where its conditions hold.
    pub names: Option<Named>,
    /// It matches, but this one stands before it and takes the record.
    pub taken_by: Option<RuleId>,
}

/// One way in which a rule would give it to them.
#[derive(Clone, Debug, PartialEq)]
pub enum WayNot {
    Name,
    /// A row names them; what it asks of the record, part by part.
    Row(Row, Vec<Asked>),
    /// They are in the pool; whether what it asks of its people holds of them for this record.
    Pool {
        fits: bool,
    },
    /// Where nobody in the pool may receive.
    BehindPool,
    /// A field would have to name them: its name.
    Field(String),
    /// It means them today.
    Today,
    /// Something would have to mean them that is decided or worked out elsewhere: `owner of account`.
    Once(String),
}

/// What a row asks of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub text: String,
    pub holds: bool,
    /// Path and value as written; `None` is missing.
    pub values: Vec<(String, Option<String>)>,
}

/// Rows that are told of one rule, the nearest ones.
const ROWS_TOLD: usize = 3;

/// Asks every rule of a role that would give a record to `owner`. Pins, holds and drift are not looked at.
pub fn why_not(setting: Setting<'_>, role: &Role, facts: &dyn Facts, owner: &Owner) -> WhyNot {
    let explanation = explain(setting, role, facts);
    let decided = explanation.decided;
    let rules = analysis::ways(setting, role, facts, owner).into_iter().map(|(id, ways)| {
        let trace = explain_rule(setting, role, id, facts);
        let matches = trace.verdict == RuleVerdict::Decided;
        let names = if matches { first_named(setting, role, role.rule(id), facts) } else { None };
        let taken_by = decided.filter(|decided| matches && *decided < id);
        let (ways, ways_left) = told(setting, role, facts, owner, ways);
        RuleNot { trace, ways, ways_left, names, taken_by }
    });
    WhyNot {
        rules: rules.collect(),
        decided: decided.zip(explanation.named),
        is_given: analysis::given(setting, role, facts, owner).is_some(),
    }
}

fn told(setting: Setting<'_>, role: &Role, facts: &dyn Facts, owner: &Owner, ways: Vec<Way>) -> (Vec<WayNot>, usize) {
    let mut told = Vec::new();
    let mut rows: Vec<(Row, Vec<Asked>)> = Vec::new();
    for way in ways {
        match way {
            Way::Row(row, cond) => rows.push((row, asked(setting, &cond, facts))),
            Way::Name => told.push(WayNot::Name),
            Way::Pool(pool) => {
                told.push(WayNot::Pool { fits: analysis::fits_pool(setting, role, pool, owner, facts) });
            }
            Way::BehindPool => told.push(WayNot::BehindPool),
            Way::Field(path) => told.push(WayNot::Field(path.text(&setting.policy.schema, setting.record))),
            Way::Today => told.push(WayNot::Today),
            Way::Once(kind) => told.push(WayNot::Once(target_text(setting, role, kind))),
        }
    }
    rows.sort_by_key(|(_, asked)| asked.iter().filter(|one| !one.holds).count());
    let left = rows.len().saturating_sub(ROWS_TOLD);
    told.extend(rows.into_iter().take(ROWS_TOLD).map(|(row, asked)| WayNot::Row(row, asked)));
    (told, left)
}

/// As it is written in a rule.
fn target_text(setting: Setting<'_>, role: &Role, kind: TargetKind) -> String {
    match &kind {
        TargetKind::OwnerOf(OwnerRef::Of(path)) => path.text(setting.policy, setting.record),
        TargetKind::Contest(path) => contest_text(setting.policy, setting.record, path),
        _ => targets_text(setting.policy, setting.record, &[Target { kind, span: role.span }]),
    }
}

/// A row's condition in its parts.
fn asked(setting: Setting<'_>, cond: &Cond, facts: &dyn Facts) -> Vec<Asked> {
    let parts = match cond {
        Cond::All(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let one = |part: &Cond| {
        let traced = trace(setting, part, facts);
        Asked { text: asked_text(setting.policy, setting.record, part), holds: traced.holds, values: traced.values }
    };
    parts.iter().map(one).collect()
}
