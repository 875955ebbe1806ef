//! Constants that policies mention, and how values are written in policies and in data.

use super::{Generator, day};
use crate::model::{CHOICES, Kind, Model};
use ownward::value::Decimal;
use ownward::value::time::{self, Unit};

const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "5",
    "100",
    "5000",
    "0.5",
    "1000000",
    "0.1",
    "0.25",
    "1.005",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999.5",
    "0.0000000000000000000000000001",
    "79228162514264337593543950335",
    "123456789012345678",
    "922337203685477580.7",
];

const TEXTS: [&str; 28] = [
    "acme",
    "Acme",
    "ACME corp",
    "Straße",
    "STRASSE",
    "straßen",
    "İstanbul",
    "i\u{307}stanbul",
    "ISTANBUL",
    "ıstanbul",
    "café",
    "cafe\u{301}",
    "CAFE",
    "ﬁnance",
    "Finance",
    "007",
    "7",
    "a\"b",
    "50% off",
    "Client",
    "at risk",
    "K",
    "\u{212a}",
    "Ana Silva",
    "p2",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "\u{1e9e}",
];

pub const KEYS: [&str; 8] = ["k1", "K1", "007", "7", "ß", "ss", "a b", "k2"];

impl Generator<'_> {
    /// What conditions of this case compare with; records take the same values and those beside them.
    pub(super) fn pools(&mut self) {
        let tape = self.tape;
        for _ in 0..4 {
            let number: Decimal = tape.pick(&NUMBERS).parse().expect("a number");
            self.numbers.push(if tape.chance(20) { -number } else { number });
        }
        let today = self.model.as_of.today();
        let marks =
            [today, day("2024-02-29"), day("0001-01-01"), day("9999-12-31"), day("2026-12-31"), day("1970-01-01")];
        for _ in 0..4 {
            let unit = tape.pick(&[Unit::Days, Unit::Months, Unit::Weeks, Unit::Years]);
            let amount = [0, 1, -1, 3, -30, 90][tape.below(6)];
            self.days.push(time::add_to_day(tape.pick(&marks), amount, unit));
        }
        for at in 0..4 {
            let start = time::start_of_day(self.days[at], &self.model.as_of.zone);
            self.instants.push(start);
        }
        for hours in [0, 1, -1, 24, -24] {
            self.instants.push(self.model.as_of.instant + hours * 3_600_000_000);
        }
        for _ in 0..6 {
            self.texts.push(tape.pick(&TEXTS));
        }
    }

    pub(super) fn number(&self) -> Decimal {
        self.tape.pick(&self.numbers)
    }

    /// A number as a policy may write it.
    pub(super) fn number_text(&self, number: Decimal) -> String {
        let thousand = Decimal::from(1000);
        let plain = number.normalize().to_string();
        let is_round = !number.is_zero() && (number % thousand).is_zero();
        if is_round && self.tape.chance(50) {
            let thousands = (number / thousand).normalize();
            return if (thousands % thousand).is_zero() && self.tape.chance(50) {
                format!("{}M", (thousands / thousand).normalize())
            } else {
                format!("{thousands}k")
            };
        }
        plain
    }

    pub(super) fn day(&self) -> i32 {
        self.tape.pick(&self.days)
    }

    pub(super) fn text(&self) -> &'static str {
        self.tape.pick(&self.texts)
    }

    /// A name in another letter case now and then: names are found in any.
    pub(super) fn cased(&self, name: &str) -> String {
        if self.tape.chance(10) { name.to_uppercase() } else { name.to_owned() }
    }
}

/// A text in a policy.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A cell of a file of rows.
pub fn csv_cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Whether a choice can stand without quotes.
fn is_plain(name: &str) -> bool {
    name.starts_with(char::is_alphabetic) && !name.contains(' ')
}

/// A choice as a policy names it: by name or by another spelling.
pub fn choice_text(set: usize, choice: usize, variant: usize) -> String {
    let (name, also, _) = CHOICES[set][choice];
    let name = match variant % 3 {
        1 => also.first().copied().unwrap_or(name),
        _ => name,
    };
    match (variant % 3, is_plain(name)) {
        (2, _) | (_, false) => quoted(name),
        _ => name.to_owned(),
    }
}

/// A field's type as it is declared.
pub fn kind_text(kind: &Kind, model: &Model) -> String {
    let choices = |set: usize, between: &str| {
        let one = |(name, also, counts): &(&str, &[&str], &[usize])| {
            let mut text = if is_plain(name) { (*name).to_owned() } else { quoted(name) };
            for other in *also {
                text.push_str(&format!(" also {}", quoted(other)));
            }
            let counts: Vec<String> = counts.iter().map(|at| quoted(CHOICES[set][*at].0)).collect();
            if !counts.is_empty() {
                text.push_str(&format!(" counts as {}", counts.join(" and ")));
            }
            text
        };
        CHOICES[set].iter().map(one).collect::<Vec<_>>().join(between)
    };
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::Money(code) => format!("money {code}"),
        Kind::MoneyIn(column) => format!("money in {column}"),
        Kind::Date => "date".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::YesNo => "yes/no".to_owned(),
        Kind::Choice(1) => format!("ordered ({})", choices(1, " < ")),
        Kind::Choice(set) => format!("one of ({})", choices(*set, ", ")),
        Kind::Many(set) => format!("many of ({})", choices(*set, ", ")),
        Kind::Ref(record) => model.records[*record].name.clone(),
    }
}
