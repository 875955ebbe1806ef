//! The owner a rule's chain of targets names, for many records: looked up once a distinct value.

use super::batch::Scene;
use super::encode::{Reach, column_of};
use super::owner_reach::{OwnerReach, Taken};
use super::row::{self, Facts, Named};
use crate::assign::{NOBODY, OwnerTable, TableIndex};
use crate::check::policy::{Path, PoolId, RoleId, TableUse, TargetKind};
use crate::column::{Column, ColumnData, NumberColumn};
use crate::plan::interval_atom;
use crate::schema::MatchHow;
use crate::value::{Decimal, Value};
use rustc_hash::FxHashMap;

/// What a chain named for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    Owner(u32),
    Keep(u32),
    Nobody,
    /// The pool at this place of the chain.
    Pool {
        place: usize,
        pool: PoolId,
    },
}

/// A look-up that has not been made yet.
const UNKNOWN: u32 = u32::MAX - 1;

/// A chain `A else B`, ready to be asked row by row.
pub(super) struct Resolver<'a> {
    chain: Vec<One<'a>>,
    taken: Taken<'a>,
}

enum One<'a> {
    Fixed(Option<Pick>),
    Keep,
    /// A cell or a field's text, by the code of the text it is looked up with. `UNKNOWN` until asked.
    ByCode {
        reach: Reach<'a>,
        codes: &'a [u32],
        owners: Vec<u32>,
        kind: TargetKind,
    },
    Table(Box<TableLookUp<'a>>),
    OwnerOf(OwnerReach<'a>),
    Pool(PoolId),
    /// A contest, held once for each record that the path leads to.
    Contest {
        reach: Reach<'a>,
        winners: FxHashMap<u32, u32>,
        kind: TargetKind,
    },
    Manager {
        inner: Box<One<'a>>,
        managers: FxHashMap<u32, u32>,
    },
    /// A name: the same owner for every record. `UNKNOWN` until asked.
    Name {
        kind: TargetKind,
        owner: u32,
    },
    /// Anything else: interpreted.
    Interpreted(TargetKind),
}

struct TableLookUp<'a> {
    table: TableUse,
    index: TableIndex,
    columns: Vec<(Reach<'a>, Option<&'a Column>, Vec<Decimal>)>,
    found: FxHashMap<Vec<i128>, u32>,
    key: Vec<i128>,
}

impl<'a> Resolver<'a> {
    pub fn new<'k>(scene: &Scene<'a>, chain: impl Iterator<Item = &'k TargetKind>) -> Self {
        Resolver { chain: chain.map(|kind| one(scene, kind)).collect(), taken: Taken::new(scene) }
    }

    /// The first of the chain, from a place on, that names somebody or is a pool; `None` where all miss.
    pub fn pick_from(
        &mut self,
        start: usize,
        scene: &Scene<'a>,
        row: u32,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
    ) -> Option<Pick> {
        // Nobody is excluded where the role need not differ from another.
        let excluded = if self.taken.is_empty() { Vec::new() } else { self.taken.people(scene, row, after, owners) };
        self.chain.iter_mut().enumerate().skip(start).find_map(|(place, one)| match one {
            One::Pool(pool) => Some(Pick::Pool { place, pool: *pool }),
            one => one.pick(scene, row, after, owners).filter(|pick| match pick {
                Pick::Owner(owner) | Pick::Keep(owner) => !excluded.contains(owner),
                Pick::Nobody | Pick::Pool { .. } => true,
            }),
        })
    }
}

