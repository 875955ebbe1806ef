//! Proofs against brute force: small policies made up at random, every combination of values tried by the interpreter.
//!
//! `OWNWARD_CASES` sets how many policies are made up.

use crate::world::{World, test_day};
use ownward::analysis::{self, Gaps, Proof, Reached};
use ownward::assign::Binding;
use ownward::check::policy::{
    Cond, ContestPath, Criterion, FieldTest, HistoryId, OwnerRef, Path, RelatedPath, Role, RoleId, Rule, RuleId,
    TestKind, TextTest, TypedPolicy,
};
use ownward::decide::Candidate;
use ownward::decide::row::{self, Facts, Setting};
use ownward::schema::{FieldKind, RecordId};
use ownward::source::Span;
use ownward::value::time::{self, AsOf};
use ownward::value::{Owner, Value, parse_number};

/// A small generator of numbers: the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 20) % sides as u64).unwrap()
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.roll(from.len())]
    }
}

/// The fields a policy may declare: name, type, and values that stand for all others.
const FIELDS: [(&str, &str, &[&str]); 8] = [
    ("kind", "one of (P, C, X)", &["P", "C", "X"]),
    ("size", "number", &["0", "1", "1.5", "2", "2.5", "3", "4"]),
    ("land", "text", &["x", "xa", "xz", "xaz", "y", "yz", "other"]),
    ("warm", "yes/no", &["yes", "no"]),
    ("due", "date", &["2025-06-01", "2026-01-01", "2026-01-02", "2026-01-03", "2026-02-01"]),
    ("tags", "many of (T, U)", &["", "T", "U", "T;U"]),
    ("rank", "ordered (L < M < H)", &["L", "M", "H"]),
    (
        "name",
        "text",
        &[
            "x",
            "x big",
            "x bank",
            "x big x",
            "x big x big",
            "x big x bank",
            "x bank x",
            "x bank x big",
            "x bank x bank",
            "x big x bank x",
            "x big x bank x big",
            "x big x bank x bank",
            "big x",
            "big x big",
            "big x bank",
            "big x big x",
            "big x big x big",
            "big x big x bank",
            "big x bank x",
            "big x bank x big",
            "big x bank x bank",
            "big x big x bank x",
            "big x big x bank x big",
            "big x big x bank x bank",
            "bank x",
            "bank x big",
            "bank x bank",
            "bank x big x",
            "bank x big x big",
            "bank x big x bank",
            "bank x bank x",
            "bank x bank x big",
            "bank x bank x bank",
            "bank x big x bank x",
            "bank x big x bank x big",
            "bank x big x bank x bank",
            "big",
            "bank",
            "big bank",
            "bank big",
        ],
    ),
];

/// A policy made up, and the fields that may be missing.
pub struct Made {
    pub text: String,
    pub fields: Vec<usize>,
    pub optional: Vec<bool>,
}

pub fn declared(dice: &mut Dice, most: usize) -> (String, Vec<usize>, Vec<bool>) {
    let mut fields: Vec<usize> = (0..FIELDS.len()).collect();
    for at in (1..fields.len()).rev() {
        fields.swap(at, dice.roll(at + 1));
    }
    fields.truncate(1 + dice.roll(most));
    fields.sort_unstable();
    let optional: Vec<bool> = fields.iter().map(|at| FIELDS[*at].0 != "tags" && dice.chance(40)).collect();
    let mut text = String::from("record A from a {\n  id text, key\n");
    for (at, optional) in fields.iter().zip(&optional) {
        let (name, kind, _) = FIELDS[*at];
        text.push_str(&format!("  {name} {kind}{}\n", if *optional { ", optional" } else { "" }));
    }
    text.push_str("}\nqueue Q1\nqueue Q2\nqueue Q3\n");
    (text, fields, optional)
}

pub fn rules(dice: &mut Dice, fields: &[usize], optional: &[bool], most: usize) -> Vec<String> {
    let count = 1 + dice.roll(most);
    let mut rules: Vec<String> = (0..count)
        .map(|at| {
            let cond = condition(dice, fields, optional, 2);
            format!("r{at}: when {cond} assign to {}", dice.pick(&["Q1", "Q2", "Q3"]))
        })
        .collect();
    if dice.chance(25) {
        rules.push(format!("last: otherwise assign to {}", dice.pick(&["Q1", "Q2"])));
    }
    rules
}

