use super::*;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{Sources, Span};

fn sample() -> (Diagnostic, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("a.own", "when statuss = At-Risk\n");
    let diagnostic = Diagnostic::error(Code::Syntax, "`Account` has no field `statuss`")
        .at(Span::new(file, 5, 12), "not declared")
        .help("did you mean `status`?");
    (diagnostic, sources)
}

#[test]
fn the_plain_form_shows_line_and_label() {
    let (diagnostic, sources) = sample();
    assert_eq!(
        plain(&diagnostic, &sources),
        "error[syntax]: `Account` has no field `statuss`\n  a.own:1:6\n  1 | when statuss = At-Risk\n    |      ------- not declared\n  help: did you mean `status`?\n"
    );
}

#[test]
fn escapes_cannot_reach_a_terminal_or_an_annotation() {
    let (mut diagnostic, sources) = sample();
    diagnostic.headline = "a\u{1b}[31m\u{202e}b%\nc".into();
    assert!(!plain(&diagnostic, &sources).contains('\u{1b}'));
    assert!(!people(&diagnostic, &sources, 80, false).contains(['\u{1b}', '\u{202e}']));
    let line = github(&diagnostic, &sources);
    assert_eq!(line.lines().count(), 1);
    assert!(line.starts_with("::error file=a.own,line=1,endLine=1,col=6,title=syntax::"));
    assert!(line.contains("%25%0Ac"));
}

/// What somebody could write into a policy to be seen in a report.
const EVIL: &str =
    "a\u{1b}]0;x\u{7}\u{202e} `b` ::error::c\n::set-output name=d::e <img src=x> [f](http://g) @h #1 | ]]> & \" '";

fn report<'a>(findings: &'a [Diagnostic], sources: &'a Sources) -> Report<'a> {
    Report { findings, sources, folder: "policies/", home: "ownward.toml", docs: None, fails: Severity::Error }
}

fn evil() -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let file = sources.add("a,b:c%.own", format!("{EVIL}\n"));
    let finding = Diagnostic::warning(Code::UnknownField, EVIL)
        .at(Span::new(file, 0, 3), EVIL)
        .with_note(EVIL)
        .help(EVIL)
        .fix(Span::new(file, 0, 1), "b");
    (vec![finding, Diagnostic::error(Code::Config, EVIL)], sources)
}

#[test]
fn nothing_in_a_policy_can_begin_a_workflow_command() {
    let (findings, sources) = evil();
    let lines = annotations(&report(&findings, &sources)).form;
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("::error title=config::"), "{}", lines[0]);
    assert!(lines[1].starts_with("::warning file=policies/a%2Cb%3Ac%25.own,line=1,"), "{}", lines[1]);
    assert!(lines.iter().all(|line| line.lines().count() == 1 && !line.contains('\u{1b}')), "{lines:?}");
}

#[test]
fn nothing_in_a_policy_becomes_markup() {
    let (findings, sources) = evil();
    let text = markdown(&report(&findings, &sources)).form;
    for sign in ["<img", "](http", "@h", " #1", "\u{1b}", "\u{202e}", "http:"] {
        assert!(!text.contains(sign), "{sign} in {text}");
    }
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |")).count();
    assert_eq!(rows, 4, "head, line below and two findings: {text}");
    let xml = junit(&report(&findings, &sources));
    for sign in ["<img", "]]>", "\u{1b}", "& "] {
        assert!(!xml.contains(sign), "{sign} in {xml}");
    }
    assert_eq!(xml.matches("<failure ").count(), 1);
    assert_eq!(xml.matches("<system-out>").count(), 1);
}

#[test]
fn machines_get_the_worst_first_with_places_and_fingerprints() {
    let (findings, sources) = evil();
    let value = sarif(&report(&findings, &sources)).form;
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results[0]["level"], "error");
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "policies/ownward.toml");
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "policies/a%2Cb%3Ac%25.own");
    assert_eq!(place["region"]["startLine"], 1);
    assert_eq!(results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "b");
    assert!(!results[1]["message"]["text"].as_str().unwrap().contains("[f](http"));
    let issues = gitlab(&report(&findings, &sources)).form;
    assert_eq!(issues[1]["location"]["path"], "policies/a,b:c%.own");
    assert_eq!(issues[1]["fingerprint"], results[1]["partialFingerprints"]["ownwardLine/v1"]);
    assert_eq!(json_lines(&report(&findings, &sources))[1]["fingerprint"], issues[1]["fingerprint"]);
}

#[test]
fn what_a_platform_cuts_is_counted() {
    let mut sources = Sources::default();
    let file = sources.add("a.own", "x\n".repeat(6_000));
    let finding = |at: usize| {
        let severity = [Severity::Error, Severity::Warning, Severity::Note][at % 3];
        Diagnostic::new(Code::UnknownField, severity, "`Account` has no field `x`")
            .at(Span::new(file, at * 2, at * 2 + 1), "not declared")
    };
    let findings: Vec<Diagnostic> = (0..6_000).map(finding).collect();
    let report = report(&findings, &sources);
    let github = annotations(&report);
    assert_eq!(github.form.len(), 30);
    assert_eq!(github.left_out, "1990 errors, 1990 warnings, 1991 notes");
    assert!(github.form[29].contains("1991 notes more"), "{}", github.form[29]);
    assert_eq!(sarif(&report).left_out, "1000 notes");
    assert_eq!(sarif(&report).form["runs"][0]["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(gitlab(&report).left_out, "1000 notes");
    let comment = markdown(&report);
    assert!(comment.form.chars().count() <= 65_536 && !comment.left_out.is_empty());
    assert!(comment.form.trim_end().ends_with("a comment holds 65536 characters."), "{}", comment.form.len());
    let few = super::Report { findings: &findings[..30], ..report };
    assert_eq!((annotations(&few).form.len(), annotations(&few).left_out), (30, String::new()));
}
