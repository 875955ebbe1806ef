//! Policies from strangers: whatever the bytes, the parser and all that follows answer with messages.

use crate::cases;
use crate::world::World;
use ownward::diagnostic::{self, Diagnostic, render};
use ownward::source::Sources;
use ownward::syntax;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Takes a text as far as it goes; says the codes of its errors. Every message is drawn in every form.
fn survive(text: &str) -> Vec<&'static str> {
    let world = World::new(text);
    let checked = world.check();
    draw(&checked.diagnostics, &checked.sources);
    if !diagnostic::any_error(&checked.diagnostics) {
        let world = world.rows("Account", &["id", "a", "name"], &[&["1", "2", "x"], &["2", "", ""]]);
        let built = world.build();
        let mut coverage = ownward::testing::Coverage::new(&built.policy);
        for case in built.policy.tests.iter().flat_map(|test| &test.cases) {
            let zone = jiff::tz::TimeZone::UTC;
            ownward::testing::run_case(&built.policy, case, &zone, None, &mut coverage);
        }
        let decision = built.decide();
        for id in built.policy.role_ids() {
            for row in 0..decision.row_count(id) {
                decision.answer(id, row);
            }
            for rule in &built.policy.role(id).rules {
                ownward::plan::rule_fingerprint(&built.policy, built.policy.role(id), rule);
            }
        }
    }
    checked.diagnostics.iter().filter(|found| found.is_error()).map(|found| found.code.slug()).collect()
}

fn draw(diagnostics: &[Diagnostic], sources: &Sources) {
    for found in diagnostics.iter().take(20) {
        assert!(render::plain(found, sources).len() < 100_000, "a message of a reader's size");
        render::people(found, sources, 80, false);
        assert_eq!(render::github(found, sources).lines().count(), 1);
    }
    let findings = &diagnostics[..diagnostics.len().min(20)];
    render::json(findings, sources);
    let fails = diagnostic::Severity::Error;
    let report = render::Report { findings, sources, folder: "", home: "ownward.toml", docs: None, fails };
    assert!(render::annotations(&report).form.iter().all(|line| line.lines().count() == 1));
    assert!(render::markdown(&report).form.chars().count() <= 65_536);
    assert_eq!(render::sarif(&report).form["runs"][0]["results"].as_array().unwrap().len(), findings.len());
    assert_eq!(render::gitlab(&report).form.as_array().unwrap().len(), findings.len());
    assert_eq!(
        render::junit(&report).matches("<failure ").count(),
        render::junit(&report).matches("</failure>").count()
    );
    let mended = diagnostic::fix::mended(findings, sources);
    assert!(mended.count <= findings.len());
}

fn parse_only(text: &str) {
    let mut sources = Sources::default();
    sources.add("policy.own", text);
    let (_, diagnostics) = syntax::parse(&sources);
    draw(&diagnostics, &sources);
}

/// A policy with one of everything.
const BIG: &str = r#"# A policy with one of everything
record Account from accounts {
  id         text, key
  name       text
  type       one of (Prospect, Client, Partner, Combination counts as Client and Partner)
  status     one of (Onboarding, Active, At-Risk also "At Risk", Churned)
  stage      ordered (Tactical < Operational < Strategic), optional
  employees  number, optional
  a          number, optional
  arr        money USD, optional, column "Annual Recurring Revenue"
  amount     money in currency, optional
  renewal    date, optional
  interests  many of (Upsell, "Cross Sell", Renewal)
  touched    time, optional
  open       yes/no, optional
  parent     Account, optional, may be unknown, column "parent_id"
  current owner, column "owner_id"
}
person from people
team  CustomerSuccess
team  EMEA-Sales part of CustomerSuccess
queue Triage, "Late Queue"
list  named-accounts from "named.csv" by name
define key-account = at least 2 of {
  large:      employees >= 5000
  potential:  arr >= 1M USD,
  lighthouse: interests includes any of (Upsell, "Cross Sell")
}
table Coverage from "coverage.csv" {
  match name      = name
  match employees between low and high
  give  owner
}
decide owner of Account {
  at-risk:
  when status = At-Risk and (type counts as Client or not parent.status in (Active, Churned)) assign to CustomerSuccess
    because "retention comes first (4.2) \"§\" é" from 2026-01-01 until 2026-12-31
  when type = Prospect {
    named:     when name in named-accounts assign to named-accounts.owner else manager of owner of parent
    coverage:  assign to Coverage
    otherwise  assign to Triage
  }
  when name matches "^Stra(ß|ss)e [0-9]+" or touched within past 90 hours and renewal - today > 30 keep owner
  when amount > 10k EUR or most of { open, key-account, stage > Tactical } assign to nobody
  otherwise assign to "Late Queue" else keep owner
}
clients: always every Account where type counts as Client has owner because "§"
never assign Account to CustomerSuccess, "Late Queue" where arr >= 1M USD
test "at risk" {
  on 2026-11-22 at 09:30
  given Account "A-1" { type = Client, status = "At Risk", arr = 1M USD, interests = (Upsell, Renewal), renewal = 3 days ago }
  given Account { parent = "A-1", current owner = "ana", past status = Active, touched = 2026-11-21 at 10:00 }
  given person "ana" { team = EMEA-Sales, active = yes, capacity = 5 }
  expect owner of Account "A-1" is CustomerSuccess
  cases
    status  | Account.employees | on         | expect owner of Account "A-1" | by
    At-Risk | 40                | 2026-11-23 | CustomerSuccess               | -
    -       | -                 | -          | kept                          | -
}
"#;

