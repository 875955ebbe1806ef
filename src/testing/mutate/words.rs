//! Conditions and targets as an admin writes them, near enough to find the place.

use crate::check::policy::{
    Cond, DayMark, FieldTest, InstantMark, NumberExpr, Path, Range, TargetKind, TestKind, TextTest, TypedPolicy,
};
use crate::plan::{condition_text, targets_text};
use crate::schema::{Currency, FieldKind, RecordId};
use crate::syntax::Which;
use crate::value::{compact, time};

/// Writes for one record type. `short` leaves out the references of paths: a define is the same wherever it is used.
#[derive(Clone, Copy)]
pub(super) struct Words<'p> {
    pub policy: &'p TypedPolicy,
    pub record: RecordId,
    pub short: bool,
}

impl Words<'_> {
    pub fn cond(&self, cond: &Cond) -> String {
        match cond {
            Cond::All(parts) => self.joined(parts, " and "),
            Cond::Any(parts) => self.joined(parts, " or "),
            Cond::Not(inner, _) => match &**inner {
                Cond::Test { kind, .. } => self.test(kind, true),
                Cond::Not(twice, _) => self.cond(twice),
                inner => format!("not {}", self.part(inner)),
            },
            Cond::Named { name, .. } => name.clone(),
            Cond::AtLeast { count, criteria, .. } => {
                let names = criteria.iter().map(|one| match (&one.label, &one.condition) {
                    (_, Cond::Test { kind: TestKind::Always(_), .. }) => "-".to_owned(),
                    (Some(label), _) => label.clone(),
                    (None, condition) => self.cond(condition),
                });
                format!("at least {count} of {{ {} }}", names.collect::<Vec<_>>().join(", "))
            }
            Cond::Test { kind, .. } => self.test(kind, false),
        }
    }

    fn joined(&self, parts: &[Cond], joint: &str) -> String {
        parts.iter().map(|part| self.part(part)).collect::<Vec<_>>().join(joint)
    }

    fn part(&self, cond: &Cond) -> String {
        match cond {
            Cond::All(_) | Cond::Any(_) => format!("({})", self.cond(cond)),
            _ => self.cond(cond),
        }
    }

    fn path(&self, path: &Path) -> String {
        let steps = if self.short { Vec::new() } else { path.steps.clone() };
        let record = if self.short { path.record(&self.policy.schema, self.record) } else { self.record };
        Path { steps, field: path.field }.text(&self.policy.schema, record)
    }

    pub fn test(&self, kind: &TestKind, denied: bool) -> String {
        match kind {
            TestKind::Always(holds) => if *holds != denied { "always" } else { "never" }.to_owned(),
            TestKind::Field { path, test } => self.field(path, test, denied),
            TestKind::InList { path, list } => {
                let not = if denied { "not " } else { "" };
                format!("{} {not}in {}", self.path(path), self.policy.schema.list(*list).name)
            }
            TestKind::Numbers { op, left, right } if !denied => {
                format!("{} {} {}", self.number(left), op.mark(), self.number(right))
            }
            kind => {
                let test =
                    Cond::Test { kind: kind.clone(), span: crate::source::Span::new(crate::source::FileId(0), 0, 0) };
                let text = condition_text(self.policy, self.record, &test);
                if denied { format!("not ({text})") } else { text }
            }
        }
    }

    fn number(&self, expr: &NumberExpr) -> String {
        match expr {
            NumberExpr::Constant(number) => compact(*number),
            NumberExpr::Field(path) => self.path(path),
            NumberExpr::FieldIn(path, code) => format!("{} in {code}", self.path(path)),
            NumberExpr::Negative(inner) => format!("-{}", self.number(inner)),
            NumberExpr::Arithmetic(op, left, right) => {
                use crate::syntax::ArithmeticOp::{Add, Divide, Multiply, Subtract};
                let mark = match op {
                    Add => "+",
                    Subtract => "-",
                    Multiply => "*",
                    Divide => "/",
                };
                format!("{} {mark} {}", self.number(left), self.number(right))
            }
            NumberExpr::Related(path) => crate::plan::related_text(self.policy, self.record, path),
            NumberExpr::DaysBetween(..) => "days between".to_owned(),
        }
    }

    fn field(&self, path: &Path, test: &FieldTest, denied: bool) -> String {
        let name = self.path(path);
        let kind = &self.policy.schema.record(path.record(&self.policy.schema, self.record)).field(path.field).kind;
        match test {
            FieldTest::Missing => format!("{name} is {}", if denied { "known" } else { "missing" }),
            FieldTest::YesNo(yes) => format!("{name} = {}", if *yes != denied { "yes" } else { "no" }),
            FieldTest::Choice(choices) => self.choices(&name, kind, choices, denied),
            FieldTest::Many { which, choices } => {
                let which = match which {
                    Which::Any => "any of",
                    Which::All => "all of",
                    Which::None => "none of",
                };
                let not = if denied { "not " } else { "" };
                format!("{not}{name} includes {which} ({})", names(kind, choices).join(", "))
            }
            FieldTest::Key(keys) => listed(&name, keys.iter().map(|key| format!("{key:?}")).collect(), denied),
            FieldTest::Text(test) => self.text(&name, test, denied),
            FieldTest::Number { ranges, currency } => {
                let code = match (currency, kind) {
                    (Some(code), _) | (None, FieldKind::Money(Currency::Fixed(code))) => format!(" {code}"),
                    _ => String::new(),
                };
                in_ranges(&name, ranges, denied, |number| format!("{}{code}", compact(*number)))
            }
            FieldTest::Day(ranges) => in_ranges(&name, ranges, denied, day),
            FieldTest::Instant(ranges) => in_ranges(&name, ranges, denied, instant),
        }
    }

    fn choices(&self, name: &str, kind: &FieldKind, choices: &[u16], denied: bool) -> String {
        if let FieldKind::Choice(set) = kind
            && set.ordered
            && !denied
            && let (Some(first), Some(last)) = (choices.iter().min(), choices.iter().max())
            && first != last
            && usize::from(last - first) + 1 == choices.len()
        {
            let end = set.len().saturating_sub(1);
            return match (*first == 0, usize::from(*last) == end) {
                (false, true) => format!("{name} >= {}", word(set.name(*first))),
                (true, false) => format!("{name} <= {}", word(set.name(*last))),
                _ => format!("{name} between {} and {}", word(set.name(*first)), word(set.name(*last))),
            };
        }
        listed(name, names(kind, choices), denied)
    }

    fn text(&self, name: &str, test: &TextTest, denied: bool) -> String {
        let quoted = |texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| format!("{:?}", self.policy.spelling(text))).collect()
        };
        let not = if denied { "not " } else { "" };
        let verb = |verb: &str, texts: &[String]| format!("{name} {not}{verb} {}", quoted(texts).join(" or "));
        match test {
            TextTest::OneOf(texts) => listed(name, quoted(texts), denied),
            TextTest::Exactly(texts) => verb("is exactly", texts),
            TextTest::Contains(texts) => verb("contains", texts),
            TextTest::StartsWith(texts) => verb("starts with", texts),
            TextTest::EndsWith(texts) => verb("ends with", texts),
            TextTest::Matches(regex) => format!("{name} {not}matches {:?}", regex.as_str()),
        }
    }

    pub fn target(&self, kind: &TargetKind) -> String {
        if let TargetKind::Name(name) = kind {
            return self.policy.names[name.0 as usize].text.clone();
        }
        let span = crate::source::Span::new(crate::source::FileId(0), 0, 0);
        targets_text(self.policy, self.record, &[crate::check::policy::Target { kind: kind.clone(), span }])
    }
}

