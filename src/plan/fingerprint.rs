//! Fingerprints of meaning: equal for rules that decide alike, however they are written.
//!
//! A rule is written in a normal form (field paths by name, choices by name, operands sorted, doubles dropped, defines
//! put in place) and digested. Reformatting, reordering operands and renaming a define change nothing; a label is not
//! part of it (design section 3, point 16).

use crate::check::policy::{
    Add, Cond, ContestPath, ContestPerson, DayExpr, DayMark, FieldTest, Gather, GatherKind, HistoryAsk, HistoryId,
    InstantMark, MemberAsk, MemberCond, MemberValue, NumberExpr, OwnerRef, OwnerTest, Path, Pool, Range, Related,
    RelatedPath, Role, RoleId, Rule, Target, TargetKind, TestKind, TextTest, TypedPolicy,
};
use crate::schema::{FieldId, FieldKind, RecordId};
use crate::syntax::SpanOfTime;
use crate::value::compact;
use sha2::{Digest, Sha256};

/// The digest of a rule's meaning: 32 hexadecimal digits.
pub fn rule_fingerprint(policy: &TypedPolicy, role: &Role, rule: &Rule) -> String {
    digest(&rule_text(policy, role, rule))
}

/// The digests of all rules of a role, in order.
pub fn role_fingerprints(policy: &TypedPolicy, role: &Role) -> Vec<String> {
    role.rules.iter().map(|rule| rule_fingerprint(policy, role, rule)).collect()
}

