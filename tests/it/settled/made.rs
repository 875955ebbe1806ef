//! Policies, people and leads made up at random, and what they look like as text.

use crate::world::{Rows, World};
use ownward::schema::{Membership, Person};
use ownward::value::Decimal;
use ownward::value::time::{AsOf, show_day};
use proptest::prelude::*;
use std::fmt::Write as _;

pub const TEAMS: [&str; 4] = ["Sales", "East", "West", "Desk"];
pub const ROLES: [&str; 3] = ["owner", "deputy", "helper"];
const COUNTRIES: [&str; 3] = ["DE", "FR", "JP"];
const STAGES: [&str; 3] = ["New", "Open", "Won"];

/// Everything a run is made from.
#[derive(Clone, Debug)]
pub struct Made {
    pub roles: Vec<MadeRole>,
    pub people: Vec<MadePerson>,
    pub leads: Vec<Lead>,
}

#[derive(Clone, Debug)]
pub struct MadeRole {
    /// An earlier role whose person must be another.
    pub never: Option<usize>,
    pub holds: Vec<MadeHold>,
    pub rules: Vec<MadeRule>,
}

#[derive(Clone, Debug)]
pub struct MadeHold {
    pub when: When,
    /// Days; `None` for as long as the condition is true.
    pub up_to: Option<i32>,
    pub is_lock: bool,
}