fn make(dice: &mut Dice) -> Made {
    let most = if dice.chance(5) { 6 } else { 3 };
    let (mut text, fields, optional) = declared(dice, most);
    let rules = rules(dice, &fields, &optional, if most == 6 { 12 } else { 7 });
    text.push_str(&format!("decide owner of A {{\n  {}\n}}\n", rules.join("\n  ")));
    Made { text, fields, optional }
}

fn condition(dice: &mut Dice, fields: &[usize], optional: &[bool], depth: usize) -> String {
    let parts = |dice: &mut Dice| {
        (0..2 + dice.roll(2)).map(|_| condition(dice, fields, optional, depth - 1)).collect::<Vec<_>>()
    };
    if depth > 0 && dice.chance(55) {
        return match dice.roll(8) {
            0..=3 => format!("({})", parts(dice).join(" and ")),
            4 | 5 => format!("({})", parts(dice).join(" or ")),
            6 => format!("not ({})", parts(dice).join(" and ")),
            _ => format!("at least {} of {{ {} }}", 1 + dice.roll(2), parts(dice).join("\n ")),
        };
    }
    let at = dice.roll(fields.len());
    if optional[at] && dice.chance(15) {
        return format!("{} is {}", FIELDS[fields[at]].0, dice.pick(&["missing", "known"]));
    }
    let not = dice.chance(20);
    match FIELDS[fields[at]].0 {
        "kind" if dice.chance(50) => format!(
            "kind {} ({}, {})",
            if not { "not in" } else { "in" },
            dice.pick(&["P", "C"]),
            dice.pick(&["C", "X"])
        ),
        "kind" => format!("kind {} {}", if not { "is not" } else { "is" }, dice.pick(&["P", "C", "X"])),
        "size" => format!("size {} {}", dice.pick(&["<", "<=", ">", ">=", "=", "!="]), dice.pick(&["1", "2", "3"])),
        "land" if dice.chance(40) => format!("land starts with \"{}\"", dice.pick(&["x", "xa", "y"])),
        "land" => format!("land {} (\"x\", \"{}\")", if not { "not in" } else { "in" }, dice.pick(&["y", "xa"])),
        "warm" => (if not { "warm = no" } else { "warm = yes" }).to_owned(),
        "due" => format!("due {} 2026-01-0{}", dice.pick(&["<", "<=", ">", ">=", "="]), dice.pick(&["1", "2", "3"])),
        "tags" => format!(
            "tags includes {} ({})",
            dice.pick(&["any of", "all of", "none of"]),
            dice.pick(&["T", "U", "T, U"])
        ),
        "rank" => format!("rank {} {}", dice.pick(&["<", "<=", ">", ">="]), dice.pick(&["L", "M", "H"])),
        _ => format!(
            "name {} \"{}\"",
            dice.pick(&["contains", "starts with", "ends with", "="]),
            dice.pick(&["big", "bank"])
        ),
    }
}

/// A record as values by field.
pub struct Tuple(pub Vec<Value>);

impl Facts for Tuple {
    fn value(&self, path: &Path) -> Value {
        self.0[path.field.0 as usize].clone()
    }
    fn owner(&self, _: &OwnerRef) -> Option<Owner> {
        None
    }
    fn related(&self, _: &RelatedPath) -> Value {
        Value::Missing
    }
    fn candidates(&self, _: &ContestPath) -> Vec<Candidate> {
        Vec::new()
    }
    fn history(&self, _: HistoryId) -> bool {
        false
    }
}

fn value(text: &str, kind: &FieldKind) -> Value {
    let choices = |set: &ownward::schema::ChoiceSet| {
        text.split(';').filter(|one| !one.is_empty()).map(|one| set.find(one).unwrap()).collect()
    };
    match kind {
        FieldKind::Number => Value::Number(parse_number(text, Default::default()).unwrap()),
        FieldKind::Date => Value::Date(time::parse_day(text).unwrap()),
        FieldKind::YesNo => Value::Bool(text == "yes"),
        FieldKind::Choice(set) => Value::Choice(set.find(text).unwrap()),
        FieldKind::Many(set) => Value::Many(choices(set)),
        _ => Value::Text(text.to_owned()),
    }
}

