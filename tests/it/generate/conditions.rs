//! Conditions at random, each as text and as what the model says of it.

use super::values::{choice_text, quoted};
use super::{Generator, day};
use crate::model::{CHOICES, Eval, Ground, Kind, Number, QUEUES, TEAMS, Val, Way, is_active, is_in_team, meant};
use ownward::value::time::{self, Unit};
use ownward::value::{Decimal, Owner, divide, fold, nfc};
use std::rc::Rc;

/// Where a condition stands.
pub(super) struct Scope {
    pub record: usize,
    /// The role whose rule it is; `None` inside a define, which asks no owner.
    pub role: Option<String>,
    /// Inside a question about other records: no other stands there.
    pub is_inner: bool,
}

/// A field that can be named: the way, the field, the text.
type Named = (Way, usize, String);

/// A condition as text, and its meaning.
type Said = (String, Eval);

/// A day worked out from a record; `None` is missing.
type Day = Rc<dyn Fn(Ground<'_>) -> Option<i32>>;

pub(super) fn eval(holds: impl Fn(Ground<'_>) -> bool + 'static) -> Eval {
    Rc::new(holds)
}

fn opposite(holds: Eval, negated: bool) -> Eval {
    if negated { eval(move |ground| !holds(ground)) } else { holds }
}

impl Generator<'_> {
    /// A condition in brackets where `depth` allows more than a comparison.
    pub(super) fn condition(&self, scope: &Scope, depth: usize) -> Said {
        if depth == 0 { self.leaf(scope) } else { self.any(scope, depth) }
    }

    fn any(&self, scope: &Scope, depth: usize) -> Said {
        let parts: Vec<Said> = (0..self.count()).map(|_| self.every(scope, depth)).collect();
        let (texts, holds): (Vec<String>, Vec<Eval>) = parts.into_iter().unzip();
        (texts.join(" or "), eval(move |ground| holds.iter().any(|one| one(ground))))
    }

    fn every(&self, scope: &Scope, depth: usize) -> Said {
        let parts: Vec<Said> = (0..self.count()).map(|_| self.negation(scope, depth)).collect();
        let (texts, holds): (Vec<String>, Vec<Eval>) = parts.into_iter().unzip();
        let between = self.tape.pick(&[" and ", "\n    and ", " AND "]);
        (texts.join(between), eval(move |ground| holds.iter().all(|one| one(ground))))
    }

    fn count(&self) -> usize {
        [1, 1, 1, 2, 2, 3][self.tape.below(6)]
    }

    fn negation(&self, scope: &Scope, depth: usize) -> Said {
        let (text, holds) = match self.tape.below(10) {
            7 if depth > 1 => {
                let (text, holds) = self.any(scope, depth - 1);
                (format!("({text})"), holds)
            }
            8 if depth > 1 => self.at_least(scope, depth - 1),
            9 => self.defined(scope).unwrap_or_else(|| self.leaf(scope)),
            _ => self.leaf(scope),
        };
        match self.tape.below(8) {
            6 => (format!("not {text}"), opposite(holds, true)),
            7 => (format!("not not {text}"), holds),
            _ => (text, holds),
        }
    }

    fn at_least(&self, scope: &Scope, depth: usize) -> Said {
        let total = self.tape.between(1, 7);
        let mut texts = Vec::new();
        let mut criteria: Vec<Eval> = Vec::new();
        for at in 0..total {
            let (text, holds) = self.any(scope, depth.min(1));
            let label = if self.tape.chance(30) { format!("c{at}: ") } else { String::new() };
            texts.push(format!("{label}{text}"));
            criteria.push(holds);
        }
        let (head, wanted) = if self.tape.chance(30) {
            ("most of".to_owned(), total / 2 + 1)
        } else {
            let wanted = self.tape.between(0, total);
            (format!("at least {wanted} of"), wanted)
        };
        let text = format!("{head} {{ {} }}", texts.join(", "));
        (text, eval(move |ground| criteria.iter().filter(|one| one(ground)).count() >= wanted))
    }

    /// A define of this record type, or of one that a reference leads to.
    fn defined(&self, scope: &Scope) -> Option<Said> {
        let mut found: Vec<(String, Eval)> = Vec::new();
        for (way, end, text) in self.ways(scope.record, 2) {
            for define in self.defines.iter().filter(|define| define.record == end) {
                let (holds, steps) = (define.holds.clone(), way.clone());
                let meaning = eval(move |ground| holds(ground.walk(&steps)));
                if text.is_empty() {
                    found.push((define.name.clone(), meaning));
                } else {
                    found.push((format!("{text}.{}", define.name), meaning.clone()));
                    found.push((format!("{text} is {}", define.name), meaning.clone()));
                    found.push((format!("{text} is not {}", define.name), opposite(meaning, true)));
                }
            }
        }
        (!found.is_empty()).then(|| self.tape.pick(&found))
    }

    // ------------------------------------------------------------ fields

    /// Ways over references, the empty one first: the steps, the record type at the end, the text.
    pub(super) fn ways(&self, record: usize, depth: usize) -> Vec<(Way, usize, String)> {
        let mut ways = vec![(Vec::new(), record, String::new())];
        let mut from = 0;
        for _ in 0..depth {
            let until = ways.len();
            for at in from..until {
                let (way, end, text) = ways[at].clone();
                for (index, field) in self.model.records[end].fields.iter().enumerate() {
                    if let Kind::Ref(next) = field.kind {
                        let text = if text.is_empty() { field.name.clone() } else { format!("{text}.{}", field.name) };
                        ways.push(([way.as_slice(), &[index]].concat(), next, text));
                    }
                }
            }
            from = until;
        }
        ways
    }

    /// A field of a kind, near or over references.
    pub(super) fn field_where(&self, record: usize, fits: impl Fn(&Kind) -> bool) -> Option<Named> {
        let depth = if self.tape.chance(30) { 2 } else { 0 };
        self.fields_where(record, depth, &fits).or_else(|| self.fields_where(record, 2, &fits))
    }

    fn fields_where(&self, record: usize, depth: usize, fits: &impl Fn(&Kind) -> bool) -> Option<Named> {
        let mut found = Vec::new();
        for (way, end, text) in self.ways(record, depth) {
            for (index, field) in self.model.records[end].fields.iter().enumerate() {
                if fits(&field.kind) {
                    let name = self.cased(&field.name);
                    let text = if text.is_empty() { name } else { format!("{text}.{name}") };
                    found.push((way.clone(), index, text));
                }
            }
        }
        (!found.is_empty()).then(|| self.tape.pick(&found))
    }

    /// One comparison.
    fn leaf(&self, scope: &Scope) -> Said {
        if scope.role.is_some() && self.tape.chance(8) {
            return self.owner_leaf(scope);
        }
        if !scope.is_inner && self.tape.chance(6) {
            let asked = if self.tape.chance(35) { self.top_leaf(scope) } else { self.related_leaf(scope) };
            if let Some(said) = asked {
                return said;
            }
        }
        let field = self.field_where(scope.record, |_| true).expect("every record has a key");
        let (way, at, text) = field;
        let kind = self.model.kind(scope.record, &way, at).clone();
        if self.tape.chance(12) && !matches!(kind, Kind::Many(_)) {
            let word = self.tape.pick(&["is missing", "is known", "is not missing", "is not known"]);
            let wanted = matches!(word, "is missing" | "is not known");
            return (format!("{text} {word}"), eval(move |g| (g.value(&way, at) == Val::Missing) == wanted));
        }
        let named = (way, at, text);
        match kind {
            Kind::Text => self.text_leaf(scope, named),
            Kind::Number => self.number_leaf(scope, named, None),
            Kind::Money(code) => self.number_leaf(scope, named, Some(code)),
            Kind::MoneyIn(_) => self.money_in_leaf(named),
            Kind::Date => self.date_leaf(scope, named),
            Kind::Time => self.time_leaf(scope, named),
            Kind::YesNo => self.yes_no_leaf(scope, named),
            Kind::Choice(set) => self.choice_leaf(scope, named, set),
            Kind::Many(set) => self.many_leaf(named, set),
            Kind::Ref(target) => self.reference_leaf(scope, named, target),
        }
    }

    // ------------------------------------------------------------ text

    fn text_leaf(&self, scope: &Scope, (way, at, name): Named) -> Said {
        let value = move |g: Ground<'_>| match g.value(&way, at) {
            Val::Text(text) => Some(text),
            _ => None,
        };
        let texts: Vec<&'static str> = (0..self.tape.between(1, 3)).map(|_| self.text()).collect();
        let list: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        let one = texts[0];
        match self.tape.below(12) {
            0 | 1 => {
                let (word, negated) = self.tape.pick(&[("=", false), ("is", false), ("!=", true), ("is not", true)]);
                let plain = one.starts_with(char::is_alphabetic) && one.chars().all(char::is_alphanumeric);
                let written = if plain && one.len() < 5 && self.tape.chance(30) { one.to_owned() } else { quoted(one) };
                let holds = eval(move |g| value(g).is_some_and(|text| fold(&text) == fold(one)));
                (format!("{name} {word} {written}"), opposite(holds, negated))
            }
            2 => {
                let (word, negated) = self.tape.pick(&[("in", false), ("not in", true)]);
                let holds =
                    eval(move |g| value(g).is_some_and(|text| texts.iter().any(|one| fold(one) == fold(&text))));
                (format!("{name} {word} ({})", list.join(", ")), opposite(holds, negated))
            }
            3 | 4 => {
                let words = [("contains", false), ("does not contain", true), ("not contains", true)];
                let (word, negated) = self.tape.pick(&words);
                let holds = eval(move |g| {
                    value(g).is_some_and(|text| texts.iter().any(|one| fold(&text).contains(&fold(one))))
                });
                (format!("{name} {word} ({})", list.join(", ")), opposite(holds, negated))
            }
            5 => {
                let (word, negated) = self.tape.pick(&[("starts with", false), ("not starts with", true)]);
                let holds = eval(move |g| value(g).is_some_and(|text| fold(&text).starts_with(&fold(one))));
                (format!("{name} {word} {}", quoted(one)), opposite(holds, negated))
            }
            6 => {
                let (word, negated) = self.tape.pick(&[("ends with", false), ("not ends with", true)]);
                let holds = eval(move |g| {
                    value(g).is_some_and(|text| texts.iter().any(|one| fold(&text).ends_with(&fold(one))))
                });
                (format!("{name} {word} ({})", list.join(", ")), opposite(holds, negated))
            }
            7 => {
                let (word, negated) = self.tape.pick(&[("is exactly", false), ("is not exactly", true)]);
                let holds = eval(move |g| value(g).is_some_and(|text| nfc(&text) == nfc(one)));
                (format!("{name} {word} {}", quoted(one)), opposite(holds, negated))
            }
            8 => {
                // A pattern that is a text itself finds what `contains` finds.
                let (word, negated) = self.tape.pick(&[("matches", false), ("not matches", true)]);
                let (pattern, start) = self.tape.pick(&[("", false), ("^", true)]);
                let holds = eval(move |g| {
                    value(g).is_some_and(|text| {
                        let (text, one) = (fold(&text), fold(one));
                        if start { text.starts_with(&one) } else { text.contains(&one) }
                    })
                });
                (format!("{name} {word} {}", quoted(&format!("{pattern}{one}"))), opposite(holds, negated))
            }
            9 if !self.lists.is_empty() => {
                let list = self.tape.below(self.lists.len());
                let (word, negated) = self.tape.pick(&[("in", false), ("not in", true)]);
                let holds = eval(move |g| value(g).is_some_and(|text| g.model.lists[list].contains(&fold(&text))));
                (format!("{name} {word} {}", self.lists[list].name), opposite(holds, negated))
            }
            10 => {
                let exact = self.tape.chance(30);
                let fits = |kind: &Kind| matches!(kind, Kind::Text) || !exact && matches!(kind, Kind::Choice(_));
                let (other_way, other, other_name) = self.field_where(scope.record, fits).expect("a key at least");
                let choices = match self.model.kind(scope.record, &other_way, other) {
                    Kind::Choice(set) => Some(*set),
                    _ => None,
                };
                let holds =
                    eval(move |g| {
                        let right = match (g.value(&other_way, other), choices) {
                            (Val::Text(text), _) => text,
                            (Val::Choice(choice), Some(set)) => CHOICES[set][choice].0.to_owned(),
                            _ => return false,
                        };
                        value(g).is_some_and(|left| {
                            if exact { nfc(&left) == nfc(&right) } else { fold(&left) == fold(&right) }
                        })
                    });
                let (word, negated) =
                    if exact { ("is exactly", false) } else { self.tape.pick(&[("=", false), ("!=", true)]) };
                (format!("{name} {word} {other_name}"), opposite(holds, negated))
            }
            _ => {
                let holds = eval(move |g| value(g).is_some_and(|text| fold(&text) == fold(one)));
                (format!("{} = {name}", quoted(one)), holds)
            }
        }
    }

    // ------------------------------------------------------------ numbers

    fn number_leaf(&self, scope: &Scope, (way, at, name): Named, code: Option<&'static str>) -> Said {
        let field: Number = Rc::new(move |g: Ground<'_>| match g.value(&way, at) {
            Val::Num(number) | Val::Money(number, _) => Some(number),
            _ => None,
        });
        let literal = |number: Decimal| {
            let text = self.number_text(number);
            match code {
                Some(code) if self.tape.chance(70) => format!("{text} {code}"),
                _ => text,
            }
        };
        match self.tape.below(10) {
            0 => {
                let (low, high) = (self.number(), self.number());
                let (word, negated) = self.tape.pick(&[("between", false), ("not between", true)]);
                let holds = eval(move |g| field(g).is_some_and(|number| low <= number && number <= high));
                (format!("{name} {word} {} and {}", literal(low), literal(high)), opposite(holds, negated))
            }
            1 => {
                let numbers: Vec<Decimal> = (0..self.tape.between(1, 3)).map(|_| self.number()).collect();
                let texts: Vec<String> = numbers.iter().map(|number| literal(*number)).collect();
                let (word, negated) = self.tape.pick(&[("in", false), ("not in", true)]);
                let holds = eval(move |g| field(g).is_some_and(|number| numbers.contains(&number)));
                (format!("{name} {word} ({})", texts.join(", ")), opposite(holds, negated))
            }
            2 | 3 => {
                let (text, left) = self.sum(scope.record, &name, field, code);
                if self.tape.chance(15) {
                    return (format!("{text} is known"), eval(move |g| left(g).is_some()));
                }
                let bound = self.number();
                let (op, holds) = self.comparison(left, Rc::new(move |_| Some(bound)));
                (format!("{text} {op} {}", literal(bound)), holds)
            }
            4 => {
                let fits = |kind: &Kind| match code {
                    Some(code) => {
                        matches!(kind, Kind::Money(other) if *other == code) || matches!(kind, Kind::MoneyIn(_))
                    }
                    None => matches!(kind, Kind::Number),
                };
                let (other_way, other, other_name) = self.field_where(scope.record, fits).expect("itself at least");
                let right: Number = Rc::new(move |g: Ground<'_>| match (g.value(&other_way, other), code) {
                    (Val::Num(number), _) => Some(number),
                    (Val::Money(number, held), Some(code)) if held == code => Some(number),
                    _ => None,
                });
                let (op, holds) = self.comparison(field, right);
                (format!("{name} {op} {other_name}"), holds)
            }
            5 => {
                let bound = self.number();
                let (op, holds) = self.comparison(Rc::new(move |_| Some(bound)), field);
                (format!("{} {op} {name}", literal(bound)), holds)
            }
            _ => {
                let bound = self.number();
                let (op, holds) = self.comparison(field, Rc::new(move |_| Some(bound)));
                (format!("{name} {op} {}", literal(bound)), holds)
            }
        }
    }

    /// Arithmetic over a field: `a + b * c`, `a / (b - 5)`, of one measure.
    fn sum(&self, record: usize, name: &str, field: Number, code: Option<&'static str>) -> (String, Number) {
        let fits = |kind: &Kind| match code {
            Some(code) => matches!(kind, Kind::Money(other) if *other == code),
            None => matches!(kind, Kind::Number),
        };
        let same = self.field_where(record, fits);
        let (other_text, other): (String, Number) = match same {
            Some((way, at, text)) => (
                text,
                Rc::new(move |g| match g.value(&way, at) {
                    Val::Num(number) | Val::Money(number, _) => Some(number),
                    _ => None,
                }),
            ),
            None => (name.to_owned(), field.clone()),
        };
        let factor = self.number();
        let factor_text = self.number_text(factor);
        let code = code.map_or(String::new(), |code| format!(" {code}"));
        match self.tape.below(6) {
            0 => (
                format!("{name} + {other_text} * {factor_text}"),
                Rc::new(move |g| field(g)?.checked_add(other(g)?.checked_mul(factor)?)),
            ),
            1 => (format!("{name} - {other_text}"), Rc::new(move |g| field(g)?.checked_sub(other(g)?))),
            2 => (
                format!("{name} / ({factor_text} - {factor_text})"),
                Rc::new(move |g| {
                    field(g)?;
                    None
                }),
            ),
            3 => (format!("{name} / {factor_text}"), Rc::new(move |g| divide(field(g)?, factor))),
            4 => (
                format!("({name} - {factor_text}{code}) * 2"),
                Rc::new(move |g| field(g)?.checked_sub(factor)?.checked_mul(Decimal::TWO)),
            ),
            _ => (
                format!("-({name}) - {other_text} - {other_text}"),
                Rc::new(move |g| (-field(g)?).checked_sub(other(g)?)?.checked_sub(other(g)?)),
            ),
        }
    }

    fn comparison(&self, left: Number, right: Number) -> (&'static str, Eval) {
        let op = self.tape.pick(&["=", "!=", "<", "<=", ">", ">=", "is", "is not"]);
        let holds = eval(move |g| {
            let (Some(left), Some(right)) = (left(g), right(g)) else {
                return false;
            };
            match op {
                "=" | "is" | "!=" | "is not" => left == right,
                "<" => left < right,
                "<=" => left <= right,
                ">" => left > right,
                _ => left >= right,
            }
        });
        (op, opposite(holds, matches!(op, "!=" | "is not")))
    }

    fn money_in_leaf(&self, (way, at, name): Named) -> Said {
        let code = self.tape.pick(&["EUR", "USD", "CHF"]);
        let field: Number = Rc::new(move |g: Ground<'_>| match g.value(&way, at) {
            Val::Money(number, held) if held == code => Some(number),
            _ => None,
        });
        let bound = self.number();
        if self.tape.chance(25) {
            let high = self.number();
            let text =
                format!("{name} between {} {code} and {} {code}", self.number_text(bound), self.number_text(high));
            return (text, eval(move |g| field(g).is_some_and(|number| bound <= number && number <= high)));
        }
        let (op, holds) = self.comparison(field, Rc::new(move |_| Some(bound)));
        (format!("{name} {op} {} {code}", self.number_text(bound)), holds)
    }

    // ------------------------------------------------------------ days and times

    /// A day that a policy names.
    fn day_mark(&self) -> (String, i32) {
        let today = self.model.as_of.today();
        match self.tape.below(6) {
            0 => ("today".to_owned(), today),
            1 => {
                let (amount, unit) = self.length();
                (format!("{amount} {} ago", unit.word()), time::add_to_day(today, -amount, unit))
            }
            2 => {
                let (amount, unit) = self.length();
                (format!("{amount} {} from today", unit.word()), time::add_to_day(today, amount, unit))
            }
            3 => {
                let (amount, unit) = self.length();
                (format!("today + {amount} {}", unit.word()), time::add_to_day(today, amount, unit))
            }
            _ => {
                let day = self.day();
                (time::show_day(day), day)
            }
        }
    }

    fn length(&self) -> (i64, Unit) {
        let amount = self.tape.pick(&[0, 1, 3, 30, 90, 1_000_000_000]);
        (amount, self.tape.pick(&[Unit::Days, Unit::Weeks, Unit::Months, Unit::Years]))
    }

    /// A date or time field as a day.
    fn any_day(&self, record: usize) -> Option<(String, Day)> {
        let (way, at, text) = self.field_where(record, |kind| matches!(kind, Kind::Date | Kind::Time))?;
        Some((text, Rc::new(move |g: Ground<'_>| day_value(g, &way, at))))
    }

    fn date_leaf(&self, scope: &Scope, (way, at, name): Named) -> Said {
        let (near, far) = (way.clone(), at);
        let field = move |g: Ground<'_>| day_value(g, &way, at);
        match self.tape.below(9) {
            0 | 1 => self.around(&name, false, move |g| day_value(g, &near, far).map(|day| (day, None))),
            2 => {
                let ((low_text, low), (high_text, high)) = (self.day_mark(), self.day_mark());
                let holds = eval(move |g| field(g).is_some_and(|day| low <= day && day <= high));
                (format!("{name} between {low_text} and {high_text}"), holds)
            }
            3 => {
                let (other_text, other) = self.any_day(scope.record).expect("itself at least");
                let (op, holds) = self.day_comparison(Rc::new(field), other);
                (format!("{name} {op} {other_text}"), holds)
            }
            4 => {
                let (other_text, other) = self.any_day(scope.record).expect("itself at least");
                let bound = Decimal::from([0, 1, 30][self.tape.below(3)]);
                let left: Number = Rc::new(move |g| Some(Decimal::from(i64::from(field(g)?) - i64::from(other(g)?))));
                let (op, holds) = self.comparison(left, Rc::new(move |_| Some(bound)));
                (format!("{name} - {other_text} {op} {bound}"), holds)
            }
            5 => {
                let (amount, unit) = self.length();
                let (sign, factor) = self.tape.pick(&[("+", 1), ("-", -1)]);
                let (mark_text, mark) = self.day_mark();
                let left = Rc::new(move |g: Ground<'_>| Some(time::add_to_day(field(g)?, factor * amount, unit)));
                let (op, holds) = self.day_comparison(left, Rc::new(move |_| Some(mark)));
                (format!("{name} {sign} {amount} {} {op} {mark_text}", unit.word()), holds)
            }
            6 => {
                let (mark_text, mark) = self.day_mark();
                let (op, holds) = self.day_comparison(Rc::new(move |_| Some(mark)), Rc::new(field));
                (format!("{mark_text} {op} {name}"), holds)
            }
            7 => {
                let marks: Vec<(String, i32)> = (0..self.tape.between(1, 3)).map(|_| self.day_mark()).collect();
                let (texts, days): (Vec<String>, Vec<i32>) = marks.into_iter().unzip();
                (
                    format!("{name} in ({})", texts.join(", ")),
                    eval(move |g| field(g).is_some_and(|day| days.contains(&day))),
                )
            }
            _ => {
                let (mark_text, mark) = self.day_mark();
                let (op, holds) = self.day_comparison(Rc::new(field), Rc::new(move |_| Some(mark)));
                (format!("{name} {op} {mark_text}"), holds)
            }
        }
    }

    fn day_comparison(&self, left: Day, right: Day) -> (&'static str, Eval) {
        let op = self.tape.pick(&["=", "!=", "<", "<=", ">", ">=", "before", "after", "is"]);
        let holds = eval(move |g| {
            let (Some(left), Some(right)) = (left(g), right(g)) else {
                return false;
            };
            match op {
                "=" | "!=" | "is" => left == right,
                "<" | "before" => left < right,
                "<=" => left <= right,
                ">" | "after" => left > right,
                _ => left >= right,
            }
        });
        (op, opposite(holds, op == "!="))
    }

    /// `within past N`, `within next N`, `older than N`, `later than N from today`: by days, and for times by hours.
    fn around(
        &self,
        name: &str,
        is_time: bool,
        value: impl Fn(Ground<'_>) -> Option<(i32, Option<i64>)> + 'static,
    ) -> Said {
        let way = self.tape.below(4);
        let by_hours = is_time && self.tape.chance(40);
        let (amount, unit) = if by_hours {
            (self.tape.pick(&[0, 1, 24, 1_000_000_000]), self.tape.pick(&[Unit::Hours, Unit::Minutes]))
        } else {
            self.length()
        };
        let sign = if way.is_multiple_of(2) { -1 } else { 1 };
        let tail = ["within past", "within next", "older than", "later than"][way];
        let ending = if way == 3 && self.tape.chance(50) { " from today" } else { "" };
        let holds = eval(move |g| {
            let Some((day, instant)) = value(g) else {
                return false;
            };
            let (at, now, far) = match instant {
                Some(instant) if by_hours => {
                    let minutes = if unit == Unit::Hours { amount * 60 } else { amount };
                    let now = g.model.as_of.instant;
                    (instant, now, now.saturating_add(sign * minutes * 60_000_000))
                }
                _ => {
                    (i64::from(day), i64::from(g.today()), i64::from(time::add_to_day(g.today(), sign * amount, unit)))
                }
            };
            match way {
                0 => far <= at && at <= now,
                1 => now <= at && at <= far,
                2 => at < far,
                _ => at > far,
            }
        });
        (format!("{name} {tail} {amount} {}{ending}", unit.word()), holds)
    }

    fn time_leaf(&self, scope: &Scope, (way, at, name): Named) -> Said {
        let (near, far) = (way.clone(), at);
        let instant = move |g: Ground<'_>| match g.value(&near, far) {
            Val::Time(instant) => Some(instant),
            _ => None,
        };
        let field = move |g: Ground<'_>| day_value(g, &way, at);
        match self.tape.below(7) {
            0..=2 => self.around(&name, true, move |g| {
                let instant = instant(g)?;
                Some((g.day_of(instant), Some(instant)))
            }),
            3 => {
                let times = |kind: &Kind| matches!(kind, Kind::Time);
                let (other_way, other, other_text) = self.field_where(scope.record, times).expect("itself at least");
                let number = |instant: Option<i64>| instant.map(Decimal::from);
                let right: Number = Rc::new(move |g: Ground<'_>| match g.value(&other_way, other) {
                    Val::Time(instant) => Some(Decimal::from(instant)),
                    _ => None,
                });
                let (op, holds) = self.comparison(Rc::new(move |g| number(instant(g))), right);
                (format!("{name} {op} {other_text}"), holds)
            }
            4 => {
                let dates = |kind: &Kind| matches!(kind, Kind::Date);
                let Some((other_way, other, other_text)) = self.field_where(scope.record, dates) else {
                    return (format!("{name} is known"), eval(move |g| instant(g).is_some()));
                };
                let right = Rc::new(move |g: Ground<'_>| day_value(g, &other_way, other));
                let (op, holds) = self.day_comparison(Rc::new(field), right);
                (format!("{name} {op} {other_text}"), holds)
            }
            5 => {
                let ((low_text, low), (high_text, high)) = (self.day_mark(), self.day_mark());
                let holds = eval(move |g| field(g).is_some_and(|day| low <= day && day <= high));
                (format!("{name} between {low_text} and {high_text}"), holds)
            }
            _ => {
                let (mark_text, mark) = self.day_mark();
                let (op, holds) = self.day_comparison(Rc::new(field), Rc::new(move |_| Some(mark)));
                (format!("{name} {op} {mark_text}"), holds)
            }
        }
    }

    // ------------------------------------------------------------ choices, sets, references

    fn yes_no_leaf(&self, scope: &Scope, (way, at, name): Named) -> Said {
        let (near, far) = (way.clone(), at);
        let field = move |g: Ground<'_>| match g.value(&near, far) {
            Val::Flag(yes) => Some(yes),
            _ => None,
        };
        match self.tape.below(4) {
            0 => (name, eval(move |g| field(g) == Some(true))),
            1 => {
                let flags = |kind: &Kind| matches!(kind, Kind::YesNo);
                let (other_way, other, other_text) = self.field_where(scope.record, flags).expect("itself at least");
                let holds = eval(move |g| match (field(g), g.value(&other_way, other)) {
                    (Some(left), Val::Flag(right)) => left == right,
                    _ => false,
                });
                let (op, negated) = self.tape.pick(&[("=", false), ("!=", true)]);
                (format!("{name} {op} {other_text}"), opposite(holds, negated))
            }
            2 => (format!("{name} in (yes, no)"), eval(move |g| field(g).is_some())),
            _ => {
                let (word, wanted) = self.tape.pick(&[("yes", true), ("no", false), ("true", true), ("FALSE", false)]);
                let (op, negated) = self.tape.pick(&[("=", false), ("is", false), ("!=", true), ("is not", true)]);
                (format!("{name} {op} {word}"), opposite(eval(move |g| field(g) == Some(wanted)), negated))
            }
        }
    }

    fn choices(&self, set: usize) -> (Vec<usize>, String) {
        let chosen: Vec<usize> = (0..self.tape.between(1, 3)).map(|_| self.tape.below(CHOICES[set].len())).collect();
        let texts: Vec<String> = chosen.iter().map(|one| choice_text(set, *one, self.tape.below(3))).collect();
        (chosen, texts.join(", "))
    }

    fn choice_leaf(&self, scope: &Scope, (way, at, name): Named, set: usize) -> Said {
        let (near, far) = (way.clone(), at);
        let field = move |g: Ground<'_>| match g.value(&near, far) {
            Val::Choice(choice) => Some(choice),
            _ => None,
        };
        let (chosen, texts) = self.choices(set);
        let one = chosen[0];
        let one_text = choice_text(set, one, self.tape.below(3));
        match self.tape.below(8) {
            0 | 1 => {
                let (word, negated) = self.tape.pick(&[("in", false), ("not in", true)]);
                let holds = eval(move |g| field(g).is_some_and(|choice| chosen.contains(&choice)));
                (format!("{name} {word} ({texts})"), opposite(holds, negated))
            }
            2 => {
                let counts =
                    move |choice: usize, wanted: usize| choice == wanted || CHOICES[set][choice].2.contains(&wanted);
                let holds =
                    eval(move |g| field(g).is_some_and(|choice| chosen.iter().any(|wanted| counts(choice, *wanted))));
                (format!("{name} counts as ({texts})"), holds)
            }
            3 | 4 if set == 1 => {
                let number: Number = Rc::new(move |g| field(g).map(|choice| Decimal::from(choice as u64)));
                let bound = Decimal::from(one as u64);
                let (op, holds) = self.comparison(number, Rc::new(move |_| Some(bound)));
                (format!("{name} {op} {one_text}"), holds)
            }
            5 => {
                let fits = |kind: &Kind| *kind == Kind::Choice(set) || matches!(kind, Kind::Text);
                let (other_way, other, other_text) = self.field_where(scope.record, fits).expect("itself at least");
                let holds = eval(move |g| match (field(g), g.value(&other_way, other)) {
                    (Some(left), Val::Choice(right)) => left == right,
                    (Some(left), Val::Text(right)) => fold(CHOICES[set][left].0) == fold(&right),
                    _ => false,
                });
                let (op, negated) = self.tape.pick(&[("=", false), ("!=", true)]);
                (format!("{name} {op} {other_text}"), opposite(holds, negated))
            }
            6 if !self.lists.is_empty() => {
                let list = self.tape.below(self.lists.len());
                let holds = eval(move |g| {
                    field(g).is_some_and(|choice| g.model.lists[list].contains(&fold(CHOICES[set][choice].0)))
                });
                (format!("{name} in {}", self.lists[list].name), holds)
            }
            _ => {
                let (op, negated) = self.tape.pick(&[("=", false), ("is", false), ("!=", true), ("is not", true)]);
                (format!("{name} {op} {one_text}"), opposite(eval(move |g| field(g) == Some(one)), negated))
            }
        }
    }

    fn many_leaf(&self, (way, at, name): Named, set: usize) -> Said {
        let (chosen, texts) = self.choices(set);
        let which = self.tape.below(4);
        let words = ["includes any of", "includes all of", "includes none of", "includes"][which];
        let holds = eval(move |g| match g.value(&way, at) {
            Val::Many(held) => match which {
                1 => chosen.iter().all(|one| held.contains(one)),
                2 => !chosen.iter().any(|one| held.contains(one)),
                _ => chosen.iter().any(|one| held.contains(one)),
            },
            _ => false,
        });
        (format!("{name} {words} ({texts})"), holds)
    }

    fn reference_leaf(&self, scope: &Scope, (way, at, name): Named, target: usize) -> Said {
        let (near, far) = (way.clone(), at);
        let key = move |g: Ground<'_>| match g.value(&near, far) {
            Val::Ref(row) => Some(g.model.records[target].rows[row][0].text.trim().to_owned()),
            _ => None,
        };
        let keys: Vec<String> = (0..self.tape.between(1, 3))
            .map(|_| match self.tape.below(3) {
                0 => self.tape.pick(&super::values::KEYS).to_owned(),
                _ => format!("r{}", self.tape.below(self.size.rows_max)),
            })
            .collect();
        let texts: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        if self.tape.chance(30) {
            let same = |kind: &Kind| *kind == Kind::Ref(target);
            let (other_way, other, other_text) = self.field_where(scope.record, same).expect("itself at least");
            let holds = eval(move |g| match (g.value(&way, at), g.value(&other_way, other)) {
                (Val::Ref(left), Val::Ref(right)) => left == right,
                _ => false,
            });
            let (op, negated) = self.tape.pick(&[("=", false), ("!=", true)]);
            return (format!("{name} {op} {other_text}"), opposite(holds, negated));
        }
        let (word, negated) = self.tape.pick(&[("in", false), ("not in", true)]);
        let holds = eval(move |g| key(g).is_some_and(|key| keys.contains(&key)));
        (format!("{name} {word} ({})", texts.join(", ")), opposite(holds, negated))
    }

    // ------------------------------------------------------------ owners

    /// A question about the current owner, or about the owner that an earlier role gave.
    fn owner_leaf(&self, scope: &Scope) -> Said {
        let role = scope.role.clone().expect("only rules ask for owners");
        let asked = self.owners_known(scope.record, &role);
        let (text, way, of) = self.tape.pick(&asked);
        let owner = move |g: Ground<'_>| -> Option<Owner> {
            let Some(of) = &of else {
                return g.current.cloned();
            };
            let end = g.walk(&way);
            (g.after)(of, end.record, end.row?)
        };
        match self.tape.below(6) {
            0 => {
                let (word, wanted) =
                    self.tape.pick(&[("is known", true), ("is missing", false), ("is not missing", true)]);
                (format!("{text} {word}"), eval(move |g| owner(g).is_some() == wanted))
            }
            1 => {
                // `inactive` is said of somebody; `is not active` is the plain opposite.
                let words = [("is active", true, false), ("is inactive", false, false), ("is not active", true, true)];
                let (word, wanted, negated) = self.tape.pick(&words);
                let holds = eval(move |g| owner(g).is_some_and(|owner| is_active(&g.model.people, &owner) == wanted));
                (format!("{text} {word}"), opposite(holds, negated))
            }
            2 => {
                let (team, _) = self.tape.pick(&TEAMS);
                let (word, negated) = self.tape.pick(&[("in", false), ("not in", true)]);
                let holds = eval(move |g| {
                    owner(g).is_some_and(|owner| is_in_team(&g.model.people, &owner, team, g.model.as_of.today()))
                });
                (format!("{text} {word} {team}"), opposite(holds, negated))
            }
            3 => {
                let (first, second) = (self.person(), self.person());
                let holds = eval(move |g| {
                    owner(g).is_some_and(|owner| [first, second].iter().any(|name| is_called(g, &owner, name)))
                });
                (format!("{text} in ({}, {})", quoted(first), quoted(second)), holds)
            }
            _ => {
                let name = self.person();
                let (op, negated) = self.tape.pick(&[("=", false), ("is", false), ("!=", true), ("is not", true)]);
                let holds = eval(move |g| owner(g).is_some_and(|owner| is_called(g, &owner, name)));
                (format!("{text} {op} {}", quoted(name)), opposite(holds, negated))
            }
        }
    }

    /// The owners that a rule of a role may speak of: as text, the way to the record, and the role (`None`: current).
    pub(super) fn owners_known(&self, record: usize, role: &str) -> Vec<(String, Way, Option<String>)> {
        let mut found = vec![(role.to_owned(), Vec::new(), None)];
        for (way, end, text) in self.ways(record, 2) {
            for known in self.roles.iter().filter(|known| known.record == end) {
                if way.is_empty() {
                    if known.name != role {
                        found.push((known.name.clone(), Vec::new(), Some(known.name.clone())));
                    }
                } else {
                    found.push((format!("{} of {text}", known.name), way.clone(), Some(known.name.clone())));
                }
            }
        }
        found
    }

    pub(super) fn person(&self) -> &'static str {
        let people = ["p1", "Ana Silva", "BO", "ana@X.example", "p3", "çelik", "Dora GROSS", "p4"];
        match self.tape.below(3) {
            0 => self.tape.pick(&["TeamA", "TeamB", "teamc"]),
            1 => self.tape.pick(&QUEUES),
            _ => self.tape.pick(&people),
        }
    }
}

fn is_called(g: Ground<'_>, owner: &Owner, name: &str) -> bool {
    meant(&g.model.people, name).as_ref() == Some(owner)
}

fn day_value(g: Ground<'_>, way: &[usize], at: usize) -> Option<i32> {
    match g.value(way, at) {
        Val::Day(day) => Some(day),
        Val::Time(instant) => Some(g.day_of(instant)),
        _ => None,
    }
}

/// A day far from all others, for rules that count no more.
pub(super) fn long_ago() -> i32 {
    day("2001-01-01")
}
