//! The cheap half of comparing two policies: roles that cannot decide otherwise, because nothing they rest on changed.
//!
//! A role is *equivalent* if both sides hold the same rules in the same order, by meaning (labels, defines, comments and
//! layout are no part of it), and everything those rules rest on is the same: declarations of what they read, rows of their
//! lists and tables, teams they name, pins, decisions they follow, and who else takes turns in their pools. Whatever is
//! not proved so is *not decided* here, with its reasons and with what was done to its rules.

use super::difference::{DiffProof, RoleKind, RoleProof, RuleChange, RuleEdit, RuleRef, Verdict};
use super::uses::{Uses, uses};
use crate::check::merged::{DeclarationChange, Touched};
use crate::check::policy::{Gather, HoldKind, Role, RoleId, RuleId, TypedPolicy};
use crate::plan::{role_fingerprints, rule_fingerprint, team_fingerprints};
use crate::schema::{Schema, Tabular};
use crate::value::fold;
use crate::value::time::show_day;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The reason of a role whose rules are others, before anybody has looked at what that does.
pub const RULES_CHANGED: &str = "its rules changed";

/// Compares both policies role by role. Both are typed against one merged schema; `changes` is all that differs besides
/// rules.
pub fn unchanged(old: &TypedPolicy, new: &TypedPolicy, changes: &[DeclarationChange]) -> DiffProof {
    compared(old, new, changes, &mut |_| {})
}

/// The same with a closer look at every role of `decide` of which nothing but its rules and the rows they look up changed: `prove` takes
/// [`RULES_CHANGED`] out and puts differences, or reasons of its own, in. Roles that follow one that is then found to be
/// equivalent are equivalent, too.
pub fn compared(
    old: &TypedPolicy,
    new: &TypedPolicy,
    changes: &[DeclarationChange],
    prove: &mut dyn FnMut(&mut RoleProof),
) -> DiffProof {
    let (old_sets, new_sets) = (rule_sets(old), rule_sets(new));
    let mut proof = DiffProof::default();
    let mut all: Vec<Option<Uses>> = Vec::new();
    let turns = (turns(old, &old_sets), turns(new, &new_sets));
    for set in &old_sets {
        let partner = new_sets.iter().find(|other| other.key == set.key);
        let mut role = set.proof();
        role.old = Some(set.at);
        match partner {
            None => {
                role.rules = set.each(RuleEdit::Removed);
                role.not_decided.push("the role is no longer decided".to_owned());
                all.push(None);
            }
            Some(partner) => {
                role.new = Some(partner.at);
                role.rules = rule_changes(set, partner);
                role.not_decided = set.differs(partner, old, new);
                let used = uses(old, set.role, set.gather);
                role.not_decided.extend(touched(&used, changes, old, new, false));
                let rows = touched(&used, changes, old, new, true);
                let shared = used.rotations.iter().find(|name| turns.0.get(*name) != turns.1.get(*name));
                if shared.is_some() {
                    role.not_decided.push("others take turns in its pools, or no longer do".to_owned());
                }
                all.push(Some(used));
                let is_provable = role.kind == RoleKind::Decide
                    && role.not_decided.iter().all(|reason| reason == RULES_CHANGED)
                    && !(role.not_decided.is_empty() && rows.is_empty())
                    // What holds look up is asked before any rule.
                    && (rows.is_empty() || set.role.holds.is_empty());
                if is_provable {
                    let known = std::mem::replace(&mut role.not_decided, vec![RULES_CHANGED.to_owned()]);
                    prove(&mut role);
                    if role.not_decided.iter().any(|reason| reason == RULES_CHANGED) {
                        role.not_decided = known;
                        role.not_decided.extend(rows);
                    }
                } else {
                    role.not_decided.extend(rows);
                }
            }
        }
        proof.roles.push(role);
    }
    for set in new_sets.iter().filter(|set| !old_sets.iter().any(|other| other.key == set.key)) {
        let mut role = set.proof();
        role.new = Some(set.at);
        role.rules = set.each(RuleEdit::Added);
        role.not_decided.push("the role is new".to_owned());
        proof.roles.push(role);
        all.push(None);
    }
    follow(&mut proof, &all);
    proof
}

