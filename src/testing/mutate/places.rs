//! Every place of a policy that can be changed, and what it is changed into.
//!
//! What several rules share (the condition of a group, a define) is one place: the mutant changes all of them, as an edit of
//! the file would.

use super::words::Words;
use super::{Edit, Mutant, MutantKind, Site, leaves, rule_id};
use crate::check::policy::{
    Cond, FieldTest, Gather, GatherId, InvariantRole, Path, RelatedId, Role, Rule, TargetKind, TestKind, TypedPolicy,
};
use crate::schema::{FieldKind, RecordId};
use crate::source::Span;
use rustc_hash::FxHashMap;

/// All mutants of the wanted roles, in the order of the policies.
pub(super) fn all(policy: &TypedPolicy, wanted: &super::Wanted<'_>) -> Vec<Mutant> {
    let mut places = Places { policy, mutants: Vec::new(), known: FxHashMap::default() };
    let name = |role: &Role| format!("{} of {}", role.name, policy.schema.record(role.record).name);
    for id in policy.role_ids() {
        let role = policy.role(id);
        if wanted(&name(role)) {
            places.role(InvariantRole::Role(id), role, &name(role));
        }
    }
    for (id, Gather { role, .. }) in (0..).map(GatherId).zip(&policy.gathers) {
        if wanted(&name(role)) {
            places.set(InvariantRole::Gather(id), role, &name(role));
        }
    }
    let asked = |id: RelatedId| {
        policy.rule_sets().any(|set| wanted(&name(set)) && set.related_read.iter().any(|path| path.related == id))
    };
    for (id, related) in (0..).map(RelatedId).zip(&policy.related) {
        if let Some(condition) = related.condition.as_ref().filter(|_| asked(id)) {
            let of = &policy.schema.record(related.record).name;
            let mut walk = Walk { places: &mut places, record: related.record, site: Site::Related(id), of };
            walk.part(condition, true);
        }
    }
    let mut mutants = places.mutants;
    mutants.sort_by_key(|mutant| (mutant.span, mutant.kind));
    mutants
}

struct Places<'p> {
    policy: &'p TypedPolicy,
    mutants: Vec<Mutant>,
    /// Changes of conditions by their place and words.
    known: FxHashMap<(Span, String, String), usize>,
}

