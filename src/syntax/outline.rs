//! A tree as text without places: equal for texts that differ in nothing but layout.
//!
//! Every part is taken apart by name, so that a part added to the tree cannot be forgotten here.

use super::invariant::*;
use super::test_block::*;
use super::tree::*;
use crate::value::time::Unit;
use std::fmt::Write;

impl Tree {
    /// What was written, one declaration or rule a line, without where it was written.
    pub fn outline(&self) -> String {
        let Tree {
            records,
            people,
            teams,
            queues,
            lists,
            tables,
            defines,
            decides,
            gathers,
            places,
            calendars,
            pins,
            allows,
            tests,
            invariants,
            loose,
            broken,
        } = self;
        let mut out = Outline(String::new());
        for record in records {
            out.record(record);
        }
        for PersonDecl { source, span: _ } in people {
            out.line(0, &format!("person {}", word(source)));
        }
        for TeamDecl { name, part_of } in teams {
            out.line(0, &format!("team {} {}", word(name), maybe(part_of.as_ref())));
        }
        for queue in queues {
            out.line(0, &format!("queue {}", word(queue)));
        }
        for ListDecl { name, file, by, valid: days } in lists {
            out.line(0, &format!("list {} {} {}", word(name), word(file), word(by)));
            days.iter().for_each(|days| out.line(1, &valid(days)));
        }
        for table in tables {
            out.table(table);
        }
        for DefineDecl { name, body } in defines {
            out.line(0, &format!("define {} {}", word(name), expr(body)));
        }
        for DecideDecl { role, record, rules, span: _ } in decides {
            out.line(0, &format!("decide {} {}", word(role), word(record)));
            out.rules(1, rules);
        }
        for DecideDecl { role, record, rules, span: _ } in gathers {
            out.line(0, &format!("gather {} {}", word(role), word(record)));
            out.rules(1, rules);
        }
        for PlaceDecl { record, role, branches, span: _ } in places {
            out.line(0, &format!("place {} {}", word(record), word(role)));
            out.branches(1, branches);
        }
        for CalendarDecl { record, rules, span: _ } in calendars {
            out.line(0, &format!("calendar {}", word(record)));
            out.rules(1, rules);
        }
        for PinDecl { role, record, key, owner, because, from, until, span: _ } in pins {
            let names = [word(record), word(key), word(owner), maybe(role.as_ref()), maybe(because.as_ref())].join(" ");
            let days = (from.map(|(day, _)| day), until.map(|(day, _)| day));
            out.line(0, &format!("except {names} {days:?}"));
        }
        for AllowDecl { code, reason, target, span: _ } in allows {
            out.line(0, &format!("allow {code} {} {}", word(reason), target.is_some()));
        }
        invariants.iter().for_each(|one| out.line(0, &invariant(one)));
        tests.iter().for_each(|test| out.test(test));
        out.rules(0, loose);
        if *broken {
            out.line(0, "broken");
        }
        out.0
    }
}

struct Outline(String);

