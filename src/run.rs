//! A whole run as a value: every role decided and assigned in its order, then teams and places, then held against what the
//! ledger knows. No clock, no I/O: what is read stands in [`Given`], what is to be written comes out in [`Changes`].

use crate::assign::{Binding, NOBODY, OwnerTable};
use crate::check::policy::{GatherId, Role, RoleId, TypedPolicy};
use crate::column::{Dataset, TableData};
use crate::compare::{
    self, Asking, ChangeSet, Compared, ComparedTeam, DriftPolicy, Past, PastTeams, Pin, RolePast, TeamChange,
    TeamTotals,
};
use crate::decide::{self, Desk, GatherResult, RoleInput, RoleResult, Scene, WorkedOut};
use crate::plan;
use crate::schema::RecordId;
use crate::value::calendar::BusinessCalendar;
use crate::value::time::AsOf;

/// Everything that an answer depends on.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub policy: &'a TypedPolicy,
    pub dataset: &'a Dataset,
    /// The policy's names in the directory of the day.
    pub binding: &'a Binding,
    pub as_of: &'a AsOf,
    pub past: &'a Past,
    /// Business hours; `None` where no rule asks for them.
    pub calendar: Option<&'a BusinessCalendar>,
    pub drift: DriftPolicy,
    /// Records that are no longer there are *gone*, not merely unread.
    pub complete: bool,
    /// The record whose choice by pools is told in full, by its key.
    pub watched: Option<(RecordId, &'a str)>,
}

/// Everything a run decided.
pub struct Decided {
    pub owners: OwnerTable,
    /// All pins, of policies and by command.
    pub pins: Vec<Pin>,
    /// Live pins whose record is not in the dataset, by their places among the pins.
    pub absent_pins: Vec<usize>,
    /// By [`RoleId`], as are the next four.
    pub inputs: Vec<RoleInput>,
    pub results: Vec<RoleResult>,
    /// The owners after the run, by row.
    pub after: Vec<Vec<u32>>,
    /// By rule.
    pub fingerprints: Vec<Vec<String>>,
    /// By hold.
    pub hold_fingerprints: Vec<Vec<String>>,
    /// By [`GatherId`].
    pub teams: Vec<DecidedTeam>,
    /// Pools after the run.
    pub desk: Desk,
    /// What was worked out over other records and of the past.
    pub related: WorkedOut,
}

/// A team or place role after a run.
pub struct DecidedTeam {
    pub result: GatherResult,
    /// By rule.
    pub fingerprints: Vec<String>,
}

/// What a run would write down.
#[derive(Default, PartialEq)]
pub struct Changes {
    pub owners: ChangeSet,
    /// Teams and places, those of one role together.
    pub teams: Vec<TeamChange>,
    pub team_totals: Vec<TeamTotals>,
}

/// The source's owner column shows the role that is called `owner`.
pub fn reads_column(policy: &TypedPolicy, role: RoleId) -> bool {
    let role = policy.role(role);
    role.name.eq_ignore_ascii_case("owner") && policy.schema.record(role.record).owner_column.is_some()
}

/// Decides every role, team and place.
pub fn decide(given: &Given<'_>) -> Decided {
    let Given { policy, dataset, binding, as_of, past, .. } = *given;
    let fingerprints: Vec<Vec<String>> =
        policy.roles.iter().map(|role| plan::role_fingerprints(policy, role)).collect();
    let hold_fingerprints = policy
        .roles
        .iter()
        .map(|role| role.holds.iter().map(|hold| plan::rule_fingerprint(policy, role, &hold.rule)).collect())
        .collect();
    let asking =
        Asking { policy, dataset, binding, as_of, past, calendar: given.calendar, fingerprints: &fingerprints };
    let answers = compare::answer(&asking);
    let related = decide::work_out(policy, dataset, binding, as_of);
    let mut owners = OwnerTable::default();
    let desk = Desk::open(policy, binding, &past.rotations, &mut owners);
    let mut decided = Decided {
        owners,
        pins: compare::pins(policy, past, binding),
        absent_pins: Vec::new(),
        inputs: Vec::new(),
        results: Vec::new(),
        after: Vec::new(),
        fingerprints,
        hold_fingerprints,
        teams: Vec::new(),
        desk,
        related: related.with_history(answers.holds).with_overdue(answers.overdue),
    };
    for id in policy.role_ids() {
        let plan = lowered(given, policy.role(id));
        decided.role(given, id, &plan);
    }
    for (id, rows) in compare::begun(policy, dataset, past, &decided.owners, &decided.after) {
        decided.related.begin(id, &rows);
    }
    for at in 0..policy.gathers.len() {
        decided.team(given, at);
    }
    decided
}