impl Places<'_> {
    fn role(&mut self, set: InvariantRole, role: &Role, name: &str) {
        self.set(set, role, name);
        for (at, hold) in role.holds.iter().enumerate() {
            let of = named(name, &hold.rule);
            self.conditions(Site::Hold(set, at), role.record, &hold.rule, &of);
            self.dropped(Site::Hold(set, at), &hold.rule, &of);
        }
        for at in 0..role.rules.len().saturating_sub(1) {
            self.swapped(set, role, at, name);
        }
        for (at, rule) in role.rules.iter().enumerate() {
            self.targets(set, role, at, rule, name);
        }
    }

    /// What holds for rules that decide and for rules that add.
    fn set(&mut self, set: InvariantRole, role: &Role, name: &str) {
        for (at, rule) in role.rules.iter().enumerate() {
            let of = named(name, rule);
            self.conditions(Site::Rule(set, at), role.record, rule, &of);
            self.dropped(Site::Rule(set, at), rule, &of);
            self.days(set, at, rule, &of);
        }
    }

    fn conditions(&mut self, site: Site, record: RecordId, rule: &Rule, of: &str) {
        for cond in &rule.conditions {
            Walk { places: self, record, site, of }.part(cond, true);
        }
    }

    fn dropped(&mut self, site: Site, rule: &Rule, of: &str) {
        self.push(MutantKind::DroppedRule, rule.span, ("the rule", "no rule"), of, Edit::Drop(site));
    }

    fn days(&mut self, set: InvariantRole, at: usize, rule: &Rule, of: &str) {
        for by in [-1, 1] {
            let moved = |day: Option<i32>| day.map(|day| day.saturating_add(by));
            for (word, day) in [("from", rule.from), ("until", rule.until)] {
                let Some(day) = day else { continue };
                let (from, until) =
                    if word == "from" { (moved(rule.from), rule.until) } else { (rule.from, moved(rule.until)) };
                let text = |day: i32| format!("{word} {}", crate::value::time::show_day(day));
                let edit = Edit::Days { set, rule: at, from, until };
                self.push(MutantKind::Bound, rule.span, (&text(day), &text(day.saturating_add(by))), of, edit);
            }
        }
    }

    fn swapped(&mut self, set: InvariantRole, role: &Role, at: usize, name: &str) {
        let (first, second) = (role.rule(rule_id(at)), role.rule(rule_id(at + 1)));
        let word = |rule: &Rule| rule.label.clone().unwrap_or_else(|| "the rule without a label".to_owned());
        let (first, second) = (word(first), word(second));
        let words = (format!("{first} before {second}"), format!("{second} before {first}"));
        let span = role.rules[at].span;
        self.push(MutantKind::SwappedRules, span, (&words.0, &words.1), name, Edit::Swap(set, at));
    }

    /// Each name of a chain replaced by another that the role uses.
    fn targets(&mut self, set: InvariantRole, role: &Role, rule: usize, typed: &Rule, name: &str) {
        let of = named(name, typed);
        let words = Words { policy: self.policy, record: role.record, short: false };
        for (at, target) in typed.targets.iter().enumerate() {
            let Some(other) = self.other_target(role, rule, &typed.targets) else { continue };
            let texts = (words.target(&target.kind), words.target(&other));
            let edit = Edit::Target { set, rule, at, kind: other };
            self.push(MutantKind::OtherTarget, target.span, (&texts.0, &texts.1), &of, edit);
        }
    }

    /// A name that a rule behind this one uses, or one before it, or any other of the policy; else nobody.
    fn other_target(&self, role: &Role, rule: usize, own: &[crate::check::policy::Target]) -> Option<TargetKind> {
        let others = role.rules[rule + 1..].iter().chain(&role.rules[..rule]).flat_map(|other| &other.targets);
        let names = others.map(|target| &target.kind).filter(|kind| matches!(kind, TargetKind::Name(_)));
        let all = (0..).map(crate::check::policy::NameId).take(self.policy.names.len()).map(TargetKind::Name);
        let is_other = |kind: &TargetKind| !own.iter().any(|target| target.kind == *kind);
        names.cloned().chain(all).chain([TargetKind::Nobody]).find(is_other)
    }

    fn push(&mut self, kind: MutantKind, span: Span, (before, after): (&str, &str), of: &str, edit: Edit) {
        let rules = vec![of.to_owned()];
        self.mutants.push(Mutant { kind, span, before: before.to_owned(), after: after.to_owned(), rules, edit });
    }

    /// A condition changed at one site; the same change of the same place at another joins it.
    fn change(&mut self, kind: MutantKind, site: Site, record: RecordId, (old, new): (&Cond, Cond), of: &str) {
        let Some(span) = old.span() else { return };
        let words = |short| Words { policy: self.policy, record, short };
        let after = |short| match (kind, &new) {
            (MutantKind::DroppedTerm, _) => "left out".to_owned(),
            (_, new) => words(short).cond(new),
        };
        let key = (span, words(true).cond(old), after(true));
        let swap = (old.clone(), new.clone());
        if let Some(at) = self.known.get(&key) {
            let mutant = &mut self.mutants[*at];
            if let Edit::Conditions { sites, swaps } = &mut mutant.edit {
                if !sites.contains(&site) {
                    sites.push(site);
                }
                if !swaps.contains(&swap) {
                    swaps.push(swap);
                }
            }
            if !mutant.rules.iter().any(|known| known == of) {
                mutant.rules.push(of.to_owned());
            }
            return;
        }
        self.known.insert(key, self.mutants.len());
        let (before, after) = (words(false).cond(old), after(false));
        self.push(kind, span, (&before, &after), of, Edit::Conditions { sites: vec![site], swaps: vec![swap] });
    }
}

fn named(set: &str, rule: &Rule) -> String {
    match &rule.label {
        Some(label) => format!("{set}: {label}"),
        None => set.to_owned(),
    }
}

