//! Tests beside the rules, below the program: what is given becomes a world, and what comes of it is judged.

use crate::world::World;
use ownward::diagnostic::Severity;
use ownward::testing::{CaseResult, Coverage, Verdict, run_case};

const HEAD: &str = "record Account from accounts { id text, key
  name text
  type one of (Prospect, Client, Combination counts as Client)
  status one of (Active, At-Risk also \"At Risk\", Onboarding)
  stage ordered (Low < High), optional
  employees number, optional
  arr money USD, optional
  fee money in \"fee currency\", optional
  renewal date, optional
  touched time, optional
  warm yes/no, optional
  interests many of (Upsell, \"Cross Sell\")
  parent Account, optional
  seller text, optional
  current owner, column \"owner\"
}
record Opportunity from opportunities { id text, key
  account Account
  amount money USD
  stage one of (Open, Won, Lost)
}
person from people
team Sales
team EMEA part of Sales
team Success
queue Triage
";

/// The results of all cases of all tests, in order.
#[track_caller]
fn run(rules: &str, tests: &str) -> Vec<CaseResult> {
    let checked = World::new(format!("{HEAD}{rules}\n{tests}")).check();
    assert!(checked.codes(Severity::Error).is_empty(), "{}", checked.rendered());
    let mut coverage = Coverage::new(&checked.policy);
    let zone = jiff::tz::TimeZone::UTC;
    let cases = checked.policy.tests.iter().flat_map(|test| &test.cases);
    cases.map(|case| run_case(&checked.policy, case, &zone, None, &mut coverage)).collect()
}

/// What came of every expectation: `ok`, or what was got.
#[track_caller]
fn told(rules: &str, tests: &str) -> Vec<String> {
    let judged = run(rules, tests).into_iter().flat_map(|result| result.judged);
    let word = |verdict: &Verdict, got: String| match verdict {
        Verdict::Passed => "ok".to_owned(),
        Verdict::Failed => got,
        Verdict::Unset(fields) => format!("unset: {}", fields.join(", ")),
    };
    judged.map(|one| word(&one.verdict, one.got)).collect()
}

#[track_caller]
fn errors(rules: &str, tests: &str) -> Vec<&'static str> {
    World::new(format!("{HEAD}{rules}\n{tests}")).check().codes(Severity::Error)
}

fn owner(rules: &str) -> String {
    format!("decide owner of Account {{\n{rules}\n}}")
}

#[test]
fn every_kind_of_value_can_be_given() {
    let conditions = [
        ("name = \"Halden\"", "name = Halden"),
        ("type counts as Client", "type = Combination"),
        ("status = At-Risk", "status = \"At Risk\""),
        ("stage >= High", "stage = High"),
        ("employees = 2500", "employees = 2.5k"),
        ("employees = 12", "employees = 3 * 4"),
        ("arr >= 1M USD", "arr = 1M USD"),
        ("arr >= 1M USD", "arr = 1000000"),
        ("fee > 5 EUR", "fee = 6 EUR"),
        ("renewal = 2026-12-24", "renewal = 2026-12-24"),
        ("renewal within next 30 days", "renewal = 30 days from today"),
        ("renewal = today", "renewal = today"),
        ("touched older than 2 hours", "touched = 3 hours ago"),
        ("touched before 2026-11-22", "touched = 2026-11-21 at 23:59"),
        ("touched before 2026-11-22", "touched = \"2026-11-21T23:59:59Z\""),
        ("warm", "warm = yes"),
        ("not warm", "warm = no"),
        ("interests includes all of (Upsell, \"Cross Sell\")", "interests = (Upsell, \"Cross Sell\")"),
        ("interests includes Upsell", "interests = Upsell"),
        ("interests includes none of (Upsell)", "interests = missing"),
        ("seller is missing", "seller = missing"),
        ("seller is known", "seller = \"missing\""),
    ];
    for (condition, given) in conditions {
        let rules = owner(&format!("fits: when {condition} assign to Sales"));
        let test = format!(
            "test \"x\" {{ on 2026-11-22 at 12:00\n given Account {{ {given} }}\n expect owner Sales by fits }}"
        );
        assert_eq!(told(&rules, &test), ["ok"], "{condition} <- {given}");
    }
}

