//! The data half: both policies decide the records of one snapshot, from the same owners and the same past.

use super::super::args::{DiffArgs, RunArgs};
use super::super::decide::{hold_name, rule_name};
use super::super::evaluate::{Depth, Evaluation, Start, decide_all, drift_policy};
use super::super::exit::{Exit, Failure, Result};
use super::super::output::Output;
use super::super::recall;
use super::super::session::Session;
use super::sides::Side;
use crate::check::policy::{GatherId, RoleId, RuleId};
use crate::compare::{
    By, MovedSide, Past, RoleMoves, Shared, TeamMoves, TeamSide, ValueSide, Wanted, moved, moved_teams,
};
use crate::diagnostic::did_you_mean;
use crate::ledger::Ledger;
use crate::schema::{FieldId, FieldKind, RecordId, Schema};
use crate::snapshot::Snapshot;
use crate::value::time::AsOf;
use crate::value::{Decimal, Owner, OwnerKind, fold};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What differs over the records of a snapshot.
pub struct DataDiff {
    pub as_of: AsOf,
    pub roles: Vec<RoleData>,
    pub teams: Vec<TeamData>,
    /// The field that is summed up.
    pub value: Option<String>,
}

pub struct RoleData {
    /// `owner of Account`
    pub name: String,
    pub record: String,
    pub role: String,
    pub moves: RoleMoves,
    /// By team, with its people: how many of the moved records leave it, how many it receives.
    pub by_team: Vec<(String, u64, u64)>,
    /// The field of this record type is summed up.
    pub has_value: bool,
    names: ByNames,
}

pub struct TeamData {
    pub name: String,
    pub record: String,
    pub role: String,
    pub moves: TeamMoves,
}

/// What rules and holds of both sides are called.
#[derive(Default)]
struct ByNames {
    old: Vec<String>,
    new: Vec<String>,
    old_holds: Vec<String>,
    new_holds: Vec<String>,
}

impl RoleData {
    pub fn old_by(&self, by: By) -> &str {
        named(by, &self.names.old, &self.names.old_holds)
    }

    pub fn new_by(&self, by: By) -> &str {
        named(by, &self.names.new, &self.names.new_holds)
    }
}

fn named<'n>(by: By, rules: &'n [String], holds: &'n [String]) -> &'n str {
    let name = match by {
        By::Rule(rule) => rules.get(rule as usize).map(String::as_str),
        By::Hold(hold) => holds.get(hold as usize).map(String::as_str),
        By::Pin => Some("pin"),
        By::Drift => Some("drift"),
        By::Nothing => Some("no rule"),
    };
    name.unwrap_or_default()
}

impl DataDiff {
    pub fn moved(&self) -> u64 {
        self.roles.iter().map(|role| role.moves.moved).sum()
    }

    pub fn owned(&self) -> u64 {
        self.roles.iter().map(|role| role.moves.owned).sum()
    }

    /// The sums of all roles, by currency.
    pub fn values(&self) -> BTreeMap<&str, Decimal> {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        for (currency, sum) in self.roles.iter().flat_map(|role| &role.moves.values) {
            let total = sums.entry(currency).or_default();
            *total = total.saturating_add(*sum);
        }
        sums
    }
}

/// Decides the records with both policies and counts what differs.
pub fn compare(old: &Side, new: &Side, args: &DiffArgs, out: &Output) -> Result<DataDiff> {
    let (a, b) = (&old.session, &new.session);
    let value = args.value.as_deref().map(|text| value_fields(text, a, b)).transpose()?;
    let as_of = b.as_of(args.when.as_of.as_deref())?;
    let old_as_of = match args.when.as_of.as_deref() {
        Some(text) => a.as_of(Some(text))?,
        None => AsOf { instant: as_of.instant, zone: a.project.config.zone.clone() },
    };
    let progress = out.progress();
    // Both sides were given one ledger.
    let ledger = Ledger::open_existing_read_only(&b.project.config.ledger_path(&b.project.root))?;
    let past = |session: &Session| -> Result<Arc<Past>> {
        Ok(Arc::new(
            ledger.as_ref().map(|ledger| recall::past(ledger, &session.policy)).transpose()?.unwrap_or_default(),
        ))
    };
    let (old_past, new_past) = (past(a)?, past(b)?);
    let head = ledger.as_ref().map(Ledger::head).transpose()?;
    let (old_snapshot, new_snapshot) = snapshots(a, b, value.as_ref(), &progress)?;
    progress.set_message("deciding");
    let no_limits = RunArgs { max_moves: None, drift: None };
    let drift = drift_policy(b, &no_limits);
    let decided = |session, as_of, snapshot, past| {
        let start = Start { snapshot, past, head: head.clone() };
        decide_all(session, as_of, drift, Depth::Owners, start, None)
    };
    let before = decided(a, old_as_of, old_snapshot, old_past).map_err(|failure| of_side(failure, &old.shown))?;
    let after = decided(b, as_of.clone(), new_snapshot, new_past).map_err(|failure| of_side(failure, &new.shown))?;
    progress.finish_and_clear();
    out.warnings(&after.findings, b.sources());
    let shared = Shared::new(&before.run.owners, &after.run.owners);
    let mut data = DataDiff { as_of, roles: Vec::new(), teams: Vec::new(), value: args.value.clone() };
    for new_role in b.policy.role_ids() {
        if let Some(old_role) = same_role(a, b, new_role) {
            data.roles.push(role(a, b, (&before, &after), (old_role, new_role), &shared, value.as_ref(), args.limit));
        }
    }
    data.teams = teams(a, b, (&before, &after), &shared, args.limit);
    Ok(data)
}

