//! From columns to atoms: one small number a row and dimension.
//!
//! What can be worked out once a distinct value (text, multi-selects, owners) is; only conditions over several fields
//! are interpreted row by row.

use super::batch::Scene;
use super::owner_reach::OwnerReach;
use super::resolve::Resolver;
use super::row::{self, RecordFacts};
use crate::assign::{NOBODY, OwnerTable};
use crate::check::policy::{Cond, OwnerTest, Path, RoleId, TestKind, TypedPolicy};
use crate::column::{
    CHOICE_MISSING, Column, ColumnData, DAY_MISSING, Dataset, INSTANT_MISSING, NumberColumn, ROW_MISSING,
    SCALED_MISSING, TextColumn,
};
use crate::plan::{Cuts, Dimension, DimensionKind, FALSE_ATOM, Opaque, RolePlan, TRUE_ATOM, interval_atom};
use crate::schema::FieldId;
use crate::value::{Decimal, Value, fold};
use rustc_hash::FxHashMap;

/// The way from a row over references; empty for the row itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach<'a> {
    steps: Vec<&'a [u32]>,
    /// A reference that was not read leads nowhere.
    dead: bool,
}

impl<'a> Reach<'a> {
    pub fn new(scene: &Scene<'a>, steps: &[FieldId]) -> Self {
        let mut reach = Reach::default();
        let mut record = scene.record;
        for step in steps {
            match scene.dataset.table(record).column(*step) {
                Some(column) => reach.steps.push(column.targets()),
                None => reach.dead = true,
            }
            record = crate::check::policy::walk(&scene.policy.schema, record, &[*step]);
        }
        reach
    }

    pub fn row(&self, row: u32) -> Option<u32> {
        if self.dead {
            return None;
        }
        let mut at = row;
        for step in &self.steps {
            at = *step.get(at as usize)?;
            if at == ROW_MISSING {
                return None;
            }
        }
        Some(at)
    }
}

/// The column that a path ends in.
pub(super) fn column_of<'a>(scene: &Scene<'a>, path: &Path) -> Option<&'a Column> {
    let record = path.record(&scene.policy.schema, scene.record);
    scene.dataset.table(record).column(path.field)
}

/// Turns rows into the atoms of one dimension.
pub(super) struct Encoder<'a> {
    reach: Reach<'a>,
    missing: u16,
    how: How<'a>,
}

