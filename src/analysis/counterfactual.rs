//! What would have to change in a record for the rules to give it to somebody: the fewest changes, realistic ones first.
//!
//! A set of things that may change frees their dimensions; all others stay at the record's own atoms. Whether a step that
//! gives the record to its new owner can decide then is one question to the box search. Where it cannot, the boxes that
//! cover the region say why: a larger set helps only if it moves a side of one of them. So the sets are tried cheapest
//! first, each grown by what the proof against it names, as a hitting set grows by its conflicts (Reiter, 1987): the
//! first that works is a cheapest one.

use super::board::{Board, Refusal};
use super::giving::{self, Gives, Steps, given};
use super::ground::Doubt;
use super::imagine::{Fact, Known};
use super::movable::{FIELD, odd_cost};
use super::own;
use super::search::Found;
use super::words;
use crate::check::policy::{Role, RuleId};
use crate::decide::row::{Facts, Setting};
use crate::limits::COUNTERFACTUAL_STEPS_MAX;
use crate::plan::AtomSet;
use crate::value::Owner;
use rustc_hash::FxHashSet;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeOf {
    /// A field of the record.
    Field,
    /// A field of a record that it refers to.
    OtherRecord,
    /// Something worked out over other records.
    WorkedOut,
    /// Its current owner, or the owner of another role or record.
    Owner,
    /// What the ledger saw of it before.
    Past,
}

/// One change of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct FactChange {
    pub of: ChangeOf,
    /// As the language writes it: `account.status`.
    pub name: String,
    /// What it is; `None` is missing.
    pub from: Option<String>,
    /// What it would be; `None` is missing.
    pub to: Option<String>,
    /// Everything that would do as well, the other changes as they are (`employees >= 100`); `None` where it is this
    /// value alone, or cannot be said.
    pub range: Option<String>,
    /// `to` is a text that was made up: no rule names it, and others do as well.
    pub is_example: bool,
}

/// Changes that together make the rules give the record to its new owner, and the rule that would decide then.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    pub changes: Vec<FactChange>,
    pub rule: RuleId,
    /// The rule names a pool of which they are one: who it is, is settled when the record is assigned.
    pub is_by_pool: bool,
}

/// What would make the rules give a record to somebody.
#[derive(Clone, Debug, PartialEq)]
pub enum Counterfactual {
    /// The rules give it to them as it is, by this rule.
    Already(RuleId),
    /// Sets of changes, the cheapest first; none holds another. Each was confirmed by the interpreter. `is_fewest` is
    /// false where the steps ran out, or a condition could not be judged, before the first was found.
    Changes {
        alternatives: Vec<Alternative>,
        is_fewest: bool,
    },
    /// No rule of the role ever gives a record to them.
    NoRule,
    /// Rules give records to them, but no change leads this one there.
    Never,
    NotDecided(Doubt),
}

/// Alternatives that are told.
const ALTERNATIVES_MAX: usize = 3;
/// What an alternative may cost above the first: what is far more work is no alternative.
const WORSE_MAX: u32 = 2 * FIELD;
/// Regions that are looked at for one set of things, where values for a region cannot be found.
const REGIONS_TRIED: usize = 40;
/// The steps that looking at a set costs on top of the boxes.
const LOOK_STEPS: u64 = 20;

/// Looks for the cheapest changes of a record after which the rules of a role give it to `owner`.
///
/// `facts` are the record's own; what they do not know is missing. The key, the day of creation and references are left
/// as they are. Nothing is assumed of what stands before the rules (a pin, a hold) or behind them (a full pool).
pub fn counterfactual(setting: Setting<'_>, role: &Role, facts: &dyn Facts, owner: &Owner) -> Counterfactual {
    if let Some((rule, _)) = given(setting, role, facts, owner) {
        return Counterfactual::Already(rule);
    }
    let steps = giving::steps(setting, role, facts, owner);
    let is_whole = steps.is_whole;
    let Steps { rules, steps, .. } = steps;
    if steps.iter().all(|step| step.gives == Gives::Nothing) {
        return if is_whole {
            Counterfactual::NoRule
        } else {
            Counterfactual::NotDecided(Doubt::Conditions(Vec::new()))
        };
    }
    let board = Board::new(setting, role, facts, owner, &rules, &steps);
    let mut search = Search {
        board: &board,
        steps_left: COUNTERFACTUAL_STEPS_MAX,
        doubt: (!is_whole).then(|| Doubt::Conditions(Vec::new())),
        queue: BinaryHeap::new(),
        seen: FxHashSet::default(),
        found: Vec::new(),
    };
    for (goal, start) in board.goals.iter().enumerate() {
        search.add(start.start.clone(), goal);
    }
    search.run()
}

/// Things that may change, ascending.
type Set = Vec<usize>;

/// What waits: an alternative that was found comes before what costs the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    Found(usize),
    Look(Set, usize),
}

struct Search<'b, 'a> {
    board: &'b Board<'a>,
    steps_left: u64,
    doubt: Option<Doubt>,
    queue: BinaryHeap<Reverse<(u32, Waiting)>>,
    seen: FxHashSet<(Set, usize)>,
    /// What was found, and the things it changes.
    found: Vec<(Set, Alternative)>,
}

impl Search<'_, '_> {
    fn add(&mut self, set: Set, goal: usize) {
        let cost = self.board.cost(&set);
        if self.seen.insert((set.clone(), goal)) {
            self.queue.push(Reverse((cost, Waiting::Look(set, goal))));
        }
    }

