//! What there is to say about every `decide`, team, tree of places and calendar, as messages.

use super::conditions::{self, Idle, Slip};
use super::dead::DeadValues;
use super::gap::{Gap, Gaps};
use super::ground::{Budget, Doubt, Ground};
use super::invariants::{Verdict as InvariantVerdict, invariants};
use super::occurring::Occurring;
use super::overlap::{Overlap, SharedPlaces};
use super::reach::Reached;
use super::shared::Shared;
use super::stage::Stage;
use super::{Row, Unreached};
use crate::check::policy::{
    DayMark, FieldTest, GatherKind, InstantMark, Invariant, InvariantKind, InvariantRole, Range, Role, RoleId, Rule,
    RuleId, TargetKind, TestKind, TypedPolicy,
};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::limits::{ANALYSIS_STEPS_MAX, ANALYSIS_STEPS_TOTAL};
use crate::schema::Directory;
use crate::value::time::{self, AsOf};

/// Everything that is proved of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// By rule: what it can still receive.
    pub reached: Vec<Reached>,
    /// Rules that decide records, all of which would have the same owner without them.
    pub redundant: Vec<RuleId>,
    /// Rules of which it was not decided whether they are redundant.
    pub redundant_not_decided: Vec<RuleId>,
    pub gaps: Gaps,
    pub dead_rows: Vec<Unreached>,
    /// Every row that a rule looks up.
    pub rows: Vec<Row>,
    pub dead_values: Vec<DeadValues>,
    pub idle: Vec<(RuleId, Idle)>,
    pub slips: Vec<Slip>,
    pub overlaps: Vec<Overlap>,
    /// Of a tree of places.
    pub shared_places: Vec<SharedPlaces>,
}

/// Proves what there is to prove of one role as of an instant.
///
/// Names count as known, whoever is in the directory; rules with days of their own count on their days from today on.
pub fn prove(policy: &TypedPolicy, role: RoleId, as_of: &AsOf) -> Proof {
    prove_role(policy, policy.role(role), as_of, &Stage::new(policy, as_of.today()))
}

fn prove_role(policy: &TypedPolicy, role: &Role, as_of: &AsOf, stage: &Stage) -> Proof {
    let ground = Ground::new(policy, role, as_of, stage);
    let mut budget = Budget::new();
    let reach = ground.reach(&mut budget);
    let gaps = ground.gaps(&mut budget);
    let reached: Vec<RuleId> = role.rule_ids().filter(|id| reach.rules[id.0 as usize] == Reached::Some).collect();
    let dead_values = reached.iter().flat_map(|id| ground.dead_values(*id, &mut budget)).collect();
    let overlaps = reached.iter().flat_map(|id| ground.overlaps(*id, &mut budget)).collect();
    let slips = reached.iter().flat_map(|id| ground.slips(*id, &mut budget)).collect();
    let needless: Vec<(RuleId, Option<bool>)> =
        reached.iter().map(|id| (*id, ground.is_needless(*id, &mut budget))).collect();
    let said = |needless: &[(RuleId, Option<bool>)], answer: Option<bool>| {
        needless.iter().filter(|(_, said)| *said == answer).map(|(id, _)| *id).collect()
    };
    let idle = role.rule_ids().flat_map(|id| {
        let idle = conditions::idle(policy, role, role.rule(id), as_of);
        idle.into_iter().map(move |one| (id, one))
    });
    Proof {
        idle: idle.collect(),
        reached: reach.rules,
        redundant: said(&needless, Some(true)),
        redundant_not_decided: said(&needless, None),
        gaps,
        dead_rows: reach.dead_rows,
        rows: ground.parts.iter().filter_map(|part| part.row.clone()).collect(),
        dead_values,
        slips,
        overlaps,
        shared_places: Vec::new(),
    }
}

