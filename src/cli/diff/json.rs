//! The diff for programs: `ownward.diff/1`.

use super::super::output::owner_json;
use super::Diff;
use super::data::{DataDiff, RoleData, TeamData};
use super::sides::Side;
use crate::analysis::{Decision, RoleKind, RoleProof, RuleRef, Verdict};
use crate::check::merged::DeclarationChange;
use crate::check::merged::Edit;
use crate::value::{compact, time};
use serde_json::{Map, Value, json};

pub fn value(diff: &Diff) -> Value {
    json!({
        "schema": "ownward.diff/1",
        "old": diff.old.shown,
        "new": diff.new.shown,
        "summary": diff.headline(),
        "equivalent": diff.proof.is_equivalent(),
        "empty": diff.is_empty(),
        "roles": diff.proof.roles.iter().map(|role| role_json(diff, role)).collect::<Vec<_>>(),
        "declarations": diff.declarations.iter().map(|change| declaration(diff, change)).collect::<Vec<_>>(),
        "data": diff.data.as_ref().map(data),
        "gate": diff.gate.is_set.then(|| json!({ "exceeded": diff.gate.is_passed(), "reasons": diff.gate.passed() })),
    })
}

fn role_json(diff: &Diff, role: &RoleProof) -> Value {
    let differences: Vec<Value> = role
        .differences
        .iter()
        .map(|difference| {
            let witness: Map<String, Value> =
                difference.witness.iter().map(|(field, value)| (field.clone(), json!(value))).collect();
            json!({
                "change": difference.change.word(),
                "old": decision(&diff.old, &difference.old),
                "new": decision(&diff.new, &difference.new),
                "region": difference.region,
                "witness": witness,
            })
        })
        .collect();
    let rules: Vec<Value> = role
        .rules
        .iter()
        .map(|change| {
            json!({
                "edit": change.edit.word(),
                "old": change.old.as_ref().map(|rule| rule_json(&diff.old, rule)),
                "new": change.new.as_ref().map(|rule| rule_json(&diff.new, rule)),
            })
        })
        .collect();
    let verdict = match role.verdict() {
        Verdict::Equivalent => "equivalent",
        Verdict::Different => "different",
        Verdict::NotDecided => "not decided",
    };
    let kind = match role.kind {
        RoleKind::Decide => "decide",
        RoleKind::Gather => "gather",
        RoleKind::Calendar => "calendar",
    };
    json!({
        "role": role.role,
        "record": role.record,
        "kind": kind,
        "verdict": verdict,
        "differences": differences,
        "not_decided": role.not_decided,
        "rules": rules,
    })
}

fn decision(side: &Side, decision: &Decision) -> Value {
    json!({ "owner": decision.owner, "rule": decision.rule.as_ref().map(|rule| rule_json(side, rule)) })
}

fn rule_json(side: &Side, rule: &RuleRef) -> Value {
    json!({ "label": rule.label, "place": side.session.sources().place(rule.span) })
}

fn declaration(diff: &Diff, change: &DeclarationChange) -> Value {
    let side = if change.edit == Edit::Removed { &diff.old } else { &diff.new };
    json!({
        "what": change.what,
        "edit": change.edit.word(),
        "how": if change.how.is_empty() { None } else { Some(&change.how) },
        "place": change.span.map(|span| side.session.sources().place(span)),
    })
}

fn data(data: &DataDiff) -> Value {
    json!({
        "as_of": time::show_instant(data.as_of.instant),
        "moved": data.moved(),
        "value": data.value.as_ref().map(|field| json!({
            "field": field,
            "moved": data.values().into_iter().map(|(code, sum)| sum_json(code, compact(sum))).collect::<Vec<_>>(),
        })),
        "roles": data.roles.iter().map(|role| moves(data, role)).collect::<Vec<_>>(),
        "teams": data.teams.iter().map(team).collect::<Vec<_>>(),
    })
}

/// Sums are texts: a number of JSON would not hold every digit.
fn sum_json(currency: &str, sum: String) -> Value {
    json!({ "currency": if currency.is_empty() { None } else { Some(currency) }, "sum": sum })
}

fn moves(data: &DataDiff, role: &RoleData) -> Value {
    let of = &role.moves;
    let owners: Vec<Value> = of
        .owners
        .iter()
        .map(|pair| {
            json!({
                "from": owner_json(pair.from.as_ref()),
                "to": owner_json(pair.to.as_ref()),
                "records": pair.count,
            })
        })
        .collect();
    let rules: Vec<Value> = of
        .rules
        .iter()
        .map(|pair| json!({ "from": role.old_by(pair.from), "to": role.new_by(pair.to), "records": pair.count }))
        .collect();
    let outcomes: Vec<Value> = of
        .outcomes
        .iter()
        .map(|pair| json!({ "from": pair.from.word(), "to": pair.to.word(), "records": pair.count }))
        .collect();
    let teams: Vec<Value> = role
        .by_team
        .iter()
        .map(|(team, loses, receives)| json!({ "team": team, "loses": loses, "receives": receives }))
        .collect();
    let first: Vec<Value> = of
        .first
        .iter()
        .map(|record| {
            json!({
                "key": record.key,
                "from": owner_json(record.from.as_ref()),
                "to": owner_json(record.to.as_ref()),
                "old_rule": role.old_by(record.old_by),
                "new_rule": role.new_by(record.new_by),
                "old_outcome": record.outcomes.0.word(),
                "new_outcome": record.outcomes.1.word(),
                "value": record.value.as_ref().map(|(amount, code)| sum_json(code, compact(*amount))),
            })
        })
        .collect();
    json!({
        "role": role.role,
        "record": role.record,
        "records": of.records,
        "had_owner": of.owned,
        "moved": of.moved,
        "other_rule": of.other_rule,
        "only_old": of.only.0,
        "only_new": of.only.1,
        "owners": owners,
        "teams": teams,
        "rules": rules,
        "outcomes": outcomes,
        "values": data.value.as_ref().filter(|_| role.has_value).map(|_| {
            of.values.iter().map(|(code, sum)| sum_json(code, compact(*sum))).collect::<Vec<_>>()
        }),
        "without_value": of.valueless,
        "first": first,
    })
}

fn team(team: &TeamData) -> Value {
    let members: Vec<Value> = team
        .moves
        .members
        .iter()
        .map(|(member, joins, leaves)| {
            json!({
                "member": owner_json(member.owner.as_ref()),
                "part": member.part,
                "joins": joins,
                "leaves": leaves,
            })
        })
        .collect();
    json!({
        "role": team.role,
        "record": team.record,
        "records": team.moves.records,
        "changed": team.moves.changed,
        "members": members,
        "first": team.moves.first,
    })
}
