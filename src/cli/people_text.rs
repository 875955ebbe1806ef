//! The directory as text, one person a line: what a run keeps of it, so that a past decision can be replayed.

use crate::schema::{Days, Membership, Person};
use crate::value::{NumberFormat, compact, parse_number, time};
use serde_json::{Value, json};

/// What is blank is left out, but for the words that every line has had from the start.
pub fn people_text(people: &[Person]) -> String {
    let mut text = String::new();
    for person in people {
        let mut line = json!({
            "key": person.key,
            "name": person.name,
            "email": person.email,
            "teams": person.teams.iter().map(team).collect::<Vec<_>>(),
            "manager": person.manager,
            "active": person.active,
            "extra": person.extra.iter().map(|(name, cell)| json!([name, cell])).collect::<Vec<_>>(),
        });
        if let Some(capacity) = person.capacity {
            line["capacity"] = json!(capacity);
        }
        if let Some(weight) = person.weight {
            line["weight"] = json!(compact(weight));
        }
        if !person.away.is_empty() {
            line["away"] = person.away.iter().map(|days| json!([day(days.0), day(days.1)])).collect();
        }
        if let Some(backup) = &person.backup {
            line["backup"] = json!(backup);
        }
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}

fn team(own: &Membership) -> Value {
    match own.days() {
        (None, None) => json!(own.team),
        (from, until) => json!([own.team, day(from), day(until)]),
    }
}

fn day(day: Option<i32>) -> Value {
    day.map(time::show_day).into()
}

/// The people that [`people_text`] wrote, also those of earlier versions; lines that cannot be read are left out.
pub fn people_from(text: &str) -> Vec<Person> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).filter_map(|line| person(&line)).collect()
}

fn person(line: &Value) -> Option<Person> {
    Some(Person {
        key: word(&line["key"])?,
        name: word(&line["name"]),
        email: word(&line["email"]),
        teams: line["teams"].as_array()?.iter().filter_map(membership).collect(),
        manager: word(&line["manager"]),
        active: line["active"].as_bool()?,
        capacity: line["capacity"].as_u64(),
        weight: line["weight"].as_str().and_then(|text| parse_number(text, NumberFormat::default())),
        away: line["away"].as_array().map_or_else(Vec::new, |away| away.iter().map(|both| days(both, 0)).collect()),
        backup: word(&line["backup"]),
        extra: line["extra"].as_array()?.iter().filter_map(|pair| Some((word(&pair[0])?, word(&pair[1])?))).collect(),
    })
}

fn word(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn membership(value: &Value) -> Option<Membership> {
    if let Some(team) = value.as_str() {
        return Some(Membership::always(team));
    }
    let (from, until) = days(value, 1);
    Some(Membership { team: word(&value[0])?, from, until })
}

/// Two days of a list, the first at `at`.
fn days(list: &Value, at: usize) -> Days {
    let day = |at: usize| list[at].as_str().and_then(time::parse_day);
    (day(at), day(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Decimal;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    #[test]
    fn lines_of_earlier_versions_are_read_and_plain_people_are_still_written_so() {
        let old = "{\"active\":true,\"email\":null,\"extra\":[[\"region\",\"DACH\"]],\"key\":\"u1\",\"manager\":\"u2\",\
                   \"name\":\"Ana\",\"teams\":[\"Sales\"]}\n";
        let people = people_from(old);
        let expected = Person {
            key: "u1".into(),
            name: Some("Ana".into()),
            teams: vec![Membership::always("Sales")],
            manager: Some("u2".into()),
            active: true,
            extra: [("region".to_owned(), "DACH".to_owned())].into_iter().collect(),
            ..Person::default()
        };
        assert_eq!(people, [expected]);
        assert_eq!(people_text(&people), old);
        assert!(people_from("no line\n{}\n").is_empty());
    }

    fn span() -> impl Strategy<Value = Days> {
        let day = || prop::option::of(time::DAY_MIN..=time::DAY_MAX);
        (day(), day())
    }

    fn anybody() -> impl Strategy<Value = Person> {
        let word = || prop::option::of(".{1,8}");
        let teams = prop::collection::vec((".{0,8}", span()), 0..3);
        let who = (".{1,8}", word(), word(), teams, word(), any::<bool>());
        let weight = prop::option::of((0_i64.., 0_u32..20));
        let room = (any::<Option<u64>>(), weight, prop::collection::vec(span(), 0..3), word());
        (who, room, prop::collection::btree_map(".{1,5}", ".{1,5}", 0..3)).prop_map(
            |((key, name, email, teams, manager, active), (capacity, weight, away, backup), extra)| Person {
                key,
                name,
                email,
                teams: teams.into_iter().map(|(team, (from, until))| Membership { team, from, until }).collect(),
                manager,
                active,
                capacity,
                weight: weight.map(|(units, scale)| Decimal::new(units, scale)),
                away,
                backup,
                extra: extra.into_iter().collect(),
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..ProptestConfig::with_cases(64) })]

        #[test]
        fn people_come_back_as_they_were(people in prop::collection::vec(anybody(), 0..4)) {
            prop_assert_eq!(people_from(&people_text(&people)), people);
        }
    }
}