/// What is proved of teams, places and calendars: rules that nothing fits, idle conditions, and of places what they share.
/// Of a calendar the first rule that fits says how often, so its rules hide each other; a record may well have none.
fn prove_set(policy: &TypedPolicy, role: &Role, kind: &SetKind<'_>, as_of: &AsOf, stage: &Stage) -> Proof {
    let ground = Ground::new(policy, role, as_of, stage);
    let mut budget = Budget::new();
    let reached = match kind {
        SetKind::FirstCounts => ground.reach(&mut budget).rules,
        SetKind::AllCount | SetKind::Places(_) => ground.fits(&mut budget),
    };
    let shared_places = match kind {
        SetKind::Places(around) => ground.shared_places(around, &mut budget),
        SetKind::FirstCounts | SetKind::AllCount => Vec::new(),
    };
    let idle = role.rule_ids().flat_map(|id| {
        let idle = conditions::idle(policy, role, role.rule(id), as_of);
        idle.into_iter().map(move |one| (id, one))
    });
    Proof {
        reached,
        redundant: Vec::new(),
        redundant_not_decided: Vec::new(),
        gaps: Gaps::None,
        dead_rows: Vec::new(),
        rows: Vec::new(),
        dead_values: Vec::new(),
        idle: idle.collect(),
        slips: Vec::new(),
        overlaps: Vec::new(),
        shared_places,
    }
}

/// How the rules of a set that is no `decide` go together.
enum SetKind<'p> {
    AllCount,
    FirstCounts,
    /// By rule the place around it.
    Places(&'p [Option<RuleId>]),
}

/// What there is to say about every `decide`, in the order of roles and rules; a note where the search was given up.
///
/// What several rules share (a define, the condition of a group, a row of a table) is told only where it is so for all of
/// them, and once.
pub fn findings(policy: &TypedPolicy, as_of: &AsOf) -> Vec<Diagnostic> {
    findings_with(policy, as_of, &[])
}

/// As [`findings`]; gaps are held against the records of a snapshot where that is looked at, by [`RoleId`]: one of values
/// that do not occur is a note.
pub fn findings_with(policy: &TypedPolicy, as_of: &AsOf, occurring: &[Occurring]) -> Vec<Diagnostic> {
    let stage = Stage::new(policy, as_of.today());
    let mut proofs: Vec<Proof> = policy.roles.iter().map(|role| prove_role(policy, role, as_of, &stage)).collect();
    // In the order of `TypedPolicy::rule_sets`.
    proofs.extend(policy.gathers.iter().map(|gather| {
        let kind = match &gather.kind {
            GatherKind::Team(_) => SetKind::AllCount,
            GatherKind::Places(around) => SetKind::Places(around),
        };
        prove_set(policy, &gather.role, &kind, as_of, &stage)
    }));
    proofs
        .extend(policy.calendars.iter().map(|one| prove_set(policy, &one.role, &SetKind::FirstCounts, as_of, &stage)));
    let shared = Shared::of(policy, &proofs);
    proofs.iter_mut().for_each(|proof| shared.keep(proof));
    let mut told = rustc_hash::FxHashSet::default();
    // Roles come first in both.
    let of_role = |(at, (role, proof)): (usize, (&Role, &Proof))| {
        Speaker { policy, role, as_of, occurring: occurring.get(at) }.all(proof)
    };
    let all = policy.rule_sets().zip(&proofs).enumerate().flat_map(of_role);
    all.filter(|one| told.insert((one.code, one.headline.clone(), one.primary.as_ref().map(|label| label.span))))
        .collect()
}

/// What there is to say about the invariants: an error for each that the rules break, with a record; a note for each that
/// was not proved. Without people in the directory, who belongs to a team is open.
pub fn invariant_findings(policy: &TypedPolicy, directory: &Directory, as_of: &AsOf) -> Vec<Diagnostic> {
    let verdicts = invariants(policy, directory, as_of);
    policy
        .invariants
        .iter()
        .zip(&verdicts)
        .filter_map(|(one, verdict)| invariant_finding(policy, one, verdict))
        .collect()
}

