//! Rules: nested groups become one list in document order, each rule with the conditions of its groups.

use super::Checker;
use super::policy::{Add, Cond, HandOff, Hold, HoldKind, OwnerPath, Path, Rule, Target, TargetKind, Touch};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{self, HandOffDecl, PathExpr, RuleBody, SpanOfTime, Who, Word};

/// What the groups around a rule ask.
#[derive(Clone, Default)]
struct Outer {
    labels: Vec<String>,
    conditions: Vec<Cond>,
    from: Option<i32>,
    until: Option<i32>,
    because: Option<String>,
}

/// What kind of block the rules stand in: which actions fit there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Decide,
    Gather,
    Calendar,
}

/// Everything a block says, flattened.
#[derive(Default)]
pub(super) struct Typed {
    pub rules: Vec<Rule>,
    pub holds: Vec<Hold>,
    pub never: Vec<OwnerPath>,
    /// By rule, in a `gather`.
    pub adds: Vec<Vec<Add>>,
    /// By rule, in a `calendar`.
    pub touches: Vec<Touch>,
}

impl Checker<'_> {
    /// All rules of a block, flattened: a group falls through when none inside matches, so order alone keeps its meaning.
    pub(super) fn rules(&mut self, rules: &[syntax::Rule], block: Block, scope: &Scope) -> Typed {
        let mut out = Typed::default();
        self.flatten(rules, &Outer::default(), block, scope, &mut out);
        self.double_labels(&out);
        out
    }

    fn flatten(&mut self, rules: &[syntax::Rule], outer: &Outer, block: Block, scope: &Scope, out: &mut Typed) {
        for (index, rule) in rules.iter().enumerate() {
            if rule.otherwise
                && block != Block::Gather
                && !matches!(rule.body, RuleBody::Group(_))
                && rule.from.is_none()
                && rule.until.is_none()
                && index + 1 < rules.len()
            {
                self.push(
                    Diagnostic::error(Code::OtherwiseNotLast, "rules after `otherwise` are never reached")
                        .at(rule.span, "takes every record that is left")
                        .at(rules[index + 1].span, "never reached")
                        .help("move `otherwise` to the end of its group"),
                );
            }
            if rule.otherwise && block == Block::Gather {
                self.push(
                    Diagnostic::error(Code::WrongBlock, "`otherwise` has no place in a `gather`")
                        .at(rule.span, "every match adds, so nothing is left over")
                        .help("write `always add …`, or a `when` with the opposite condition"),
                );
            }
            self.rule(rule, outer, block, scope, out);
        }
    }

    fn rule(&mut self, rule: &syntax::Rule, outer: &Outer, block: Block, scope: &Scope, out: &mut Typed) {
        let mut inner = outer.clone();
        inner.labels.extend(rule.labels.iter().map(|label| label.text.clone()));
        if let Some(condition) = &rule.condition {
            inner.conditions.push(self.condition(condition, scope));
        }
        inner.from = latest(outer.from, rule.from.map(|(day, _)| day));
        inner.until = earliest(outer.until, rule.until.map(|(day, _)| day));
        if let (Some((from, span)), Some((until, other))) = (rule.from, rule.until)
            && from > until
        {
            self.push(
                Diagnostic::error(Code::EndsBeforeStart, "`until` lies before `from`")
                    .at(other, "ends here")
                    .at(span, "starts here")
                    .help("the rule would never count: swap the days"),
            );
        }
        if let Some(because) = &rule.because {
            inner.because = Some(because.text.clone());
        }
        let label = (!rule.labels.is_empty()).then(|| inner.labels.join("/"));
        if let RuleBody::Group(rules) = &rule.body {
            // A group of broken rules only looks empty: their own messages are enough.
            if rules.is_empty() && !self.tree.broken {
                self.push(
                    Diagnostic::warning(Code::EmptyGroup, "a group without rules")
                        .at(rule.span, "decides nothing")
                        .help("write rules between `{` and `}`, or remove it"),
                );
            }
            return self.flatten(rules, &inner, block, scope, out);
        }
        if !self.belongs(&rule.body, block, rule.span) {
            return;
        }
        let typed = Rule {
            label,
            conditions: inner.conditions,
            targets: Vec::new(),
            hand_off: None,
            because: inner.because,
            from: inner.from,
            until: inner.until,
            span: rule.span,
        };
        self.body(&rule.body, typed, scope, out);
    }

    /// What a rule does, once its conditions are typed.
    fn body(&mut self, body: &RuleBody, rule: Rule, scope: &Scope, out: &mut Typed) {
        let keep = || vec![Target { kind: TargetKind::Keep, span: rule.span }];
        // Rules that give to nobody directly: what they do stands beside them.
        let aside = || vec![Target { kind: TargetKind::Nobody, span: rule.span }];
        match body {
            RuleBody::Assign(chain) => {
                let targets = self.targets(chain, &rule.conditions, scope);
                if !targets.is_empty() {
                    out.rules.push(Rule { targets, ..rule });
                }
            }
            RuleBody::HandOff(decl) => {
                let targets = self.targets(&decl.to, &rule.conditions, scope);
                let hand_off = self.hand_off(decl, scope);
                if !targets.is_empty() {
                    out.rules.push(Rule { targets, hand_off, ..rule });
                }
            }
            RuleBody::Keep => out.rules.push(Rule { targets: keep(), ..rule }),
            RuleBody::Hold { up_to, condition } => {
                if let (None, None, None) = (up_to, condition, rule.until) {
                    self.push(
                        Diagnostic::error(Code::EndlessHold, "a hold that never ends")
                            .at(rule.span, "for how long, and while what?")
                            .help("write `hold owner up to 90 days while …`, or `until` and a day; `lock owner` keeps it for good"),
                    );
                }
                if let Some((length, span)) = up_to {
                    self.in_days(*length, *span, "a hold", "hold owner up to 90 days");
                }
                let rule = self.with_while(Rule { targets: keep(), ..rule }, condition.as_ref(), scope);
                out.holds.push(Hold { rule, kind: HoldKind::Hold(up_to.map(|(length, _)| length)) });
            }
            RuleBody::Lock { condition } => {
                let rule = self.with_while(Rule { targets: keep(), ..rule }, condition.as_ref(), scope);
                out.holds.push(Hold { rule, kind: HoldKind::Lock });
            }
            RuleBody::Add { chains, wave, engagement } => {
                let adds = chains
                    .iter()
                    .map(|chain| Add {
                        chain: self.member_targets(chain, &rule.conditions, scope),
                        wave: wave.as_ref().map(|wave| wave.text.clone()),
                        engagement: *engagement,
                    })
                    .filter(|add| !add.chain.is_empty())
                    .collect();
                out.rules.push(Rule { targets: aside(), ..rule });
                out.adds.push(adds);
            }
            RuleBody::Never { .. } if rule.label.is_some() || !rule.conditions.is_empty() => self.push(
                Diagnostic::error(Code::WrongBlock, "`never the same person as` counts for every record")
                    .at(rule.span, "has a label, or stands in a group with conditions")
                    .help("write it directly into the `decide`, without a label"),
            ),
            RuleBody::Never { role, path } => out.never.extend(self.never_role(role, path.as_ref(), scope)),
            RuleBody::Touch { every, every_span, since } => {
                self.in_days(*every, *every_span, "a calendar", "touch every 30 days");
                let since = since.as_ref().and_then(|path| self.day_field(path, scope));
                out.rules.push(Rule { targets: aside(), ..rule });
                out.touches.push(Touch { every: *every, since });
            }
            RuleBody::Group(_) | RuleBody::Broken => {}
        }
    }

    fn belongs(&mut self, body: &RuleBody, block: Block, span: Span) -> bool {
        let (home, what) = match body {
            RuleBody::Add { .. } => (Block::Gather, "`add`"),
            RuleBody::Touch { .. } => (Block::Calendar, "`touch`"),
            RuleBody::Broken => return true,
            RuleBody::Never { .. } => (Block::Decide, "`never the same person as`"),
            RuleBody::Hold { .. } => (Block::Decide, "`hold owner`"),
            RuleBody::Lock { .. } => (Block::Decide, "`lock owner`"),
            RuleBody::Keep => (Block::Decide, "`keep owner`"),
            RuleBody::HandOff(_) => (Block::Decide, "`hand off to`"),
            RuleBody::Assign(_) | RuleBody::Group(_) => (Block::Decide, "`assign to`"),
        };
        if home == block {
            return true;
        }
        let (own, help) = match home {
            Block::Decide => ("`decide`", "write it into `decide owner of RECORD { … }`; a `gather` has `add …`"),
            Block::Gather => ("`gather`", "write it into `gather team of RECORD { … }`; a `decide` has `assign to …`"),
            Block::Calendar => ("`calendar`", "write it into `calendar of RECORD { … }`"),
        };
        self.push(
            Diagnostic::error(Code::WrongBlock, format!("{what} does not belong here"))
                .at(span, format!("an action of {own}"))
                .help(help),
        );
        false
    }

    fn with_while(&mut self, mut rule: Rule, condition: Option<&syntax::Expr>, scope: &Scope) -> Rule {
        if let Some(condition) = condition {
            rule.conditions.push(self.condition(condition, scope));
        }
        rule
    }

    fn hand_off(&mut self, decl: &HandOffDecl, scope: &Scope) -> Option<HandOff> {
        if !self.in_days(decl.over, decl.over_span, "a hand-off", "over 30 days") {
            return None;
        }
        let once: Vec<Option<Path>> = decl.once.iter().map(|path| Some(self.resolve_whole(path, scope)?.0)).collect();
        let once: Option<Vec<Path>> = once.into_iter().collect();
        Some(HandOff { over: decl.over, once: once? })
    }

    /// Whether a length of time is counted in days, and not none of them: a day is the grain of what lasts.
    fn in_days(&mut self, length: SpanOfTime, span: Span, what: &str, example: &str) -> bool {
        let is_sound = !length.unit.is_clock() && length.amount > 0;
        if !is_sound {
            self.push(
                Diagnostic::error(Code::WrongType, format!("{what} takes whole days"))
                    .at(span, "not a number of days, weeks, months or years")
                    .help(format!("write `{example}`")),
            );
        }
        is_sound
    }

    /// Targets of `add`: as after `assign to`, but no owner is kept or released.
    fn member_targets(&mut self, chain: &[Who], conditions: &[Cond], scope: &Scope) -> Vec<Target> {
        let targets = self.targets(chain, conditions, scope);
        for target in &targets {
            if matches!(target.kind, TargetKind::Nobody | TargetKind::Keep) {
                self.push(
                    Diagnostic::error(Code::WrongType, "a team needs somebody to add")
                        .at(target.span, "nobody in particular")
                        .help("name a person, a team, a queue, a pool or `owner of …`"),
                );
            }
            if let TargetKind::Pool(pool) = target.kind
                && self.pools[pool.0 as usize].load.is_some()
            {
                self.push(
                    Diagnostic::error(Code::WrongType, "the load of a team is the number of its records")
                        .at(target.span, "adds up a field")
                        .help("remove `by sum of …`: memberships are counted"),
                );
            }
        }
        targets
    }

    fn never_role(&mut self, role: &Word, path: Option<&PathExpr>, scope: &Scope) -> Option<OwnerPath> {
        match path {
            Some(path) => self.owner_of(role, path, scope),
            None => {
                let here = PathExpr { names: Vec::new(), span: role.span, stray: None };
                if super::declarations::same(&role.text, &scope.role) {
                    self.push(
                        Diagnostic::error(Code::RoleCircle, "a role that must differ from itself")
                            .at(role.span, "the role that is decided here")
                            .help("name another role of the record"),
                    );
                    return None;
                }
                self.owner_of(role, &here, scope)
            }
        }
    }

    /// A date or a time of the record.
    fn day_field(&mut self, path: &PathExpr, scope: &Scope) -> Option<Path> {
        let (resolved, record) = self.resolve_whole(path, scope)?;
        let field = self.field(record, resolved.field);
        if matches!(field.kind, FieldKind::Date | FieldKind::Time) {
            return Some(resolved);
        }
        let (name, kind) = (field.name.clone(), field.kind.describe());
        self.push(
            Diagnostic::error(Code::WrongType, format!("`{name}` says no day"))
                .at(path.span, kind)
                .help("name a date or a time"),
        );
        None
    }

    /// Labels identify rules in the ledger: two of one name in a role would share a history.
    fn double_labels(&mut self, typed: &Typed) {
        let mut seen: rustc_hash::FxHashMap<&str, &Rule> = rustc_hash::FxHashMap::default();
        for rule in typed.rules.iter().chain(typed.holds.iter().map(|hold| &hold.rule)) {
            let Some(label) = &rule.label else { continue };
            match seen.get(label.as_str()) {
                Some(first) => {
                    let first_span = first.span;
                    self.diagnostics.push(
                        Diagnostic::error(Code::DeclaredTwice, format!("two rules are labelled `{label}`"))
                            .at(rule.span, "labelled again")
                            .at(first_span, "labelled here first")
                            .help("a label names one rule of its role: change one of them"),
                    );
                }
                None => {
                    seen.insert(label, rule);
                }
            }
        }
    }
}

fn latest(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    a.max(b)
}

fn earliest(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
