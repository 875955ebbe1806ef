//! A whole run up to the change set: snapshot, ledger, decide every role, compare.

use super::args::{DriftArg, RunArgs};
use super::contest_notes;
use super::exit::{Failure, Result};
use super::output::{Output, grouped};
use super::pin_notes;
use super::recall;
use super::session::{Session, directory};
use crate::assign::{Binding, Empty, Unknown, bind};
use crate::check::policy::{PoolId, RoleId, RuleId, TargetKind, TypedPolicy};
use crate::compare::{self, DriftPolicy, Past};
use crate::decide::row::{Named, Setting, decide};
use crate::decide::{RecordFacts, RoleResult, UnseenAmounts, broken_path, unseen_amounts};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ledger::{Head, Ledger};
use crate::project::{Drift, MaxMoves};
use crate::run::{self, Changes, Decided, Given};
use crate::schema::RecordId;
use crate::snapshot::Snapshot;
use crate::value::time::AsOf;
use crate::value::{Decimal, Owner};
use std::sync::Arc;

/// Everything a run decided, and what it was decided from.
pub struct Evaluation {
    pub as_of: AsOf,
    pub snapshot: Arc<Snapshot>,
    pub past: Arc<Past>,
    pub binding: Binding,
    pub run: Decided,
    pub changes: Changes,
    pub head: Option<Head>,
    pub drift: DriftPolicy,
    /// Findings of the data and of names, beside those of the policies.
    pub findings: Vec<Diagnostic>,
}

/// How far a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Owners, without a look at what would change.
    Owners,
    /// The change set against the ledger.
    Changes,
}

/// Decides everything a project decides, as of one moment.
pub fn evaluate(session: &Session, as_of: AsOf, run: &RunArgs, depth: Depth, out: &Output) -> Result<Evaluation> {
    evaluate_watching(session, as_of, run, depth, None, out)
}

/// The same with every step of a pool told for one record.
pub fn evaluate_watching(
    session: &Session,
    as_of: AsOf,
    run: &RunArgs,
    depth: Depth,
    watch: Option<Watch<'_>>,
    out: &Output,
) -> Result<Evaluation> {
    session.require_sound()?;
    let progress = out.progress();
    // The head is read before anything else, so that an entry written meanwhile is noticed.
    let ledger = Ledger::open_existing_read_only(&session.project.config.ledger_path(&session.project.root))?;
    let head = ledger.as_ref().map(Ledger::head).transpose()?;
    let past = match &ledger {
        Some(ledger) => recall::past(ledger, &session.policy)?,
        None => Past::default(),
    };
    let snapshot = session.snapshot(&session.wanted(), &progress)?;
    progress.set_message("deciding");
    let start = Start { snapshot: Arc::new(snapshot), past: Arc::new(past), head };
    let evaluation = decide_all(session, as_of, drift_policy(session, run), depth, start, watch)?;
    progress.finish_and_clear();
    Ok(evaluation)
}

/// What a run starts from: records and people, and what the ledger knows.
#[derive(Clone)]
pub struct Start {
    pub snapshot: Arc<Snapshot>,
    pub past: Arc<Past>,
    pub head: Option<Head>,
}

/// The record whose choice by pools is told in full.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    pub record: &'a str,
    pub key: &'a str,
}

/// Decides everything a policy decides from what a run starts from.
pub fn decide_all(
    session: &Session,
    as_of: AsOf,
    drift: DriftPolicy,
    depth: Depth,
    start: Start,
    watch: Option<Watch<'_>>,
) -> Result<Evaluation> {
    let Start { snapshot, past, head } = start;
    let policy = &session.policy;
    require_people(policy, &snapshot, session)?;
    let people = directory(&policy.schema, snapshot.people.clone(), snapshot.has_people);
    let unknown = Unknown { names: Severity::Error, cells: Severity::Warning };
    let (binding, mut findings) = bind(policy, people, unknown, as_of.today());
    findings.extend(snapshot.findings.iter().cloned());
    if crate::diagnostic::any_error(&findings) {
        crate::diagnostic::sort(&mut findings);
        return Err(Failure::findings(super::exit::Exit::Findings, findings, session.sources().clone()));
    }
    let given = Given {
        policy,
        dataset: &snapshot.dataset,
        binding: &binding,
        as_of: &as_of,
        past: &past,
        calendar: session.calendar.as_ref(),
        drift,
        complete: session.project.config.source.complete,
        watched: watch.and_then(|watch| Some((policy.schema.find_record(watch.record)?, watch.key))),
    };
    let run = run::decide(&given);
    let changes = match depth {
        Depth::Owners => Changes::default(),
        Depth::Changes => run::changes(&given, &run),
    };
    findings.extend(pin_notes::standing(policy, &run.pins, &binding, &as_of));
    findings.extend(unseen_amounts(policy, &snapshot.dataset).iter().map(|unseen| currency_finding(policy, unseen)));
    findings.extend(contest_notes::strangers(policy, &run.related));
    findings.extend(run.absent_pins.iter().map(|pin| pin_notes::absent(policy, &run.pins[*pin])));
    for (role, result) in policy.role_ids().zip(&run.results) {
        findings.extend(result.empty_pools.iter().map(|(pool, (count, why))| empty_pool(policy, *pool, *count, why)));
        findings.extend(circle_finding(policy, role, &snapshot, result));
    }
    for team in &run.teams {
        let empty = team.result.empty_pools.iter();
        findings.extend(empty.map(|(pool, (count, why))| empty_pool(policy, *pool, *count, why)));
    }
    let mut found = Evaluation { as_of, snapshot, past, binding, run, changes, head, drift, findings };
    if depth == Depth::Changes {
        let needless = pin_notes::needless(session, &found);
        found.findings.extend(needless);
    }
    crate::diagnostic::sort(&mut found.findings);
    Ok(found)
}

