//! Teams and places of records, held against what the ledger knows of them.

use crate::assign::{NOBODY, OwnerTable};
use crate::check::policy::{Gather, GatherId, GatherKind, RuleId, TypedPolicy};
use crate::column::{Dataset, TableData};
use crate::decide::{Added, GatherInput, GatherResult, Slot};
use crate::syntax::Engagement;
use crate::value::{Outcome, Owner, OwnerKind};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Somebody in a record's team, or a place the record stands in, with the rule it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMember {
    /// `None` for a place, which is named by its rule's label.
    pub owner: Option<Owner>,
    pub wave: Option<String>,
    pub engagement: Engagement,
    /// Label path of the rule.
    pub rule: Option<String>,
    /// Fingerprint of the rule's meaning.
    pub meaning: String,
    /// Which of the rule's adds.
    pub place: u16,
}

/// A team as the ledger last knew it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastTeam {
    pub outcome: Outcome,
    pub members: Vec<TeamMember>,
}

/// Teams by key, of one role.
pub type PastTeams = FxHashMap<String, PastTeam>;

/// A team that is another after the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamChange {
    pub gather: GatherId,
    pub key: String,
    /// `None` for a record that is gone.
    pub row: Option<u32>,
    pub outcome: Outcome,
    pub members: Vec<TeamMember>,
    pub previous: Vec<TeamMember>,
}

/// Control totals of a team role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamTotals {
    pub gather: GatherId,
    pub read: u64,
    pub outcomes: Vec<(Outcome, u64)>,
}

impl TeamMember {
    /// `ana.silva (core)`, `Legal (corporate, on request)`, `EMEA/DACH`.
    pub fn text(&self) -> String {
        let Some(owner) = &self.owner else {
            return self.rule.clone().unwrap_or_default();
        };
        let engagement = (self.engagement != Engagement::Always).then(|| self.engagement.word().to_owned());
        let parts: Vec<String> = self.wave.iter().cloned().chain(engagement).collect();
        if parts.is_empty() { owner.id.clone() } else { format!("{} ({})", owner.id, parts.join(", ")) }
    }

    /// Whether both say the same of the same one, whatever rule they come from.
    fn says_the_same(&self, other: &TeamMember) -> bool {
        match (&self.owner, &other.owner) {
            (None, None) => self.rule == other.rule,
            _ => self.owner == other.owner && self.wave == other.wave && self.engagement == other.engagement,
        }
    }
}

/// Those of `members` who are not among `others`.
pub fn missing_from<'m>(members: &'m [TeamMember], others: &[TeamMember]) -> Vec<&'m TeamMember> {
    members.iter().filter(|one| !others.iter().any(|other| other.says_the_same(one))).collect()
}

fn same_team(a: &[TeamMember], b: &[TeamMember]) -> bool {
    missing_from(a, b).is_empty() && missing_from(b, a).is_empty()
}

/// What is held against the past for one team role.
pub struct ComparedTeam<'a> {
    pub policy: &'a TypedPolicy,
    pub id: GatherId,
    pub dataset: &'a Dataset,
    pub owners: &'a OwnerTable,
    /// By rule.
    pub fingerprints: &'a [String],
    pub complete: bool,
}

impl ComparedTeam<'_> {
    fn gather(&self) -> &Gather {
        &self.policy.gathers[self.id.0 as usize]
    }

    fn table(&self) -> &TableData {
        self.dataset.table(self.gather().role.record)
    }

    /// The members of a row as they are written down.
    pub fn members(&self, added: &[Added]) -> Vec<TeamMember> {
        added.iter().map(|added| self.member(added)).collect()
    }

    fn member(&self, added: &Added) -> TeamMember {
        let gather = self.gather();
        let add = match &gather.kind {
            GatherKind::Team(adds) => adds[added.rule.0 as usize].get(added.place as usize),
            GatherKind::Places(_) => None,
        };
        TeamMember {
            owner: self.owners.get(added.owner).cloned(),
            wave: add.and_then(|add| add.wave.clone()),
            engagement: add.map(|add| add.engagement).unwrap_or_default(),
            rule: gather.role.rule(added.rule).label.clone(),
            meaning: self.fingerprints[added.rule.0 as usize].clone(),
            place: added.place,
        }
    }

    /// The teams that change, rows first, records that are gone last and by key; and the control totals.
    pub fn changes(&self, past: &PastTeams, result: &GatherResult) -> (Vec<TeamChange>, TeamTotals) {
        let table = self.table();
        let mut changes = Vec::new();
        let mut totals: BTreeMap<usize, u64> = BTreeMap::new();
        let mut count = |outcome: Outcome| *totals.entry(outcome as usize).or_default() += 1;
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        for (row, outcome) in (0_u32..).zip(&result.outcome) {
            count(*outcome);
            let Some(key) = table.key(row) else { continue };
            if table.unkeyed.contains(row) && !seen.insert(key) {
                continue;
            }
            let known = past.get(key);
            let members = match (outcome, known) {
                // What stood stays: nothing sound replaces it.
                (Outcome::Invalid, Some(known)) => known.members.clone(),
                _ => self.members(&result.added[row as usize]),
            };
            let previous = known.map_or_else(Vec::new, |known| known.members.clone());
            let is_other = match known {
                Some(known) => known.outcome != *outcome || !same_team(&members, &previous),
                // A record without a team is nothing to write down.
                None => *outcome != Outcome::Nobody,
            };
            if is_other {
                changes.push(TeamChange {
                    gather: self.id,
                    key: key.to_owned(),
                    row: Some(row),
                    outcome: *outcome,
                    members,
                    previous,
                });
            }
        }
        if self.complete {
            let mut gone: Vec<(&String, &PastTeam)> = past
                .iter()
                .filter(|(key, team)| team.outcome != Outcome::Gone && table.keys().find(key).is_none())
                .collect();
            gone.sort_by_key(|(key, _)| *key);
            for (key, team) in gone {
                count(Outcome::Gone);
                changes.push(TeamChange {
                    gather: self.id,
                    key: key.clone(),
                    row: None,
                    outcome: Outcome::Gone,
                    members: Vec::new(),
                    previous: team.members.clone(),
                });
            }
        }
        let outcomes = Outcome::ALL.into_iter().map(|one| (one, totals.get(&(one as usize)).copied().unwrap_or(0)));
        let read = result.outcome.len() as u64;
        (changes, TeamTotals { gather: self.id, read, outcomes: outcomes.collect() })
    }
}