#[test]
fn values_of_the_wrong_kind_are_told_like_in_rules() {
    let wrong = [
        ("statuss = Active", "unknown-field"),
        ("status = Actve", "unknown-choice"),
        ("status = 3", "wrong-type"),
        ("name = 7", "wrong-type"),
        ("name = two words", "unquoted-text"),
        ("employees = many", "unknown-field"),
        ("employees = \"40\"", "wrong-type"),
        ("employees = 40 USD", "mixed-money"),
        ("arr = 40 EUR", "mixed-money"),
        ("fee = 40", "mixed-money"),
        ("renewal = 40", "wrong-type"),
        ("renewal = \"2026-12-24\"", "wrong-type"),
        ("warm = maybe", "unknown-choice"),
        ("interests = (Upsell, Upsel)", "unknown-choice"),
        ("status = (Active, At-Risk)", "wrong-type"),
        ("status = Active, status = Active", "declared-twice"),
        ("current ownr = ana", "unknown-role"),
    ];
    for (given, code) in wrong {
        let test = format!("test \"x\" {{ on 2026-11-22\n given Account {{ {given} }}\n expect owner Sales }}");
        assert_eq!(errors(&owner("otherwise assign to Sales"), &test), [code], "{given}");
    }
}

#[test]
fn tests_that_cannot_be_run_say_why() {
    let rules = owner("a: when type = Client assign to Sales\notherwise assign to Triage")
        + "\ngather team of Account { always add Success }";
    let wrong = [
        ("given Account { }", "bad-test"),
        ("expect owner Sales", "bad-test"),
        ("given Account { }\ngiven Account { }\nexpect owner Sales", "bad-test"),
        ("given Account \"A\" { }\ngiven Account \"A\" { }\nexpect owner of Account \"A\" is Sales", "bad-test"),
        ("given Account \"A\" { }\nexpect owner of Account \"B\" is Sales", "bad-test"),
        ("given Account { }\nexpect ownr Sales", "unknown-role"),
        ("given Acount { }\nexpect owner Sales", "unknown-record"),
        ("given Account { }\nexpect owner Sales by b", "unknown-rule"),
        ("given Account { }\nexpect owner Sles", "unknown-owner"),
        ("given Account { }\nexpect owner Sales, Triage", "bad-test"),
        ("given person \"x\" { team = Nowhere }\ngiven Account { }\nexpect owner Sales", "unknown-team"),
        ("cases\n type | expect owner\n Client | Sales | 3", "bad-test"),
        ("cases\n by | expect owner\n a | Sales", "bad-test"),
        ("given Account { }\ncases\n type | employees\n Client | 3", "bad-test"),
        ("on 2026-11-22\non 2026-11-23\ngiven Account { }\nexpect owner Sales", "bad-test"),
        ("given Account { renewal = today }\nexpect owner Triage", "test-without-day"),
    ];
    for (body, code) in wrong {
        let found = errors(&rules, &format!("test \"x\" {{\n{body}\n}}"));
        assert!(!found.is_empty() && found.iter().all(|found| *found == code), "{body}\n{found:?} instead of {code}");
    }
}

#[test]
fn a_test_needs_a_day_only_where_what_it_asks_hangs_on_it() {
    let test = "test \"x\" { given Account { type = Client, status = Active } expect owner Sales }";
    let hangs = [
        "when renewal within next 9 days assign to Sales",
        "when touched older than 3 hours assign to Sales",
        "when renewal - today > 5 assign to Sales",
        "when type = Client assign to Sales from 2027-01-01",
        "when status becomes Active assign to Sales",
        "when type = Client { when renewal before today assign to Sales }",
    ];
    for rule in hangs {
        assert_eq!(errors(&owner(rule), test), ["test-without-day"], "{rule}");
    }
    for rule in ["when renewal after 2026-01-01 assign to Sales", "when status = Active assign to Sales"] {
        assert!(errors(&owner(rule), test).is_empty(), "{rule}");
    }
    // What another role asks counts where this one follows it.
    let follows = "decide helper of Account { when renewal within next 9 days assign to Sales }
        decide owner of Account { otherwise assign to helper }";
    assert_eq!(errors(follows, test), ["test-without-day"]);
}

#[test]
fn every_outcome_can_be_expected() {
    let rules = owner(
        "free: when status = Onboarding assign to nobody
         mine: when warm keep owner
         ana: when name = \"Ana's\" assign to ana.silva
         cell: when seller is known assign to seller
         small: when employees < 5 assign to next of Sales",
    );
    let test = "test \"x\" {
        given Account \"free\" { status = Onboarding }
        given Account \"mine\" { status = Active, warm = yes, current owner = Triage }
        given Account \"none\" { status = Active, name = \"x\" }
        given Account \"bad\"  { status = missing }
        given Account \"ana\"  { status = Active, name = \"Ana's\" }
        given Account \"cell\" { status = Active, name = \"x\", seller = \"bo\" }
        given Account \"pool\" { status = Active, name = \"x\", employees = 4 }
        given person \"cleo\" { team = EMEA }
        expect owner of Account \"free\" is nobody by free
        expect owner of Account \"mine\" is kept by mine
        expect owner of Account \"mine\" is Triage
        expect owner of Account \"none\" is unmatched
        expect owner of Account \"bad\" is invalid
        expect owner of Account \"ana\" is ana.silva by ana
        expect owner of Account \"cell\" is bo
        expect owner of Account \"pool\" is cleo by small
    }";
    assert_eq!(told(&rules, test), vec!["ok"; 8]);
    let wrong = "test \"x\" { given Account \"A\" { status = Active, name = \"x\", employees = 4 }
        expect owner nobody
        expect owner by small }";
    // Whoever matches has decided, even where nobody is in the pool.
    assert_eq!(told(&rules, wrong), ["unmatched", "ok"]);
}