/// The plan of a role; of one that has no records to decide, an empty one.
fn lowered(given: &Given<'_>, role: &Role) -> plan::RolePlan {
    let Given { policy, dataset, binding, as_of, .. } = *given;
    let is_known = |name| binding.name(name).is_ok();
    match dataset.table(role.record).row_count {
        0 => plan::lower_role(
            policy,
            &Role { holds: role.holds.clone(), ..Role::new(&role.name, role.record, role.span) },
            as_of,
            &is_known,
        ),
        _ => plan::lower_role(policy, role, as_of, &is_known),
    }
}

impl Decided {
    fn role(&mut self, given: &Given<'_>, role: RoleId, plan: &plan::RolePlan) {
        let Given { policy, dataset, binding, as_of, past, .. } = *given;
        let table = dataset.table(policy.role(role).record);
        let nothing = RolePast::default();
        let role_past = past.roles.get(role.0 as usize).unwrap_or(&nothing);
        let reads_column = reads_column(policy, role);
        let mut input = compare::role_input(table, role_past, reads_column, given.drift, binding, &mut self.owners);
        let today = as_of.today();
        let absent = compare::set_pins(&self.pins, role, table, today, binding, &mut self.owners, &mut input);
        self.absent_pins.extend(absent);
        // What a complete data set does not hold is gone, and its owner has room in this run already.
        if !policy.pools.is_empty() && !given.complete {
            input.elsewhere = compare::elsewhere(table, role_past, &mut self.owners);
        }
        let scene = Scene::new(policy, role, dataset, binding, as_of, &input.current)
            .with_related(&self.related)
            .watching(watched_row(given, policy.role(role).record, table));
        let result = decide::decide_role(&scene, plan, &input, &mut self.after, &mut self.owners, &mut self.desk);
        self.inputs.push(input);
        self.results.push(result);
    }

    fn team(&mut self, given: &Given<'_>, at: usize) {
        let Given { policy, dataset, binding, as_of, past, .. } = *given;
        let gather = &policy.gathers[at];
        let table = dataset.table(gather.role.record);
        let fingerprints = plan::team_fingerprints(policy, gather);
        let nothing = PastTeams::default();
        let team_past = past.teams.get(at).unwrap_or(&nothing);
        let input = compare::gather_input(gather, &fingerprints, table, team_past, given.complete, &mut self.owners);
        let plan = lowered(given, &gather.role);
        let nobody = vec![NOBODY; table.row_count];
        let scene = Scene::of_gather(policy, &gather.role, dataset, binding, as_of, &nobody)
            .with_related(&self.related)
            .watching(watched_row(given, gather.role.record, table));
        let result = decide::gather(&scene, gather, &plan, &input, &self.after, &mut self.owners, &mut self.desk);
        self.teams.push(DecidedTeam { result, fingerprints });
    }
}

fn watched_row(given: &Given<'_>, record: RecordId, table: &TableData) -> Option<u32> {
    let (_, key) = given.watched.filter(|(watched, _)| *watched == record)?;
    table.row_of(key)
}

/// Holds what was decided against what the ledger knows.
pub fn changes(given: &Given<'_>, decided: &Decided) -> Changes {
    let compared = Compared {
        policy: given.policy,
        dataset: given.dataset,
        owners: &decided.owners,
        complete: given.complete,
        fingerprints: &decided.fingerprints,
        hold_fingerprints: &decided.hold_fingerprints,
    };
    let mut changes = Changes {
        owners: compare::compare(&compared, given.past, &decided.inputs, &decided.results),
        ..Changes::default()
    };
    let nothing = PastTeams::default();
    for (id, team) in (0..).map(GatherId).zip(&decided.teams) {
        let compared = ComparedTeam {
            policy: given.policy,
            id,
            dataset: given.dataset,
            owners: &decided.owners,
            fingerprints: &team.fingerprints,
            complete: given.complete,
        };
        let past = given.past.teams.get(id.0 as usize).unwrap_or(&nothing);
        let (team_changes, totals) = compared.changes(past, &team.result);
        changes.teams.extend(team_changes);
        changes.team_totals.push(totals);
    }
    changes
}