/// Who stood in which slot before, for the rows of a table, and the memberships that may outlast the run.
///
/// Those of records that are gone end with a complete data set; another says nothing of records it does not hold.
pub fn gather_input(
    gather: &Gather,
    fingerprints: &[String],
    table: &TableData,
    past: &PastTeams,
    complete: bool,
    owners: &mut OwnerTable,
) -> GatherInput {
    let mut input = GatherInput::default();
    for (key, team) in past {
        let row = table.row_of(key);
        if row.is_none() && complete {
            continue;
        }
        for member in &team.members {
            let code = owners.code_of(member.owner.as_ref());
            if code == NOBODY {
                continue;
            }
            input.memberships.push((row, code));
            if let (Some(row), Some(rule)) = (row, rule_of(gather, fingerprints, member)) {
                let slot: Slot = (row, rule.0, member.place);
                input.before.insert(slot, code);
            }
        }
    }
    input
}

/// The rule a member came from, by its label or its meaning.
fn rule_of(gather: &Gather, fingerprints: &[String], member: &TeamMember) -> Option<RuleId> {
    let by_meaning = fingerprints.iter().position(|known| *known == member.meaning);
    let by_label = || {
        let label = member.rule.as_ref()?;
        gather.role.rules.iter().position(|rule| rule.label.as_ref() == Some(label))
    };
    by_meaning.or_else(by_label).and_then(|at| u32::try_from(at).ok()).map(RuleId)
}

/// A member as the ledger keeps it.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    wave: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    engagement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rule: Option<String>,
    meaning: String,
    place: u16,
}

/// One line of JSON: the value that an entry of a team commits to.
pub fn members_text(members: &[TeamMember]) -> String {
    let written: Vec<Written> = members
        .iter()
        .map(|member| Written {
            owner: member.owner.as_ref().map(super::owner_text),
            wave: member.wave.clone(),
            engagement: member.owner.as_ref().map(|_| member.engagement.word().to_owned()),
            rule: member.rule.clone(),
            meaning: member.meaning.clone(),
            place: member.place,
        })
        .collect();
    // Texts and small numbers always have a JSON form.
    serde_json::to_string(&written).unwrap_or_default()
}

/// The members that [`members_text`] wrote; `None` for any other text.
pub fn members_from(text: &str) -> Option<Vec<TeamMember>> {
    let written: Vec<Written> = serde_json::from_str(text).ok()?;
    let member = |written: Written| {
        let owner = match written.owner {
            Some(owner) => {
                let (kind, id) = owner.split_once(':')?;
                Some(Owner::new(OwnerKind::from_word(kind)?, id))
            }
            None => None,
        };
        Some(TeamMember {
            owner,
            wave: written.wave,
            engagement: written.engagement.as_deref().and_then(Engagement::from_word).unwrap_or_default(),
            rule: written.rule,
            meaning: written.meaning,
            place: written.place,
        })
    };
    written.into_iter().map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let member = TeamMember {
            owner: Some(Owner::new(OwnerKind::Person, "a:b")),
            wave: Some("core".into()),
            engagement: Engagement::OnRequest,
            rule: None,
            meaning: "m".into(),
            place: 2,
        };
        let place = TeamMember { owner: None, wave: None, rule: Some("EMEA/DACH".into()), ..member.clone() };
        let text = members_text(&[member.clone(), place.clone()]);
        let back = members_from(&text).unwrap();
        assert_eq!(back[0], member);
        assert_eq!(back[1].text(), "EMEA/DACH");
        assert_eq!(member.text(), "a:b (core, on request)");
        assert_eq!(members_from("[{\"owner\":\"nobody\"}]"), None);
        assert_eq!(members_from("{"), None);
    }
}