/// Deciding with a directory that is declared but absent would call every person unknown.
pub fn require_people(policy: &TypedPolicy, snapshot: &Snapshot, session: &Session) -> Result<()> {
    let Some(people) = policy.schema.people.as_ref().filter(|_| !snapshot.has_people) else {
        return Ok(());
    };
    let mut finding = Diagnostic::error(
        crate::diagnostic::Code::AbsentTable,
        format!("there are no people: the source has no `{}`", people.source),
    )
    .help("put the file or table of people into the source, or remove `person from`");
    if let Some(span) = people.span {
        finding = finding.at(span, "declared here");
    }
    Err(Failure::findings(super::exit::Exit::CouldNotRun, vec![finding], session.sources().clone()))
}

fn circle_finding(policy: &TypedPolicy, role: RoleId, snapshot: &Snapshot, result: &RoleResult) -> Option<Diagnostic> {
    if result.circles.is_empty() {
        return None;
    }
    let role = policy.role(role);
    let record = policy.schema.record(role.record);
    let keys = compare::keys_of(&snapshot.dataset, role.record, &result.circles, 5);
    let more = if result.circles.len() > keys.len() { ", …" } else { "" };
    Some(
        Diagnostic::warning(
            crate::diagnostic::Code::RecordCircle,
            format!("{} of `{}` follow each other in a circle", result.circles.len(), record.name),
        )
        .at(role.span, format!("`{}` follows a reference to another `{}`", role.name, record.name))
        .with_note(format!("{}{more}", keys.join(", ")))
        .with_note("they are invalid for this role and keep their owners")
        .help("mend the reference of one of them in the source"),
    )
}

/// Records that a pool could give to nobody: they keep the owner they have.
fn empty_pool(policy: &TypedPolicy, pool: PoolId, count: u64, why: &Empty) -> Diagnostic {
    // What stands behind `else` answers for them; where nothing does, they need a decision.
    let has_else = !policy.chains().any(|chain| chain.last().is_some_and(|last| last.kind == TargetKind::Pool(pool)));
    let severity = if has_else { Severity::Note } else { Severity::Warning };
    let pool = policy.pool(pool);
    Diagnostic::new(
        crate::diagnostic::Code::EmptyPool,
        severity,
        format!("a pool had nobody for {}", super::output::count(count, "record")),
    )
    .at(pool.span, "nobody may receive")
    .with_note(format!("for the first of them: {why}"))
    .with_note("they go to what stands behind `else`, or stay with the owner they have and are listed as unmatched")
    .help("add somebody to the team, raise a cap, or write `else` and a queue")
}

fn currency_finding(policy: &TypedPolicy, unseen: &UnseenAmounts) -> Diagnostic {
    let record = policy.schema.record(unseen.record);
    let field = record.field(unseen.field);
    let counts: Vec<String> =
        unseen.by_currency.iter().map(|(code, amounts)| format!("{} in {code}", grouped(*amounts))).collect();
    let finding = Diagnostic::note(
        crate::diagnostic::Code::OtherCurrency,
        format!("amounts of `{}` are in currencies that no rule compares", field.name),
    )
    .with_note(format!("{} of `{}`: they count as missing", counts.join(", "), record.name))
    .help("compare them in their own currency too, if a rule should see them");
    match field.span {
        Some(span) => finding.at(span, "each row says its own currency"),
        None => finding,
    }
}

