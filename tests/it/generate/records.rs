//! Records at random: values at and beside the policy's constants, missing ones, and cells that break the schema.

use super::Generator;
use super::values::KEYS;
use crate::model::{CHOICES, CellModel, Kind, Val};
use ownward::value::Decimal;
use ownward::value::time;
use std::collections::BTreeSet;

impl Generator<'_> {
    pub(super) fn records(&mut self) {
        self.is_clean = self.tape.chance(50);
        self.row_counts = self.model.records.iter().map(|_| self.tape.between(1, self.size.rows_max)).collect();
        for record in 0..self.model.records.len() {
            for row in 0..self.row_counts[record] {
                let cells = (0..self.model.records[record].fields.len()).map(|at| self.cell(record, row, at)).collect();
                self.model.records[record].rows.push(cells);
                let shown = self.tape.pick(&["", "p1", "Bo", "p3", "teamb", "Triage", "left-long-ago", "p4 "]);
                self.model.records[record].shown.push(shown.to_owned());
            }
        }
    }

    fn cell(&self, record: usize, row: usize, at: usize) -> CellModel {
        if at == 0 {
            return self.key_cell(row);
        }
        let field = &self.model.records[record].fields[at];
        let tape = self.tape;
        let may_be_blank = field.optional || matches!(field.kind, Kind::Many(_));
        let chosen = tape.below(if !self.is_clean {
            100
        } else if may_be_blank {
            96
        } else {
            82
        });
        if (82..96).contains(&chosen) || chosen >= 96 && matches!(field.kind, Kind::Text | Kind::Ref(_)) {
            let blank = tape.pick(&["", " ", "\u{a0}"]);
            let broken = !field.optional && !matches!(field.kind, Kind::Many(_));
            let value = if matches!(field.kind, Kind::Many(_)) { Val::Many(BTreeSet::new()) } else { Val::Missing };
            return CellModel { text: blank.to_owned(), currency: currency(&field.kind, "EUR"), value, broken };
        }
        if chosen >= 96 {
            return self.broken_cell(&field.kind);
        }
        let (text, value) = self.good(&field.kind);
        let code = match &value {
            Val::Money(_, code) => code.clone(),
            _ => String::new(),
        };
        let mut cell = CellModel { text, currency: currency(&field.kind, &code), value, broken: false };
        if matches!(field.kind, Kind::MoneyIn(_)) {
            match tape.below(if self.is_clean { 2 } else { 12 }) {
                1 => cell.currency = Some(format!(" {} ", code.to_lowercase())),
                2 => {
                    cell.currency = Some(String::new());
                    cell.broken = true;
                    // Nothing is known of an amount without a currency; the row is invalid wherever it is read.
                    cell.value = Val::Money(Decimal::ZERO, String::new());
                }
                _ => {}
            }
        }
        cell
    }

    fn key_cell(&self, row: usize) -> CellModel {
        let text = match self.tape.below(if self.is_clean { 8 } else { 12 }) {
            10 => String::new(),
            11 => format!(" {} ", self.tape.pick(&KEYS)),
            8 | 9 => self.tape.pick(&KEYS).to_owned(),
            _ => format!("r{row}"),
        };
        let key = text.trim().to_owned();
        let broken = key.is_empty();
        let value = if broken { Val::Missing } else { Val::Text(key) };
        CellModel { text, currency: None, value, broken }
    }

    fn broken_cell(&self, kind: &Kind) -> CellModel {
        let tape = self.tape;
        let text = match kind {
            Kind::Number | Kind::Money(_) | Kind::MoneyIn(_) => {
                tape.pick(&["1.234,56", "1e5", "$5", "5.", "99999999999999999999999999999999"])
            }
            Kind::Date => tape.pick(&["03-01-17", "2026-02-30", "2026-11-15 09:00:00", "soon", "0000-01-01"]),
            Kind::Time => tape.pick(&["2026-11-15", "noon", "2026-13-01T00:00:00Z"]),
            Kind::YesNo => tape.pick(&["maybe", "2", "yess"]),
            Kind::Choice(_) => tape.pick(&["Unknown", "Clint", "0"]),
            Kind::Many(_) => tape.pick(&["Unknown", "Client;Clint", "Low,Mid"]),
            Kind::Text | Kind::Ref(_) => "",
        };
        let value = if matches!(kind, Kind::Many(_)) { Val::Many(BTreeSet::new()) } else { Val::Missing };
        CellModel { text: text.to_owned(), currency: currency(kind, "EUR"), value, broken: true }
    }

    fn good(&self, kind: &Kind) -> (String, Val) {
        let tape = self.tape;
        match kind {
            Kind::Text => {
                let text = self.text();
                let text = match tape.below(8) {
                    1 => text.to_uppercase(),
                    2 => format!(" {text}\t"),
                    3 => format!("{text} & Co"),
                    4 => format!("x{text}"),
                    5 => text.to_lowercase(),
                    6 => tape.pick(&["p1", "Ana Silva", "TEAMB", "p3", "Bo", "nobody at all", "triage"]).to_owned(),
                    _ => text.to_owned(),
                };
                (text.clone(), Val::Text(text.trim().to_owned()))
            }
            Kind::Number => self.good_number(Val::Num),
            Kind::Money(code) => self.good_number(|number| Val::Money(number, (*code).to_owned())),
            Kind::MoneyIn(_) => {
                let code = tape.pick(&["EUR", "USD"]);
                self.good_number(|number| Val::Money(number, code.to_owned()))
            }
            Kind::Date => {
                let day = (self.day() + [0, 1, -1][tape.below(3)]).clamp(time::DAY_MIN, time::DAY_MAX);
                let clock = tape.pick(&["", "", "", " 00:00:00", "T00:00:00Z"]);
                (format!("{}{clock}", time::show_day(day)), Val::Day(day))
            }
            Kind::Time => {
                let beside = [0, 1, -1, 3_600_000_000, -3_600_000_000][tape.below(5)];
                let instant = tape.pick(&self.instants) + beside;
                // What a source can write lies inside the calendar.
                let instant = time::timestamp(instant).as_microsecond();
                (time::show_instant(instant), Val::Time(instant))
            }
            Kind::YesNo => {
                let (text, yes) =
                    tape.pick(&[("yes", true), ("no", false), ("TRUE", true), ("0", false), (" f ", false)]);
                (text.to_owned(), Val::Flag(yes))
            }
            Kind::Choice(set) => {
                let choice = tape.below(CHOICES[*set].len());
                (self.spelling(*set, choice), Val::Choice(choice))
            }
            Kind::Many(set) => {
                let chosen: Vec<usize> = (0..tape.between(1, 3)).map(|_| tape.below(CHOICES[*set].len())).collect();
                let texts: Vec<String> = chosen.iter().map(|choice| self.spelling(*set, *choice)).collect();
                (texts.join(tape.pick(&[";", "; ", ";;"])), Val::Many(chosen.into_iter().collect()))
            }
            // The value is found when all keys are known.
            Kind::Ref(target) => {
                let key = match tape.below(if self.is_clean { 6 } else { 8 }) {
                    6 => format!(" {} ", tape.pick(&KEYS)),
                    7 => tape.pick(&KEYS).to_owned(),
                    _ if self.is_clean => format!("r{}", tape.below(self.row_counts[*target])),
                    _ => format!("r{}", tape.below(self.size.rows_max)),
                };
                (key, Val::Missing)
            }
        }
    }

    fn good_number(&self, value: impl Fn(Decimal) -> Val) -> (String, Val) {
        let number = self.number();
        let steps = ["0", "1", "-1", "0.01", "-0.01", "0.0000000000000000000000000001", "0.5"];
        let step: Decimal = self.tape.pick(&steps).parse().expect("a number");
        let beside = number.checked_add(step).unwrap_or(number);
        let number = if self.tape.chance(25) { Decimal::from(self.tape.below(7)) } else { beside };
        let number = if self.tape.chance(10) { -number } else { number };
        let mut text = number.to_string();
        // Trailing zeros mean nothing.
        if self.tape.chance(10) && text.len() < 20 {
            text.push_str(if text.contains('.') { "0" } else { ".00" });
        }
        (text, value(number))
    }

    fn spelling(&self, set: usize, choice: usize) -> String {
        let (name, also, _) = CHOICES[set][choice];
        match self.tape.below(4) {
            1 => also.first().copied().unwrap_or(name).to_owned(),
            2 => name.to_uppercase(),
            3 => format!("{name} "),
            _ => name.to_owned(),
        }
    }
}

fn currency(kind: &Kind, code: &str) -> Option<String> {
    matches!(kind, Kind::MoneyIn(_)).then(|| code.to_owned())
}