/// A choice as it is written in a rule.
fn word(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if plain { name.to_owned() } else { format!("{name:?}") }
}

fn names(kind: &FieldKind, choices: &[u16]) -> Vec<String> {
    match kind {
        FieldKind::Choice(set) | FieldKind::Many(set) => choices.iter().map(|at| word(set.name(*at))).collect(),
        _ => choices.iter().map(u16::to_string).collect(),
    }
}

fn listed(name: &str, values: Vec<String>, denied: bool) -> String {
    match (values.as_slice(), denied) {
        ([one], false) => format!("{name} = {one}"),
        ([one], true) => format!("{name} is not {one}"),
        (_, false) => format!("{name} in ({})", values.join(", ")),
        (_, true) => format!("{name} not in ({})", values.join(", ")),
    }
}

fn in_ranges<T: PartialEq>(name: &str, ranges: &[Range<T>], denied: bool, show: impl Fn(&T) -> String) -> String {
    let one = |range: &Range<T>| {
        let low = range.low.as_ref().map(|(low, own)| (show(low), if *own { "<=" } else { "<" }));
        let high = range.high.as_ref().map(|(high, own)| (show(high), if *own { "<=" } else { "<" }));
        match (low, high) {
            (Some((low, "<=")), Some((high, "<="))) if low == high => format!("{name} = {low}"),
            (Some((low, mark)), Some((high, other))) => format!("{low} {mark} {name} {other} {high}"),
            (Some((low, "<=")), None) => format!("{name} >= {low}"),
            (Some((low, _)), None) => format!("{name} > {low}"),
            (None, Some((high, mark))) => format!("{name} {mark} {high}"),
            (None, None) => format!("{name} is known"),
        }
    };
    let text = ranges.iter().map(one).collect::<Vec<_>>().join(" or ");
    if denied { format!("not ({text})") } else { text }
}

fn day(mark: &DayMark) -> String {
    match mark {
        DayMark::Fixed(day) => time::show_day(*day),
        DayMark::Today { amount: 0, .. } => "today".to_owned(),
        DayMark::Today { amount, unit } if *amount < 0 => format!("{} {} ago", -amount, unit.word()),
        DayMark::Today { amount, unit } => format!("{amount} {} from today", unit.word()),
    }
}

fn instant(mark: &InstantMark) -> String {
    match mark {
        InstantMark::StartOf(mark) => format!("the start of {}", day(mark)),
        InstantMark::EndOf(mark) => format!("the end of {}", day(mark)),
        InstantMark::Now { minutes } if *minutes < 0 => format!("{} minutes ago", -minutes),
        InstantMark::Now { minutes } => format!("{minutes} minutes from now"),
    }
}
