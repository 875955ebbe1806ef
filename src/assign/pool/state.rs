//! What a rotation remembers between runs, as a plain value.

use super::Period;
use super::schedule::SCHEDULES_MAX;
use super::weights::WEIGHTS_SUM_LIMIT;
use crate::value::time::{parse_day, show_day};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// No rotation gives as many turns; a state that says so is refused, and counting on from below never ends.
const TURNS_MAX: u64 = 1 << 62;

/// The state of a rotation: whose turn was when, who received how much in the current periods, and the weighted
/// schedules. The default is a rotation that has picked nobody yet. Equal states are equal JSON texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct RotationState {
    pub(super) turn: u64,
    pub(super) last: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) received: BTreeMap<Period, Received>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) schedules: Vec<ScheduleState>,
}

/// What was received in one calendar period, by the key of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Received {
    /// The first day of the period.
    #[serde(with = "written_day")]
    pub from: i32,
    pub counts: BTreeMap<String, u64>,
}

/// The schedule of one exact set of people and weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleState {
    /// The rotation's turn at which it was last used.
    pub used: u64,
    pub members: BTreeMap<String, Share>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    pub weight: u64,
    /// Turns had in this cycle.
    pub turns: u64,
}

/// A state as it is read, before it is known to be sound.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    turn: u64,
    last: BTreeMap<String, u64>,
    #[serde(default)]
    received: BTreeMap<Period, Received>,
    #[serde(default)]
    schedules: Vec<ScheduleState>,
}

/// Why a text is no state of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError(String);

impl fmt::Display for StateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "not a state of a rotation: {}", self.0)
    }
}

impl std::error::Error for StateError {}

impl RotationState {
    /// Reads what [`RotationState::to_json`] wrote.
    ///
    /// Anything else is an error that says what is wrong: text that is no JSON, members nobody knows, numbers that no
    /// rotation can have reached.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        serde_json::from_str(text).map_err(|error| StateError(error.to_string()))
    }

    /// One line of JSON with sorted names: the same bytes for the same state.
    pub fn to_json(&self) -> String {
        // Maps with text keys and whole numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Turns given so far.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// The turn a person had last, by key; zero for those who started with the rotation and had none yet.
    pub fn last_turn(&self, key: &str) -> Option<u64> {
        self.last.get(key).copied()
    }
}

impl TryFrom<Written> for RotationState {
    type Error = StateError;

    fn try_from(written: Written) -> Result<Self, StateError> {
        let Written { turn, last, received, schedules } = written;
        if turn > TURNS_MAX {
            return Err(StateError(format!("{turn} turns")));
        }
        if let Some((key, last)) = last.iter().find(|(_, last)| **last > turn) {
            return Err(StateError(format!("`{key}` had turn {last} of {turn}")));
        }
        if schedules.len() > SCHEDULES_MAX {
            return Err(StateError(format!("{} schedules, more than {SCHEDULES_MAX}", schedules.len())));
        }
        let mut before = 0;
        let mut sets = BTreeSet::new();
        for schedule in &schedules {
            if schedule.used <= before || schedule.used > turn {
                return Err(StateError(format!("a schedule used at turn {} stands out of order", schedule.used)));
            }
            before = schedule.used;
            schedule.check()?;
            let set: Vec<(&str, u64)> = schedule.members.iter().map(|(key, share)| (&**key, share.weight)).collect();
            if !sets.insert(set) {
                return Err(StateError("two schedules of the same people and weights".into()));
            }
        }
        Ok(RotationState { turn, last, received, schedules })
    }
}

impl ScheduleState {
    /// A sound schedule has an open place, and nobody had more turns than a cycle gives them.
    fn check(&self) -> Result<(), StateError> {
        let mut weights_sum = 0_u64;
        let mut turns = 0_u64;
        for (key, share) in &self.members {
            if share.weight == 0 || share.turns > share.weight {
                return Err(StateError(format!("`{key}` had {} turns of {}", share.turns, share.weight)));
            }
            weights_sum = weights_sum.saturating_add(share.weight);
            turns = turns.saturating_add(share.turns);
        }
        if turns >= weights_sum || weights_sum > WEIGHTS_SUM_LIMIT {
            return Err(StateError(format!("a schedule gave {turns} turns of {weights_sum}")));
        }
        Ok(())
    }
}

/// A day as `2026-01-31`.
mod written_day {
    use super::{parse_day, show_day};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(day: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&show_day(*day))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_day(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no day")))
    }
}