fn invariant_finding(policy: &TypedPolicy, invariant: &Invariant, verdict: &InvariantVerdict) -> Option<Diagnostic> {
    let role = match &invariant.kind {
        InvariantKind::Has(InvariantRole::Role(role)) | InvariantKind::Never { role, .. } => policy.role(*role),
        InvariantKind::Has(InvariantRole::Gather(gather)) => &policy.gathers[gather.0 as usize].role,
    };
    let open = "whether an invariant holds was not decided";
    Some(match verdict {
        InvariantVerdict::Holds => return None,
        InvariantVerdict::Refuted { record, rule } => {
            let found = Diagnostic::error(Code::BrokenInvariant, "the rules break an invariant")
                .at(invariant.span, "does not hold for every record");
            let found = match rule {
                Some(rule) => found.at(role.rule(*rule).span, "decides the record that breaks it"),
                None => found.with_note("no rule decides the record that breaks it"),
            };
            found
                .with_note(format!("for example: {}", show(record)))
                .help("mend the rules, or say in the invariant which records it speaks of")
        }
        InvariantVerdict::Depends(rule) => Diagnostic::note(Code::NotDecided, open)
            .at(invariant.span, "may not hold")
            .at(role.rule(*rule).span, "whom this names is not told by the rules alone")
            .help("check it with the directory of people at hand, or let the rule name teams"),
        InvariantVerdict::NotDecided(doubt) => not_decided(doubt, open).at(invariant.span, "may not hold"),
    })
}

struct Speaker<'p> {
    policy: &'p TypedPolicy,
    role: &'p Role,
    as_of: &'p AsOf,
    /// What a snapshot says of the role's gaps.
    occurring: Option<&'p Occurring>,
}

/// How many places or values are shown in one text.
const SHOWN: usize = 4;