/// An error that only one version has is told with its name.
fn of_side(failure: Failure, shown: &str) -> Failure {
    Failure {
        exit: Exit::CouldNotRun,
        message: failure.message.or_else(|| Some(format!("the policies of {shown} cannot decide these records"))),
        ..failure
    }
}

fn same_role(a: &Session, b: &Session, role: RoleId) -> Option<RoleId> {
    let typed = b.policy.role(role);
    let record = a.policy.schema.find_record(&b.policy.schema.record(typed.record).name)?;
    a.policy.role_ids().find(|id| {
        let other = a.policy.role(*id);
        other.record == record && fold(&other.name) == fold(&typed.name)
    })
}

fn side<'a>(session: &'a Session, found: &'a Evaluation) -> MovedSide<'a> {
    MovedSide {
        policy: &session.policy,
        dataset: &found.snapshot.dataset,
        owners: &found.run.owners,
        inputs: &found.run.inputs,
        results: &found.run.results,
        fingerprints: &found.run.fingerprints,
    }
}

fn role(
    a: &Session,
    b: &Session,
    (before, after): (&Evaluation, &Evaluation),
    (old_role, new_role): (RoleId, RoleId),
    shared: &Shared,
    value: Option<&Value>,
    first: usize,
) -> RoleData {
    let typed = b.policy.role(new_role);
    let field = value.and_then(|value| {
        let new = value.new.get(&typed.record).map(|field| (ValueSide::New, *field));
        new.or_else(|| value.old.get(&a.policy.role(old_role).record).map(|field| (ValueSide::Old, *field)))
    });
    let wanted = Wanted { first, value: field };
    let moves = moved(side(a, before), side(b, after), (old_role, new_role), shared, wanted);
    let rules = |session: &Session, role: RoleId| -> Vec<String> {
        session.policy.role(role).rule_ids().map(|rule: RuleId| rule_name(session, role, rule)).collect()
    };
    let holds =
        |session: &Session, role: RoleId| session.policy.role(role).holds.iter().map(hold_name).collect::<Vec<_>>();
    let record = b.policy.schema.record(typed.record).name.clone();
    RoleData {
        name: format!("{} of {record}", typed.name),
        record,
        role: typed.name.clone(),
        by_team: by_team(b, after, &moves),
        moves,
        has_value: field.is_some(),
        names: ByNames {
            old: rules(a, old_role),
            new: rules(b, new_role),
            old_holds: holds(a, old_role),
            new_holds: holds(b, new_role),
        },
    }
}

/// Moved records by team, with its people, as the directory knows them today.
fn by_team(session: &Session, found: &Evaluation, moves: &RoleMoves) -> Vec<(String, u64, u64)> {
    let directory = found.binding.directory();
    let is_in = |owner: Option<&Owner>, team: &str| {
        owner.is_some_and(|owner| match owner.kind {
            OwnerKind::Team => fold(&owner.id) == fold(team),
            OwnerKind::Person => directory.is_member(&owner.id, team, found.binding.today()),
            _ => false,
        })
    };
    let mut rows = Vec::new();
    for team in &session.policy.schema.teams {
        let (mut leave, mut join) = (0, 0);
        for pair in &moves.owners {
            match (is_in(pair.from.as_ref(), &team.name), is_in(pair.to.as_ref(), &team.name)) {
                (true, false) => leave += pair.count,
                (false, true) => join += pair.count,
                _ => {}
            }
        }
        if leave + join > 0 {
            rows.push((team.name.clone(), leave, join));
        }
    }
    rows
}

fn teams(
    a: &Session,
    b: &Session,
    (before, after): (&Evaluation, &Evaluation),
    shared: &Shared,
    first: usize,
) -> Vec<TeamData> {
    let mut all = Vec::new();
    for (id, gather) in (0..).map(GatherId).zip(&b.policy.gathers) {
        let record = b.policy.schema.record(gather.role.record).name.clone();
        let partner = (0..).map(GatherId).zip(&a.policy.gathers).find(|(_, other)| {
            let name = &a.policy.schema.record(other.role.record).name;
            let is_kind = std::mem::discriminant(&other.kind) == std::mem::discriminant(&gather.kind);
            is_kind && fold(name) == fold(&record) && fold(&other.role.name) == fold(&gather.role.name)
        });
        let Some((old_id, old_gather)) = partner else { continue };
        let found = (before.run.teams.get(usize::from(old_id.0)), after.run.teams.get(usize::from(id.0)));
        let (Some(old_team), Some(new_team)) = found else { continue };
        let (old_data, new_data) = (&before.snapshot.dataset, &after.snapshot.dataset);
        let old_side = TeamSide { gather: old_gather, dataset: old_data, result: &old_team.result };
        let new_side = TeamSide { gather, dataset: new_data, result: &new_team.result };
        let moves = moved_teams(old_side, new_side, shared, first);
        let role = gather.role.name.clone();
        all.push(TeamData { name: format!("{role} of {record}"), record, role, moves });
    }
    all
}