impl Outline {
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{}{text}", "  ".repeat(depth));
    }

    fn record(&mut self, record: &RecordDecl) {
        let RecordDecl { name, source, fields, owner_column, span: _ } = record;
        self.line(0, &format!("record {} {}", word(name), maybe(source.as_ref())));
        for FieldDecl { name, kind, kind_span: _, attributes } in fields {
            let attributes: Vec<String> = attributes.iter().map(|(one, _)| attribute(one)).collect();
            self.line(1, &format!("{} {} [{}]", word(name), type_of(kind), attributes.join(", ")));
        }
        if let Some(OwnerColumnDecl { column, span: _ }) = owner_column {
            self.line(1, &format!("current owner {}", maybe(column.as_ref())));
        }
    }

    fn table(&mut self, table: &TableDecl) {
        let TableDecl { name, file, matches, gives, valids } = table;
        self.line(0, &format!("table {} {}", word(name), word(file)));
        for MatchDecl { path: field, how, span: _ } in matches {
            let how = match how {
                MatchHowDecl::Equals(column) => format!("= {}", word(column)),
                MatchHowDecl::Between(from, to) => format!("between {} {}", word(from), word(to)),
                MatchHowDecl::StartsWith(column) => format!("starts {}", word(column)),
            };
            self.line(1, &format!("match {} {how}", path(field)));
        }
        for give in gives {
            self.line(1, &format!("give {}", word(give)));
        }
        valids.iter().for_each(|days| self.line(1, &valid(days)));
    }

    fn rules(&mut self, depth: usize, rules: &[Rule]) {
        for rule in rules {
            let Rule { labels, condition, otherwise, body, because, from, until, span: _ } = rule;
            let day = |day: &Option<(i32, crate::source::Span)>| format!("{:?}", day.map(|(day, _)| day));
            let head = format!(
                "rule {} {} {otherwise} {} {} {}",
                list(labels, word),
                condition.as_ref().map_or("-".into(), expr),
                maybe(because.as_ref()),
                day(from),
                day(until)
            );
            match body {
                RuleBody::Group(inner) => {
                    self.line(depth, &format!("{head} group"));
                    self.rules(depth + 1, inner);
                }
                RuleBody::Assign(chain) => self.line(depth, &format!("{head} assign {}", list(chain, who))),
                RuleBody::Keep => self.line(depth, &format!("{head} keep")),
                RuleBody::HandOff(hand_off) => {
                    let HandOffDecl { to, over, over_span: _, once } = &**hand_off;
                    let (to, once) = (list(to, who), list(once, path));
                    self.line(depth, &format!("{head} hand off {to} over {} once {once}", length(*over)));
                }
                RuleBody::Hold { up_to, condition } => {
                    let (up_to, condition) = (up_to.map(|(up_to, _)| length(up_to)), condition.as_ref().map(expr));
                    self.line(depth, &format!("{head} hold {up_to:?} {condition:?}"));
                }
                RuleBody::Lock { condition } => {
                    self.line(depth, &format!("{head} lock {:?}", condition.as_ref().map(expr)));
                }
                RuleBody::Add { chains, wave, engagement } => {
                    let chains = list(chains, |chain| list(chain, who));
                    self.line(depth, &format!("{head} add {chains} {} {}", maybe(wave.as_ref()), engagement.word()));
                }
                RuleBody::Never { role, path: of } => {
                    self.line(depth, &format!("{head} never {} {:?}", word(role), of.as_ref().map(path)));
                }
                RuleBody::Touch { every, every_span: _, since } => {
                    self.line(depth, &format!("{head} touch {} {:?}", length(*every), since.as_ref().map(path)));
                }
                RuleBody::Broken => self.line(depth, &format!("{head} broken")),
            }
        }
    }
}

impl Outline {
    fn branches(&mut self, depth: usize, branches: &[Branch]) {
        for Branch { label, condition, branches, span: _ } in branches {
            self.line(depth, &format!("{} {}", word(label), expr(condition)));
            self.branches(depth + 1, branches);
        }
    }
}

impl Outline {
    fn test(&mut self, test: &TestDecl) {
        let TestDecl { name, days, givens, expects, cases, span: _ } = test;
        self.line(0, &format!("test {} {}", word(name), list(days, moment)));
        for GivenDecl { record, key, fields, span: _ } in givens {
            self.line(1, &format!("given {} {}", maybe(record.as_ref()), maybe(key.as_ref())));
            for GivenField { name, value } in fields {
                let name = match name {
                    GivenName::Field(name) => word(name),
                    GivenName::Past(name) => format!("past {}", word(name)),
                    GivenName::Current(role) => format!("current {}", word(role)),
                };
                self.line(2, &format!("{name} {}", given(value)));
            }
        }
        for ExpectDecl { role, record, key, how, who, by, span: _ } in expects {
            let of = format!("{} {} {}", word(role), maybe(record.as_ref()), maybe(key.as_ref()));
            self.line(1, &format!("expect {of} {} {} {}", how.word(), list(who, word), maybe(by.as_ref())));
        }
        for CasesDecl { heads, rows, span: _ } in cases {
            self.line(1, &format!("cases {}", list(heads, head)));
            for CaseRow { cells, span: _ } in rows {
                self.line(2, &list(cells, |cell| cell.as_ref().map_or("-".into(), given)));
            }
        }
    }
}

fn moment(moment: &MomentDecl) -> String {
    let MomentDecl { day, minutes, span: _ } = moment;
    format!("{day} {minutes:?}")
}

fn given(value: &GivenExpr) -> String {
    let GivenExpr { kind, span: _ } = value;
    match kind {
        GivenKind::One(one) => expr(one),
        GivenKind::Several(several) => list(several, expr),
        GivenKind::Moment(at) => moment(at),
        GivenKind::Label(label) => format!("label {label}"),
    }
}

fn head(head: &HeadDecl) -> String {
    let HeadDecl { kind, span: _ } = head;
    match kind {
        HeadKind::Field(names) => list(names, word),
        HeadKind::Past(name) => format!("past {}", word(name)),
        HeadKind::Current(role) => format!("current {}", word(role)),
        HeadKind::Day => "on".into(),
        HeadKind::Expect { role, record, key, how } => {
            format!("expect {} {} {} {}", word(role), maybe(record.as_ref()), maybe(key.as_ref()), how.word())
        }
        HeadKind::By => "by".into(),
    }
}