impl Speaker<'_> {
    fn all(&self, proof: &Proof) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (id, reached) in self.role.rule_ids().zip(&proof.reached) {
            // The count that can never hold is the cause, and told in its place.
            let is_told = *reached == Reached::NeverTrue && proof.idle.iter().any(|(other, _)| *other == id);
            if !is_told {
                found.extend(self.reached(id, reached));
            }
        }
        found.extend(proof.redundant.iter().map(|id| self.redundant(*id)));
        found.extend(proof.dead_rows.iter().map(|row| self.dead_row(row)));
        found.extend(proof.dead_values.iter().map(|dead| self.dead_values(dead)));
        found.extend(proof.idle.iter().map(|(id, idle)| self.idle(*id, idle)));
        found.extend(proof.slips.iter().map(|slip| self.slip(slip)));
        found.extend(proof.overlaps.iter().map(|overlap| self.overlap(overlap)));
        found.extend(proof.shared_places.iter().map(|shared| self.shared_places(shared)));
        found.extend(self.gaps(&proof.gaps));
        found
    }

    fn reached(&self, id: RuleId, reached: &Reached) -> Option<Diagnostic> {
        let rule = self.role.rule(id);
        let (found, others) = match reached {
            Reached::Some => return None,
            Reached::Expired => (expired(rule), &[][..]),
            Reached::NeverTrue => (never_true(rule), &[][..]),
            Reached::Hidden(by) => (self.hidden(rule, by), by.as_slice()),
            Reached::NotDecided(doubt) => (
                not_decided(doubt, "whether a rule is ever reached was not decided")
                    .at(rule.span, "may never decide a record"),
                &[][..],
            ),
        };
        let involved = || std::iter::once(rule).chain(others.iter().map(|id| self.role.rule(*id)));
        let is_hidden = matches!(reached, Reached::Hidden(_));
        let found = match is_hidden && !involved().any(changes_by_itself) {
            // Without it every record has the owner it has with it, today and on any other day.
            true => found.fix(rule.span, ""),
            false => found,
        };
        Some(self.dated(found, involved()))
    }

    /// A word on the day where rules count from today.
    fn dated<'r>(&self, found: Diagnostic, mut rules: impl Iterator<Item = &'r Rule>) -> Diagnostic {
        match rules.any(moves_with_the_day) {
            true => found.with_note(format!(
                "as of {}: what is counted from today moves with the day",
                time::show_day(self.as_of.today())
            )),
            false => found,
        }
    }

    fn hidden(&self, rule: &Rule, by: &[RuleId]) -> Diagnostic {
        if let [one] = by
            && crate::plan::rule_conditions(self.policy, self.role, self.role.rule(*one))
                == crate::plan::rule_conditions(self.policy, self.role, rule)
        {
            return Diagnostic::warning(Code::SameConditions, "two rules ask the same: only the first decides")
                .at(rule.span, "decides no record")
                .at(self.role.rule(*one).span, "asks the same")
                .help("delete one of them, or tell them apart by a condition");
        }
        let headline = match by.len() {
            1 => "a rule is never reached: one before it takes every record it fits".to_owned(),
            count => format!("a rule is never reached: {count} before it together take every record it fits"),
        };
        let found =
            Diagnostic::warning(Code::UnreachableRule, headline).at(rule.span, "decides no record, whatever it holds");
        self.with_others(found, by, "comes first")
            .help("move it before them, or delete it: no owner changes without it")
    }

    fn with_others(&self, mut found: Diagnostic, by: &[RuleId], word: &str) -> Diagnostic {
        for id in by.iter().take(SHOWN) {
            found = found.at(self.role.rule(*id).span, word);
        }
        match by.len() {
            count if count > SHOWN => found.with_note(format!("{} more rules come first", count - SHOWN)),
            _ => found,
        }
    }

    fn redundant(&self, id: RuleId) -> Diagnostic {
        let rule = self.role.rule(id);
        let found = Diagnostic::note(Code::RedundantRule, "without this rule every record would have the same owner")
            .at(rule.span, "later rules name the same owner for all its records")
            .help("delete it, or keep it for its label and reason");
        self.dated(found, self.role.rules.iter())
    }

    fn dead_row(&self, dead: &Unreached) -> Diagnostic {
        let (id, row, by) = dead;
        let found = Diagnostic::warning(
            Code::DeadRow,
            format!("line {} of {} never decides a record", row.line_number, row.file),
        )
        .at(self.role.rule(*id).span, "looks it up");
        let lines: Vec<String> = by.iter().take(SHOWN).map(|row| row.line_number.to_string()).collect();
        let found = match lines.as_slice() {
            [] => found.with_note("rules before it take every record it fits"),
            [one] => found.with_note(format!("line {one} fits all its records, and better or earlier")),
            lines => found.with_note(format!("lines {} together take all its records", lines.join(", "))),
        };
        found.help("delete the row, or mend the values that it asks for")
    }

    fn dead_values(&self, dead: &DeadValues) -> Diagnostic {
        let shown: Vec<String> = dead.values.iter().take(SHOWN).map(|value| format!("`{value}`")).collect();
        let more = match dead.values.len() {
            count if count > SHOWN => format!(" and {} more", count - SHOWN),
            _ => String::new(),
        };
        let verb = if dead.values.len() == 1 { "matters" } else { "matter" };
        let found = Diagnostic::warning(Code::DeadValue, format!("{}{more} never {verb} here", shown.join(", ")))
            .at(dead.span, format!("{} of {} values", dead.values.len(), dead.named));
        let found = match dead.by.is_empty() {
            true => found.with_note("the other conditions of the rule exclude them"),
            false => self.with_others(found, &dead.by, "takes their records first"),
        };
        let found = found.help("take them out of the condition, or move the rule");
        self.dated(found, self.role.rules.iter())
    }

    fn idle(&self, id: RuleId, idle: &Idle) -> Diagnostic {
        let (code, headline, label) = match (idle.counts, idle.always != idle.denied) {
            (true, false) => (Code::AlwaysFalse, "so many criteria can never hold together", "never true here"),
            (true, true) => (Code::AlwaysTrue, "criteria that say nothing", "always true here"),
            (false, true) => (Code::AlwaysTrue, "a condition says nothing", "always true here"),
            (false, false) => (Code::AlwaysFalse, "a condition can never hold", "never true here"),
        };
        let found = Diagnostic::warning(code, headline)
            .at(idle.span, label)
            .with_note("the field's values and the other conditions of the rule say so")
            .help("leave it out, or mend what it asks");
        self.dated(found, std::iter::once(self.role.rule(id)))
    }

    fn slip(&self, slip: &Slip) -> Diagnostic {
        let name = slip.path.text(&self.policy.schema, self.role.record);
        Diagnostic::warning(Code::MissingDenied, format!("records without `{name}` fit this rule, too"))
            .at(slip.span, "denied of a value that is not there: true")
            .with_note(format!("for example: {}", show(&slip.record)))
            .help(format!("write `{name} is known and …`, or `({name} is missing or …)` if they belong here"))
    }

    fn overlap(&self, overlap: &Overlap) -> Diagnostic {
        let (winner, loser) = &overlap.rows;
        let claims = |row: &Row| format!("line {} gives `{}`", row.line_number, row.owner);
        Diagnostic::warning(
            Code::Overlap,
            format!("two rows of {} claim the same records for different owners", winner.file),
        )
        .at(self.role.rule(overlap.rule).span, "looks them up")
        .with_note(format!("{}, {}: the first of these wins", claims(winner), claims(loser)))
        .with_note(format!("for example: {}", show(&overlap.record)))
        .help("make the ranges meet without a common value, or one row an exception inside the other")
    }

    fn shared_places(&self, shared: &SharedPlaces) -> Diagnostic {
        let (first, second) = (self.role.rule(shared.places.0), self.role.rule(shared.places.1));
        let found = Diagnostic::note(Code::Overlap, "two places side by side hold the same records")
            .at(second.span, "these records stand in both")
            .at(first.span, "holds some of them, too")
            .with_note(format!("for example: {}", show(&shared.record)))
            .help("tell the places apart by a condition, or allow it if records may stand in both");
        self.dated(found, [first, second].into_iter())
    }

    fn gaps(&self, gaps: &Gaps) -> Vec<Diagnostic> {
        match gaps {
            Gaps::None => Vec::new(),
            Gaps::NotDecided(doubt) => {
                let found = not_decided(doubt, "whether every record is taken by a rule was not decided");
                vec![found.at(self.role.span, "may leave records without an owner")]
            }
            Gaps::Some(gaps) => vec![self.occurring(gaps)],
        }
    }

    /// A gap, as far as the records of a snapshot bear it out.
    fn occurring(&self, gaps: &[Gap]) -> Diagnostic {
        let Some(Occurring { gaps: found, unmatched, records }) = self.occurring else { return self.gap(gaps) };
        let today = format!("{unmatched} of the {records} records that are there today have no rule");
        match found {
            Gaps::Some(occurring) => self.gap(occurring).with_note(today),
            Gaps::NotDecided(_) => self.gap(gaps).with_note(today),
            Gaps::None => Diagnostic { severity: Severity::Note, ..self.gap(gaps) }
                .with_note("no record that is there today holds such values"),
        }
    }

    fn gap(&self, gaps: &[Gap]) -> Diagnostic {
        let record = &self.policy.schema.record(self.role.record).name;
        let mut found =
            Diagnostic::warning(Code::Gap, format!("`{} of {record}` leaves records without a rule", self.role.name))
                .at(self.role.span, "takes not every record");
        for gap in gaps {
            found = found.with_note(match gap.region.as_slice() {
                [] => "no rule takes a record".to_owned(),
                region => format!("no rule takes those with {}", region.join(" and ")),
            });
            if !gap.record.is_empty() {
                found = found.with_note(format!("for example: {}", show(&gap.record)));
            }
        }
        let found = found.help("add a rule for them, or end with `otherwise assign to …`");
        self.dated(found, self.role.rules.iter())
    }
}

