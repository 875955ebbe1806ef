//! `test`: runs the tests written beside the rules. Needs no records and no people.

use super::args::{Format, ProjectArgs, TestArgs};
use super::exit::{Exit, Failure, Result};
use super::explanation::{action, condition_json, condition_lines};
use super::junit::{JunitCase, document};
use super::output::{Output, count};
use super::session::Session;
use super::{test_coverage, test_generate, test_mutate};
use crate::check::policy::{Case, InvariantRole, Role, Test};
use crate::diagnostic::render::clean;
use crate::diagnostic::{Code, Diagnostic};
use crate::explain::{RuleTrace, RuleVerdict};
use crate::testing::{CaseResult, Coverage, Judged, Verdict, run_case};
use serde_json::{Value, json};

/// A test with what came of its cases.
struct Ran<'a> {
    test: &'a Test,
    results: Vec<(&'a Case, CaseResult)>,
}

pub fn run(args: &TestArgs, out: &Output) -> Result<Exit> {
    let session = Session::open(&ProjectArgs { project: args.project.clone(), source: None })?;
    session.require_sound()?;
    if args.generate {
        return test_generate::run(args, &session, out);
    }
    let tests = chosen(args, &session)?;
    if args.list {
        return list(&tests, &session, out);
    }
    let mut coverage = Coverage::new(&session.policy);
    let zone = &session.project.config.zone;
    let calendar = session.calendar.as_ref();
    let chosen = tests.clone();
    let ran: Vec<Ran<'_>> = tests
        .into_iter()
        .map(|test| {
            let run = |case| (case, run_case(&session.policy, case, zone, calendar, &mut coverage));
            Ran { test, results: test.cases.iter().map(run).collect() }
        })
        .collect();
    let report = Report { session: &session };
    if let Some(file) = &args.junit {
        std::fs::write(file, document(&report.junit(&ran)))
            .map_err(|error| Failure::could_not_run(format!("`{}` could not be written: {error}", file.display())))?;
    }
    let all_passed = ran.iter().flat_map(|ran| &ran.results).all(|(_, result)| result.passed());
    if args.mutate && all_passed {
        return test_mutate::run(args, &session, &chosen, out);
    }
    let asks_coverage = args.coverage || args.min_coverage.is_some();
    let shown = asks_coverage.then_some(&coverage);
    if out.is_json() {
        out.json(&report.json(&ran, shown))?;
    } else {
        report.text(&ran, out)?;
        if let Some(coverage) = shown {
            out.line("")?;
            test_coverage::text(coverage, session.sources(), out)?;
        }
    }
    let is_enough = args.min_coverage.is_none_or(|wanted| test_coverage::is_enough(&coverage, wanted, out));
    if args.mutate {
        out.say("the rules are changed only where all tests pass");
    }
    Ok(if all_passed && is_enough { Exit::Fine } else { Exit::Findings })
}

/// The tests whose name holds one of the filters.
fn chosen<'s>(args: &TestArgs, session: &'s Session) -> Result<Vec<&'s Test>> {
    let filters: Vec<String> = args.filters.iter().map(|filter| filter.to_lowercase()).collect();
    let fits = |test: &&Test| {
        let name = test.name.to_lowercase();
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter))
    };
    let tests: Vec<&Test> = session.policy.tests.iter().filter(fits).collect();
    if tests.is_empty() && !filters.is_empty() {
        let all = count(session.policy.tests.len() as u64, "test");
        return Err(Failure::could_not_run(format!(
            "no test has `{}` in its name; there {} {all}, `ownward test --list` names them",
            args.filters.join("`, `"),
            if session.policy.tests.len() == 1 { "is" } else { "are" },
        )));
    }
    Ok(tests)
}

fn list(tests: &[&Test], session: &Session, out: &Output) -> Result<Exit> {
    if out.is_json() {
        let list: Vec<Value> = tests
            .iter()
            .map(|test| {
                let place = session.sources().place(test.span);
                json!({ "name": test.name, "place": place, "cases": test.cases.len() })
            })
            .collect();
        out.json(&json!({ "schema": "ownward.tests/1", "tests": list }))?;
        return Ok(Exit::Fine);
    }
    for test in tests {
        let cases = if test.cases.len() > 1 { format!(" ({} cases)", test.cases.len()) } else { String::new() };
        out.line(&clean(&format!("{}{cases}   {}", test.name, session.sources().place(test.span))))?;
    }
    Ok(Exit::Fine)
}