/// Roles that rest on one that may have changed may have changed, too.
fn follow(proof: &mut DiffProof, all: &[Option<Uses>]) {
    loop {
        let open: BTreeMap<usize, String> = proof
            .roles
            .iter()
            .filter(|role| role.kind == RoleKind::Decide && role.verdict() != Verdict::Equivalent)
            .filter_map(|role| Some((role.old?, role.name())))
            .collect();
        let turning: BTreeSet<&String> = (proof.roles.iter().zip(all))
            .filter(|(role, _)| role.verdict() != Verdict::Equivalent)
            .flat_map(|(_, used)| used.iter().flat_map(|used| &used.rotations))
            .collect();
        let mut found = Vec::new();
        for (at, (role, used)) in proof.roles.iter().zip(all).enumerate() {
            let Some(used) = used.as_ref().filter(|_| role.not_decided.is_empty()) else {
                continue;
            };
            let followed = used.roles.iter().find_map(|RoleId(id)| open.get(&usize::from(*id)));
            if let Some(followed) = followed {
                found.push((at, format!("it follows `{followed}`, which may change")));
            } else if used.rotations.iter().any(|name| turning.contains(name)) {
                found.push((at, "it takes turns with rules that may change".to_owned()));
            }
        }
        if found.is_empty() {
            return;
        }
        for (at, reason) in found {
            proof.roles[at].not_decided.push(reason);
        }
    }
}

/// By rotation, the rule sets that take turns in it, in order.
fn turns(policy: &TypedPolicy, sets: &[RuleSet<'_>]) -> BTreeMap<String, Vec<(String, String)>> {
    let mut turns: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for set in sets {
        for rotation in uses(policy, set.role, set.gather).rotations {
            turns.entry(rotation).or_default().push((set.key.1.clone(), set.key.2.clone()));
        }
    }
    turns
}

/// The rules of one role, team, tree of places or calendar.
struct RuleSet<'p> {
    /// Kind, record and role, folded.
    key: (u8, String, String),
    kind: RoleKind,
    at: usize,
    record: String,
    role: &'p Role,
    gather: Option<&'p Gather>,
    /// By rule.
    meanings: Vec<String>,
}

fn rule_sets(policy: &TypedPolicy) -> Vec<RuleSet<'_>> {
    let set = |kind: RoleKind, at: usize, role, gather, meanings| {
        let role: &Role = role;
        let record = policy.schema.record(role.record).name.clone();
        RuleSet { key: (kind as u8, fold(&record), fold(&role.name)), kind, at, record, role, gather, meanings }
    };
    let mut sets: Vec<RuleSet<'_>> = Vec::new();
    for (at, role) in policy.roles.iter().enumerate() {
        sets.push(set(RoleKind::Decide, at, role, None, role_fingerprints(policy, role)));
    }
    for (at, gather) in policy.gathers.iter().enumerate() {
        sets.push(set(RoleKind::Gather, at, &gather.role, Some(gather), team_fingerprints(policy, gather)));
    }
    for (at, calendar) in policy.calendars.iter().enumerate() {
        let role = &calendar.role;
        let touch = |(rule, touch): (&crate::check::policy::Rule, &crate::check::policy::Touch)| {
            let since = touch.since.as_ref().map(|path| path.text(&policy.schema, role.record));
            let every = format!("{} {}", touch.every.amount, touch.every.unit.word());
            format!("{} every {every} since {since:?}", rule_fingerprint(policy, role, rule))
        };
        let meanings = role.rules.iter().zip(&calendar.touches).map(touch).collect();
        sets.push(set(RoleKind::Calendar, at, role, None, meanings));
    }
    sets
}

impl RuleSet<'_> {
    fn proof(&self) -> RoleProof {
        RoleProof {
            role: self.role.name.clone(),
            record: self.record.clone(),
            kind: self.kind,
            old: None,
            new: None,
            differences: Vec::new(),
            not_decided: Vec::new(),
            rules: Vec::new(),
        }
    }

    fn rule(&self, at: usize) -> RuleRef {
        let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
        RuleRef::new(id, &self.role.rules[at])
    }

    /// Every rule as an addition or a removal.
    fn each(&self, edit: RuleEdit) -> Vec<RuleChange> {
        let change = |at: usize| match edit {
            RuleEdit::Added => RuleChange { edit, old: None, new: Some(self.rule(at)) },
            _ => RuleChange { edit, old: Some(self.rule(at)), new: None },
        };
        (0..self.role.rules.len()).map(change).collect()
    }

    /// Why this set of rules is not the same as the other side's.
    fn differs(&self, other: &Self, old: &TypedPolicy, new: &TypedPolicy) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.meanings != other.meanings {
            reasons.push(RULES_CHANGED.to_owned());
        }
        if holds(old, self.role) != holds(new, other.role) {
            reasons.push("its holds or locks changed".to_owned());
        }
        let never = |policy: &TypedPolicy, role: &Role| -> BTreeSet<String> {
            role.never.iter().map(|path| fold(&path.text(policy, role.record))).collect()
        };
        if never(old, self.role) != never(new, other.role) {
            reasons.push("whom it keeps apart (`never`) changed".to_owned());
        }
        if self.kind == RoleKind::Decide {
            reasons.extend(pins_differ(&pins(old, self.at), &pins(new, other.at)));
        }
        if let (Some(gather), Some(other)) = (self.gather, other.gather)
            && std::mem::discriminant(&gather.kind) != std::mem::discriminant(&other.kind)
        {
            reasons.push("a team became a tree of places, or the other way round".to_owned());
        }
        if let (Some(Gather { kind: crate::check::policy::GatherKind::Places(around), .. }), Some(gather)) =
            (self.gather, other.gather)
            && matches!(&gather.kind, crate::check::policy::GatherKind::Places(other) if other != around)
        {
            reasons.push("its places stand inside each other otherwise".to_owned());
        }
        reasons
    }
}