#[derive(Clone, Debug)]
pub struct MadeRule {
    pub when: When,
    pub chain: Vec<Target>,
    /// Days, and whether it waits for the note.
    pub hand_off: Option<(i32, bool)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum When {
    Always,
    Country(&'static str),
    SizeAtLeast(i64),
    Stage(&'static str),
    NoteMissing,
    ParentKnown,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Person(usize),
    Team(&'static str),
    Queue,
    Nobody,
    /// `owner of parent`, in a role that is called `owner`.
    Parent,
    Pool(MadePool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Turn,
    Weight,
    Load,
    LoadByWeight,
    Hash,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MadePool {
    pub how: How,
    /// Empty for everybody.
    pub teams: Vec<&'static str>,
    pub condition: Option<MemberWhen>,
    pub by_size: bool,
    pub cap: Option<u64>,
    pub per: Option<(u64, &'static str)>,
    pub rotation: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberWhen {
    CoversCountry,
    OtherCountry,
    SpeaksGerman,
    SkillAtLeastSize,
    NotInEast,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MadePerson {
    pub key: String,
    pub teams: Vec<&'static str>,
    pub is_active: bool,
    pub is_away: bool,
    pub capacity: Option<u64>,
    /// Tenths.
    pub weight: Option<i64>,
    pub backup: Option<usize>,
    pub covers: Option<&'static str>,
    pub speaks: &'static str,
    pub skill: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    pub key: String,
    pub country: Option<&'static str>,
    pub size: Option<i64>,
    pub stage: &'static str,
    pub has_note: bool,
    pub opened: Option<i32>,
    /// An earlier lead.
    pub parent: Option<usize>,
    /// Whom the source shows.
    pub shown: Option<usize>,
}

/// What may occur in a generated policy.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub roles_max: usize,
    /// `owner of parent`.
    pub follows: bool,
    /// Targets that are no pools, conditions that differ from day to day, holds and hand-offs.
    pub beside_pools: bool,
    /// Rotations shared between roles.
    pub shares: bool,
    /// Caps that depend on what people own: capacity and `up to`.
    pub load_caps: bool,
    /// Leads that the source shows an owner of.
    pub shown: bool,
}

impl Limits {
    pub const ALL: Limits =
        Limits { roles_max: 3, follows: true, beside_pools: true, shares: true, load_caps: true, shown: true };
}

pub fn made(limits: Limits) -> impl Strategy<Value = Made> {
    let count = 1..=limits.roles_max;
    (count, people(limits), leads(limits)).prop_flat_map(move |(count, people, leads)| {
        let roles: Vec<_> = (0..count).map(|at| role(at, limits, people.len())).collect();
        (roles, Just(people), Just(leads)).prop_map(|(roles, people, leads)| Made { roles, people, leads })
    })
}

fn role(at: usize, limits: Limits, people: usize) -> impl Strategy<Value = MadeRole> {
    let never = if at == 0 { Just(None).boxed() } else { prop::option::of(0..at).boxed() };
    let most = if limits.beside_pools { 3 } else { 1 };
    let holds = prop::collection::vec(hold(), 0..most);
    (never, holds, prop::collection::vec(rule(at, limits, people), 1..5)).prop_map(|(never, holds, mut rules)| {
        // What is said without a condition ends a role.
        let first = rules.iter().position(|rule| rule.when == When::Always);
        rules.truncate(first.map_or(rules.len(), |at| at + 1));
        MadeRole { never, holds, rules }
    })
}

fn hold() -> impl Strategy<Value = MadeHold> {
    (when(), prop::option::of(1..20_i32), any::<bool>()).prop_map(|(when, up_to, is_lock)| MadeHold {
        when,
        up_to: up_to.filter(|_| !is_lock),
        is_lock,
    })
}

fn rule(at: usize, limits: Limits, people: usize) -> impl Strategy<Value = MadeRule> {
    let hand_off = prop::option::weighted(0.3, (1..20_i32, any::<bool>()));
    let chain = prop::collection::vec(target(at, limits, people), 1..4);
    (when(), chain, hand_off).prop_map(move |(when, mut chain, hand_off)| {
        let first = chain.iter().position(|target| *target == Target::Nobody);
        chain.truncate(first.map_or(chain.len(), |at| at + 1));
        chain.dedup();
        MadeRule { when, chain, hand_off: hand_off.filter(|_| limits.beside_pools) }
    })
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        2 => Just(When::Always),
        2 => prop::sample::select(&COUNTRIES[..]).prop_map(When::Country),
        2 => (0..6_i64).prop_map(When::SizeAtLeast),
        2 => prop::sample::select(&STAGES[..]).prop_map(When::Stage),
        1 => Just(When::NoteMissing),
        1 => Just(When::ParentKnown),
    ]
}

fn target(at: usize, limits: Limits, people: usize) -> BoxedStrategy<Target> {
    let pool = pool(at, limits).prop_map(Target::Pool);
    if !limits.beside_pools {
        return pool.boxed();
    }
    let parent = if limits.follows && at == 0 { Target::Parent } else { Target::Queue };
    prop_oneof![
        8 => pool,
        1 => (0..people).prop_map(Target::Person),
        1 => prop::sample::select(&TEAMS[..]).prop_map(Target::Team),
        1 => Just(Target::Queue),
        1 => Just(Target::Nobody),
        1 => Just(parent),
    ]
    .boxed()
}

fn pool(at: usize, limits: Limits) -> impl Strategy<Value = MadePool> {
    let how = prop::sample::select(vec![How::Turn, How::Weight, How::Load, How::LoadByWeight, How::Hash]);
    let teams = prop_oneof![
        1 => Just(Vec::new()),
        4 => prop::sample::select(&TEAMS[..]).prop_map(|team| vec![team]),
        1 => Just(vec!["East", "Desk"]),
    ];
    let condition = prop::option::weighted(
        0.4,
        prop::sample::select(vec![
            MemberWhen::CoversCountry,
            MemberWhen::OtherCountry,
            MemberWhen::SpeaksGerman,
            MemberWhen::SkillAtLeastSize,
            MemberWhen::NotInEast,
        ]),
    );
    let cap = prop::option::weighted(0.3, 1..6_u64);
    let per = prop::option::weighted(0.3, (1..5_u64, prop::sample::select(vec!["day", "week", "month"])));
    let rotation = prop::option::weighted(0.2, Just("inbound"));
    (how, teams, condition, any::<bool>(), cap, per, rotation).prop_map(
        move |(how, teams, condition, by_size, cap, per, rotation)| MadePool {
            how,
            teams,
            condition,
            cap: cap.filter(|_| limits.load_caps),
            by_size: by_size && matches!(how, How::Load | How::LoadByWeight),
            per,
            // By hash a rotation only counts what was received.
            rotation: if limits.shares { rotation } else { Some(ROLES[at]) }
                .filter(|_| !matches!(how, How::Hash) || per.is_some()),
        },
    )
}

fn people(limits: Limits) -> impl Strategy<Value = Vec<MadePerson>> {
    (2..8_usize).prop_flat_map(move |count| (0..count).map(|at| person(at, count, limits)).collect::<Vec<_>>())
}

fn person(at: usize, count: usize, limits: Limits) -> impl Strategy<Value = MadePerson> {
    let teams = prop::collection::vec(prop::sample::select(&TEAMS[..]), 0..3);
    let flags = (prop::bool::weighted(0.9), prop::bool::weighted(0.2));
    let capacity = prop::option::weighted(0.4, 0..6_u64);
    let weight = prop::option::weighted(0.7, prop_oneof![1 => Just(0_i64), 5 => 1..40_i64]);
    let backup = prop::option::weighted(0.4, 0..count);
    let cells = (
        prop::option::weighted(0.8, prop::sample::select(&COUNTRIES[..])),
        prop::sample::select(vec!["", "de", "fr; de", "fr"]),
        prop::option::weighted(0.8, 0..6_i64),
    );
    (teams, flags, capacity, weight, backup, cells).prop_map(
        move |(mut teams, (is_active, is_away), capacity, weight, backup, (covers, speaks, skill))| {
            teams.sort_unstable();
            teams.dedup();
            MadePerson {
                // Keys in another order than numbers.
                key: format!("p{}", (at * 5 + 3) % 11),
                teams,
                is_active,
                is_away,
                capacity: capacity.filter(|_| limits.load_caps),
                weight,
                backup: backup.filter(|backup| *backup != at),
                covers,
                speaks,
                skill,
            }
        },
    )
}

fn leads(limits: Limits) -> impl Strategy<Value = Vec<Lead>> {
    prop::collection::vec(lead(limits), 1..30).prop_map(|mut leads| {
        for (at, lead) in leads.iter_mut().enumerate() {
            // Keys in another order than rows.
            lead.key = format!("L{:02}", (at * 7 + 5) % 31);
            lead.parent = lead.parent.filter(|_| at > 0).map(|parent| parent % at.max(1));
        }
        leads
    })
}

fn lead(limits: Limits) -> impl Strategy<Value = Lead> {
    let country = prop::option::weighted(0.8, prop::sample::select(&COUNTRIES[..]));
    let opened = prop::option::weighted(0.8, 20_000..20_005_i32);
    let shown = prop::option::weighted(0.4, 0..8_usize);
    let stage = prop::sample::select(&STAGES[..]);
    let size = prop::option::weighted(0.8, 0..6_i64);
    (country, size, stage, any::<bool>(), opened, prop::option::of(0..30_usize), shown).prop_map(
        move |(country, size, stage, has_note, opened, parent, shown)| Lead {
            key: String::new(),
            country,
            size,
            stage,
            has_note,
            opened,
            parent,
            shown: shown.filter(|_| limits.shown),
        },
    )
}

// ---------------------------------------------------------------- as text

const HEAD: &str = "record Lead from leads {
  id      text, key
  country text, optional
  size    number, optional
  stage   one of (New, Open, Won)
  note    text, optional
  parent  Lead, optional, may be unknown
  opened  date, optional, created
  current owner, column \"owner_id\"
}
person from people
team  Sales
team  East part of Sales
team  West part of Sales
team  Desk
queue Triage
";

impl Made {
    /// The world on a day, as far as it is known then.
    pub fn world(&self, today: i32) -> World {
        let mut world = World::new(self.policy());
        world.as_of = AsOf::utc(i64::from(today) * 86_400_000_000 + 3_600_000_000);
        let mut people: Vec<Person> = self.people.iter().map(|person| self.person(person, today)).collect();
        // Somebody who has left, so that each column has something in it.
        let cells = ["covers", "speaks", "skill"].map(|name| (name.to_owned(), "7".to_owned()));
        people.push(Person { key: "gone".into(), extra: cells.into_iter().collect(), ..Person::default() });
        world.people = Some(people);
        let cells = self.leads.iter().map(|lead| self.cells(lead)).collect();
        let headers = ["id", "country", "size", "stage", "note", "parent", "opened", "owner_id"];
        world.rows.insert("Lead".into(), Rows { headers: headers.map(str::to_owned).to_vec(), cells });
        world
    }

    pub fn policy(&self) -> String {
        let mut text = HEAD.to_owned();
        for (role, name) in self.roles.iter().zip(ROLES) {
            let _ = writeln!(text, "decide {name} of Lead {{");
            if let Some(never) = role.never {
                let _ = writeln!(text, "  never the same person as {}", ROLES[never]);
            }
            for hold in &role.holds {
                let what = match (hold.is_lock, hold.up_to) {
                    (true, _) => "lock owner".to_owned(),
                    (false, Some(days)) => format!("hold owner up to {days} days"),
                    (false, None) => "hold owner".to_owned(),
                };
                let _ = writeln!(text, "  {what} while {}", hold.when.text());
            }
            for rule in &role.rules {
                let _ = writeln!(text, "  {}", self.rule(rule));
            }
            text.push_str("}\n");
        }
        text
    }

    fn rule(&self, rule: &MadeRule) -> String {
        let chain: Vec<String> = rule.chain.iter().map(|target| self.target(target)).collect();
        let chain = chain.join(" else ");
        let action = match rule.hand_off {
            None => format!("assign to {chain}"),
            Some((days, true)) => format!("hand off to {chain} over {days} days once note is known"),
            Some((days, false)) => format!("hand off to {chain} over {days} days"),
        };
        match rule.when {
            When::Always => format!("otherwise {action}"),
            _ => format!("when {} {action}", rule.when.text()),
        }
    }

    fn target(&self, target: &Target) -> String {
        match target {
            Target::Person(at) => format!("\"{}\"", self.people[*at % self.people.len()].key),
            Target::Team(team) => (*team).to_owned(),
            Target::Queue => "Triage".to_owned(),
            Target::Nobody => "nobody".to_owned(),
            Target::Parent => "owner of parent".to_owned(),
            Target::Pool(pool) => pool.text(),
        }
    }

    fn person(&self, person: &MadePerson, today: i32) -> Person {
        let mut extra = indexmap::IndexMap::new();
        extra.insert("covers".to_owned(), person.covers.unwrap_or_default().to_owned());
        extra.insert("speaks".to_owned(), person.speaks.to_owned());
        extra.insert("skill".to_owned(), person.skill.map(|skill| skill.to_string()).unwrap_or_default());
        extra.retain(|_, cell: &mut String| !cell.is_empty());
        Person {
            key: person.key.clone(),
            teams: person.teams.iter().map(|team| Membership::always(*team)).collect(),
            active: person.is_active,
            capacity: person.capacity,
            weight: person.weight.map(|tenths| Decimal::new(tenths, 1)),
            away: if person.is_away { vec![(Some(today - 1), Some(today))] } else { Vec::new() },
            backup: person.backup.map(|backup| self.people[backup % self.people.len()].key.clone()),
            extra,
            ..Person::default()
        }
    }

    fn cells(&self, lead: &Lead) -> Vec<String> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        vec![
            lead.key.clone(),
            text(lead.country),
            lead.size.map(|size| size.to_string()).unwrap_or_default(),
            lead.stage.to_owned(),
            text(lead.has_note.then_some("told")),
            // A piece of the leads may not hold the parent.
            lead.parent.and_then(|parent| self.leads.get(parent)).map(|parent| parent.key.clone()).unwrap_or_default(),
            lead.opened.map(show_day).unwrap_or_default(),
            lead.shown.map(|at| self.people[at % self.people.len()].key.clone()).unwrap_or_default(),
        ]
    }
}

impl When {
    fn text(&self) -> String {
        match self {
            // A hold has to say while what.
            When::Always => "id is known".to_owned(),
            When::Country(country) => format!("country = \"{country}\""),
            When::SizeAtLeast(size) => format!("size >= {size}"),
            When::Stage(stage) => format!("stage = {stage}"),
            When::NoteMissing => "note is missing".to_owned(),
            When::ParentKnown => "parent is known".to_owned(),
        }
    }
}

impl MadePool {
    fn text(&self) -> String {
        let mut text = match self.how {
            How::Turn | How::Weight => "next of".to_owned(),
            How::Load | How::LoadByWeight => "least loaded of".to_owned(),
            How::Hash => "any of".to_owned(),
        };
        let members = match self.teams.as_slice() {
            [] => "people".to_owned(),
            [team] => (*team).to_owned(),
            teams => format!("({})", teams.join(", ")),
        };
        let _ = write!(text, " {members}");
        if let Some(condition) = self.condition {
            let _ = write!(text, " where {}", condition.text());
        }
        text.push_str(match self.how {
            How::Weight | How::LoadByWeight => " by weight",
            How::Hash => " by hash",
            How::Turn | How::Load => "",
        });
        if self.by_size {
            text.push_str(" by sum of size");
        }
        if let Some(cap) = self.cap {
            let _ = write!(text, " up to {cap}");
        }
        if let Some((cap, period)) = self.per {
            let _ = write!(text, " up to {cap} per {period}");
        }
        if let Some(rotation) = self.rotation {
            let _ = write!(text, " rotation {rotation}");
        }
        text
    }
}

impl MemberWhen {
    pub fn text(self) -> &'static str {
        match self {
            MemberWhen::CoversCountry => "covers = record.country",
            MemberWhen::OtherCountry => "covers != record.country",
            MemberWhen::SpeaksGerman => "speaks includes \"de\"",
            MemberWhen::SkillAtLeastSize => "skill >= record.size",
            MemberWhen::NotInEast => "team not in East",
        }
    }
}