    fn run(&mut self) -> Counterfactual {
        let mut told: Vec<Set> = Vec::new();
        let mut alternatives = Vec::new();
        let mut is_fewest = true;
        let mut first_cost = None;
        while let Some(Reverse((cost, waiting))) = self.queue.pop() {
            if first_cost.is_some_and(|first: u32| cost > first + WORSE_MAX) {
                break;
            }
            match waiting {
                Waiting::Found(at) => {
                    let (set, alternative) = &self.found[at];
                    if !told.iter().any(|known| known.iter().all(|one| set.contains(one))) {
                        if alternatives.is_empty() {
                            is_fewest = self.doubt.is_none();
                            first_cost = Some(cost);
                            // The others are worth as much as the first was, not all there is.
                            let used = COUNTERFACTUAL_STEPS_MAX - self.steps_left;
                            self.steps_left = self.steps_left.min(used + COUNTERFACTUAL_STEPS_MAX / 20);
                        }
                        told.push(set.clone());
                        alternatives.push(alternative.clone());
                    }
                    if alternatives.len() == ALTERNATIVES_MAX {
                        break;
                    }
                }
                Waiting::Look(set, goal) => {
                    if told.iter().any(|known| known.iter().all(|one| set.contains(one))) {
                        continue;
                    }
                    let Some(left) = self.steps_left.checked_sub(LOOK_STEPS) else {
                        self.doubt = Some(Doubt::Steps);
                        break;
                    };
                    self.steps_left = left;
                    self.look(&set, goal);
                }
            }
        }
        match (alternatives.is_empty(), self.doubt.take()) {
            (false, _) => Counterfactual::Changes { alternatives, is_fewest },
            (true, Some(doubt)) => Counterfactual::NotDecided(doubt),
            (true, None) => Counterfactual::Never,
        }
    }

    /// Whether a set of changes reaches a goal; where it does not, the larger sets that might.
    fn look(&mut self, set: &Set, goal: usize) {
        let region = match self.board.region(set, goal) {
            Ok(region) => region,
            Err(Refusal::Never) => return,
            Err(Refusal::Needs(more)) => return self.grow(set, goal, more),
        };
        let mut blocked = Vec::new();
        let mut opaque = BTreeSet::new();
        for _ in 0..REGIONS_TRIED {
            match self.board.outside(&region, goal, &blocked, &mut self.steps_left) {
                Found::OutOfSteps => {
                    self.doubt = Some(Doubt::Steps);
                    return;
                }
                Found::Covered(used) => {
                    let more = self.board.behind(&region, goal, &blocked, &used, set);
                    return self.grow(set, goal, more);
                }
                Found::Outside(found) => {
                    let made = self.board.make(found, &region, set, goal, &blocked, &mut self.steps_left);
                    match made {
                        Ok((known, region)) => return self.tell(known, &region, goal),
                        Err(refused) => {
                            if !refused.is_all {
                                opaque.extend(self.board.places(set));
                                self.doubt.get_or_insert(Doubt::Conditions(Vec::new()));
                            }
                            blocked.push(refused.block);
                        }
                    }
                }
            }
        }
        self.doubt = Some(Doubt::Conditions(opaque.into_iter().collect()));
        let more = self.board.all_besides(set);
        self.grow(set, goal, more);
    }

    fn grow(&mut self, set: &Set, goal: usize, more: Vec<usize>) {
        for one in more {
            let mut larger = set.clone();
            if let Err(at) = larger.binary_search(&one) {
                larger.insert(at, one);
                self.add(larger, goal);
            }
        }
    }

    fn tell(&mut self, known: Vec<(usize, Known)>, region: &[AtomSet], goal: usize) {
        let board = self.board;
        let set: Set = known.iter().map(|(at, _)| *at).collect();
        let odd = known.iter().map(|(at, to)| odd_cost(&own::known(board.facts, &board.movable[*at].fact), to));
        let cost = board.cost(&set) + odd.sum::<u32>();
        let changed = board.changed(&known);
        let Some((rule, is_by_pool)) = given(board.setting, board.role, &changed, board.owner) else { return };
        let changes = known.iter().map(|(at, known)| self.change(*at, known, region, goal)).collect();
        self.queue.push(Reverse((cost, Waiting::Found(self.found.len()))));
        self.found.push((set, Alternative { changes, rule, is_by_pool }));
    }

    fn change(&self, at: usize, to: &Known, region: &[AtomSet], goal: usize) -> FactChange {
        let board = self.board;
        let fact = &board.movable[at].fact;
        let of = match fact {
            Fact::Value(path) if path.steps.is_empty() => ChangeOf::Field,
            Fact::Value(_) => ChangeOf::OtherRecord,
            Fact::Related(_) => ChangeOf::WorkedOut,
            Fact::Owner(_) | Fact::Contest(_) => ChangeOf::Owner,
            Fact::History(_) => ChangeOf::Past,
        };
        let policy = board.setting.policy;
        let shown = |known: &Known| words::known(policy, board.role, fact, known);
        FactChange {
            of,
            name: words::name(policy, board.role, fact),
            from: shown(&own::known(board.facts, fact)),
            to: shown(to),
            range: board.range(at, region, goal),
            is_example: board.is_example(at, to),
        }
    }
}
