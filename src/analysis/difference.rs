//! What two versions of a policy decide differently: the plain values that a proof fills and `ownward diff` shows.
//!
//! Both policies are typed against one merged schema (`check::merged`), so that records, fields and choices have the same
//! numbers on both sides; roles, rules, names, lists and tables are each side's own. Spans point into each side's own files.

use crate::check::policy::{Rule, RuleId};
use crate::source::Span;

/// The verdict on every role that either side declares: first those of the old policy in their order, then new ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiffProof {
    pub roles: Vec<RoleProof>,
}

impl DiffProof {
    /// Whether every role is proved to decide alike, whatever the records hold. True where there is no role.
    pub fn is_equivalent(&self) -> bool {
        self.roles.iter().all(|role| role.verdict() == Verdict::Equivalent)
    }
}

/// What is known of one role of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleProof {
    /// `owner`
    pub role: String,
    /// `Account`
    pub record: String,
    pub kind: RoleKind,
    /// Its place among the old side's roles, gathers or calendars, by its kind; `None` for a new role.
    pub old: Option<usize>,
    /// The same on the new side; `None` for a role that is gone.
    pub new: Option<usize>,
    /// Where owner, outcome or rule differ: regions of records that do not overlap, each with a record in it.
    pub differences: Vec<Difference>,
    /// Why part of the role, or all of it, was not decided; empty where the differences are all there are.
    pub not_decided: Vec<String>,
    /// What was done to its rules, in order, whether or not an owner changes by it.
    pub rules: Vec<RuleChange>,
}

impl RoleProof {
    pub fn verdict(&self) -> Verdict {
        match (self.differences.is_empty(), self.not_decided.is_empty()) {
            (false, _) => Verdict::Different,
            (true, false) => Verdict::NotDecided,
            (true, true) => Verdict::Equivalent,
        }
    }

    /// `owner of Account`
    pub fn name(&self) -> String {
        format!("{} of {}", self.role, self.record)
    }
}

/// Which part of a policy declares a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleKind {
    /// `decide`: the first rule that matches.
    Decide,
    /// `gather` and `place`: every rule that matches.
    Gather,
    /// `calendar`: no owners, but how often somebody should be in touch.
    Calendar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Proved: no record gets another owner, outcome or rule.
    Equivalent,
    /// Proved: some record does.
    Different,
    NotDecided,
}

/// One region of records that both policies treat differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub change: Change,
    pub old: Decision,
    pub new: Decision,
    /// Conditions in words that all hold in the region: `type = Client`; none for every record.
    pub region: Vec<String>,
    /// A record of the region: fields and values as an admin writes them. Fields that do not matter are left out.
    pub witness: Vec<(String, String)>,
}

/// The worst that changes for the records of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// Assigned to somebody, to nobody, or by no rule at all.
    Outcome,
    /// Somebody else.
    Owner,
    /// The same owner by a rule of another meaning.
    Rule,
}

impl Change {
    pub fn word(self) -> &'static str {
        match self {
            Change::Outcome => "outcome",
            Change::Owner => "owner",
            Change::Rule => "rule",
        }
    }
}

/// What one side decides for a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// `None` where no rule matches.
    pub rule: Option<RuleRef>,
    /// Whom the rule names, as it is written: `Triage`, `next of Sales else Triage`, `nobody`, `no rule`.
    pub owner: String,
}

/// A rule of one side.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRef {
    pub id: RuleId,
    pub label: Option<String>,
    /// In the files of its side.
    pub span: Span,
}

impl RuleRef {
    pub fn new(id: RuleId, rule: &Rule) -> Self {
        RuleRef { id, label: rule.label.clone(), span: rule.span }
    }
}

/// What was done to one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleChange {
    pub edit: RuleEdit,
    pub old: Option<RuleRef>,
    pub new: Option<RuleRef>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleEdit {
    Added,
    Removed,
    /// Another meaning under the same label.
    Changed,
    /// The same meaning in another place of the order.
    Moved,
}

impl RuleEdit {
    pub fn word(self) -> &'static str {
        match self {
            RuleEdit::Added => "added",
            RuleEdit::Removed => "removed",
            RuleEdit::Changed => "changed",
            RuleEdit::Moved => "moved",
        }
    }
}