fn invariant(invariant: &InvariantDecl) -> String {
    let InvariantDecl { label, kind, because, span: _ } = invariant;
    let (label, because) = (maybe(label.as_ref()), maybe(because.as_ref()));
    let condition = |condition: &Option<Expr>| condition.as_ref().map(expr).unwrap_or_default();
    match kind {
        InvariantKindDecl::Has { record, condition: asked, role } => {
            format!("always {label} {} ({}) {} {because}", word(record), condition(asked), word(role))
        }
        InvariantKindDecl::Never { role, record, who, condition: asked } => {
            let of = format!("{} {}", maybe(role.as_ref()), maybe(record.as_ref()));
            format!("never {label} {of} {} ({}) {because}", list(who, word), condition(asked))
        }
    }
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    format!("({})", items.iter().map(show).collect::<Vec<_>>().join(" "))
}

fn word(word: &Word) -> String {
    let Word { text, span: _, quoted } = word;
    if *quoted { format!("{text:?}") } else { format!("'{text}'") }
}

fn maybe(found: Option<&Word>) -> String {
    found.map_or("-".into(), word)
}

fn attribute(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Key => "key".into(),
        Attribute::Optional => "optional".into(),
        Attribute::Created => "created".into(),
        Attribute::MayBeUnknown => "may be unknown".into(),
        Attribute::Column(column) => format!("column {}", word(column)),
    }
}

fn type_of(kind: &TypeDecl) -> String {
    match kind {
        TypeDecl::Text => "text".into(),
        TypeDecl::Number => "number".into(),
        TypeDecl::Money(None) => "money".into(),
        TypeDecl::Money(Some(MoneyDecl::Fixed(code))) => format!("money {code}"),
        TypeDecl::Money(Some(MoneyDecl::InColumn(column))) => format!("money in {}", word(column)),
        TypeDecl::Date => "date".into(),
        TypeDecl::Time => "time".into(),
        TypeDecl::YesNo => "yes/no".into(),
        TypeDecl::OneOf(choices) => format!("one of {}", list(choices, choice)),
        TypeDecl::ManyOf(choices) => format!("many of {}", list(choices, choice)),
        TypeDecl::Ordered(choices) => format!("ordered {}", list(choices, choice)),
        TypeDecl::Record(name) => format!("record {}", word(name)),
    }
}

fn choice(choice: &ChoiceDecl) -> String {
    let ChoiceDecl { name, also, counts_as } = choice;
    format!("{} also {} as {}", word(name), list(also, word), list(counts_as, word))
}

fn who(who: &Who) -> String {
    let Who { kind, span: _ } = who;
    match kind {
        WhoKind::Nobody => "nobody".into(),
        WhoKind::Keep => "keep".into(),
        WhoKind::Manager(of) => format!("manager {}", self::who(of)),
        WhoKind::OwnerOf(role, of) => format!("role {} {}", word(role), path(of)),
        WhoKind::Pool(pool) => self::pool(pool),
        WhoKind::With(with) => {
            let WithExpr { in_field, is_highest, question, then } = &**with;
            let then = then.as_ref().map(|(by, is_latest)| format!("{} {is_latest}", path(by)));
            format!("with {is_highest} {:?} {} {then:?}", in_field.as_ref().map(path), related(question))
        }
        WhoKind::Text(text) => format!("{text:?}"),
        WhoKind::Path(of) => path(of),
        WhoKind::Broken => "broken".into(),
    }
}

fn pool(pool: &PoolExpr) -> String {
    let PoolExpr { how, members, condition, by_weight, by_sum, by_hash, caps, rotation } = pool;
    let cap = |cap: &CapExpr| {
        let CapExpr { count, currency, per, span: _ } = cap;
        format!("{count} {} {}", currency.as_deref().unwrap_or_default(), per.map_or("", Unit::word))
    };
    format!(
        "({} {} {} {} {} {} {} {})",
        how.word(),
        list(members, word),
        condition.as_ref().map(expr).unwrap_or_default(),
        by_weight.is_some(),
        by_sum.as_ref().map(|(field, _)| path(field)).unwrap_or_default(),
        by_hash.is_some(),
        list(caps, cap),
        maybe(rotation.as_ref())
    )
}

