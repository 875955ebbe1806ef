//! Pins: `except Account "A-17" stays with …`.

use super::Checker;
use super::declarations::same;
use super::policy::{Pin, RoleId};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::syntax::PinDecl;

impl Checker<'_> {
    /// Types all pins. Runs after the roles have their order, so that a pin names the role by its final place.
    pub(super) fn pins(&mut self) {
        let tree = self.tree;
        for decl in &tree.pins {
            if let Some(pin) = self.pin(decl) {
                self.refuse_double(&pin);
                self.pins.push(pin);
            }
        }
    }

    fn pin(&mut self, decl: &PinDecl) -> Option<Pin> {
        let role = self.pinned_role(decl)?;
        if let (Some((from, span)), Some((until, other))) = (decl.from, decl.until)
            && from > until
        {
            self.push(
                Diagnostic::error(Code::EndsBeforeStart, "`until` lies before `from`")
                    .at(other, "ends here")
                    .at(span, "starts here")
                    .help("the pin would never count: swap the days"),
            );
        }
        Some(Pin {
            role,
            key: decl.key.text.trim().to_owned(),
            owner: self.name(&decl.owner.text, decl.owner.span),
            because: decl.because.as_ref().map(|because| because.text.clone()),
            from: decl.from.map(|(day, _)| day),
            until: decl.until.map(|(day, _)| day),
            span: decl.span,
        })
    }

    fn pinned_role(&mut self, decl: &PinDecl) -> Option<RoleId> {
        let Some(record) = self.schema.find_record(&decl.record.text) else {
            if !self.tree.broken {
                let names = self.schema.records.iter().map(|record| record.name.as_str());
                let help = did_you_mean(&decl.record.text, names);
                self.push(
                    Diagnostic::error(Code::UnknownRecord, format!("no record `{}`", decl.record.text))
                        .at(decl.record.span, "not declared")
                        .help(help.unwrap_or_else(|| "name the record type before its key".to_owned())),
                );
            }
            return None;
        };
        let wanted = decl.role.as_ref().map_or("owner", |role| role.text.as_str());
        let found = self.roles.iter().position(|role| role.record == record && same(&role.name, wanted));
        if found.is_none() && !self.tree.broken {
            let roles = self.roles.iter().filter(|role| role.record == record).map(|role| role.name.as_str());
            let known: Vec<String> = roles.map(str::to_owned).collect();
            let record_name = self.schema.record(record).name.clone();
            let help = did_you_mean(wanted, known.iter().map(String::as_str)).unwrap_or_else(|| match known.first() {
                Some(role) => format!("name its role: `except {role} of {record_name} …`"),
                None => format!("write `decide {wanted} of {record_name} {{ … }}` first"),
            });
            let span = decl.role.as_ref().map_or(decl.record.span, |role| role.span);
            self.push(
                Diagnostic::error(Code::UnknownRole, format!("nothing decides `{wanted} of {record_name}`"))
                    .at(span, "no such role")
                    .help(help),
            );
        }
        found.and_then(|index| u16::try_from(index).ok()).map(RoleId)
    }

    /// Two pins that are live on the same day would both be right: nobody could say who owns the record.
    fn refuse_double(&mut self, pin: &Pin) {
        let meets = |other: &&Pin| {
            let starts_in_time = |a: &Pin, b: &Pin| match (a.from, b.until) {
                (Some(from), Some(until)) => from <= until,
                _ => true,
            };
            other.role == pin.role && other.key == pin.key && starts_in_time(pin, other) && starts_in_time(other, pin)
        };
        if let Some(other) = self.pins.iter().find(meets) {
            let first = other.span;
            self.push(
                Diagnostic::error(Code::DoublePin, format!("two pins on `{}` at once", pin.key))
                    .at(pin.span, "pinned again")
                    .at(first, "pinned here first")
                    .help("end the first with `until` before the second begins, or remove one"),
            );
        }
    }
}
