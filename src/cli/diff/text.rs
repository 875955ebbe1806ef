//! The diff for a terminal: the verdict first, then what changes, then the records.

use super::super::exit::Result;
use super::super::output::{Output, count, grouped, table};
use super::Diff;
use super::data::{DataDiff, RoleData};
use super::sides::Side;
use crate::analysis::{Decision, RoleProof, RuleRef, Verdict};
use crate::compare::Member;
use crate::diagnostic::render::clean;
use crate::value::{Decimal, Owner, compact, time};
use std::collections::BTreeMap;

/// Pairs, members and rules shown before "and N more".
const ROWS_MAX: usize = 20;

/// Characters of a rule without a label that stand for it.
const RULE_CHARS_MAX: usize = 50;

pub fn write(diff: &Diff, out: &Output) -> Result<()> {
    out.line(&out.strong(&clean(&format!("{} -> {}: {}", diff.old.shown, diff.new.shown, diff.headline()))))?;
    let equivalent: Vec<String> = diff.roles(Verdict::Equivalent).map(RoleProof::name).collect();
    if !equivalent.is_empty() && !diff.is_empty() {
        out.line(&format!("equivalent, proved for every possible record: {}", clean(&equivalent.join(", "))))?;
    }
    for role in diff.roles(Verdict::Different).chain(diff.roles(Verdict::NotDecided)) {
        out.line("")?;
        self::role(diff, role, out)?;
    }
    if !diff.declarations.is_empty() {
        out.line(&format!("\n{}", out.strong("declarations")))?;
        let rows: Vec<Vec<String>> = diff
            .declarations
            .iter()
            .map(|change| vec![change.what.clone(), change.edit.word().to_owned(), change.how.clone()])
            .collect();
        limited(&["declaration", "edit", "how"], rows, "more declaration", out)?;
    }
    if let Some(data) = &diff.data {
        self::data(data, out)?;
    }
    Ok(())
}

fn role(diff: &Diff, role: &RoleProof, out: &Output) -> Result<()> {
    out.line(&out.strong(&clean(&role.name())))?;
    for (number, difference) in (1..).zip(&role.differences) {
        let region =
            if difference.region.is_empty() { "every record".to_owned() } else { difference.region.join(", ") };
        out.line(&clean(&format!("{number}. {} where {region}", difference.change.word())))?;
        out.line(&clean(&format!("   was: {}", decision(&diff.old, &difference.old))))?;
        out.line(&clean(&format!("   is:  {}", decision(&diff.new, &difference.new))))?;
        out.line(&clean(&format!("   for example {}", witness(&difference.witness))))?;
    }
    for reason in &role.not_decided {
        out.line(&clean(&format!("not decided: {reason}")))?;
    }
    if !role.rules.is_empty() {
        limited(&["rule", "edit", "was", "is"], rule_rows(diff, role), "more rule", out)?;
    }
    Ok(())
}

/// What happened to each rule: name, edit, the places of both sides.
pub fn rule_rows(diff: &Diff, role: &RoleProof) -> Vec<Vec<String>> {
    let at = |side: &Side, rule: &Option<RuleRef>| rule.as_ref().map_or(String::new(), |rule| place(side, rule));
    let name = |side: &Side, rule: &Option<RuleRef>| rule.as_ref().map(|rule| rule_name(side, rule));
    role.rules
        .iter()
        .map(|change| {
            let name = name(&diff.new, &change.new).or_else(|| name(&diff.old, &change.old)).unwrap_or_default();
            let edit = change.edit.word().to_owned();
            vec![name, edit, at(&diff.old, &change.old), at(&diff.new, &change.new)]
        })
        .collect()
}