fn holds(policy: &TypedPolicy, role: &Role) -> Vec<String> {
    let kind = |kind: HoldKind| match kind {
        HoldKind::Lock => "lock".to_owned(),
        HoldKind::Hold(None) => "hold".to_owned(),
        HoldKind::Hold(Some(span)) => format!("hold up to {} {}", span.amount, span.unit.word()),
    };
    let text = |hold: &crate::check::policy::Hold| {
        format!("{} {}", kind(hold.kind), rule_fingerprint(policy, role, &hold.rule))
    };
    role.holds.iter().map(text).collect()
}

/// By key of the record, who owns it from when until when; sorted.
fn pins(policy: &TypedPolicy, role: usize) -> BTreeSet<(String, String)> {
    let days = |day: Option<i32>| day.map_or("…".to_owned(), show_day);
    let own = policy.pins.iter().filter(|pin| usize::from(pin.role.0) == role);
    own.map(|pin| {
        let owner = fold(&policy.names[pin.owner.0 as usize].text);
        (pin.key.clone(), format!("{owner} from {} until {}", days(pin.from), days(pin.until)))
    })
    .collect()
}

fn pins_differ(old: &BTreeSet<(String, String)>, new: &BTreeSet<(String, String)>) -> Option<String> {
    let keys: BTreeSet<&str> = old.symmetric_difference(new).map(|(key, _)| key.as_str()).collect();
    let shown: Vec<String> = keys.iter().take(5).map(|key| format!("`{key}`")).collect();
    let more = keys.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!keys.is_empty()).then(|| format!("the owners set by hand changed for {}{more}", shown.join(", ")))
}

/// Which of the changes besides rules can change what a role decides: of the rows of lists and tables, or of all else.
fn touched(
    used: &Uses,
    changes: &[DeclarationChange],
    old: &TypedPolicy,
    new: &TypedPolicy,
    of_rows: bool,
) -> Vec<String> {
    let (mut reasons, mut owners_may_differ) = (Vec::new(), false);
    for change in changes {
        if matches!(change.touched, Touched::List(_) | Touched::Table(_)) != of_rows {
            continue;
        }
        let is_touched = match &change.touched {
            Touched::Nothing | Touched::Reading => false,
            Touched::Record(record) => used.records.contains(record),
            Touched::Field(record, field) => used.fields.contains(&(*record, *field)),
            Touched::Order(record) => !used.rotations.is_empty() && used.records.contains(record),
            Touched::List(name) => used.lists.contains(name),
            Touched::Table(name) => used.tables.contains(name),
            Touched::Hours => used.counts_hours,
            Touched::Everything => true,
            Touched::Owners => {
                owners_may_differ = true;
                false
            }
        };
        if is_touched {
            let colon = if change.how.is_empty() { "" } else { ": " };
            reasons.push(format!("it rests on {}, which was {}{colon}{}", change.what, change.edit.word(), change.how));
        }
    }
    if owners_may_differ {
        reasons.extend(named_otherwise(used, &old.schema, &new.schema));
    }
    reasons
}

/// Whom a name means hangs on the teams and queues that are declared: a name of theirs that the rules hold, or that can
/// stand where they look names up.
fn named_otherwise(used: &Uses, old: &Schema, new: &Schema) -> Option<String> {
    let declared = [old, new].into_iter().flat_map(|schema| {
        let teams = schema.teams.iter().map(|team| fold(&team.name));
        teams.chain(schema.queues.iter().map(|queue| fold(&queue.name)))
    });
    let declared: BTreeSet<String> = declared.collect();
    let other_kind = |name: &String| kind_of(old, name) != kind_of(new, name);
    if let Some(name) = used.names.iter().find(|name| other_kind(name) || parts(old, name) != parts(new, name)) {
        return Some(format!("`{name}` means somebody else: teams or queues changed"));
    }
    let other: BTreeSet<&String> = declared.iter().filter(|name| other_kind(name)).collect();
    if used.finds_names && !other.is_empty() {
        return Some("it looks names up in fields, and teams or queues changed".to_owned());
    }
    let is_other = |data: &Option<Tabular>, column: usize| {
        let cells = data.iter().flat_map(|data| (0..data.rows.len()).filter_map(move |row| data.cell(row, column)));
        cells.into_iter().any(|cell| other.contains(&fold(cell)))
    };
    let in_lists = used.list_cells.iter().any(|(list, column)| is_other(&old.list(*list).data, *column));
    let in_tables = used.table_cells.iter().any(|(table, column)| is_other(&old.table(*table).data, *column));
    (in_lists || in_tables)
        .then(|| "a name in its lists or tables means somebody else: teams or queues changed".to_owned())
}