#[test]
fn inactive_people_miss_and_so_the_next_rule_decides() {
    let rules = owner("ana: when type = Client assign to ana.silva\nrest: otherwise assign to Triage");
    let test = "test \"x\" { given person \"ana.silva\" { active = no }
        given Account { type = Client } expect owner Triage by rest }";
    assert_eq!(told(&rules, test), ["ok"]);
}

#[test]
fn an_unset_field_fails_only_where_it_is_read() {
    let rules = owner("a: when status = At-Risk assign to Success\nb: when name = \"x\" assign to Sales")
        + "\ngather team of Account { big: when sum of amount over Opportunity (stage = Open) >= 5 USD add Sales }";
    let test = "test \"read\" { given Account { status = Active } expect owner Sales }
        test \"not read\" { given Account { status = At-Risk } expect owner Success by a }
        test \"of another record\" { given Account \"A\" { }
          given Opportunity \"O\" { account = \"A\", stage = Open }
          expect team nobody }
        test \"of one that is not asked\" { given Account \"A\" { }
          given Opportunity \"O\" { account = \"A\", stage = Lost }
          expect team nobody }";
    assert_eq!(
        told(&rules, test),
        ["unset: `name` of Account `Account-1`", "ok", "unset: `amount` of Opportunity `O`", "ok"]
    );
    let follows = "decide owner of Account { when parent is known assign to owner of parent
        when status = Active assign to Sales }";
    let test = "test \"over a reference\" { given Account \"A\" { } given Account \"B\" { parent = \"A\" }
        expect owner of Account \"B\" is Sales }";
    assert_eq!(told(follows, test), ["unset: `status` of Account `B`, `status` of Account `A`"]);
}

#[test]
fn teams_and_places_are_expected_whole_or_in_part() {
    let rules = "gather team of Account { a: when type counts as Client add Sales, Success
          b: when warm add Triage }
        place Account in territory { North: when stage is known { Top: when stage = High } }";
    let test = "test \"x\" { given Account { type = Client, warm = yes, stage = High }
        expect team Sales, Success, Triage
        expect team Sales, Success
        expect team includes Triage by b
        expect team includes Sales by b
        expect team excludes EMEA
        expect team excludes Sales
        expect territory North/Top
        expect territory Top
        expect territory North }";
    let all = "Sales by a, Success by a, Triage by b";
    assert_eq!(told(rules, test), ["ok", all, "ok", all, "ok", all, "ok", "ok", "North/Top"]);
}

#[test]
fn what_the_run_before_saw_can_be_given() {
    let rules = owner(
        "new: when status becomes Onboarding assign to Sales
         long: when status is At-Risk for 30 days assign to Success
         was: when status was At-Risk assign to Triage",
    );
    let test = "test \"x\" {
        on 2026-11-22
        cases
          past status | status     | expect owner | by
          Active      | Onboarding | Sales        | new
          Onboarding  | Onboarding | unmatched    | -
          -           | Onboarding | unmatched    | -
          At-Risk     | At-Risk    | Success      | long
          -           | At-Risk    | unmatched    | -
          At-Risk     | Active     | Triage       | was
    }";
    assert_eq!(told(&rules, test), vec!["ok"; 6]);
}

#[test]
fn a_table_may_vary_days_other_records_and_owners() {
    let rules = owner(
        "early: when renewal before today assign to Sales
         open: when any Opportunity (stage = Open) keep owner
         rest: otherwise assign to Triage",
    );
    let test = "test \"x\" {
        on 2026-11-22
        given Account \"A\" { renewal = 2026-11-22 }
        given Opportunity { account = \"A\", stage = Lost }
        cases
          on         | Opportunity.stage | current owner | expect owner of Account | by
          -          | -                 | -             | Triage                  | rest
          2026-11-23 | -                 | -             | Sales                   | early
          -          | Open              | Success       | kept                    | open
          -          | Open              | nobody        | Triage                  | rest
    }";
    assert_eq!(told(&rules, test), vec!["ok"; 4]);
}