enum How<'a> {
    /// The same atom for every row.
    Fixed(u16),
    Codes {
        codes: &'a [u32],
        atoms: Vec<u16>,
    },
    Choice(&'a [u16]),
    YesNo(&'a [u8]),
    Units {
        units: &'a [i64],
        cuts: UnitCuts,
        currency: Option<CurrencyFilter<'a>>,
    },
    Wide {
        values: &'a [Option<Decimal>],
        bounds: Vec<Decimal>,
        currency: Option<CurrencyFilter<'a>>,
    },
    Day {
        days: &'a [i32],
        bounds: Vec<i32>,
    },
    Instant {
        instants: &'a [i64],
        bounds: Vec<i64>,
    },
    Rows(&'a [u32]),
    /// What was worked out over other records.
    Worked {
        values: &'a [Value],
        cuts: Cuts,
    },
    /// A test on an owner, worked out once an owner.
    Owner {
        of: OwnerReach<'a>,
        test: OwnerTest,
        verdicts: Vec<Option<bool>>,
    },
    Named(Resolver<'a>),
    /// Worked out before, by row.
    Flags(&'a [bool]),
    Interpreted(Cond),
}

struct CurrencyFilter<'a> {
    column: &'a TextColumn,
    wanted: Option<u32>,
}

impl CurrencyFilter<'_> {
    fn fits(&self, row: u32) -> bool {
        self.column.code(row).is_some_and(|code| Some(code) == self.wanted)
    }
}

/// Bounds as whole units of a column's scale; a bound between two units is kept as the unit above it.
struct UnitCuts {
    units: Vec<i64>,
    exact: Vec<bool>,
}

impl UnitCuts {
    fn new(bounds: &[Decimal], scale: u32) -> Self {
        let mut cuts = UnitCuts { units: Vec::new(), exact: Vec::new() };
        for bound in bounds {
            let normal = bound.normalize();
            let (unit, exact) = if normal.scale() <= scale {
                let factor = 10_i128.checked_pow(scale - normal.scale());
                (factor.and_then(|factor| normal.mantissa().checked_mul(factor)), true)
            } else {
                let factor = 10_i128.pow(normal.scale() - scale);
                // Rounded up: every unit from here on is above the bound.
                (Some(normal.mantissa().div_euclid(factor) + 1), false)
            };
            match unit.map(i64::try_from) {
                Some(Ok(unit)) => {
                    cuts.units.push(unit);
                    cuts.exact.push(exact);
                }
                // No unit reaches it. Below all units it is counted for each; above all of them never, nor is any after.
                _ if bound.is_sign_negative() => {
                    cuts.units.push(i64::MIN);
                    cuts.exact.push(false);
                }
                _ => break,
            }
        }
        cuts
    }

    fn atom(&self, unit: i64) -> u16 {
        // How many bounds lie at or below the unit.
        let below = self.units.partition_point(|bound| *bound <= unit);
        let is_point = below > 0 && self.exact[below - 1] && self.units[below - 1] == unit;
        let atom = 2 * below - usize::from(is_point);
        u16::try_from(atom).unwrap_or(u16::MAX)
    }
}

impl<'a> Encoder<'a> {
    pub fn new(scene: &Scene<'a>, dimension: &Dimension) -> Self {
        match &dimension.kind {
            DimensionKind::Field { path, cuts } => Encoder {
                reach: Reach::new(scene, &path.steps),
                missing: dimension.missing_atom(),
                how: column_of(scene, path).map_or(How::Fixed(dimension.missing_atom()), |column| field(column, cuts)),
            },
            DimensionKind::Related { path, cuts } => Encoder {
                reach: Reach::new(scene, &path.steps),
                missing: dimension.missing_atom(),
                how: How::Worked { values: scene.related.column(path.related), cuts: cuts.clone() },
            },
            DimensionKind::Calendar { days } => {
                let atom = days.partition_point(|day| *day <= scene.as_of.today());
                Encoder {
                    reach: Reach::default(),
                    missing: 0,
                    how: How::Fixed(u16::try_from(atom).unwrap_or(u16::MAX)),
                }
            }
            DimensionKind::Opaque(Opaque::Named(chain)) => Encoder {
                reach: Reach::default(),
                missing: FALSE_ATOM,
                how: How::Named(Resolver::new(scene, chain.iter())),
            },
            DimensionKind::Opaque(Opaque::Holds(cond)) => opaque(scene, cond),
        }
    }

    /// The atoms of some rows, in their order.
    pub fn encode(
        &mut self,
        scene: &Scene<'a>,
        rows: &[u32],
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        out: &mut Vec<u16>,
    ) {
        out.clear();
        let missing = self.missing;
        if let How::Fixed(atom) = self.how {
            return out.resize(rows.len(), atom);
        }
        let reach = &self.reach;
        if reach.steps.is_empty() && !reach.dead {
            // The common case without a look at references.
            return encode_rows(
                &mut self.how,
                scene,
                rows.iter().map(|row| (*row, Some(*row))),
                missing,
                after,
                owners,
                out,
            );
        }
        let reached = rows.iter().map(|row| (*row, reach.row(*row)));
        encode_rows(&mut self.how, scene, reached, missing, after, owners, out);
    }
}

/// `rows` yields the record's own row, and the row that the path leads to.
fn encode_rows<'a>(
    how: &mut How<'a>,
    scene: &Scene<'a>,
    rows: impl Iterator<Item = (u32, Option<u32>)>,
    missing: u16,
    after: &[Vec<u32>],
    owners: &mut OwnerTable,
    out: &mut Vec<u16>,
) {
    let each =
        |out: &mut Vec<u16>, atom: &mut dyn FnMut(u32) -> u16, rows: &mut dyn Iterator<Item = (u32, Option<u32>)>| {
            out.extend(rows.map(|(_, at)| at.map_or(missing, &mut *atom)));
        };
    let mut rows = rows;
    match how {
        How::Fixed(atom) => out.extend(rows.map(|_| *atom)),
        How::Codes { codes, atoms } => out.extend(rows.map(|(_, at)| {
            // A missing text has the largest code of all, which no atom belongs to.
            at.and_then(|at| atoms.get(codes[at as usize] as usize).copied()).unwrap_or(missing)
        })),
        How::Choice(choices) => out.extend(rows.map(|(_, at)| match at.map(|at| choices[at as usize]) {
            Some(choice) if choice != CHOICE_MISSING => choice,
            _ => missing,
        })),
        How::YesNo(flags) => out.extend(rows.map(|(_, at)| at.map_or(missing, |at| u16::from(flags[at as usize])))),
        How::Units { units, cuts, currency: None } => {
            out.extend(rows.map(|(_, at)| match at.map(|at| units[at as usize]) {
                Some(unit) if unit != SCALED_MISSING => cuts.atom(unit),
                _ => missing,
            }))
        }
        How::Units { units, cuts, currency: Some(filter) } => each(
            out,
            &mut |at| {
                let unit = units[at as usize];
                if unit != SCALED_MISSING && filter.fits(at) { cuts.atom(unit) } else { missing }
            },
            &mut rows,
        ),
        How::Wide { values, bounds, currency } => each(
            out,
            &mut |at| match &values[at as usize] {
                Some(value) if currency.as_ref().is_none_or(|filter| filter.fits(at)) => interval_atom(bounds, value),
                _ => missing,
            },
            &mut rows,
        ),
        How::Day { days, bounds } => out.extend(rows.map(|(_, at)| match at.map(|at| days[at as usize]) {
            Some(day) if day != DAY_MISSING => interval_atom(bounds, &day),
            _ => missing,
        })),
        How::Instant { instants, bounds } => out.extend(rows.map(|(_, at)| match at.map(|at| instants[at as usize]) {
            Some(instant) if instant != INSTANT_MISSING => interval_atom(bounds, &instant),
            _ => missing,
        })),
        How::Rows(targets) => each(
            out,
            &mut |at| {
                if targets[at as usize] == ROW_MISSING { missing } else { 0 }
            },
            &mut rows,
        ),
        How::Worked { values, cuts } => each(
            out,
            &mut |at| match (values.get(at as usize), &*cuts) {
                (Some(Value::Number(number)), Cuts::Number { bounds, .. }) => interval_atom(bounds, number),
                (Some(Value::Date(day)), Cuts::Day { bounds }) => interval_atom(bounds, day),
                _ => missing,
            },
            &mut rows,
        ),
        How::Owner { of, test, verdicts } => {
            for (row, _) in rows {
                let owner = of.code(scene, row, after);
                out.push(u16::from(owner_verdict(scene, test, verdicts, owner, owners)));
            }
        }
        How::Flags(flags) => each(out, &mut |at| u16::from(flags[at as usize]), &mut rows),
        How::Named(resolver) => {
            for (row, _) in rows {
                let named = resolver.pick_from(0, scene, row, after, owners).is_some();
                out.push(if named { TRUE_ATOM } else { FALSE_ATOM });
            }
        }
        How::Interpreted(cond) => {
            for (row, _) in rows {
                let facts = scene.facts(row, owners);
                let owner_of = |role: RoleId, row: u32| {
                    after.get(role.0 as usize).and_then(|codes| owners.get(*codes.get(row as usize)?)).cloned()
                };
                let facts = RecordFacts { owner_of: &owner_of, ..facts };
                out.push(if row::holds(scene.setting(), cond, &facts) { TRUE_ATOM } else { FALSE_ATOM });
            }
        }
    }
}

fn owner_verdict(
    scene: &Scene<'_>,
    test: &OwnerTest,
    verdicts: &mut Vec<Option<bool>>,
    code: u32,
    owners: &OwnerTable,
) -> bool {
    if code == NOBODY {
        return false;
    }
    if verdicts.len() <= code as usize {
        verdicts.resize(code as usize + 1, None);
    }
    *verdicts[code as usize].get_or_insert_with(|| row::owner_holds(scene.setting(), test, owners.get(code)))
}

fn field<'a>(column: &'a Column, cuts: &Cuts) -> How<'a> {
    let last = u16::try_from(cuts.known_atoms()).unwrap_or(u16::MAX);
    match (&column.data, cuts) {
        (ColumnData::Text(text), Cuts::Text { points, prefixes }) => {
            How::Codes { codes: text.codes(), atoms: text_atoms(text, points, prefixes) }
        }
        (ColumnData::Choice(choices), Cuts::Choice { .. }) => How::Choice(choices),
        (ColumnData::YesNo(flags), Cuts::YesNo) => How::YesNo(flags),
        (ColumnData::Number(numbers) | ColumnData::Money(numbers, _), Cuts::Number { bounds, currency }) => {
            let filter = match (&column.data, currency) {
                (ColumnData::Money(_, Some(column)), Some(code)) => {
                    Some(CurrencyFilter { column, wanted: column.find(code) })
                }
                _ => None,
            };
            match numbers {
                NumberColumn::Scaled { scale, units } => {
                    How::Units { units, cuts: UnitCuts::new(bounds, *scale), currency: filter }
                }
                NumberColumn::Wide(values) => How::Wide { values, bounds: bounds.clone(), currency: filter },
            }
        }
        (ColumnData::Date(days), Cuts::Day { bounds }) => How::Day { days, bounds: bounds.clone() },
        (ColumnData::Time(instants), Cuts::Instant { bounds }) => How::Instant { instants, bounds: bounds.clone() },
        (ColumnData::Reference(rows, _), _) => How::Rows(rows),
        // A blank multi-select is the empty set, never missing.
        (ColumnData::Many(_), _) => How::Fixed(0),
        _ => How::Fixed(last),
    }
}