fn kind_of(schema: &Schema, name: &str) -> u8 {
    let is_team = schema.teams.iter().any(|team| fold(&team.name) == name);
    let is_queue = schema.queues.iter().any(|queue| fold(&queue.name) == name);
    u8::from(is_team) + 2 * u8::from(is_queue)
}

/// A team with all teams that are part of it, at any depth.
fn parts(schema: &Schema, name: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::from([name.to_owned()]);
    let mut open = vec![name.to_owned()];
    while let Some(whole) = open.pop() {
        for team in &schema.teams {
            let own = fold(&team.name);
            if team.part_of.as_deref().map(fold).as_deref() == Some(whole.as_str()) && parts.insert(own.clone()) {
                open.push(own);
            }
        }
    }
    parts
}

/// What was done to the rules: the longest row of rules that stayed, and what lies between.
fn rule_changes(old: &RuleSet<'_>, new: &RuleSet<'_>) -> Vec<RuleChange> {
    let pairs = paired(old.meanings.iter().map(Some), new.meanings.iter().map(Some));
    let stayed: BTreeSet<(usize, usize)> = longest_ascent(&pairs).into_iter().collect();
    let mut changes: Vec<(usize, RuleChange)> = Vec::new();
    let mut both = |edit, (from, to): (usize, usize)| {
        changes.push((to, RuleChange { edit, old: Some(old.rule(from)), new: Some(new.rule(to)) }));
    };
    pairs.iter().filter(|pair| !stayed.contains(pair)).for_each(|pair| both(RuleEdit::Moved, *pair));
    let (mut gone, mut come) = (vec![true; old.meanings.len()], vec![true; new.meanings.len()]);
    let mut settle = |pairs: &[(usize, usize)]| {
        for (from, to) in pairs {
            (gone[*from], come[*to]) = (false, false);
        }
        (gone.clone(), come.clone())
    };
    let (left, right) = settle(&pairs);
    let labels = |set: &RuleSet<'_>, open: Vec<bool>| -> Vec<Option<String>> {
        let label =
            |(rule, open): (&crate::check::policy::Rule, bool)| rule.label.as_deref().filter(|_| open).map(fold);
        set.role.rules.iter().zip(open).map(label).collect()
    };
    let (old_labels, new_labels) = (labels(old, left), labels(new, right));
    let same_label = paired(old_labels.iter().map(Option::as_ref), new_labels.iter().map(Option::as_ref));
    same_label.iter().for_each(|pair| both(RuleEdit::Changed, *pair));
    let (gone, come) = settle(&same_label);
    let of = |open: Vec<bool>| open.into_iter().enumerate().filter_map(|(at, open)| open.then_some(at));
    changes.extend(of(gone).map(|at| (at, RuleChange { edit: RuleEdit::Removed, old: Some(old.rule(at)), new: None })));
    changes.extend(of(come).map(|at| (at, RuleChange { edit: RuleEdit::Added, old: None, new: Some(new.rule(at)) })));
    changes.sort_by_key(|(at, change)| (*at, change.edit));
    changes.into_iter().map(|(_, change)| change).collect()
}

/// Places of equal names on both sides, each used once, in the order of the first side. A place without a name has no
/// partner.
fn paired<'n>(
    old: impl Iterator<Item = Option<&'n String>>,
    new: impl Iterator<Item = Option<&'n String>>,
) -> Vec<(usize, usize)> {
    let mut places: BTreeMap<&String, VecDeque<usize>> = BTreeMap::new();
    for (at, name) in new.enumerate() {
        if let Some(name) = name {
            places.entry(name).or_default().push_back(at);
        }
    }
    let partner = |(at, name): (usize, Option<&String>)| Some((at, places.get_mut(name?)?.pop_front()?));
    old.enumerate().filter_map(partner).collect()
}

/// The longest part of the pairs that keeps its order on the second side, too (patience sorting).
fn longest_ascent(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, place)) in pairs.iter().enumerate() {
        let pile = ends.partition_point(|end| pairs[*end].1 < *place);
        before.push(pile.checked_sub(1).map(|pile| ends[pile]));
        match ends.get_mut(pile) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut ascent = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        ascent.push(pairs[at]);
        next = before[at];
    }
    ascent.reverse();
    ascent
}