/// Its label, else its first words.
fn rule_name(side: &Side, rule: &RuleRef) -> String {
    rule.label.clone().unwrap_or_else(|| {
        let text = side.session.sources().text(rule.span);
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(RULE_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    })
}

pub fn place(side: &Side, rule: &RuleRef) -> String {
    side.session.sources().place(rule.span)
}

/// `Sales by at-risk (rules.own:3:3)`
pub fn decision(side: &Side, decision: &Decision) -> String {
    match &decision.rule {
        None => decision.owner.clone(),
        Some(rule) => {
            let label = rule.label.as_ref().map_or(String::new(), |label| format!("{label} "));
            format!("{} by {label}({})", decision.owner, place(side, rule))
        }
    }
}

/// `type = Client, status = Churned`
fn witness(witness: &[(String, String)]) -> String {
    match witness {
        [] => "any record".to_owned(),
        fields => fields.iter().map(|(field, value)| format!("{field} = {value}")).collect::<Vec<_>>().join(", "),
    }
}

fn data(data: &DataDiff, out: &Output) -> Result<()> {
    for role in &data.roles {
        out.line(&format!("\n{}", out.strong(&clean(&format!("{}: {}", role.name, role_figures(role))))))?;
        if role.moves.moved > 0 {
            limited(&["from", "to", "records"], owner_rows(role), "more pair", out)?;
        }
        if !role.by_team.is_empty() {
            limited(&["team, with its people", "loses", "receives"], team_rows(role), "more team", out)?;
        }
        if role.moves.moved > 0 {
            limited(&["rule before", "rule after", "records"], decided_rows(role), "more pair", out)?;
        }
        if !role.moves.outcomes.is_empty() {
            limited(&["outcome before", "outcome after", "records"], outcome_rows(role), "more pair", out)?;
        }
        if let Some(value) = data.value.as_ref().filter(|_| role.has_value) {
            out.line(&clean(&format!("\n{value} of the records that move: {}", value_text(role))))?;
        }
        if !role.moves.first.is_empty() {
            out.line("")?;
            out.text(&table(&FIRST, &first_rows(role)))?;
            let more = role.moves.moved - role.moves.first.len() as u64;
            if more > 0 {
                out.line(&format!("… and {} (--limit shows more)", count(more, "more record")))?;
            }
        }
    }
    for team in &data.teams {
        let headline = format!(
            "{}: {} of {} get another team",
            team.name,
            grouped(team.moves.changed),
            count(team.moves.records, "record")
        );
        out.line(&format!("\n{}", out.strong(&clean(&headline))))?;
        if team.moves.changed > 0 {
            let rows = team.moves.members.iter().map(|(member, joins, leaves)| {
                vec![member_text(member), member.part.clone(), grouped(*joins), grouped(*leaves)]
            });
            limited(&["member", "part", "joins", "leaves"], rows.collect(), "more member", out)?;
            out.line(&clean(&format!("first: {}", team.moves.first.join(", "))))?;
        }
    }
    out.line(&format!("\n{}", last_line(data)))?;
    Ok(())
}

/// `Diff: 12 of 56 records move as of 2026-11-16`
pub fn last_line(data: &DataDiff) -> String {
    let records: u64 = data.roles.iter().map(|role| role.moves.records).sum();
    format!("Diff: {} as of {}", move_text(data.moved(), records), time::show_instant(data.as_of.instant))
}

/// `12 of 56 records move, 3 keep their owner by another rule`
pub fn role_figures(role: &RoleData) -> String {
    let moves = &role.moves;
    let mut text = move_text(moves.moved, moves.records);
    if moves.other_rule > 0 {
        let keep = if moves.other_rule == 1 { "keeps its" } else { "keep their" };
        text.push_str(&format!(", {} {keep} owner by another rule", grouped(moves.other_rule)));
    }
    if moves.only.0 + moves.only.1 > 0 {
        text.push_str(&format!(
            "; {} read by the old policy only, {} by the new one only",
            count(moves.only.0, "record"),
            grouped(moves.only.1)
        ));
    }
    text
}

/// `1 of 5 records moves`
fn move_text(moved: u64, records: u64) -> String {
    let verb = if moved == 1 { "moves" } else { "move" };
    format!("{} of {} {verb}", grouped(moved), count(records, "record"))
}

pub fn owner_text(owner: Option<&Owner>) -> String {
    owner.map_or_else(|| "nobody".to_owned(), |owner| owner.id.clone())
}

pub fn member_text(member: &Member) -> String {
    member.owner.as_ref().map_or_else(|| member.part.clone(), |owner| owner.id.clone())
}

pub fn owner_rows(role: &RoleData) -> Vec<Vec<String>> {
    let pairs = role.moves.owners.iter();
    pairs.map(|pair| vec![owner_text(pair.from.as_ref()), owner_text(pair.to.as_ref()), grouped(pair.count)]).collect()
}

pub fn team_rows(role: &RoleData) -> Vec<Vec<String>> {
    role.by_team.iter().map(|(team, leave, join)| vec![team.clone(), grouped(*leave), grouped(*join)]).collect()
}

pub fn decided_rows(role: &RoleData) -> Vec<Vec<String>> {
    let row = |pair: &crate::compare::Pair<crate::compare::By>| {
        vec![role.old_by(pair.from).to_owned(), role.new_by(pair.to).to_owned(), grouped(pair.count)]
    };
    role.moves.rules.iter().map(row).collect()
}

pub fn outcome_rows(role: &RoleData) -> Vec<Vec<String>> {
    let pairs = role.moves.outcomes.iter();
    pairs.map(|pair| vec![pair.from.word().to_owned(), pair.to.word().to_owned(), grouped(pair.count)]).collect()
}

pub const FIRST: [&str; 6] = ["key", "from", "to", "rule before", "rule after", "value"];

pub fn first_rows(role: &RoleData) -> Vec<Vec<String>> {
    role.moves
        .first
        .iter()
        .map(|record| {
            vec![
                record.key.clone(),
                owner_text(record.from.as_ref()),
                owner_text(record.to.as_ref()),
                role.old_by(record.old_by).to_owned(),
                role.new_by(record.new_by).to_owned(),
                record.value.as_ref().map_or(String::new(), |(amount, code)| money(*amount, code)),
            ]
        })
        .collect()
}

/// `1200000 USD, 300 EUR; 3 without a value`
pub fn value_text(role: &RoleData) -> String {
    let sums = sums_text(&role.moves.values);
    match role.moves.valueless {
        0 => sums,
        records => format!("{sums}; {} without a value", grouped(records)),
    }
}

fn sums_text(sums: &BTreeMap<String, Decimal>) -> String {
    match sums.is_empty() {
        true => "nothing".to_owned(),
        false => sums.iter().map(|(code, sum)| money(*sum, code)).collect::<Vec<_>>().join(", "),
    }
}

/// `1,200,000.50 USD`
pub fn money(amount: Decimal, currency: &str) -> String {
    let text = compact(amount.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction} {currency}").trim_end().to_owned()
}

fn limited(headers: &[&str], mut rows: Vec<Vec<String>>, more: &str, out: &Output) -> Result<()> {
    let all = rows.len();
    rows.truncate(ROWS_MAX);
    out.line("")?;
    out.text(&table(headers, &rows))?;
    if all > ROWS_MAX {
        out.line(&format!("… and {} (--format json shows all)", count((all - ROWS_MAX) as u64, more)))?;
    }
    Ok(())
}