/// What a run does with owners that were changed outside.
pub fn drift_policy(session: &Session, run: &RunArgs) -> DriftPolicy {
    match (run.drift, session.project.config.ledger.drift) {
        (Some(DriftArg::Report), _) | (None, Drift::Report) => DriftPolicy::Report,
        (Some(DriftArg::Accept), _) | (None, Drift::Accept) => DriftPolicy::Accept,
        (Some(DriftArg::Restore), _) | (None, Drift::Restore) => DriftPolicy::Restore,
    }
}

impl Evaluation {
    /// Why the run must not be applied: it would move more than is allowed, or everything is gone from a source that is
    /// said to be complete. `None` where it may go on.
    pub fn too_many_moves(&self, session: &Session, run: &RunArgs) -> Result<Option<String>> {
        let moves = self.changes.owners.moves();
        let allowed = self.moves_allowed(session, run)?;
        if moves > allowed {
            return Ok(Some(format!(
                "this run would move {} of {} that have an owner, and {} may move; nothing was written. \
                 Look at `ownward plan`; a half-written file is the usual cause. If it is right, allow it with \
                 --max-moves {moves}",
                super::output::count(moves, "record"),
                grouped(self.changes.owners.had_owner()),
                grouped(allowed)
            )));
        }
        let emptied = self.changes.owners.totals.iter().find(|totals| {
            totals.read == 0 && totals.count(crate::value::Outcome::Gone) > 0 && run.max_moves.is_none()
        });
        Ok(emptied.map(|totals| {
            let record = &session.policy.schema.record(session.policy.role(totals.role).record).name;
            format!(
                "the source has no {record} at all, and {} would be gone; nothing was written. An empty export is the \
                 usual cause. If it is right, allow it with --max-moves {}",
                super::output::count(totals.count(crate::value::Outcome::Gone), "record"),
                moves.max(1)
            )
        }))
    }

    /// How many moves are allowed, for the records that had an owner.
    fn moves_allowed(&self, session: &Session, run: &RunArgs) -> Result<u64> {
        let limit = match &run.max_moves {
            None => session.project.config.ledger.max_moves,
            Some(text) => MaxMoves::parse(text).ok_or_else(|| {
                Failure::could_not_run(format!("`--max-moves {text}` is neither a number nor a share such as 20%"))
            })?,
        };
        Ok(match limit {
            MaxMoves::Count(count) => count,
            MaxMoves::Percent(share) => {
                let allowed = Decimal::from(self.changes.owners.had_owner()) * share / Decimal::from(100);
                // Small books move: a share of them says nothing below ten.
                u64::try_from(allowed.floor()).unwrap_or(u64::MAX).max(10)
            }
        })
    }

    /// What the rules would say of a row that a pin sets, with all other pins in force: the rule and whom it names.
    /// `None` where no rule decides it, and for a record that is invalid.
    pub fn rules_alone(&self, policy: &TypedPolicy, role: RoleId, row: u32) -> Option<(RuleId, Owner)> {
        let is_on_circle = self.run.results[role.0 as usize].circles.contains(row);
        if is_on_circle || broken_path(policy, role, &self.snapshot.dataset, row).is_some() {
            return None;
        }
        let typed = policy.role(role);
        let setting = Setting { policy, record: typed.record, binding: &self.binding, as_of: &self.as_of };
        let decided = self.with_facts(policy, role, row, |facts| decide(setting, typed, facts));
        match (decided.rule, decided.named) {
            (Some(rule), Some(Named::Owner(owner) | Named::Keep(owner))) => Some((rule, owner)),
            _ => None,
        }
    }

    /// The facts of one row, with the owners of this run.
    pub fn with_facts<T>(
        &self,
        policy: &TypedPolicy,
        role: RoleId,
        row: u32,
        ask: impl FnOnce(&RecordFacts<'_>) -> T,
    ) -> T {
        let current = self.run.inputs[role.0 as usize].current.get(row as usize);
        let current = current.and_then(|code| self.run.owners.get(*code)).cloned();
        self.facts(policy, policy.role(role).record, row, current, ask)
    }

    /// The facts of one row of a record type.
    pub fn facts<T>(
        &self,
        policy: &TypedPolicy,
        record: RecordId,
        row: u32,
        current: Option<Owner>,
        ask: impl FnOnce(&RecordFacts<'_>) -> T,
    ) -> T {
        let owner_of = |role: RoleId, row: u32| -> Option<Owner> {
            let code = self.run.after.get(role.0 as usize)?.get(row as usize)?;
            self.run.owners.get(*code).cloned()
        };
        ask(&RecordFacts {
            policy,
            dataset: &self.snapshot.dataset,
            record,
            row,
            current,
            owner_of: &owner_of,
            related: &self.run.related,
        })
    }
}
