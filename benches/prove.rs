//! What proofs cost, in one run: reading and typing a policy, everything `check` proves of it, and the difference that one
//! edited rule makes.
//!
//! `cargo bench --bench prove [-- RULES]`: 1,000 and 10,000 rules of a territory policy by default, and 1,000 rules without
//! structure over 20 fields. Prints, never judges.

use ownward::analysis::{self, Versions};
use ownward::check;
use ownward::check::policy::TypedPolicy;
use ownward::diagnostic::{Code, any_error};
use ownward::source::Sources;
use ownward::syntax;
use ownward::value::time::AsOf;
use std::fmt::Write;
use std::time::Instant;

fn main() {
    let given = std::env::args().skip(1).find_map(|text| text.parse().ok());
    let counts = given.map_or(vec![1_000, 10_000], |count| vec![count]);
    for count in counts {
        measure(&format!("{count} territory rules"), &territory(count), &territory(count).replacen("Q7", "Q3", 1));
    }
    measure("1000 rules without structure", &unstructured(1_000, 20), &unstructured(1_000, 20).replacen("Q7", "Q3", 1));
}

fn measure(name: &str, text: &str, edited: &str) {
    let started = Instant::now();
    let policy = typed(text);
    let read = started.elapsed();
    let as_of = AsOf::utc(1_800_000_000_000_000);
    let started = Instant::now();
    let findings = analysis::findings(&policy, &as_of);
    let proved = started.elapsed();
    let open = findings.iter().filter(|one| one.code == Code::NotDecided).count();
    let other = typed(edited);
    let started = Instant::now();
    let versions = Versions::new(&policy, &other, &as_of);
    let diff = analysis::compared(&policy, &other, &[], &mut |role| versions.prove(role));
    let compared = started.elapsed();
    let differences: usize = diff.roles.iter().map(|role| role.differences.len()).sum();
    println!(
        "{name}: read and typed {read:.0?}, proved {proved:.0?} ({} findings, {open} not decided), one edit compared \
         {compared:.0?} ({differences} differences)",
        findings.len()
    );
}

fn typed(text: &str) -> TypedPolicy {
    let mut sources = Sources::default();
    sources.add("policy.own", text);
    let (tree, mut diagnostics) = syntax::parse(&sources);
    let (schema, found) = check::schema(&tree, &check::FilesBeside::default(), Vec::new());
    diagnostics.extend(found);
    let (policy, found) = check::policy(&tree, schema);
    diagnostics.extend(found);
    assert!(!any_error(&diagnostics), "the made-up policy has errors");
    policy
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn queues(out: &mut String) {
    (0..40).for_each(|queue| {
        let _ = writeln!(out, "queue Q{queue}");
    });
}

/// Country, segment and size, named accounts in between, as territory plans are written.
fn territory(count: u64) -> String {
    let mut out = String::from(
        "record Account from accounts {\n  id text, key\n  name text\n  country text, optional\n  \
         segment one of (Small, Middle, Large, Public)\n  size number, optional\n  post text, optional\n}\n",
    );
    queues(&mut out);
    out.push_str("decide owner of Account {\n");
    let mut dice = Dice(11);
    for rule in 0..count {
        let owner = dice.roll(40);
        let segment = ["Small", "Middle", "Large", "Public"][dice.roll(4) as usize];
        let (country, low) = (dice.roll(60), 10 * dice.roll(50));
        let _ = match rule % 4 {
            0 => writeln!(out, "  when name = \"Account {rule}\" assign to Q{owner}"),
            1 => writeln!(
                out,
                "  when country = \"C{country}\" and post starts with \"{}\" assign to Q{owner}",
                1_000 + rule
            ),
            2 => writeln!(
                out,
                "  when country = \"C{country}\" and segment = {segment} and size >= {low} and size < {} assign to Q{owner}",
                low + 20
            ),
            _ => writeln!(out, "  when country = \"C{country}\" and size = {rule} assign to Q{owner}"),
        };
    }
    out.push_str("  otherwise assign to Q0\n}\n");
    out
}

/// Three random comparisons a rule, over fields of ten values each.
fn unstructured(count: u64, fields: u64) -> String {
    let mut out = String::from("record Account from accounts {\n  id text, key\n");
    (0..fields).for_each(|field| {
        let _ = writeln!(out, "  f{field} number");
    });
    out.push_str("}\n");
    queues(&mut out);
    out.push_str("decide owner of Account {\n");
    let mut dice = Dice(12);
    for _ in 0..count {
        let first = dice.roll(fields);
        let ask = |dice: &mut Dice, field: u64| {
            let (low, width) = (dice.roll(8), 1 + dice.roll(3));
            format!("f{} >= {low} and f{} < {}", field % fields, field % fields, low + width)
        };
        let (a, b, c) = (ask(&mut dice, first), ask(&mut dice, first + 1), ask(&mut dice, first + 5));
        let _ = writeln!(out, "  when {a} and {b} and {c} assign to Q{}", dice.roll(40));
    }
    out.push_str("  otherwise assign to Q0\n}\n");
    out
}