fn one<'a>(scene: &Scene<'a>, kind: &TargetKind) -> One<'a> {
    match kind {
        TargetKind::Nobody => One::Fixed(Some(Pick::Nobody)),
        TargetKind::Keep => One::Keep,
        // Codes of owners are given when they are first needed, so a name is looked up like a cell.
        TargetKind::Name(_) => One::Name { kind: kind.clone(), owner: UNKNOWN },
        TargetKind::Field(path) | TargetKind::Cell { path, .. } => by_code(scene, path, kind),
        TargetKind::Table(table) => One::Table(Box::new(table_look_up(scene, table))),
        TargetKind::OwnerOf(of) => One::OwnerOf(OwnerReach::new(scene, of)),
        TargetKind::Pool(pool) => One::Pool(*pool),
        TargetKind::Contest(path) => {
            One::Contest { reach: Reach::new(scene, &path.steps), winners: FxHashMap::default(), kind: kind.clone() }
        }
        TargetKind::Manager(inner) => {
            One::Manager { inner: Box::new(one(scene, inner)), managers: FxHashMap::default() }
        }
    }
}

fn by_code<'a>(scene: &Scene<'a>, path: &Path, kind: &TargetKind) -> One<'a> {
    match column_of(scene, path).map(|column| &column.data) {
        Some(ColumnData::Text(text)) => One::ByCode {
            reach: Reach::new(scene, &path.steps),
            codes: text.codes(),
            owners: vec![UNKNOWN; text.distinct_count() as usize],
            kind: kind.clone(),
        },
        _ => One::Interpreted(kind.clone()),
    }
}

fn table_look_up<'a>(scene: &Scene<'a>, table: &TableUse) -> TableLookUp<'a> {
    let index = TableIndex::new(scene.policy, scene.record, table, scene.as_of.today());
    let lines = &scene.policy.schema.table(table.table).matches;
    let columns = table
        .paths
        .iter()
        .zip(lines)
        .enumerate()
        .map(|(at, (path, line))| {
            let bounds = match line.how {
                MatchHow::Between { .. } => index.bounds(at),
                _ => Vec::new(),
            };
            (Reach::new(scene, &path.steps), column_of(scene, path), bounds)
        })
        .collect();
    TableLookUp { table: table.clone(), index, columns, found: FxHashMap::default(), key: Vec::new() }
}

impl<'a> One<'a> {
    fn pick(&mut self, scene: &Scene<'a>, row: u32, after: &[Vec<u32>], owners: &mut OwnerTable) -> Option<Pick> {
        match self {
            One::Fixed(pick) => *pick,
            // Only at the top of a chain, where it is told apart before.
            One::Pool(_) => None,
            One::Keep => {
                let current = scene.current[row as usize];
                (current != NOBODY).then_some(Pick::Keep(current))
            }
            One::ByCode { reach, codes, owners: known, kind } => {
                let at = reach.row(row)?;
                let code = codes[at as usize] as usize;
                // A missing text has the largest code of all: nothing is known under it.
                let slot = *known.get(code)?;
                let owner = if slot == UNKNOWN {
                    let owner = interpret(scene, kind, row, after, owners);
                    known[code] = owner;
                    owner
                } else {
                    slot
                };
                (owner != NOBODY).then_some(Pick::Owner(owner))
            }
            One::Table(look_up) => look_up.pick(scene, row, owners),
            One::OwnerOf(of) => {
                let owner = of.code(scene, row, after);
                (owner != NOBODY).then_some(Pick::Owner(owner))
            }
            One::Contest { reach, winners, kind } => {
                let at = reach.row(row)?;
                let winner = match winners.get(&at) {
                    Some(winner) => *winner,
                    None => {
                        let winner = interpret(scene, kind, row, after, owners);
                        winners.insert(at, winner);
                        winner
                    }
                };
                (winner != NOBODY).then_some(Pick::Owner(winner))
            }
            One::Manager { inner, managers } => {
                let (Pick::Owner(owner) | Pick::Keep(owner)) = inner.pick(scene, row, after, owners)? else {
                    return None;
                };
                let manager = match managers.get(&owner) {
                    Some(manager) => *manager,
                    None => {
                        let manager = owners.get(owner).and_then(|owner| scene.binding.manager_of(owner).ok());
                        let code = owners.code_of(manager.as_ref());
                        managers.insert(owner, code);
                        code
                    }
                };
                (manager != NOBODY).then_some(Pick::Owner(manager))
            }
            One::Name { kind, owner } => {
                if *owner == UNKNOWN {
                    *owner = interpret(scene, kind, row, after, owners);
                }
                (*owner != NOBODY).then_some(Pick::Owner(*owner))
            }
            One::Interpreted(kind) => {
                let owner = interpret(scene, kind, row, after, owners);
                (owner != NOBODY).then_some(Pick::Owner(owner))
            }
        }
    }
}