/// The atom of every distinct text.
fn text_atoms(text: &TextColumn, points: &[String], prefixes: &[String]) -> Vec<u16> {
    let by_point: FxHashMap<&str, u16> = (0..).zip(points).map(|(atom, point)| (point.as_str(), atom)).collect();
    let other = u16::try_from(points.len() + prefixes.len()).unwrap_or(u16::MAX);
    let ends = Ends::of(points);
    let by_prefix = |folded: &str| match Cuts::longest_prefix(prefixes, folded) {
        Some(at) => u16::try_from(points.len() + at).unwrap_or(other),
        None => other,
    };
    (0..text.distinct_count())
        .map(|code| {
            let distinct = text.distinct(code);
            // Most texts of a long column are no point: told by their ends, without folding them.
            if prefixes.is_empty() && distinct.is_ascii() && !ends.may_hold(distinct.as_bytes()) {
                return other;
            }
            let folded = fold(distinct);
            by_point.get(folded.as_str()).copied().unwrap_or_else(|| by_prefix(&folded))
        })
        .collect()
}

/// A sieve for folded texts: whether one of a length with these last letters may be among them. May say yes wrongly,
/// never no. Only for ASCII, whose folding changes neither length nor order.
struct Ends {
    bits: Vec<u64>,
    /// A folded point that is ASCII can come from a text that is not; never the other way.
    any: bool,
}