fn related(related: &RelatedExpr) -> String {
    let RelatedExpr { ask, field, record, by, of, condition } = related;
    let field = field.as_ref().map(path).unwrap_or_default();
    let of = of.as_ref().map(path).unwrap_or_default();
    let condition = condition.as_ref().map(expr).unwrap_or_default();
    format!("({} {field} {} {} {of} {condition})", ask.word(), word(record), maybe(by.as_ref()))
}

fn path(path: &PathExpr) -> String {
    let PathExpr { names, span: _, stray } = path;
    format!("{}{}", list(names, word), stray.as_ref().map_or(String::new(), |stray| format!(" stray {}", word(stray))))
}

fn expr(of: &Expr) -> String {
    let Expr { kind, span: _ } = of;
    match kind {
        ExprKind::And(parts) => format!("and{}", list(parts, expr)),
        ExprKind::Or(parts) => format!("or{}", list(parts, expr)),
        ExprKind::Not(inner) => format!("not({})", expr(inner)),
        ExprKind::Related(related) => self::related(related),
        ExprKind::Group(inner) => format!("[{}]", expr(inner)),
        ExprKind::AtLeast { count, criteria } => {
            format!("at least {:?} {}", count.map(|(count, _)| count), list(criteria, criterion))
        }
        ExprKind::Compare { op, left, right } => format!("({} {} {})", expr(left), op.mark(), expr(right)),
        ExprKind::Is { negated, left, right } => format!("(is {negated} {} {})", expr(left), expr(right)),
        ExprKind::IsExactly { negated, left, right } => format!("(exactly {negated} {} {})", expr(left), expr(right)),
        ExprKind::In { negated, left, source } => format!("(in {negated} {} {})", expr(left), in_source(source)),
        ExprKind::Between { negated, left, low, high } => {
            format!("(between {negated} {} {} {})", expr(left), expr(low), expr(high))
        }
        ExprKind::Text { op, negated, left, values } => {
            format!("({op:?} {negated} {} {})", expr(left), list(values, expr))
        }
        ExprKind::CountsAs { left, values } => format!("(counts {} {})", expr(left), list(values, expr)),
        ExprKind::Includes { which, left, values } => {
            format!("(includes {which:?} {} {})", expr(left), list(values, expr))
        }
        ExprKind::Within { past, left, span } => format!("(within {past} {} {})", expr(left), length(*span)),
        ExprKind::WithinBusinessHours { left, hours } => format!("(business {} {hours})", expr(left)),
        ExprKind::Becomes { left, value } => format!("(becomes {} {})", expr(left), expr(value)),
        ExprKind::Was { left, value } => format!("(was {} {})", expr(left), expr(value)),
        ExprKind::ChangedWithin { left, span } => format!("(changed {} {})", expr(left), length(*span)),
        ExprKind::For { condition, span } => format!("(for {} {})", expr(condition), length(*span)),
        ExprKind::Top { count, by, condition } => {
            format!("(top {count} {} {})", path(by), condition.as_ref().map(|of| expr(of)).unwrap_or_default())
        }
        ExprKind::OlderThan { left, span } => format!("(older {} {})", expr(left), length(*span)),
        ExprKind::LaterThan { left, span } => format!("(later {} {})", expr(left), length(*span)),
        ExprKind::Arithmetic { op, left, right } => format!("({op:?} {} {})", expr(left), expr(right)),
        ExprKind::Negative(inner) => format!("(minus {})", expr(inner)),
        ExprKind::OwnerOf { role, path: of } => format!("(role {} {})", word(role), path(of)),
        ExprKind::Path(of) => path(of),
        ExprKind::Quoted(text) => format!("{text:?}"),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Money(number, currency) => format!("{number} {currency}"),
        ExprKind::Date(day) => format!("day {day}"),
        ExprKind::Relative { span, when } => format!("({} {when:?})", length(*span)),
        ExprKind::Broken => "broken".into(),
    }
}

fn valid(valid: &ValidDecl) -> String {
    let ValidDecl { from, until, span: _ } = valid;
    format!("valid {} {}", maybe(from.as_ref()), maybe(until.as_ref()))
}

fn criterion(criterion: &Criterion) -> String {
    let Criterion { label, condition } = criterion;
    format!("{}: {}", maybe(label.as_ref()), expr(condition))
}

fn in_source(source: &InSource) -> String {
    match source {
        InSource::Values(values) => list(values, expr),
        InSource::Named(name) => path(name),
    }
}

fn length(span: SpanOfTime) -> String {
    let SpanOfTime { amount, unit } = span;
    format!("{amount} {}", unit.word())
}