/// A policy with every combination of values.
pub struct Tried {
    pub policy: TypedPolicy,
    pub binding: Binding,
    pub as_of: AsOf,
    pub tuples: Vec<Tuple>,
}

impl Tried {
    pub fn new(made: &Made) -> Self {
        let built = World::new(made.text.as_str()).build();
        let (policy, binding) = (built.policy, built.binding);
        let record = policy.schema.record(RecordId(0));
        let mut tuples = vec![vec![Value::Text("k".into())]];
        for (at, optional) in made.fields.iter().zip(&made.optional) {
            let (name, _, values) = FIELDS[*at];
            let kind = &record.field(record.find(name).unwrap()).kind;
            let mut all: Vec<Value> = values.iter().map(|text| value(text, kind)).collect();
            if *optional {
                all.push(Value::Missing);
            }
            tuples = tuples
                .iter()
                .flat_map(|tuple| all.iter().map(move |value| [tuple.as_slice(), std::slice::from_ref(value)].concat()))
                .collect();
        }
        Tried { policy, binding, as_of: test_day(), tuples: tuples.into_iter().map(Tuple).collect() }
    }

    pub fn setting(&self) -> Setting<'_> {
        Setting { policy: &self.policy, record: RecordId(0), binding: &self.binding, as_of: &self.as_of }
    }

    fn role(&self) -> &Role {
        self.policy.role(RoleId(0))
    }

    /// By tuple, the rules that match.
    fn matches(&self, rules: &[Rule]) -> Vec<u64> {
        let bits = |tuple: &Tuple| {
            (0..rules.len())
                .filter(|at| row::matches(self.setting(), &rules[*at], tuple))
                .fold(0, |bits, at| bits | 1 << at)
        };
        self.tuples.iter().map(bits).collect()
    }

    /// The record of a witness: what it does not name is taken from a tuple.
    pub fn witness(&self, named: &[(String, Option<String>)], rest: &Tuple) -> Tuple {
        let record = self.policy.schema.record(RecordId(0));
        let mut values = rest.0.clone();
        for (name, text) in named {
            let field = record.find(name).unwrap_or_else(|| panic!("no field {name}"));
            values[field.0 as usize] =
                text.as_ref().map_or(Value::Missing, |text| value(text, &record.field(field).kind));
        }
        Tuple(values)
    }
}

fn first(bits: u64) -> Option<usize> {
    (bits != 0).then(|| bits.trailing_zeros() as usize)
}

/// How often each finding was there to be found.
#[derive(Debug, Default)]
struct Hits {
    cases: usize,
    hidden: usize,
    never: usize,
    redundant: usize,
    gaps: usize,
    complete: usize,
    dead_values: usize,
    idle: usize,
    slips: usize,
    /// Questions that were given up, which only parts of texts give reason for.
    not_decided: usize,
}

