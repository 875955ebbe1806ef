//! The assign step once more, written from `docs/strategies.md` and the design alone: one record after the other, maps
//! of names, no codes.

use super::book::Settled;
use super::made::{How, Lead, Made, MadePerson, MadePool, MadeRole, MadeRule, MemberWhen, ROLES, Target, When};
use ownward::value::{Outcome, time};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What is carried from run to run.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// By role and key.
    owners: BTreeMap<(usize, String), Option<String>>,
    /// The day a hold began to keep the owner.
    held_since: BTreeMap<(usize, String), i32>,
    rotations: BTreeMap<String, Turns>,
}

/// A rotation.
#[derive(Clone, Debug, Default)]
struct Turns {
    turn: u64,
    last: BTreeMap<String, u64>,
    /// By period: its first day, and what each person received since.
    received: BTreeMap<&'static str, (i32, BTreeMap<String, u64>)>,
    /// By set of people: how many turns each had.
    schedules: BTreeMap<Vec<String>, BTreeMap<String, u64>>,
}

/// A run under way.
struct Run<'m> {
    made: &'m Made,
    today: i32,
    /// By role and key, as they are decided.
    after: Vec<BTreeMap<String, Settled>>,
    rotations: BTreeMap<String, Turns>,
    moved: BTreeSet<String>,
    memory: &'m mut Memory,
}

/// By owner: records, and the sum of their sizes.
type Loads = BTreeMap<String, (u64, i64)>;

/// A lead whose owner something keeps from a pool: its rule, the pool's place, who is ruled out, since when it is held.
type Staying<'m> = (&'m Lead, &'m MadeRule, usize, Option<String>, Option<i32>);