fn run<S: Strategy>(count: u32, strategy: S, property: impl Fn(S::Value))
where
    S::Value: std::fmt::Debug,
{
    let outcome = TestRunner::new(cases::config(cases::count(count))).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn any_text_gives_a_tree_and_messages() {
    run(200, "\\PC{0,200}", |text| parse_only(&text));
    let bytes = proptest::collection::vec(any::<u8>(), 0..300);
    run(200, bytes, |bytes| parse_only(&String::from_utf8_lossy(&bytes)));
    let words = [
        "when ",
        "assign to ",
        "otherwise ",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "\n",
        "\r",
        "#",
        "name",
        " = ",
        ":",
        "not ",
        "and ",
        "or ",
        "is ",
        "in ",
        "1",
        "k",
        "EUR",
        "-",
        ",",
        "record ",
        "decide owner of Account ",
        "2026-01-31",
        "at least 2 of ",
        "keep owner",
        "else ",
        "manager of ",
        "owner of ",
        "table ",
        "define ",
        "because ",
        "'",
        "\u{201c}",
        "\u{feff}",
        "\\",
    ];
    let phrases = proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..60);
    run(400, phrases, |words| {
        survive(&words.concat());
    });
}

#[test]
fn a_policy_with_pieces_moved_or_spoilt_gives_messages() {
    let len = BIG.len();
    let edit = (0..len, 0..len, 0..40_usize, any::<char>(), 0..4_u8);
    run(300, proptest::collection::vec(edit, 1..4), |edits| {
        let mut text: Vec<char> = BIG.chars().collect();
        for (at, to, length, c, how) in edits {
            let (at, to) = (at % text.len(), to % text.len());
            let end = (at + length).min(text.len());
            let piece: Vec<char> = text[at..end].to_vec();
            match how {
                0 => drop(text.drain(at..end)),
                1 => drop(text.splice(to..to, piece)),
                2 => text[at] = c,
                _ => text.insert(at, c),
            }
        }
        survive(&text.into_iter().collect::<String>());
    });
}

#[test]
fn a_policy_cut_anywhere_gives_messages() {
    for at in (0..BIG.len()).step_by(if cfg!(debug_assertions) { 3 } else { 1 }) {
        if BIG.is_char_boundary(at) {
            parse_only(&BIG[..at]);
        }
    }
    assert_eq!(survive(BIG), Vec::<&str>::new());
}

/// `Account` with a number and a text, and one rule under this condition.
fn rule(condition: &str) -> String {
    format!("{HEAD}decide owner of Account {{ when {condition} assign to Q }}\n")
}

const HEAD: &str =
    "record Account { id text, key\n a number, optional\n name text, optional }\nperson from people\nqueue Q\n";

#[test]
fn open_brackets_without_end() {
    let million = 1_000_000;
    for mark in
        ["(", "{", "[", "\"", "'", "not (", "#\r(", "\"\r{", "\"(", "\"{", "'{", "when {", "a: {", "\\\"(", "\\\"{"]
    {
        parse_only(&mark.repeat(million / 10));
        let codes = survive(&rule(&mark.repeat(million / 10)));
        assert!(!codes.is_empty(), "{mark}");
    }
    assert_eq!(survive(&"(".repeat(million)), ["too-deep"]);
    assert!(survive(&rule(&format!("{}a = 1{}", "(".repeat(100_000), ")".repeat(100_000)))).contains(&"too-deep"));
    assert_eq!(survive(&rule(&format!("{}a = 1{}", "(".repeat(60), ")".repeat(60)))), Vec::<&str>::new());
}

#[test]
fn brackets_that_a_line_end_uncovers_are_counted() {
    // A lone carriage return ends a line for the grammar too.
    for hider in ["#", "\"", "# \"", "'"] {
        let text = format!("{hider}\rwhen {}", "(".repeat(100_000));
        assert!(survive(&text).contains(&"too-deep"), "{hider}");
        let text = format!("{hider}\r{}", "{".repeat(100_000));
        assert!(survive(&text).contains(&"too-deep"), "{hider}");
    }
}

