//! `allow CODE: "reason"`: findings that are meant to be there.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::Span;
use crate::syntax::AllowDecl;

/// Findings that no `allow` silences, in their order, and whether each `allow` silenced one.
///
/// A warning or note is silenced by an `allow` of its code if its first place lies in the rule, group or declaration below
/// it. Errors are never silenced, nor are findings without a place.
pub fn heard(allows: &[AllowDecl], findings: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<bool>) {
    let mut used = vec![false; allows.len()];
    let mut silenced = |finding: &Diagnostic| {
        let Some(label) = finding.primary.as_ref().filter(|_| finding.severity != Severity::Error) else {
            return false;
        };
        let mut is_silenced = false;
        for (allow, used) in allows.iter().zip(&mut used) {
            if allow.code == finding.code && allow.target.is_some_and(|target| holds(target, label.span)) {
                *used = true;
                is_silenced = true;
            }
        }
        is_silenced
    };
    let heard = findings.into_iter().filter(|finding| !silenced(finding)).collect();
    (heard, used)
}

/// A warning for every `allow` that silenced nothing. `is_judged` tells for which codes everything was looked at: what is only
/// found with the people or the records at hand may be there all the same.
pub fn unused(allows: &[AllowDecl], used: &[bool], is_judged: impl Fn(Code) -> bool) -> Vec<Diagnostic> {
    let idle =
        allows.iter().zip(used).filter(|(allow, used)| !**used && (allow.target.is_none() || is_judged(allow.code)));
    idle.map(|(allow, _)| unused_allow(allow)).collect()
}

fn unused_allow(allow: &AllowDecl) -> Diagnostic {
    let (label, note) = match allow.target {
        None => ("nothing stands below it", "it belongs on the line above a rule or a declaration".to_owned()),
        Some(_) => {
            ("silences nothing", format!("there is no warning and no note `{}` in what stands below", allow.code))
        }
    };
    Diagnostic::warning(Code::UnusedAllow, format!("`allow {}` silences nothing", allow.code))
        .at(allow.span, label)
        .with_note(note)
        .help("remove it: left standing, it would hide the next finding of that kind")
        .fix(allow.span, "")
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// Codes whose findings need the people or the records: without them, nobody can say that there is none.
const WITH_DATA: &[Code] = &[
    Code::AbsentColumn,
    Code::AbsentPin,
    Code::AbsentTable,
    Code::AmbiguousName,
    Code::BackupCircle,
    Code::DoubleKey,
    Code::DoublePerson,
    Code::EmptyPool,
    Code::EmptySource,
    Code::ExpiredPin,
    Code::InactiveOwner,
    Code::MissingWeight,
    Code::NeedlessPin,
    Code::NoCapacity,
    Code::NoCurrency,
    Code::NoTeam,
    Code::OrphanReference,
    Code::OtherCurrency,
    Code::RecordCircle,
    Code::TeamWithoutPeople,
    Code::UnknownOwner,
    Code::UnusedOwner,
    Code::WrongChoice,
];

/// Whether findings of this code come from the policies alone.
pub fn is_of_policies(code: Code) -> bool {
    !WITH_DATA.contains(&code)
}