#[test]
fn pins_and_holds_come_before_rules_in_tests_too() {
    let rules = owner("busy: hold owner up to 9 days while warm\nrest: otherwise assign to Triage")
        + "\nexcept Account \"P\" stays with ana until 2026-11-22";
    let test = "test \"x\" {
        given Account \"P\" { }
        given Account \"H\" { warm = yes, current owner = bo }
        cases
          on         | expect owner of Account \"P\" | expect owner of Account \"H\" | by
          2026-11-22 | ana                         | kept                        | busy
          2026-11-23 | Triage                      | bo                          | busy
    }";
    assert_eq!(told(&rules, test), vec!["ok"; 4]);
    let test = "test \"x\" { given Account \"P\" { } expect owner Triage }";
    assert_eq!(errors(&rules, test), ["test-without-day"]);
}

#[test]
fn keys_may_stand_in_a_column() {
    let rules = owner("one: when id = \"A-1\" assign to Sales\nrest: otherwise assign to Triage");
    let test = "test \"x\" { cases
        id  | expect owner | by
        A-1 | Sales        | one
        A-2 | Triage       | rest
    }";
    assert_eq!(told(&rules, test), vec!["ok"; 2]);
}

#[test]
fn coverage_knows_rules_conditions_that_settle_and_bounds() {
    let rules = owner(
        "a: when employees >= 5 and not (warm or status = Active) assign to Sales\nb: otherwise assign to Triage",
    );
    let test = |cases: &str| {
        format!(
            "test \"x\" {{\n given Account {{ status = At-Risk, warm = no }}\n cases\n employees | warm | status | expect owner\n{cases}\n}}"
        )
    };
    let figures = |cases: &str| {
        let checked = World::new(format!("{HEAD}{rules}\n{}", test(cases))).check();
        assert!(checked.codes(Severity::Error).is_empty(), "{}", checked.rendered());
        let mut coverage = Coverage::new(&checked.policy);
        for case in checked.policy.tests.iter().flat_map(|test| &test.cases) {
            let zone = jiff::tz::TimeZone::UTC;
            assert!(run_case(&checked.policy, case, &zone, None, &mut coverage).passed(), "{cases}");
        }
        coverage.figures()
    };
    let one = figures("5 | - | - | Sales");
    // All three conditions settle it: each would turn the match around.
    assert_eq!((one.rules, one.conditions, one.bounds), ((1, 2), (3, 6), (1, 3)));
    let two = figures("5 | - | - | Sales\n4 | yes | Active | Triage");
    // In the second case no condition settles anything alone: all fail.
    assert_eq!((two.rules, two.conditions, two.bounds), ((2, 2), (3, 6), (2, 3)));
    let all = figures("5 | - | - | Sales\n4 | - | - | Triage\n6 | yes | - | Triage\n5 | - | Active | Triage");
    assert_eq!((all.rules, all.conditions, all.bounds), ((2, 2), (6, 6), (3, 3)));
}

#[test]
fn invariants_are_typed() {
    use ownward::check::policy::{InvariantKind, InvariantRole, OwnerTest};
    let rules = owner("otherwise assign to Triage")
        + "\ngather team of Account { always add Success }
        covered: always every Account where type counts as Client and arr > 5 USD has owner because \"x\"
        always every Account has team
        never assign to EMEA, ana.silva where arr >= 1M USD
        never assign owner of Account to Triage";
    let checked = World::new(format!("{HEAD}{rules}")).check();
    assert!(checked.codes(Severity::Error).is_empty(), "{}", checked.rendered());
    let [covered, team, never, again] = checked.policy.invariants.as_slice() else { panic!("four") };
    assert_eq!((covered.label.as_deref(), covered.because.as_deref()), (Some("covered"), Some("x")));
    assert!(matches!(covered.kind, InvariantKind::Has(InvariantRole::Role(_))) && covered.condition.is_some());
    assert_eq!(covered.reads.len(), 2);
    assert!(matches!(team.kind, InvariantKind::Has(InvariantRole::Gather(_))) && team.condition.is_none());
    let InvariantKind::Never { who, .. } = &never.kind else { panic!("a never") };
    assert!(matches!(who[0].test, OwnerTest::MemberOf(_)) && matches!(who[1].test, OwnerTest::Is(_)));
    assert!(matches!(again.kind, InvariantKind::Never { .. }));
    let wrong = [
        ("always every Acount has owner", "unknown-record"),
        ("always every Account where statuss = Active has owner", "unknown-field"),
        ("never assign Opportunity to Sales", "unknown-role"),
        ("never assign backup of Account to Sales", "unknown-role"),
    ];
    for (text, code) in wrong {
        assert_eq!(errors(&owner("otherwise assign to Triage"), text), [code], "{text}");
    }
}