#[test]
fn long_lines_and_long_words() {
    let long = "x".repeat(300_000);
    assert!(!survive(&long).is_empty());
    assert_eq!(survive(&rule(&format!("name = \"{long}\""))), Vec::<&str>::new());
    assert!(!survive(&rule(&format!("name = {long} and"))).is_empty());
    assert!(!survive(&rule(&format!("{long} = 1"))).is_empty());
    assert!(!survive(&rule(&format!("name = {}", "word ".repeat(10_000)))).is_empty());
    parse_only(&" ".repeat(1_000_000));
    parse_only(&"\n".repeat(1_000_000));
    parse_only(&"# comment\n".repeat(100_000));
    parse_only(&"a.".repeat(100_000));
    parse_only(&"}".repeat(10_000));
}

#[test]
fn long_rows_of_conditions() {
    let many = |part: &str, between: &str| vec![part; 5_000].join(between);
    assert_eq!(survive(&rule(&many("a = 1", " or "))), Vec::<&str>::new());
    assert_eq!(survive(&rule(&many("a = 1", " and "))), Vec::<&str>::new());
    assert_eq!(survive(&rule(&format!("a in ({})", many("1", ", ")))), Vec::<&str>::new());
    assert_eq!(survive(&rule(&format!("{}a = 1", "not ".repeat(100_000)))), Vec::<&str>::new());
    assert_eq!(survive(&rule(&format!("at least 1 of {{ {} }}", many("a = 1", ", ")))), Vec::<&str>::new());
    assert!(!survive(&rule(&format!("a {}", "for 3 days ".repeat(5_000)))).is_empty());
    assert!(!survive(&rule(&format!("a = 1 {}", "= 1 ".repeat(5_000)))).is_empty());
}

#[test]
fn long_chains_of_owners() {
    let assign = |who: &str| format!("{HEAD}decide owner of Account {{ otherwise assign to {who} }}\n");
    assert_eq!(survive(&assign(&vec!["name"; 20_000].join(" else "))), Vec::<&str>::new());
    assert!(survive(&assign(&format!("{}name", "manager of ".repeat(100_000)))).contains(&"too-deep"));
    assert_eq!(survive(&assign(&format!("{}name", "manager of ".repeat(64)))), Vec::<&str>::new());
    let parents = format!("owner of {}", vec!["parent"; 10_000].join("."));
    assert!(survive(&assign(&parents)).contains(&"too-deep"));
}

#[test]
fn long_sums_are_refused_before_they_are_worked_out() {
    for op in [" + ", " - ", " * ", " / "] {
        let text = rule(&format!("{} > 5", vec!["a"; 20_000].join(op)));
        assert_eq!(survive(&text), ["too-deep"], "{op}");
    }
    let fits = rule(&format!("{} > 5", vec!["a"; 100].join(" + ")));
    assert_eq!(survive(&fits), Vec::<&str>::new());
    // Brackets give no new allowance.
    let row = format!(" + {}", vec!["a"; 100].join(" + "));
    let deep = format!("{}a{} > 5", "(".repeat(60), format!("{row})").repeat(60));
    assert_eq!(survive(&rule(&deep)), ["too-deep"]);
    // Sums beside each other do not add up.
    let many = vec![format!("{} > 5", vec!["a"; 100].join(" + ")); 200].join(" and ");
    assert_eq!(survive(&rule(&many)), Vec::<&str>::new());
}

#[test]
fn defines_that_double_are_refused() {
    let mut text = HEAD.to_owned();
    text.push_str("define d0 = a = 1 or a = 2\n");
    for at in 1..40 {
        text.push_str(&format!("define d{at} = d{} and d{}\n", at - 1, at - 1));
    }
    text.push_str("decide owner of Account { when d39 assign to Q }\n");
    assert!(survive(&text).contains(&"too-large"));
}

#[test]
fn a_long_row_of_defines_is_refused() {
    let mut text = HEAD.to_owned();
    text.push_str("define d0 = a = 1\n");
    for at in 1..2_000 {
        text.push_str(&format!("define d{at} = not d{}\n", at - 1));
    }
    text.push_str("decide owner of Account { when d1999 assign to Q }\n");
    assert!(survive(&text).contains(&"too-deep"));
}

#[test]
fn defines_of_the_usual_depth_are_read() {
    let mut text = HEAD.to_owned();
    text.push_str("define d0 = a = 1\n");
    for at in 1..20 {
        text.push_str(&format!("define d{at} = (not d{} or (a > {at} and a < 99))\n", at - 1));
    }
    text.push_str("decide owner of Account { when d19 assign to Q }\n");
    assert_eq!(survive(&text), Vec::<&str>::new());
}