impl Ends {
    const BITS: usize = 1 << 16;

    fn of(points: &[String]) -> Self {
        let mut ends = Ends { bits: vec![0; Self::BITS / 64], any: !points.is_empty() };
        for point in points {
            let at = Self::slot(point.as_bytes());
            ends.bits[at / 64] |= 1 << (at % 64);
        }
        ends
    }

    fn may_hold(&self, text: &[u8]) -> bool {
        let at = Self::slot(text);
        self.any && self.bits[at / 64] & (1 << (at % 64)) != 0
    }

    fn slot(text: &[u8]) -> usize {
        let last = text.iter().rev().take(4).fold(text.len() as u32, |hash, byte| {
            hash.wrapping_mul(0x9e37_79b1) ^ u32::from(byte.to_ascii_lowercase())
        });
        (last.wrapping_mul(0x9e37_79b1) >> 16) as usize
    }
}

/// The cheapest way to a condition of its own: once a distinct value where it asks one field, once an owner where it
/// asks an owner, row by row otherwise.
fn opaque<'a>(scene: &Scene<'a>, cond: &Cond) -> Encoder<'a> {
    if let Cond::Test { kind, .. } = cond {
        let single = match kind {
            TestKind::Field { path, test } => {
                per_value(scene, path, &|value| row::field_holds(scene.setting(), test, value))
            }
            TestKind::InList { path, list } => per_value(scene, path, &|value| {
                row::text_of(scene.setting(), path, value)
                    .is_some_and(|text| scene.binding.list_row(*list, &text).is_some())
            }),
            TestKind::Owner { of, test } => Some(Encoder {
                reach: Reach::default(),
                missing: FALSE_ATOM,
                how: How::Owner { of: OwnerReach::new(scene, of), test: test.clone(), verdicts: Vec::new() },
            }),
            TestKind::History(id) => {
                let how = scene.related.history_column(*id).map_or(How::Fixed(FALSE_ATOM), How::Flags);
                Some(Encoder { reach: Reach::default(), missing: FALSE_ATOM, how })
            }
            _ => None,
        };
        if let Some(encoder) = single {
            return encoder;
        }
    }
    Encoder { reach: Reach::default(), missing: FALSE_ATOM, how: How::Interpreted(cond.clone()) }
}