#[test]
fn proofs_say_what_trying_every_record_says() {
    let cases: usize = std::env::var("OWNWARD_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_500);
    let mut hits = Hits::default();
    for seed in 0..cases {
        let made = make(&mut Dice::new(seed as u64 + 1));
        let tried = Tried::new(&made);
        let proof = analysis::prove(&tried.policy, RoleId(0), &tried.as_of);
        hits.cases += 1;
        let not_decided = hits.not_decided;
        let held = hold(&tried, &proof, &mut hits).and_then(|()| match hits.not_decided > not_decided {
            true if !made.text.contains("  name text") => Err("a question of plain fields was given up".to_owned()),
            _ => Ok(()),
        });
        held.unwrap_or_else(|wrong| panic!("case {seed}: {wrong}\n{}\n{proof:#?}", made.text));
    }
    println!("{hits:?}");
    assert!(hits.not_decided * 20 < hits.cases, "{hits:?}");
    for found in
        [hits.hidden, hits.never, hits.redundant, hits.gaps, hits.complete, hits.dead_values, hits.idle, hits.slips]
    {
        assert!(found * 100 >= hits.cases, "{hits:?}");
    }
}

fn hold(tried: &Tried, proof: &Proof, hits: &mut Hits) -> Result<(), String> {
    let role = tried.role();
    let matches = tried.matches(&role.rules);
    reached(role, &matches, proof, hits)?;
    redundant(role, &matches, proof, hits)?;
    gaps(tried, &matches, proof, hits)?;
    idle(tried, &matches, proof, hits)?;
    for dead in &proof.dead_values {
        hits.dead_values += 1;
        let at = dead.rule.0 as usize;
        for value in &dead.values {
            let decided = matches.iter().zip(&tried.tuples).any(|(bits, tuple)| {
                first(*bits) == Some(at) && has_value(tried, &role.rules[at], dead.span, tuple, value)
            });
            if decided {
                return Err(format!("`{value}` matters in rule {at}"));
            }
        }
    }
    for slip in &proof.slips {
        hits.slips += 1;
        let record = tried.witness(&slip.record, &tried.tuples[0]);
        if !record.0[slip.path.field.0 as usize].is_missing() {
            return Err(format!("the slip of rule {} has a value", slip.rule.0));
        }
        let decided = row::decide(tried.setting(), role, &record).rule;
        if decided != Some(slip.rule) {
            return Err(format!("the slip of rule {} is decided by {decided:?}", slip.rule.0));
        }
    }
    Ok(())
}

fn reached(role: &Role, matches: &[u64], proof: &Proof, hits: &mut Hits) -> Result<(), String> {
    for at in 0..role.rules.len() {
        let decides = matches.iter().any(|bits| first(*bits) == Some(at));
        let fits = matches.iter().any(|bits| bits & (1 << at) != 0);
        match &proof.reached[at] {
            Reached::Some if decides => {}
            Reached::NeverTrue if !fits => hits.never += 1,
            Reached::Hidden(by) if fits && !decides => {
                hits.hidden += 1;
                let mask = |rules: &[RuleId]| rules.iter().fold(0_u64, |mask, rule| mask | 1 << rule.0);
                let takes = |mask: u64| matches.iter().all(|bits| bits & (1 << at) == 0 || bits & mask != 0);
                if by.iter().any(|rule| rule.0 as usize >= at) || !takes(mask(by)) {
                    return Err(format!("rule {at} is not hidden by {by:?}"));
                }
                for out in 0..by.len() {
                    let mut fewer = by.clone();
                    fewer.remove(out);
                    if takes(mask(&fewer)) {
                        return Err(format!("rule {at} is hidden by fewer than {by:?}"));
                    }
                }
            }
            Reached::NotDecided(_) => hits.not_decided += 1,
            other => return Err(format!("rule {at}: {other:?}, but decides {decides}, fits {fits}")),
        }
    }
    Ok(())
}

fn redundant(role: &Role, matches: &[u64], proof: &Proof, hits: &mut Hits) -> Result<(), String> {
    for at in 0..role.rules.len() {
        let owner = |bits: u64| first(bits).map(|rule| &role.rules[rule].targets[0].kind);
        let decides = matches.iter().any(|bits| first(*bits) == Some(at));
        let same = matches.iter().all(|bits| owner(*bits) == owner(bits & !(1 << at)));
        let said = proof.redundant.iter().any(|id| id.0 as usize == at);
        let is_open = matches!(proof.reached[at], Reached::NotDecided(_));
        if is_open || proof.redundant_not_decided.iter().any(|id| id.0 as usize == at) {
            hits.not_decided += 1;
            continue;
        }
        if said != (decides && same) {
            return Err(format!("rule {at}: redundant {said}, but it decides {decides} and owners stay {same}"));
        }
        hits.redundant += usize::from(said);
    }
    Ok(())
}

fn gaps(tried: &Tried, matches: &[u64], proof: &Proof, hits: &mut Hits) -> Result<(), String> {
    let is_there = matches.contains(&0);
    match &proof.gaps {
        Gaps::None if !is_there => hits.complete += 1,
        Gaps::Some(gaps) if is_there => {
            hits.gaps += 1;
            for gap in gaps {
                for rest in tried.tuples.iter().step_by(1 + tried.tuples.len() / 7) {
                    let record = tried.witness(&gap.record, rest);
                    if let Some(rule) = row::decide(tried.setting(), tried.role(), &record).rule {
                        return Err(format!("{:?} is taken by rule {}", gap.record, rule.0));
                    }
                }
            }
        }
        Gaps::NotDecided(_) => hits.not_decided += 1,
        other => return Err(format!("{other:?}, but a gap is there: {is_there}")),
    }
    Ok(())
}

fn idle(tried: &Tried, matches: &[u64], proof: &Proof, hits: &mut Hits) -> Result<(), String> {
    for (at, rule) in tried.role().rules.iter().enumerate() {
        let told: Vec<_> = proof.idle.iter().filter(|(id, _)| id.0 as usize == at).map(|(_, idle)| idle).collect();
        hits.idle += told.len();
        let is_same = |changed: &Rule| {
            tried
                .tuples
                .iter()
                .zip(matches)
                .all(|(tuple, bits)| row::matches(tried.setting(), changed, tuple) == (bits & (1 << at) != 0))
        };
        let mut changed = rule.clone();
        for idle in &told {
            changed.conditions = changed.conditions.iter().map(|cond| put(cond, idle.span, idle.always)).collect();
        }
        if !is_same(&changed) {
            return Err(format!("rule {at}: its idle conditions matter"));
        }
        let fits = matches.iter().any(|bits| bits & (1 << at) != 0);
        if !told.is_empty() || !fits {
            continue;
        }
        let mut spans = Vec::new();
        rule.conditions.iter().for_each(|cond| cond.visit(&mut |_, span| spans.push(span)));
        for span in spans {
            for holds in [true, false] {
                let mut changed = rule.clone();
                changed.conditions = changed.conditions.iter().map(|cond| put(cond, span, holds)).collect();
                if is_same(&changed) {
                    return Err(format!("rule {at}: the condition at {span:?} could be {holds}"));
                }
            }
        }
    }
    Ok(())
}

/// The condition with what stands at a place always or never true.
fn put(cond: &Cond, at: Span, holds: bool) -> Cond {
    let fixed = |span: Span| Cond::Test { kind: TestKind::Always(holds), span };
    match cond {
        Cond::All(parts) => Cond::All(parts.iter().map(|part| put(part, at, holds)).collect()),
        Cond::Any(parts) => Cond::Any(parts.iter().map(|part| put(part, at, holds)).collect()),
        Cond::Not(inner, span) => Cond::Not(Box::new(put(inner, at, holds)), *span),
        Cond::Named { name, body, span } => {
            Cond::Named { name: name.clone(), body: Box::new(put(body, at, holds)), span: *span }
        }
        Cond::AtLeast { span, .. } if *span == at => fixed(*span),
        Cond::AtLeast { count, criteria, span } => {
            let criteria = criteria
                .iter()
                .map(|one| Criterion { label: one.label.clone(), condition: put(&one.condition, at, holds) });
            Cond::AtLeast { count: *count, criteria: criteria.collect(), span: *span }
        }
        Cond::Test { span, .. } if *span == at => fixed(*span),
        Cond::Test { .. } => cond.clone(),
    }
}

/// Whether a tuple has one of the values that a condition names.
fn has_value(tried: &Tried, rule: &Rule, at: Span, tuple: &Tuple, text: &str) -> bool {
    let record = tried.policy.schema.record(RecordId(0));
    let mut has = false;
    rule.conditions.iter().for_each(|cond| {
        cond.visit(&mut |kind, span| {
            let (true, TestKind::Field { path, test }) = (span == at, kind) else { return };
            has |= match (test, &tuple.0[path.field.0 as usize], &record.field(path.field).kind) {
                (FieldTest::Text(TextTest::StartsWith(_)), Value::Text(own), _) => own.starts_with(text),
                (_, Value::Text(own), _) => own == text,
                (_, Value::Choice(choice), FieldKind::Choice(set)) => set.find(text) == Some(*choice),
                _ => false,
            };
        });
    });
    has
}