/// The records once, where both versions read them alike; else once for each.
fn snapshots(
    a: &Session,
    b: &Session,
    value: Option<&Value>,
    progress: &indicatif::ProgressBar,
) -> Result<(Arc<Snapshot>, Arc<Snapshot>)> {
    let (mut old_wanted, mut new_wanted) = (a.wanted(), b.wanted());
    let add = |wanted: &mut Vec<Vec<FieldId>>, fields: &BTreeMap<RecordId, FieldId>| {
        for (record, field) in fields {
            let fields = &mut wanted[usize::from(record.0)];
            // What no role reads is not read for a sum.
            if !fields.is_empty() && !fields.contains(field) {
                fields.push(*field);
                fields.sort_unstable();
            }
        }
    };
    if let Some(value) = value {
        add(&mut old_wanted, &value.old);
        add(&mut new_wanted, &value.new);
    }
    if reads_alike(a, b) {
        for (both, own) in new_wanted.iter_mut().zip(&old_wanted) {
            both.extend(own);
            both.sort_unstable();
            both.dedup();
        }
        let snapshot = Arc::new(b.snapshot(&new_wanted, progress)?);
        return Ok((snapshot.clone(), snapshot));
    }
    Ok((Arc::new(a.snapshot(&old_wanted, progress)?), Arc::new(b.snapshot(&new_wanted, progress)?)))
}

/// Whether every cell means the same to both versions, under the same numbers.
fn reads_alike(a: &Session, b: &Session) -> bool {
    let people = |session: &Session| session.policy.schema.people.as_ref().map(|people| people.source.clone());
    let records = |session: &Session| {
        let schema: &Schema = &session.policy.schema;
        let field = |field: &crate::schema::Field| {
            (field.name.clone(), field.kind.clone(), field.optional, field.column.clone())
        };
        let record = |record: &crate::schema::RecordType| {
            let fields: Vec<(String, FieldKind, bool, String)> = record.fields.iter().map(field).collect();
            let about = (record.name.clone(), record.source.clone(), record.owner_column.clone());
            (about, record.key, record.created, record.inferred, fields)
        };
        schema.records.iter().map(record).collect::<Vec<_>>()
    };
    // Settings are plain values; what they are written as is all there is to them.
    let settings = |session: &Session| {
        let config = &session.project.config;
        format!("{:?} {:?} {:?}", config.source, config.records, config.zone.iana_name())
    };
    let same_zone = a.project.config.zone == b.project.config.zone;
    same_zone && people(a) == people(b) && settings(a) == settings(b) && records(a) == records(b)
}

/// The number that is summed up, by record type of either side.
struct Value {
    old: BTreeMap<RecordId, FieldId>,
    new: BTreeMap<RecordId, FieldId>,
}

/// `arr`, or `Opportunity.amount`.
fn value_fields(text: &str, a: &Session, b: &Session) -> Result<Value> {
    let (only, name) = match text.split_once('.') {
        Some((record, field)) => (Some(fold(record)), field),
        None => (None, text),
    };
    let fields = |session: &Session| -> BTreeMap<RecordId, FieldId> {
        let schema = &session.policy.schema;
        let fields = session.policy.roles.iter().filter_map(|role| {
            let record = schema.record(role.record);
            let is_meant = only.as_ref().is_none_or(|only| *only == fold(&record.name));
            let field = record.find(name).filter(|_| is_meant)?;
            let is_number = matches!(record.field(field).kind, FieldKind::Number | FieldKind::Money(_));
            is_number.then_some((role.record, field))
        });
        fields.collect()
    };
    let value = Value { old: fields(a), new: fields(b) };
    if value.old.is_empty() && value.new.is_empty() {
        let schema = &b.policy.schema;
        let fields = b.policy.roles.iter().flat_map(|role| &schema.record(role.record).fields);
        let numbers = fields.filter(|field| matches!(field.kind, FieldKind::Number | FieldKind::Money(_)));
        let names: Vec<&str> = numbers.map(|field| field.name.as_str()).collect();
        let near = did_you_mean(name, names.iter().copied()).map_or(String::new(), |near| format!("; {near}"));
        return Err(Failure::could_not_run(format!(
            "`--value {text}` is no number and no money field of a record that has an owner{near}"
        )));
    }
    Ok(value)
}