/// The digests of all rules of a team or of places, in order: what each adds is part of its meaning.
pub fn team_fingerprints(policy: &TypedPolicy, gather: &Gather) -> Vec<String> {
    let writer = Writer { policy, record: gather.role.record };
    let adds = |rule: usize| match &gather.kind {
        GatherKind::Places(_) => gather.role.rules[rule].label.clone().unwrap_or_default(),
        GatherKind::Team(adds) => adds[rule].iter().map(|add| writer.add(add)).collect::<Vec<_>>().join("; "),
    };
    let rules = gather.role.rules.iter().enumerate();
    rules.map(|(at, rule)| digest(&format!("{} add {}", rule_text(policy, &gather.role, rule), adds(at)))).collect()
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What a rule asks of a record, in normal form.
pub(crate) fn rule_conditions(policy: &TypedPolicy, role: &Role, rule: &Rule) -> String {
    Writer { policy, record: role.record }.sorted(rule.conditions.iter().flat_map(flat_all))
}

fn rule_text(policy: &TypedPolicy, role: &Role, rule: &Rule) -> String {
    let conditions = rule_conditions(policy, role, rule);
    let dates = format!("{:?}..{:?}", rule.from, rule.until);
    // The reason is kept with every entry, but two rules that decide alike are one rule.
    let targets = targets_text(policy, role.record, &rule.targets);
    format!("when {conditions} to {targets} on {dates}{}", hand_off_text(policy, role.record, rule))
}

/// Whom a chain of targets names, in normal form.
pub(crate) fn targets_text(policy: &TypedPolicy, record: RecordId, targets: &[Target]) -> String {
    let writer = Writer { policy, record };
    let targets: Vec<String> = targets.iter().map(|target| writer.target(&target.kind)).collect();
    targets.join(" else ")
}

/// How a rule hands over, in normal form; empty where it does not.
pub(crate) fn hand_off_text(policy: &TypedPolicy, record: RecordId, rule: &Rule) -> String {
    let writer = Writer { policy, record };
    rule.hand_off.as_ref().map_or(String::new(), |hand_off| {
        let mut once: Vec<String> = hand_off.once.iter().map(|path| writer.path(path)).collect();
        once.sort();
        format!(" over {} {} once {once:?}", hand_off.over.amount, hand_off.over.unit.word())
    })
}

/// A condition in normal form.
pub(crate) fn condition_text(policy: &TypedPolicy, record: RecordId, cond: &Cond) -> String {
    Writer { policy, record }.cond(cond)
}

/// The parts of nested conjunctions, defines opened.
fn flat_all(cond: &Cond) -> Vec<&Cond> {
    match cond {
        Cond::All(parts) => parts.iter().flat_map(flat_all).collect(),
        Cond::Named { body, .. } => flat_all(body),
        other => vec![other],
    }
}

fn flat_any(cond: &Cond) -> Vec<&Cond> {
    match cond {
        Cond::Any(parts) => parts.iter().flat_map(flat_any).collect(),
        Cond::Named { body, .. } => flat_any(body),
        other => vec![other],
    }
}

/// What is worked out over other records, in words: `sum of amount over Opportunity by account (stage [\"Won\"])`.
pub fn related_text(policy: &TypedPolicy, record: RecordId, path: &RelatedPath) -> String {
    let text = question_text(policy, policy.related(path.related));
    of_text(policy, record, text, &path.steps)
}

/// Who wins a contest, in words: `person in agent with highest sum of amount over Opportunity by account`.
pub fn contest_text(policy: &TypedPolicy, record: RecordId, path: &ContestPath) -> String {
    let contest = policy.contest(path.contest);
    let inner = Writer { policy, record: contest.question.record };
    let which = if contest.is_highest { "highest" } else { "lowest" };
    let person = match &contest.person {
        ContestPerson::Field(field) => format!("person in {}", inner.path(field)),
        ContestPerson::Owner(_) => "person".to_owned(),
    };
    let then = contest.then.as_ref().map_or(String::new(), |(field, is_latest)| {
        format!(" then {} {}", if *is_latest { "latest" } else { "earliest" }, inner.path(field))
    });
    let text = format!("{person} with {which} {}{then}", question_text(policy, &contest.question));
    of_text(policy, record, text, &path.steps)
}

/// A question of the record that a path leads to.
fn of_text(policy: &TypedPolicy, record: RecordId, text: String, steps: &[FieldId]) -> String {
    match steps.split_last() {
        None => text,
        Some((last, steps)) => {
            let of = Path { steps: steps.to_vec(), field: *last };
            format!("{text} of {}", of.text(&policy.schema, record))
        }
    }
}

fn question_text(policy: &TypedPolicy, related: &Related) -> String {
    let schema = &policy.schema;
    let inner = Writer { policy, record: related.record };
    let mut text = related.ask.word().to_owned();
    let typed = schema.record(related.record);
    let field = related.field.as_ref().map(|field| inner.path(field));
    match (related.via, field) {
        (Some(via), Some(field)) => {
            text.push_str(&format!(" {field} over {} by {}", typed.name, typed.field(via).name))
        }
        (Some(via), None) => text.push_str(&format!(" {} by {}", typed.name, typed.field(via).name)),
        (None, field) => text.push_str(&format!(" {} in {}", field.unwrap_or_default(), typed.name)),
    }
    if let Some(condition) = &related.condition {
        text.push_str(&format!(" ({})", inner.sorted(flat_all(condition).into_iter())));
    }
    text
}

/// What is asked of the past, in words: `becomes (status ["Onboarding"])`.
pub fn history_text(policy: &TypedPolicy, id: HistoryId) -> String {
    let history = policy.history(id);
    let writer = Writer { policy, record: history.record };
    let length = |span: &SpanOfTime| format!("{} {}", span.amount, span.unit.word());
    match &history.ask {
        HistoryAsk::Becomes(cond) => format!("becomes ({})", writer.cond(cond)),
        HistoryAsk::Was(cond) => format!("was ({})", writer.cond(cond)),
        HistoryAsk::Changed(path, span) => format!("{} changed within {}", writer.path(path), length(span)),
        HistoryAsk::For(cond, span) => format!("({}) for {}", writer.cond(cond), length(span)),
        HistoryAsk::InTime(path, hours) => format!("{} within {hours} business hours", writer.path(path)),
    }
}

struct Writer<'p> {
    policy: &'p TypedPolicy,
    record: RecordId,
}