/// A record in words: `status = At-Risk, region is missing`.
fn show(record: &[(String, Option<String>)]) -> String {
    let value = |(name, value): &(String, Option<String>)| match value {
        Some(value) => format!("{name} = {value}"),
        None => format!("{name} is missing"),
    };
    match record {
        [] => "any record".to_owned(),
        record => record.iter().map(value).collect::<Vec<_>>().join(", "),
    }
}

fn expired(rule: &Rule) -> Diagnostic {
    let until = rule.until.map(time::show_day).unwrap_or_default();
    Diagnostic::warning(Code::ExpiredRule, "a rule's last day is over")
        .at(rule.span, format!("counts until {until}"))
        .help("delete it, or give it another last day")
}

fn never_true(rule: &Rule) -> Diagnostic {
    Diagnostic::warning(Code::NeverTrue, "no record can fit the conditions of a rule")
        .at(rule.span, "its conditions and those of its groups exclude each other")
        .help("mend the condition that is wrong, or delete the rule")
}

fn not_decided(doubt: &Doubt, headline: &str) -> Diagnostic {
    let mut found = Diagnostic::new(Code::NotDecided, Severity::Note, headline);
    match doubt {
        Doubt::Steps => {
            found = found
                .with_note(format!(
                    "given up after {ANALYSIS_STEPS_MAX} steps for one question, {ANALYSIS_STEPS_TOTAL} for one role"
                ))
                .help("split its conditions, or those before it, into simpler rules");
        }
        Doubt::Conditions(places) => {
            found = found
                .with_note("it hangs on conditions whose values could not be made up together")
                .help("ask fields for plain values where that is possible");
            for place in places.iter().take(SHOWN) {
                found.others.push(crate::diagnostic::Label { span: *place, text: "hangs on this".to_owned() });
            }
        }
    }
    found
}