/// One condition of one site, from the outside in.
struct Walk<'w, 'p> {
    places: &'w mut Places<'p>,
    record: RecordId,
    site: Site,
    of: &'w str,
}

impl Walk<'_, '_> {
    fn change(&mut self, kind: MutantKind, old: &Cond, new: Cond) {
        self.places.change(kind, self.site, self.record, (old, new), self.of);
    }

    /// A condition that stands beside others: `neutral` is what none of them hangs on.
    fn part(&mut self, cond: &Cond, neutral: bool) {
        let left_out = |span| Cond::Test { kind: TestKind::Always(neutral), span };
        // All of several is left out part by part.
        if let Some(span) =
            cond.span().filter(|_| !matches!(cond, Cond::All(_) | Cond::Test { kind: TestKind::Always(_), .. }))
        {
            self.change(MutantKind::DroppedTerm, cond, left_out(span));
        }
        if matches!(cond, Cond::Any(_) | Cond::AtLeast { .. } | Cond::Named { .. } | Cond::Not(_, Some(_))) {
            self.change(MutantKind::NegatedTerm, cond, Cond::Not(Box::new(cond.clone()), None));
        }
        self.inside(cond);
    }

    fn inside(&mut self, cond: &Cond) {
        match cond {
            Cond::All(parts) => {
                if parts.len() > 1 && !is_between(parts) {
                    self.change(MutantKind::AndOr, cond, Cond::Any(parts.clone()));
                }
                let between = is_between(parts);
                parts.iter().for_each(|part| if between { self.inside(part) } else { self.part(part, true) });
            }
            Cond::Any(parts) => {
                if parts.len() > 1 {
                    self.change(MutantKind::AndOr, cond, Cond::All(parts.clone()));
                }
                parts.iter().for_each(|part| self.part(part, false));
            }
            Cond::Not(inner, _) | Cond::Named { body: inner, .. } => self.inside(inner),
            Cond::AtLeast { count, criteria, span } => {
                for other in [count.saturating_sub(1), count + 1] {
                    if (1..=criteria.len()).contains(&other) {
                        let new = Cond::AtLeast { count: other, criteria: criteria.clone(), span: *span };
                        self.change(MutantKind::Count, cond, new);
                    }
                }
                criteria.iter().for_each(|one| self.part(&one.condition, false));
            }
            Cond::Test { kind: TestKind::Always(_), .. } => {}
            Cond::Test { kind, span } => self.test(cond, kind, *span),
        }
    }

    fn test(&mut self, cond: &Cond, kind: &TestKind, span: Span) {
        self.change(MutantKind::NegatedTerm, cond, Cond::Not(Box::new(cond.clone()), None));
        for (how, other) in leaves::changed(self.places.policy, self.record, kind) {
            self.change(how, cond, Cond::Test { kind: other, span });
        }
        if let TestKind::Field { path, test } = kind
            && *test != FieldTest::Missing
            && self.may_be_missing(path)
        {
            let missing = TestKind::Field { path: path.clone(), test: FieldTest::Missing };
            let either = Cond::Any(vec![cond.clone(), Cond::Test { kind: missing, span }]);
            self.change(MutantKind::Missing, cond, either);
        }
    }

    /// Whether the field itself may be blank, or the path to it.
    fn may_be_missing(&self, path: &Path) -> bool {
        let schema = &self.places.policy.schema;
        let is_optional = |record: RecordId, field| {
            let record = schema.record(record);
            let field = record.field(field);
            match field.kind {
                FieldKind::Many(_) => false,
                FieldKind::Reference { may_be_unknown: true, .. } => true,
                _ => record.inferred || field.optional,
            }
        };
        let mut record = self.record;
        for step in &path.steps {
            if is_optional(record, *step) {
                return true;
            }
            record = crate::check::policy::walk(schema, record, &[*step]);
        }
        is_optional(record, path.field)
    }
}

/// Two bounds of one `between`: written as one condition.
fn is_between(parts: &[Cond]) -> bool {
    matches!(parts, [a, b] if a.span().is_some() && a.span() == b.span())
}