impl Writer<'_> {
    fn sorted<'c>(&self, conds: impl Iterator<Item = &'c Cond>) -> String {
        let mut texts: Vec<String> = conds.map(|cond| self.cond(cond)).collect();
        texts.sort();
        texts.dedup();
        texts.join(" & ")
    }

    fn cond(&self, cond: &Cond) -> String {
        match cond {
            Cond::All(_) => format!("({})", self.sorted(flat_all(cond).into_iter())),
            Cond::Any(_) => {
                let mut texts: Vec<String> = flat_any(cond).into_iter().map(|part| self.cond(part)).collect();
                texts.sort();
                texts.dedup();
                format!("({})", texts.join(" | "))
            }
            Cond::Not(inner, _) => match &**inner {
                Cond::Not(twice, _) => self.cond(twice),
                Cond::Named { body, .. } => self.cond(&Cond::Not(body.clone(), None)),
                inner => format!("!{}", self.cond(inner)),
            },
            Cond::Named { body, .. } => self.cond(body),
            Cond::AtLeast { count, criteria, .. } => {
                let mut texts: Vec<String> = criteria.iter().map(|one| self.cond(&one.condition)).collect();
                texts.sort();
                format!("{count} of [{}]", texts.join("; "))
            }
            Cond::Test { kind, .. } => self.test(kind),
        }
    }

    fn path(&self, path: &Path) -> String {
        path.text(&self.policy.schema, self.record)
    }

    fn test(&self, kind: &TestKind) -> String {
        match kind {
            TestKind::Always(holds) => holds.to_string(),
            TestKind::History(id) => history_text(self.policy, *id),
            TestKind::Field { path, test } => {
                format!("{} {}", self.path(path), self.field_test(path, test))
            }
            TestKind::InList { path, list } => {
                format!("{} in list {}", self.path(path), self.policy.schema.list(*list).name)
            }
            TestKind::Fields { op, left, right, exact } => {
                let exactly = if *exact { "exactly " } else { "" };
                format!("{} {} {exactly}{}", self.path(left), op.mark(), self.path(right))
            }
            TestKind::Numbers { op, left, right } => {
                format!("{} {} {}", self.number(left), op.mark(), self.number(right))
            }
            TestKind::Days { op, left, right } => {
                format!("{} {} {}", self.day(left), op.mark(), self.day(right))
            }
            TestKind::Owner { of, test } => format!("{} {}", self.owner(of), self.owner_test(test)),
        }
    }

    fn field_test(&self, path: &Path, test: &FieldTest) -> String {
        let kind = &self.policy.schema.record(path.record(&self.policy.schema, self.record)).field(path.field).kind;
        let choices = |indexes: &[u16]| match kind {
            FieldKind::Choice(set) | FieldKind::Many(set) => {
                let mut names: Vec<&str> = indexes.iter().map(|index| set.name(*index)).collect();
                names.sort_unstable();
                format!("{names:?}")
            }
            _ => format!("{indexes:?}"),
        };
        match test {
            FieldTest::Missing => "missing".into(),
            FieldTest::Text(test) => text_test(test),
            FieldTest::Number { ranges, currency } => {
                format!("{} {}", range_text(ranges, |number| compact(*number)), currency.as_deref().unwrap_or(""))
            }
            FieldTest::Day(ranges) => range_text(ranges, day_mark),
            FieldTest::Instant(ranges) => range_text(ranges, instant_mark),
            FieldTest::YesNo(yes) => yes.to_string(),
            FieldTest::Choice(indexes) => choices(indexes),
            FieldTest::Many { which, choices: indexes } => format!("{which:?} {}", choices(indexes)),
            FieldTest::Key(keys) => format!("{keys:?}"),
        }
    }

    fn number(&self, expr: &NumberExpr) -> String {
        match expr {
            NumberExpr::Constant(number) => compact(*number),
            NumberExpr::Field(path) => self.path(path),
            NumberExpr::FieldIn(path, code) => format!("{} in {code}", self.path(path)),
            NumberExpr::Negative(inner) => format!("-({})", self.number(inner)),
            NumberExpr::Arithmetic(op, left, right) => {
                format!("({} {op:?} {})", self.number(left), self.number(right))
            }
            NumberExpr::Related(path) => related_text(self.policy, self.record, path),
            NumberExpr::DaysBetween(left, right) => {
                format!("days({}, {})", self.day(left), self.day(right))
            }
        }
    }

    fn day(&self, expr: &DayExpr) -> String {
        match expr {
            DayExpr::Constant(mark) => day_mark(mark),
            DayExpr::Field(path) => self.path(path),
            DayExpr::DayOf(path) => format!("day of {}", self.path(path)),
            DayExpr::Related(path) => related_text(self.policy, self.record, path),
            DayExpr::Shift(inner, amount, unit) => {
                format!("({} + {amount} {})", self.day(inner), unit.word())
            }
        }
    }

    fn owner(&self, of: &OwnerRef) -> String {
        match of {
            OwnerRef::Current => "current owner".into(),
            OwnerRef::Of(path) => {
                let RoleId(_) = path.role;
                let record = self.policy.schema.record(self.policy.role(path.role).record);
                format!("{} [{}]", path.text(self.policy, self.record), record.name)
            }
        }
    }

    fn name(&self, id: crate::check::policy::NameId) -> String {
        crate::value::fold(&self.policy.names[id.0 as usize].text)
    }

    fn owner_test(&self, test: &OwnerTest) -> String {
        match test {
            OwnerTest::Known => "known".into(),
            OwnerTest::Active => "active".into(),
            OwnerTest::Is(names) => {
                let mut names: Vec<String> = names.iter().map(|name| self.name(*name)).collect();
                names.sort();
                format!("is {names:?}")
            }
            OwnerTest::MemberOf(team) => format!("in {:?}", self.name(*team)),
        }
    }

    fn target(&self, kind: &TargetKind) -> String {
        match kind {
            TargetKind::Nobody => "nobody".into(),
            TargetKind::Keep => "keep".into(),
            TargetKind::Name(name) => format!("{:?}", self.name(*name)),
            TargetKind::Field(path) => format!("field {}", self.path(path)),
            TargetKind::Table(table) => {
                let paths: Vec<String> = table.paths.iter().map(|path| self.path(path)).collect();
                format!("table {} column {} by {paths:?}", self.policy.schema.table(table.table).name, table.column)
            }
            TargetKind::Cell { list, path, column } => {
                format!("list {} column {column} by {}", self.policy.schema.list(*list).name, self.path(path))
            }
            TargetKind::OwnerOf(of) => self.owner(of),
            TargetKind::Pool(pool) => self.pool(self.policy.pool(*pool)),
            TargetKind::Contest(path) => contest_text(self.policy, self.record, path),
            TargetKind::Manager(inner) => format!("manager of {}", self.target(inner)),
        }
    }
}