/// What the rules say of a lead before pools choose.
enum Said<'m> {
    Owner(Outcome, Option<String>, &'m MadeRule),
    Pool(&'m MadeRule, usize),
    Nothing,
}

impl Memory {
    /// One applied run.
    pub fn apply(&mut self, made: &Made, today: i32) -> Vec<BTreeMap<String, Settled>> {
        let rotations = self.rotations.clone();
        let mut run = Run { made, today, after: Vec::new(), rotations, moved: BTreeSet::new(), memory: self };
        run.open();
        for (at, role) in made.roles.iter().enumerate() {
            run.after.push(BTreeMap::new());
            run.role(at, role);
        }
        let Run { after, rotations, moved, .. } = run;
        self.rotations.extend(rotations.into_iter().filter(|(name, _)| moved.contains(name)));
        for (at, owners) in after.iter().enumerate() {
            for (key, settled) in owners {
                self.owners.insert((at, key.clone()), settled.owner.clone());
            }
        }
        after
    }
}

impl<'m> Run<'m> {
    /// Newcomers enter, and what was received in a period that is over is forgotten.
    fn open(&mut self) {
        let made = self.made;
        for turns in self.rotations.values_mut() {
            let today = self.today;
            turns.received.retain(|period, (from, _)| *from == first_day(period, today));
        }
        for pool in pools(made) {
            let turns = self.rotations.entry(rotation(pool)).or_default();
            if let Some((_, period)) = pool.per {
                turns.received.entry(period).or_insert((first_day(period, self.today), BTreeMap::new()));
            }
            if pool.how == How::Hash {
                continue;
            }
            let active: Vec<&MadePerson> = members(made, pool).into_iter().filter(|person| person.is_active).collect();
            let known: Vec<u64> = active.iter().filter_map(|person| turns.last.get(&person.key).copied()).collect();
            let average = known.iter().sum::<u64>() / (known.len().max(1) as u64);
            for person in active {
                turns.last.entry(person.key.clone()).or_insert(average);
            }
        }
    }

    fn current(&self, role: usize, lead: &Lead) -> Option<String> {
        match self.memory.owners.get(&(role, lead.key.clone())) {
            Some(owner) => owner.clone(),
            None if role == 0 => lead.shown.map(|at| self.made.people[at % self.made.people.len()].key.clone()),
            None => None,
        }
    }

    fn role(&mut self, at: usize, role: &'m MadeRole) {
        let made = self.made;
        let mut loads = Loads::new();
        for lead in &made.leads {
            if let Some(owner) = self.current(at, lead) {
                change(&mut loads, &owner, lead, 1);
            }
        }
        // Parents first, where the role follows its own references.
        let follows = role.rules.iter().any(|rule| rule.chain.contains(&Target::Parent));
        let mut levels: BTreeMap<usize, Vec<&Lead>> = BTreeMap::new();
        for lead in &made.leads {
            levels.entry(if follows { depth(made, lead) } else { 0 }).or_default().push(lead);
        }
        let mut staying = Vec::new();
        for mut leads in levels.into_values() {
            leads.sort_by_key(|lead| (lead.opened.unwrap_or(i32::MAX), lead.key.clone()));
            self.level(at, role, &leads, &mut loads, &mut staying);
        }
        // What a hold or a waiting hand-off keeps is asked about last: would the rules give it to somebody else?
        for (lead, rule, place, excluded, hold) in staying {
            let current = self.current(at, lead);
            let rotations = self.rotations.clone();
            let moved = self.moved.clone();
            let (outcome, owner) = self.choose(at, rule, place, lead, &excluded, &loads);
            (self.rotations, self.moved) = (rotations, moved);
            let settled = |outcome| Settled { outcome, owner: current.clone(), handing_over: None };
            match outcome {
                Outcome::Unmatched => self.settle(at, lead, settled(outcome), None),
                outcome if owner == current => self.settle(at, lead, settled(outcome), None),
                _ => self.settle(at, lead, settled(Outcome::Kept), hold),
            }
        }
    }

    fn level(
        &mut self,
        at: usize,
        role: &'m MadeRole,
        leads: &[&'m Lead],
        loads: &mut Loads,
        staying: &mut Vec<Staying<'m>>,
    ) {
        let mut open = Vec::new();
        for lead in leads {
            let current = self.current(at, lead);
            let excluded = self.excluded(role, lead);
            let said = self.said(at, role, lead, &excluded);
            let keep = |outcome| Settled { outcome, owner: current.clone(), handing_over: None };
            match &said {
                Said::Nothing => self.settle(at, lead, keep(Outcome::Unmatched), None),
                Said::Owner(outcome, owner, _) if *owner == current => self.settle(at, lead, keep(*outcome), None),
                Said::Pool(rule, place) if self.stays_in(at, rule, *place, lead, current.as_deref(), &excluded) => {
                    self.settle(at, lead, keep(Outcome::Assigned), None);
                }
                Said::Owner(_, _, rule) | Said::Pool(rule, _) => {
                    let waits = self.waits(rule, lead, current.as_deref());
                    let hold = self.hold(at, role, lead, current.as_deref(), &excluded).filter(|_| !waits);
                    if waits || hold.is_some() {
                        match said {
                            Said::Pool(rule, place) => {
                                // Its children follow the owner it has.
                                self.settle(at, lead, keep(Outcome::Kept), None);
                                staying.push((*lead, rule, place, excluded, hold));
                            }
                            _ => self.settle(at, lead, keep(Outcome::Kept), hold),
                        }
                        continue;
                    }
                    // On its way to somebody else: no load of its old owner any more.
                    if let Some(owner) = &current {
                        change(loads, owner, lead, -1);
                    }
                    open.push((*lead, said, excluded));
                }
            }
        }
        for (lead, said, excluded) in open {
            let current = self.current(at, lead);
            let (outcome, owner, rule) = match said {
                Said::Owner(outcome, owner, rule) => (outcome, owner, rule),
                Said::Pool(rule, place) => {
                    let (outcome, owner) = self.choose(at, rule, place, lead, &excluded, loads);
                    (outcome, if outcome == Outcome::Unmatched { current.clone() } else { owner }, rule)
                }
                Said::Nothing => continue,
            };
            if let Some(owner) = &owner {
                change(loads, owner, lead, 1);
            }
            let is_person = owner.as_ref().is_some_and(|key| self.person(key).is_some());
            let begins = owner != current && is_person && current.as_ref().is_some_and(|key| self.is_active(key));
            let over = rule.hand_off.filter(|_| begins);
            let handing_over = over.map(|(days, _)| (current.clone().unwrap_or_default(), self.today + days));
            self.settle(at, lead, Settled { outcome, owner, handing_over }, None);
        }
    }

    fn settle(&mut self, at: usize, lead: &Lead, settled: Settled, held: Option<i32>) {
        let place = (at, lead.key.clone());
        match held {
            Some(since) => self.memory.held_since.insert(place, since),
            None => self.memory.held_since.remove(&place),
        };
        self.after[at].insert(lead.key.clone(), settled);
    }

    /// The person who has the lead in a role that this one must differ from.
    fn excluded(&self, role: &MadeRole, lead: &Lead) -> Option<String> {
        let settled = self.after[role.never?].get(&lead.key)?;
        settled.owner.clone().filter(|owner| self.person(owner).is_some())
    }

    /// Since when a hold or lock keeps the owner.
    fn hold(
        &self,
        at: usize,
        role: &MadeRole,
        lead: &Lead,
        current: Option<&str>,
        excluded: &Option<String>,
    ) -> Option<i32> {
        let current = current.filter(|current| Some(*current) != excluded.as_deref())?;
        if self.person(current).is_some_and(|person| !person.is_active) {
            return None;
        }
        let since = self.memory.held_since.get(&(at, lead.key.clone())).copied().unwrap_or(self.today);
        let holds = role.holds.iter().filter(|hold| holds(&hold.when, lead));
        holds.map(|hold| hold.up_to.map(|days| since + days)).find(|end| end.is_none_or(|end| self.today <= end))?;
        Some(since)
    }

    /// The first rule that matches and names somebody or a pool.
    fn said(&self, at: usize, role: &'m MadeRole, lead: &Lead, excluded: &Option<String>) -> Said<'m> {
        for rule in role.rules.iter().filter(|rule| holds(&rule.when, lead)) {
            return match self.walk(at, rule, 0, lead, excluded) {
                Some((_, Named::Owner(owner))) => Said::Owner(Outcome::Assigned, Some(owner), rule),
                Some((_, Named::Nobody)) => Said::Owner(Outcome::Nobody, None, rule),
                Some((place, Named::Pool)) => Said::Pool(rule, place),
                None => continue,
            };
        }
        Said::Nothing
    }

    /// The first of a chain, from a place on, that names somebody who is not ruled out, or is a pool.
    fn walk(
        &self,
        at: usize,
        rule: &MadeRule,
        from: usize,
        lead: &Lead,
        excluded: &Option<String>,
    ) -> Option<(usize, Named)> {
        (from..rule.chain.len()).find_map(|place| match self.names(at, &rule.chain[place], lead)? {
            Named::Owner(owner) if Some(&owner) == excluded.as_ref() => None,
            named => Some((place, named)),
        })
    }

    fn names(&self, at: usize, target: &Target, lead: &Lead) -> Option<Named> {
        Some(match target {
            Target::Person(person) => {
                let person = &self.made.people[person % self.made.people.len()];
                return person.is_active.then(|| Named::Owner(person.key.clone()));
            }
            Target::Team(team) => Named::Owner((*team).to_owned()),
            Target::Queue => Named::Owner("Triage".to_owned()),
            Target::Nobody => Named::Nobody,
            Target::Pool(_) => Named::Pool,
            Target::Parent => {
                let parent = self.made.leads.get(lead.parent?)?;
                Named::Owner(self.after[at].get(&parent.key)?.owner.clone()?)
            }
        })
    }

    /// Whether a pool that is asked for the lead lets its owner keep it.
    fn stays_in(
        &self,
        at: usize,
        rule: &MadeRule,
        place: usize,
        lead: &Lead,
        current: Option<&str>,
        excluded: &Option<String>,
    ) -> bool {
        let Some(current) = current.filter(|current| Some(*current) != excluded.as_deref()) else { return false };
        let mut next = self.walk(at, rule, place, lead, excluded);
        while let Some((place, Named::Pool)) = next {
            if let Target::Pool(pool) = &rule.chain[place]
                && self.may_keep(pool, lead, current, excluded)
            {
                return true;
            }
            next = self.walk(at, rule, place + 1, lead, excluded);
        }
        false
    }

    fn may_keep(&self, pool: &MadePool, lead: &Lead, current: &str, excluded: &Option<String>) -> bool {
        members(self.made, pool).into_iter().any(|member| {
            let is_theirs = member.key == current
                || self.backups(member).iter().any(|backup| backup.is_active && backup.key == current);
            member.is_active
                && fits(self.made, pool, member, lead)
                && Some(&member.key) != excluded.as_ref()
                && is_theirs
        })
    }

    fn waits(&self, rule: &MadeRule, lead: &Lead, current: Option<&str>) -> bool {
        rule.hand_off.is_some_and(|(_, once)| once)
            && !lead.has_note
            && current.is_some_and(|current| self.is_active(current))
    }

    fn choose(
        &mut self,
        at: usize,
        rule: &MadeRule,
        place: usize,
        lead: &Lead,
        excluded: &Option<String>,
        loads: &Loads,
    ) -> (Outcome, Option<String>) {
        let mut next = Some((place, Named::Pool));
        while let Some((place, named)) = next {
            match (named, &rule.chain[place]) {
                (Named::Owner(owner), _) => return (Outcome::Assigned, Some(owner)),
                (Named::Nobody, _) => return (Outcome::Nobody, None),
                (Named::Pool, Target::Pool(pool)) => {
                    if let Some(owner) = self.pick(pool, lead, excluded, loads) {
                        return (Outcome::Assigned, Some(owner));
                    }
                }
                (Named::Pool, _) => {}
            }
            next = self.walk(at, rule, place + 1, lead, excluded);
        }
        (Outcome::Unmatched, None)
    }

    /// Who receives the lead; their turn is counted.
    fn pick(&mut self, pool: &MadePool, lead: &Lead, excluded: &Option<String>, loads: &Loads) -> Option<String> {
        let name = rotation(pool);
        let turns = self.rotations.get(&name).cloned().unwrap_or_default();
        let by_weight = matches!(pool.how, How::Weight | How::LoadByWeight);
        let load = |key: &str| loads.get(key).copied().unwrap_or_default();
        let mut may: Vec<(&MadePerson, &MadePerson)> = Vec::new();
        for member in members(self.made, pool) {
            let receiver = match member.is_away {
                true => self.backups(member).into_iter().find(|backup| backup.is_active && !backup.is_away),
                false => Some(member),
            };
            let Some(receiver) = receiver else { continue };
            let (count, size) = load(&receiver.key);
            let received =
                |period: &str| turns.received.get(period).and_then(|(_, had)| had.get(&receiver.key)).copied();
            let measure = if pool.by_size { size } else { count as i64 };
            let may_receive = member.is_active
                && fits(self.made, pool, member, lead)
                && ![&member.key, &receiver.key].contains(&excluded.as_ref().unwrap_or(&String::new()))
                && !(by_weight && weight(member) == 0)
                && receiver.capacity.is_none_or(|capacity| count < capacity)
                && pool.cap.is_none_or(|cap| measure < cap as i64)
                && pool.per.is_none_or(|(cap, period)| received(period).unwrap_or(0) < cap);
            if may_receive {
                may.push((member, receiver));
            }
        }
        let last = |member: &MadePerson| turns.last.get(&member.key).copied().unwrap_or(0);
        let set: Vec<String> = may.iter().map(|(member, _)| member.key.clone()).collect();
        let had = turns.schedules.get(&set).cloned().unwrap_or_default();
        let all: i64 = may.iter().map(|(member, _)| weight(member)).sum();
        let (member, receiver) = *match pool.how {
            How::Turn => may.iter().min_by_key(|(member, _)| (last(member), member.key.clone())),
            How::Weight => {
                let place = 1 + had.values().sum::<u64>() as i64;
                let due = |member: &MadePerson| {
                    let turn = had.get(&member.key).copied().unwrap_or(0) as i64;
                    // From the first place t with w × t above turn × W on, due at (turn + 1) × W / w, rounded up.
                    let is_released = weight(member) * place > turn * all;
                    (is_released, ((turn + 1) * all + weight(member) - 1) / weight(member))
                };
                let released = may.iter().filter(|(member, _)| due(member).0);
                released.min_by_key(|(member, _)| (due(member).1, last(member), member.key.clone()))
            }
            How::Load | How::LoadByWeight => may.iter().min_by(|(a, a_receiver), (b, b_receiver)| {
                let measure = |receiver: &MadePerson| {
                    let (count, size) = load(&receiver.key);
                    if pool.by_size { size } else { count as i64 }
                };
                let share = |member: &MadePerson| if by_weight { weight(member) } else { 1 };
                (measure(a_receiver) * share(b))
                    .cmp(&(measure(b_receiver) * share(a)))
                    .then_with(|| (last(a), &a.key).cmp(&(last(b), &b.key)))
            }),
            How::Hash => may.iter().max_by_key(|(member, _)| lot(&member.key, &lead.key)),
        }?;
        let turns = self.rotations.entry(name.clone()).or_default();
        self.moved.insert(name);
        if pool.how != How::Hash {
            turns.turn += 1;
            turns.last.insert(member.key.clone(), turns.turn);
        }
        if pool.how == How::Weight {
            *turns.schedules.entry(set).or_default().entry(member.key.clone()).or_default() += 1;
        }
        for (_, had) in turns.received.values_mut() {
            *had.entry(receiver.key.clone()).or_default() += 1;
        }
        Some(receiver.key.clone())
    }

    fn person(&self, key: &str) -> Option<&'m MadePerson> {
        self.made.people.iter().find(|person| person.key == key)
    }

    fn is_active(&self, key: &str) -> bool {
        self.person(key).is_some_and(|person| person.is_active)
    }

    /// The backup, the backup's backup and so on, each once.
    fn backups(&self, member: &'m MadePerson) -> Vec<&'m MadePerson> {
        let people = &self.made.people;
        let mut found: Vec<&MadePerson> = Vec::new();
        let mut next = member.backup;
        while let Some(backup) = next.map(|at| &people[at % people.len()]) {
            if backup.key == member.key || found.iter().any(|known| known.key == backup.key) {
                break;
            }
            found.push(backup);
            next = backup.backup;
        }
        found
    }
}

enum Named {
    Owner(String),
    Nobody,
    Pool,
}

fn change(loads: &mut Loads, owner: &str, lead: &Lead, by: i64) {
    let load = loads.entry(owner.to_owned()).or_default();
    load.0 = load.0.wrapping_add_signed(by);
    load.1 += lead.size.unwrap_or(0) * by;
}

fn pools(made: &Made) -> impl Iterator<Item = &MadePool> {
    let targets = made.roles.iter().flat_map(|role| &role.rules).flat_map(|rule| &rule.chain);
    targets.filter_map(|target| match target {
        Target::Pool(pool) => Some(pool),
        _ => None,
    })
}

/// Rules that write the same members, condition and weights share a rotation; a name makes its own.
fn rotation(pool: &MadePool) -> String {
    let by_weight = matches!(pool.how, How::Weight | How::LoadByWeight);
    match pool.rotation {
        Some(name) => format!("rotation {name}"),
        None => format!("{:?} {:?} {by_weight}", pool.teams, pool.condition),
    }
}

/// In the order of their keys.
fn members<'m>(made: &'m Made, pool: &MadePool) -> Vec<&'m MadePerson> {
    let is_in = |person: &MadePerson, wanted: &str| {
        person.teams.iter().any(|team| *team == wanted || wanted == "Sales" && ["East", "West"].contains(team))
    };
    let mut members: Vec<&MadePerson> = made
        .people
        .iter()
        .filter(|person| pool.teams.is_empty() || pool.teams.iter().any(|team| is_in(person, team)))
        .collect();
    members.sort_by(|a, b| a.key.cmp(&b.key));
    members
}

fn fits(_made: &Made, pool: &MadePool, member: &MadePerson, lead: &Lead) -> bool {
    let covers = member.covers.is_some() && member.covers == lead.country;
    match pool.condition {
        None => true,
        Some(MemberWhen::CoversCountry) => covers,
        Some(MemberWhen::OtherCountry) => !covers,
        Some(MemberWhen::SpeaksGerman) => member.speaks.split(';').any(|part| part.trim() == "de"),
        Some(MemberWhen::SkillAtLeastSize) => {
            matches!((member.skill, lead.size), (Some(skill), Some(size)) if skill >= size)
        }
        Some(MemberWhen::NotInEast) => !member.teams.contains(&"East"),
    }
}

fn holds(when: &When, lead: &Lead) -> bool {
    match when {
        When::Always => true,
        When::Country(country) => lead.country == Some(country),
        When::SizeAtLeast(size) => lead.size.is_some_and(|own| own >= *size),
        When::Stage(stage) => lead.stage == *stage,
        When::NoteMissing => !lead.has_note,
        When::ParentKnown => lead.parent.is_some(),
    }
}

fn weight(person: &MadePerson) -> i64 {
    person.weight.unwrap_or(10)
}

fn depth(made: &Made, lead: &Lead) -> usize {
    lead.parent.and_then(|parent| made.leads.get(parent)).map_or(0, |parent| depth(made, parent) + 1)
}

fn first_day(period: &str, today: i32) -> i32 {
    let date = time::date(today);
    match period {
        // Day 0 was a Thursday.
        "week" => today - (today + 3).rem_euclid(7),
        "month" => today - i32::from(date.day()) + 1,
        _ => today,
    }
}

fn lot(person: &str, record: &str) -> u64 {
    let seed = |key: &str| {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        u64::from_be_bytes(digest[..8].try_into().expect("eight bytes"))
    };
    let mut mixed = seed(person) ^ seed(record);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The name of a role, for messages.
pub fn role_name(at: usize) -> &'static str {
    ROLES[at]
}