/// A test on one dictionary-encoded field, worked out once a distinct value; `None` for other columns.
fn per_value<'a>(scene: &Scene<'a>, path: &Path, holds: &dyn Fn(&Value) -> bool) -> Option<Encoder<'a>> {
    let column = column_of(scene, path)?;
    let how = match &column.data {
        ColumnData::Text(text) => {
            let atom = |code| u16::from(holds(&Value::Text(text.distinct(code).to_owned())));
            How::Codes { codes: text.codes(), atoms: (0..text.distinct_count()).map(atom).collect() }
        }
        ColumnData::Many(many) => How::Codes {
            codes: &many.codes,
            atoms: many.sets.iter().map(|set| u16::from(holds(&Value::Many(set.clone())))).collect(),
        },
        _ => return None,
    };
    Some(Encoder { reach: Reach::new(scene, &path.steps), missing: FALSE_ATOM, how })
}

/// The atoms of all rows of a role that does not read itself, a column a dimension: for benchmarks and analysis.
pub fn encode_all(scene: &Scene<'_>, plan: &RolePlan, after: &[Vec<u32>], owners: &mut OwnerTable) -> Vec<Vec<u16>> {
    let rows: Vec<u32> = (0..u32::try_from(scene.dataset.table(scene.record).row_count).unwrap_or(u32::MAX)).collect();
    plan.dimensions
        .iter()
        .map(|dimension| {
            let mut atoms = Vec::new();
            Encoder::new(scene, dimension).encode(scene, &rows, after, owners, &mut atoms);
            atoms
        })
        .collect()
}

/// Rows of a role's record type that break the schema somewhere the role reads, or have no key of their own.
pub(super) fn invalid_rows(scene: &Scene<'_>, dataset: &Dataset) -> crate::column::RowSet {
    let table = dataset.table(scene.record);
    let mut invalid = table.unkeyed.clone();
    for path in &scene.role.reads {
        // Every step of the way, and the field at its end.
        for length in 0..=path.steps.len() {
            let field = path.steps.get(length).copied().unwrap_or(path.field);
            let at = Path { steps: path.steps[..length].to_vec(), field };
            let Some(column) = column_of(scene, &at) else {
                continue;
            };
            if column.broken.is_empty() {
                continue;
            }
            if length == 0 {
                invalid.extend(&column.broken);
                continue;
            }
            let reach = Reach::new(scene, &at.steps);
            for row in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
                if reach.row(row).is_some_and(|at| column.broken.contains(at)) {
                    invalid.insert(row);
                }
            }
        }
    }
    invalid
}

/// The first path of a role's reads that breaks the schema for a row, as an admin writes it; `None` where all are sound.
pub fn broken_path(policy: &TypedPolicy, role: RoleId, dataset: &Dataset, row: u32) -> Option<String> {
    let typed = policy.role(role);
    for path in &typed.reads {
        let (mut record, mut at) = (typed.record, row);
        for length in 0..=path.steps.len() {
            let field = path.steps.get(length).copied().unwrap_or(path.field);
            let column = dataset.table(record).column(field)?;
            if column.broken.contains(at) {
                let found = Path { steps: path.steps[..length].to_vec(), field };
                return Some(found.text(&policy.schema, typed.record));
            }
            match column.targets().get(at as usize) {
                Some(&next) if next != ROW_MISSING && length < path.steps.len() => {
                    at = next;
                    record = crate::check::policy::walk(&policy.schema, record, &[field]);
                }
                _ => break,
            }
        }
    }
    None
}