#[test]
fn huge_numbers_and_extreme_days() {
    let digits = "9".repeat(100_000);
    assert_eq!(survive(&rule(&format!("a = {digits}"))), ["syntax"]);
    assert_eq!(survive(&rule(&format!("a = 0.{digits}"))), ["syntax"]);
    assert_eq!(survive(&rule("a = 79228162514264337593543950335M")), ["syntax"]);
    assert_eq!(survive(&rule("a = 79228162514264337593543950335 * 79228162514264337593543950335")), Vec::<&str>::new());
    assert_eq!(
        survive(&rule("a = -79228162514264337593543950335 - 79228162514264337593543950335")),
        Vec::<&str>::new()
    );
    assert_eq!(survive(&rule("a / 0 = 1 or 1 / 0 = a")), Vec::<&str>::new());
    assert!(survive(&rule(&format!("at least {digits} of {{ a = 1 }}"))).contains(&"syntax"));
    let days = "record Account { id text, key\n a date, optional }\nqueue Q\ndecide owner of Account { when";
    for condition in [
        "a = 0001-01-01 or a = 9999-12-31",
        "a older than 1000000000 years",
        "a + 1000000000 years = today - 1000000000 months",
        "a later than 1000000000 days from today or a = 1000000000 weeks ago",
        "a - 0001-01-01 > 79228162514264337593543950335",
    ] {
        assert_eq!(survive(&format!("{days} {condition} assign to Q }}")), Vec::<&str>::new(), "{condition}");
    }
    for condition in ["a = 0000-01-01", "a = 9999-99-99", "a older than 99999999999999999999999999999999 days"] {
        assert!(!survive(&format!("{days} {condition} assign to Q }}")).is_empty(), "{condition}");
    }
}

#[test]
fn patterns_that_grow_are_refused() {
    for pattern in ["(a{1000}){1000}", "(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9})", "(", "[", "a{99999999999}"] {
        assert_eq!(survive(&rule(&format!("name matches \"{pattern}\""))), ["bad-pattern"], "{pattern}");
    }
    assert_eq!(survive(&rule(&format!("name matches \"{}\"", "(".repeat(100_000)))), ["bad-pattern"]);
    assert_eq!(survive(&rule(&format!("name matches \"{}\"", "ß".repeat(1_000)))), Vec::<&str>::new());
}

#[test]
fn hundreds_of_errors_are_all_survived() {
    let mut text = HEAD.to_owned();
    text.push_str("decide owner of Account {\n");
    for at in 0..2_000 {
        text.push_str(&format!("  when nme{at} = \"x\" asign to Q{at}\n"));
    }
    text.push_str("}\n");
    assert!(survive(&text).len() >= 2_000);
}
#[test]
fn brackets_inside_brackets_are_read_once() {
    let rule_of = |open: &str, close: &str| {
        format!("{HEAD}decide owner of Account {{\n{} assign to Q {}", open.repeat(30), close.repeat(30))
    };
    let mut sums = "x".to_owned();
    for _ in 0..30 {
        sums = format!("((name contains {sums}) = 1)");
    }
    parse_only(&rule(&format!("name contains {sums}")));
    let cases = [
        ("when a = 1 {\n", "}\n"),
        ("when a = 1 {\n", ""),
        ("when a = 1 {\n when a = {\n", "}\n"),
        ("when a = 1 {\n", "}\n record B { id text, key }\n"),
        ("otherwise {\n", ""),
        ("when asign {\n", "}"),
        ("when a = 1 and {", "}"),
        ("x: when a = 1 {\n x: ", "}\n"),
        ("at least 1 of {", ""),
        ("when at least 1 of {", "x"),
        ("when any Account (", "a = 1)"),
        ("when any Account (", ""),
        ("when name in (", ""),
        ("when name includes any of (", ""),
        ("when name is one of (", ""),
        ("when name contains (", ") = 1"),
        ("when name counts as (", ") = 1"),
        ("when not (a = 1 or (", "))"),
    ];
    for (open, close) in cases {
        parse_only(&rule_of(open, close));
    }
}

#[test]
fn a_group_without_its_end_hides_nothing_else() {
    let text = format!(
        "{HEAD}decide owner of Account {{\n  when a = 1 {{\n    when nme = \"x\" assign to Q\n}}\ndecide backup of Account {{\n  when b = 1 assign to Q\n}}\n"
    );
    let codes = survive(&text);
    assert!(codes.contains(&"unclosed-bracket"), "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == "unknown-field").count(), 2, "{codes:?}");
}