/// Whether what a rule takes may be other records tomorrow: with the day, or with a file beside the policies.
fn changes_by_itself(rule: &Rule) -> bool {
    let mut looks_up =
        rule.targets.iter().any(|target| matches!(target.kind, TargetKind::Table(_) | TargetKind::Cell { .. }));
    let mut ask = |kind: &TestKind| looks_up |= matches!(kind, TestKind::InList { .. });
    rule.conditions.iter().for_each(|cond| cond.visit(&mut |kind, _| ask(kind)));
    looks_up || rule.from.is_some() || rule.until.is_some() || moves_with_the_day(rule)
}

/// Whether a rule asks for days or times counted from today.
fn moves_with_the_day(rule: &Rule) -> bool {
    let mut moves = false;
    let mut ask = |kind: &TestKind| {
        moves |= match kind {
            TestKind::Field { test: FieldTest::Day(ranges), .. } => {
                bounds(ranges).any(|mark| matches!(mark, DayMark::Today { .. }))
            }
            TestKind::Field { test: FieldTest::Instant(ranges), .. } => bounds(ranges).any(|mark| match mark {
                InstantMark::StartOf(day) | InstantMark::EndOf(day) => matches!(day, DayMark::Today { .. }),
                InstantMark::Now { .. } => true,
            }),
            _ => false,
        };
    };
    rule.conditions.iter().for_each(|cond| cond.visit(&mut |kind, _| ask(kind)));
    moves
}

fn bounds<T>(ranges: &[Range<T>]) -> impl Iterator<Item = &T> {
    ranges.iter().flat_map(|range| range.low.iter().chain(&range.high).map(|(mark, _)| mark))
}