struct Report<'a> {
    session: &'a Session,
}

impl Report<'_> {
    fn text(&self, ran: &[Ran<'_>], out: &Output) -> Result<()> {
        let mut findings = Vec::new();
        for Ran { test, results } in ran {
            let failed: Vec<&(&Case, CaseResult)> = results.iter().filter(|(_, result)| !result.passed()).collect();
            let cases = match results.len() {
                0 | 1 => String::new(),
                several if failed.is_empty() => format!(" ({several} cases)"),
                several => format!(" ({} of {several} cases failed)", failed.len()),
            };
            let mark = if failed.is_empty() { "ok  " } else { "FAIL" };
            out.line(&clean(&format!("{mark}  {}{cases}", test.name)))?;
            for (case, result) in failed {
                for judged in result.judged.iter().filter(|judged| judged.verdict != Verdict::Passed) {
                    findings.push(self.finding(test, case, judged));
                    for line in self.failure(case, judged) {
                        out.line(&format!("      {line}"))?;
                    }
                }
            }
        }
        if out.format == Format::Github {
            out.messages(&findings, self.session.sources());
        }
        let cases: usize = ran.iter().map(|ran| ran.results.len()).sum();
        let passed = ran.iter().flat_map(|ran| &ran.results).filter(|(_, result)| result.passed()).count();
        if ran.is_empty() {
            out.line("no tests: write `test \"…\" { given … expect … }` into an `.own` file")?;
            return Ok(());
        }
        let of = if cases == ran.len() { String::new() } else { format!(", {}", count(cases as u64, "case")) };
        let failed = cases - passed;
        out.line(&format!("{}{of}: {passed} passed, {failed} failed", count(ran.len() as u64, "test")))?;
        Ok(())
    }

    /// What was expected, what came, and why; lines without an indent.
    fn failure(&self, case: &Case, judged: &Judged) -> Vec<String> {
        let sources = self.session.sources();
        let row = case.row.map(|row| format!("case {row}, ")).unwrap_or_default();
        let mut lines = vec![clean(&format!("{row}{}", sources.place(judged.span)))];
        if let Verdict::Unset(fields) = &judged.verdict {
            lines.push(clean(&format!("  {} hangs on what is not given [unset-field]", judged.of)));
            lines.extend(fields.iter().map(|field| clean(&format!("  {field} is required, and was read"))));
            return lines;
        }
        lines.push(clean(&format!("  {}", judged.of)));
        lines.push(clean(&format!("  expected {}", judged.expected)));
        lines.push(clean(&format!("  got      {}", judged.got)));
        let role = self.role(judged.role);
        if let (Some(trace), Some(role)) = (&judged.wanted, role) {
            let why = match &trace.verdict {
                RuleVerdict::Decided => "holds too, but a rule before it decided".to_owned(),
                RuleVerdict::Failed => "did not hold".to_owned(),
                RuleVerdict::NamedNobody(reasons) => format!("names nobody: {}", reasons.join("; ")),
                RuleVerdict::NotOnThisDay => "does not count on this day".to_owned(),
            };
            lines.push(clean(&format!("  rule {} {why}", self.rule_name(trace))));
            lines.extend(self.conditions(trace, trace.verdict == RuleVerdict::Failed));
            if trace.verdict == RuleVerdict::Failed {
                lines.push(clean(&format!("     then {}", action(role.rule(trace.rule), sources))));
            }
        }
        if let (Some(trace), Some(role)) = (&judged.deciding, role) {
            lines.push(clean(&format!("  rule {} decided", self.rule_name(trace))));
            lines.extend(self.conditions(trace, false));
            lines.push(clean(&format!("     then {}", action(role.rule(trace.rule), sources))));
        }
        lines
    }

    fn conditions(&self, trace: &RuleTrace, only_failed: bool) -> Vec<String> {
        let shown = trace.conditions.iter().filter(|one| !only_failed || !one.holds);
        shown.flat_map(|one| condition_lines(one, self.session.sources(), 0)).map(|line| format!("  {line}")).collect()
    }

    fn rule_name(&self, trace: &RuleTrace) -> String {
        let place = self.session.sources().place(trace.span);
        match &trace.label {
            Some(label) => format!("`{label}` ({place})"),
            None => place,
        }
    }

    fn role(&self, role: InvariantRole) -> Option<&Role> {
        match role {
            InvariantRole::Role(id) => self.session.policy.roles.get(id.0 as usize),
            InvariantRole::Gather(id) => self.session.policy.gathers.get(id.0 as usize).map(|gather| &gather.role),
        }
    }

    fn finding(&self, test: &Test, case: &Case, judged: &Judged) -> Diagnostic {
        let name = case_name(test, case);
        match &judged.verdict {
            Verdict::Unset(fields) => {
                Diagnostic::error(Code::UnsetField, format!("`{name}` needs a field it does not give"))
                    .at(judged.span, "what is expected here hangs on it")
                    .with_note(format!("not given: {}", fields.join(", ")))
                    .help("give the field, or a record that is decided without it")
            }
            _ => Diagnostic::error(Code::FailedTest, format!("`{name}` fails"))
                .at(judged.span, format!("got {}", judged.got))
                .with_note(format!("expected {}", judged.expected)),
        }
    }

    fn junit(&self, ran: &[Ran<'_>]) -> Vec<JunitCase> {
        let sources = self.session.sources();
        let mut cases = Vec::new();
        for Ran { test, results } in ran {
            for (case, result) in results {
                let failed = result.judged.iter().filter(|judged| judged.verdict != Verdict::Passed);
                let lines: Vec<String> = failed.clone().flat_map(|judged| self.failure(case, judged)).collect();
                let failure = failed.clone().next().map(|judged| match &judged.verdict {
                    Verdict::Unset(fields) => ("unset-field", format!("not given: {}", fields.join(", "))),
                    _ => ("failed-test", format!("expected {}, got {}", judged.expected, judged.got)),
                });
                let file = sources.file(case.span.file);
                cases.push(JunitCase {
                    file: file.name.clone(),
                    line_number: file.position(case.span.start as usize).line_number,
                    name: case_name(test, case),
                    failure: failure.map(|(kind, headline)| (kind, headline, lines.join("\n"))),
                });
            }
        }
        cases
    }

    fn json(&self, ran: &[Ran<'_>], coverage: Option<&Coverage>) -> Value {
        let sources = self.session.sources();
        let tests: Vec<Value> = ran
            .iter()
            .map(|Ran { test, results }| {
                let cases: Vec<Value> = results
                    .iter()
                    .map(|(case, result)| {
                        json!({
                            "row": case.row,
                            "place": sources.place(case.span),
                            "passed": result.passed(),
                            "expectations": result.judged.iter().map(|one| self.judged_json(one)).collect::<Vec<_>>(),
                        })
                    })
                    .collect();
                let passed = results.iter().all(|(_, result)| result.passed());
                json!({ "name": test.name, "place": sources.place(test.span), "passed": passed, "cases": cases })
            })
            .collect();
        let cases: usize = ran.iter().map(|ran| ran.results.len()).sum();
        let passed = ran.iter().flat_map(|ran| &ran.results).filter(|(_, result)| result.passed()).count();
        json!({
            "schema": "ownward.test/1",
            "tests": tests,
            "totals": { "tests": ran.len(), "cases": cases, "passed": passed, "failed": cases - passed },
            "coverage": coverage.map(|coverage| test_coverage::json(coverage, sources)),
        })
    }

    fn judged_json(&self, judged: &Judged) -> Value {
        let (verdict, unset) = match &judged.verdict {
            Verdict::Passed => ("passed", &[][..]),
            Verdict::Failed => ("failed", &[][..]),
            Verdict::Unset(fields) => ("unset", fields.as_slice()),
        };
        json!({
            "of": judged.of,
            "place": self.session.sources().place(judged.span),
            "expected": judged.expected,
            "got": judged.got,
            "verdict": verdict,
            "unset": unset,
            "deciding": judged.deciding.as_ref().map(|trace| self.trace_json(trace)),
            "wanted": judged.wanted.as_ref().map(|trace| self.trace_json(trace)),
        })
    }

    fn trace_json(&self, trace: &RuleTrace) -> Value {
        let sources = self.session.sources();
        json!({
            "label": trace.label,
            "place": sources.place(trace.span),
            "conditions": trace.conditions.iter().map(|one| condition_json(one, sources)).collect::<Vec<_>>(),
        })
    }
}

fn case_name(test: &Test, case: &Case) -> String {
    match case.row {
        Some(row) => format!("{}, case {row}", test.name),
        None => test.name.clone(),
    }
}