/// One target by the plain interpreter: its owner's code, or [`NOBODY`] for a miss.
fn interpret(scene: &Scene<'_>, kind: &TargetKind, row: u32, after: &[Vec<u32>], owners: &mut OwnerTable) -> u32 {
    let named = {
        let owner_of = |role: RoleId, row: u32| {
            after.get(role.0 as usize).and_then(|codes| owners.get(*codes.get(row as usize)?)).cloned()
        };
        let facts = row::RecordFacts { owner_of: &owner_of, ..scene.facts(row, owners) };
        row::target_named(scene.setting(), kind, &facts)
    };
    match named {
        Named::Owner(owner) | Named::Keep(owner) => owners.code(&owner),
        Named::Nobody | Named::Pool(_) | Named::Miss(_) => NOBODY,
    }
}

impl<'a> TableLookUp<'a> {
    fn pick(&mut self, scene: &Scene<'a>, row: u32, owners: &mut OwnerTable) -> Option<Pick> {
        self.key.clear();
        for (reach, column, bounds) in &self.columns {
            let at = reach.row(row)?;
            self.key.push(key_part((*column)?, at, bounds)?);
        }
        if let Some(owner) = self.found.get(&self.key) {
            return (*owner != NOBODY).then_some(Pick::Owner(*owner));
        }
        let owner = self.look_up(scene, row, owners);
        self.found.insert(self.key.clone(), owner);
        (owner != NOBODY).then_some(Pick::Owner(owner))
    }

    fn look_up(&self, scene: &Scene<'a>, row: u32, owners: &mut OwnerTable) -> u32 {
        let values: Vec<Value> = {
            let facts = scene.facts(row, owners);
            self.table.paths.iter().map(|path| facts.value(path)).collect()
        };
        let data = scene.policy.schema.table(self.table.table).data.as_ref();
        let cell = data.and_then(|data| data.cell(self.index.best(&values)?, self.table.column));
        let owner = cell.and_then(|cell| scene.binding.find(cell).ok());
        owners.code_of(owner.as_ref())
    }
}

/// A value as a number that is equal only for values which a table cannot tell apart. `None` for missing.
pub(super) fn key_part(column: &Column, row: u32, bounds: &[Decimal]) -> Option<i128> {
    let at = row as usize;
    match &column.data {
        ColumnData::Text(text) => text.code(row).map(i128::from),
        ColumnData::Choice(choices) => (choices[at] != crate::column::CHOICE_MISSING).then(|| i128::from(choices[at])),
        ColumnData::YesNo(flags) => (flags[at] != crate::column::YES_NO_MISSING).then(|| i128::from(flags[at])),
        ColumnData::Reference(rows, _) => (rows[at] != crate::column::ROW_MISSING).then(|| i128::from(rows[at])),
        ColumnData::Number(numbers) | ColumnData::Money(numbers, _) => {
            let number = numbers.get(row)?;
            Some(match numbers {
                _ if !bounds.is_empty() => i128::from(interval_atom(bounds, &number)),
                NumberColumn::Scaled { units, .. } => i128::from(units[at]),
                NumberColumn::Wide(_) => {
                    // 96 bits and a sign leave room for the scale, which is below 32.
                    let number = number.normalize();
                    (number.mantissa() << 5) | i128::from(number.scale())
                }
            })
        }
        ColumnData::Date(days) => (days[at] != crate::column::DAY_MISSING).then(|| {
            let day = Decimal::from(days[at]);
            i128::from(if bounds.is_empty() { days[at] } else { i32::from(interval_atom(bounds, &day)) })
        }),
        ColumnData::Time(_) | ColumnData::Many(_) => None,
    }
}