/// The member expression of a pool in normal form: who is in it, what is asked of them, whether by weight. Every rule
/// that writes the same takes turns together, unless the pool names a rotation of its own (design section 3, point 13).
pub fn rotation_name(policy: &TypedPolicy, pool: &Pool) -> String {
    match &pool.rotation {
        Some(name) => format!("rotation {}", crate::value::fold(name)),
        None => Writer { policy, record: pool.record }.members(pool),
    }
}

impl Writer<'_> {
    fn add(&self, add: &Add) -> String {
        let chain: Vec<String> = add.chain.iter().map(|target| self.target(&target.kind)).collect();
        format!("{} as {:?} {}", chain.join(" else "), add.wave, add.engagement.word())
    }

    fn pool(&self, pool: &Pool) -> String {
        let load = pool.load.as_ref().map(|path| self.path(path));
        let cap = pool.cap.map(compact);
        let per = pool.cap_per.map(|(count, unit)| format!("{count} per {}", unit.word()));
        let rotation = pool.rotation.as_ref().map(|name| crate::value::fold(name));
        format!("{} {} {load:?} {cap:?} {per:?} {rotation:?}", pool.how.word(), self.members(pool))
    }

    fn members(&self, pool: &Pool) -> String {
        let mut names: Vec<String> = pool.members.iter().map(|name| self.name(*name)).collect();
        names.sort();
        names.dedup();
        let condition =
            pool.condition.as_ref().map_or(String::new(), |cond| format!(" where {}", self.member_cond(cond)));
        let record = match pool.condition.as_ref().is_some_and(|cond| !cond.paths().is_empty()) {
            // Two record types may have fields of one name.
            true => format!(" of {}", self.policy.schema.record(self.record).name),
            false => String::new(),
        };
        let weight = if pool.by_weight { " by weight" } else { "" };
        match names.is_empty() {
            true => format!("everybody{condition}{record}{weight}"),
            false => format!("{}{condition}{record}{weight}", names.join(", ")),
        }
    }

    fn member_cond(&self, cond: &MemberCond) -> String {
        let joined = |parts: &[MemberCond], word: &str| {
            let mut texts: Vec<String> = parts.iter().map(|part| self.member_cond(part)).collect();
            texts.sort();
            texts.dedup();
            format!("({})", texts.join(word))
        };
        match cond {
            MemberCond::All(parts) => joined(parts, " & "),
            MemberCond::Any(parts) => joined(parts, " | "),
            MemberCond::Not(inner) => format!("!{}", self.member_cond(inner)),
            MemberCond::Test(test) => {
                let mut values: Vec<String> = test.ask.values().iter().map(|value| self.member_value(value)).collect();
                values.sort();
                let ask = match &test.ask {
                    MemberAsk::Missing => "missing".to_owned(),
                    MemberAsk::InTeam(team) => format!("in {}", self.name(*team)),
                    MemberAsk::OneOf(_) => "=".to_owned(),
                    MemberAsk::Order(op, _) => op.mark().to_owned(),
                    MemberAsk::Contains(_) => "contains".to_owned(),
                    MemberAsk::StartsWith(_) => "starts".to_owned(),
                    MemberAsk::EndsWith(_) => "ends".to_owned(),
                    MemberAsk::Includes(which, _) => format!("includes {which:?}"),
                };
                format!("{} {ask} {values:?}", crate::value::fold(&test.column))
            }
        }
    }

    fn member_value(&self, value: &MemberValue) -> String {
        match value {
            MemberValue::Text(text) => crate::value::fold(text),
            MemberValue::Number(number) => compact(*number),
            MemberValue::Day(day) => format!("day {day}"),
            MemberValue::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            MemberValue::Field(path) => format!("record.{}", self.path(path)),
        }
    }
}

fn text_test(test: &TextTest) -> String {
    match test {
        TextTest::OneOf(texts) => format!("= {texts:?}"),
        TextTest::Exactly(texts) => format!("exactly {texts:?}"),
        TextTest::Contains(texts) => format!("contains {texts:?}"),
        TextTest::StartsWith(texts) => format!("starts {texts:?}"),
        TextTest::EndsWith(texts) => format!("ends {texts:?}"),
        TextTest::Matches(regex) => format!("matches {:?}", regex.as_str()),
    }
}

fn range_text<T>(ranges: &[Range<T>], show: impl Fn(&T) -> String) -> String {
    let mut texts: Vec<String> = ranges
        .iter()
        .map(|range| {
            let low = range.low.as_ref().map_or("..".into(), |(value, included)| {
                format!("{}{}", if *included { "[" } else { "(" }, show(value))
            });
            let high = range.high.as_ref().map_or("..".into(), |(value, included)| {
                format!("{}{}", show(value), if *included { "]" } else { ")" })
            });
            format!("{low},{high}")
        })
        .collect();
    texts.sort();
    texts.join(" ")
}

fn day_mark(mark: &DayMark) -> String {
    match mark {
        DayMark::Fixed(day) => crate::value::time::show_day(*day),
        DayMark::Today { amount, unit } => format!("today+{amount} {}", unit.word()),
    }
}

fn instant_mark(mark: &InstantMark) -> String {
    match mark {
        InstantMark::StartOf(mark) => format!("start of {}", day_mark(mark)),
        InstantMark::EndOf(mark) => format!("end of {}", day_mark(mark)),
        InstantMark::Now { minutes } => format!("now+{minutes} minutes"),
    }
}
