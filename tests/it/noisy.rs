//! Valid policies made from bytes, and noise between their words.

/// How a word may stand behind the one before it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    /// Blanks, lines, comments: at least one of them.
    Free,
    /// The same, or nothing.
    Mark,
    /// Nothing.
    Tight,
    /// One blank.
    Blank,
    /// A new line, at least.
    Line,
}

/// Answers questions from a row of bytes; when they run out, the answer is the first choice.
pub struct Dice<'b> {
    bytes: &'b [u8],
}

impl<'b> Dice<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        usize::from(*first) % count
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn is_left(&self) -> bool {
        !self.bytes.is_empty()
    }
}

const FIELDS: &[&str] = &["status", "type", "country", "parent.status", "Größe", "arr", "_x2", "2nd-level"];
const WORDS: &[&str] = &["Active", "At-Risk", "\"At Risk\"", "\"a \\\"b\\\" # c\"", "in", "Straße", "yes", "\"{(\""];
const NUMBERS: &[&str] = &["5", "1.50", "10k", "2M", "3bn"];
const OWNERS: &[&str] = &["Triage", "\"ana.silva\"", "named.owner", "account.holder", "Coverage", "nobody"];
const NAMES: &[&str] =
    &["Account", "big-one", "Contact", "X", "a-name-that-is-longer-than-any-column", "record", "when1"];

/// A policy as words, each with what may stand before it.
#[derive(Default)]
struct Policy {
    words: Vec<(Before, String)>,
}

/// A valid policy with noise between its words.
pub fn policy(dice: &mut Dice<'_>) -> String {
    let mut policy = Policy::default();
    policy.item(dice);
    while dice.is_left() && policy.words.len() < 400 {
        policy.item(dice);
    }
    let mut text = noise(dice, true);
    for (index, (before, word)) in policy.words.iter().enumerate() {
        match before {
            _ if index == 0 => {}
            Before::Free => text.push_str(&noise(dice, false)),
            Before::Mark if dice.below(2) == 0 => {}
            Before::Mark => text.push_str(&noise(dice, false)),
            Before::Tight => {}
            Before::Blank => text.push(' '),
            Before::Line => {
                text.push('\n');
                text.push_str(&noise(dice, true));
            }
        }
        let shouts = !word.starts_with('"') && is_keyword(word) && dice.below(8) == 1;
        text.push_str(&if shouts { word.to_uppercase() } else { word.clone() });
    }
    text.push_str(&noise(dice, true));
    text
}

fn is_keyword(word: &str) -> bool {
    ["when", "and", "or", "not", "assign", "to", "is", "otherwise", "record", "decide", "of", "at", "least"]
        .contains(&word)
}

fn noise(dice: &mut Dice<'_>, or_nothing: bool) -> String {
    let comments = ["# plain", "#", "# it's \"odd\" { ( # ] \u{a0}", "#tight   ", "# when a = b assign to C"];
    let mut text = String::new();
    for _ in 0..=dice.below(3) {
        match dice.below(12) {
            0..=4 => text.push_str(if or_nothing { "" } else { " " }),
            5 => text.push_str("\t \u{a0}"),
            6 => text.push('\n'),
            7 => text.push_str("\r\n\r\n\n"),
            8 => text.push_str("  \n   "),
            9 => text.push_str(&format!(" {}\n", dice.pick(&comments))),
            10 => text.push_str(&format!("\n  {}\n\n{}\r\n", dice.pick(&comments), dice.pick(&comments))),
            _ => text.push_str("       "),
        }
    }
    text
}

impl Policy {
    fn put(&mut self, before: Before, word: &str) {
        self.words.push((before, word.to_owned()));
    }

    /// Words with blanks between them; marks are told by their looks, texts stay whole.
    fn say(&mut self, sentence: &str) {
        if sentence.starts_with('"') {
            return self.put(Before::Mark, sentence);
        }
        let (words, text) = match sentence.split_once(" \"") {
            Some((words, text)) if !sentence.contains("\" ") => (words, Some(text)),
            _ => (sentence, None),
        };
        self.words_of(words);
        if let Some(text) = text {
            self.put(Before::Mark, &format!("\"{text}"));
        }
    }

    fn words_of(&mut self, sentence: &str) {
        for word in sentence.split(' ') {
            let is_mark = word.chars().all(|c| "{}(),=<>+*".contains(c)) && !word.is_empty();
            let after_mark =
                self.words.last().is_some_and(|(_, last)| last.ends_with(['{', '(', ',', '}', ')', ':', '"']));
            self.put(if is_mark || after_mark { Before::Mark } else { Before::Free }, word);
        }
    }

    /// Words that must stay on their line.
    fn on_line(&mut self, words: &str) {
        words.split(' ').for_each(|word| self.put(Before::Blank, word));
    }

    fn line(&mut self, first: &str) {
        self.put(Before::Line, first);
    }

    fn comma(&mut self) {
        self.put(Before::Mark, ",");
    }

    /// Now and then a line that allows something in what comes next.
    fn allow(&mut self, dice: &mut Dice<'_>) {
        if dice.below(6) == 1 {
            self.line("allow");
            self.put(Before::Blank, dice.pick(&["unused-define", "never-true", "unreachable-rule"]));
            self.put(Before::Tight, ":");
            self.put(Before::Blank, "\"why not: a # and a {\"");
        }
    }

    fn item(&mut self, dice: &mut Dice<'_>) {
        self.allow(dice);
        match dice.below(11) {
            0 => self.decide(dice),
            8 => self.test(dice),
            9 => self.invariant(dice),
            1 => self.record(dice),
            2 => {
                self.line("team");
                self.say(dice.pick(NAMES));
                if dice.below(2) == 0 {
                    self.say("part of");
                    self.say(dice.pick(WORDS));
                }
            }
            3 => {
                self.line("queue");
                self.say(dice.pick(NAMES));
                for _ in 0..dice.below(20) {
                    self.comma();
                    self.say(dice.pick(NAMES));
                }
            }
            4 => {
                self.line("list");
                self.say(dice.pick(NAMES));
                self.say("from \"a.csv\" by");
                self.say(dice.pick(NAMES));
                self.valid(dice);
            }
            5 => self.table(dice),
            6 => {
                self.line("define");
                self.say(dice.pick(NAMES));
                self.say("=");
                self.condition(dice, 3);
            }
            7 => {
                self.line("person");
                self.say("from people");
            }
            _ => self.rule(dice, 0),
        }
    }

    fn record(&mut self, dice: &mut Dice<'_>) {
        self.line("record");
        self.say(dice.pick(NAMES));
        self.say("{");
        for _ in 0..dice.below(6) {
            self.line(dice.pick(NAMES));
            let kinds = ["text", "number", "money EUR", "money in \"code\"", "yes / no", "Account", "date"];
            match dice.below(4) {
                0 => self.on_line(dice.pick(&kinds)),
                1 => self.choices(dice, "one of", ","),
                2 => self.choices(dice, "many of", ","),
                _ => self.choices(dice, "ordered", "<"),
            }
            for _ in 0..dice.below(3) {
                self.put(Before::Tight, ",");
                self.on_line(dice.pick(&["key", "optional", "column \"AB\"", "may be unknown", "created"]));
            }
            if dice.below(3) == 1 {
                self.put(Before::Blank, ",");
            }
        }
        if dice.below(2) == 0 {
            self.line("current");
            self.say("owner , column \"o\"");
        }
        self.say("}");
    }

    fn choices(&mut self, dice: &mut Dice<'_>, kind: &str, mark: &str) {
        self.on_line(kind);
        self.say("(");
        for index in 0..=dice.below(30) {
            if index > 0 {
                self.put(Before::Mark, mark);
            }
            self.say(dice.pick(WORDS));
            if dice.below(4) == 1 {
                self.say("also \"x y\"");
            }
            if dice.below(6) == 1 {
                self.say("counts as A and B");
            }
        }
        if mark == "," && dice.below(3) == 1 {
            self.comma();
        }
        self.say(")");
    }

    fn table(&mut self, dice: &mut Dice<'_>) {
        self.line("table");
        self.say(dice.pick(NAMES));
        self.say("from \"t.csv\" {");
        for _ in 0..dice.below(4) {
            self.line("match");
            self.say(dice.pick(FIELDS));
            self.say(dice.pick(&["= \"a b\"", "between low and high", "starts with prefix"]));
        }
        self.line("give");
        self.say("owner");
        self.valid(dice);
        self.say("}");
    }

    fn valid(&mut self, dice: &mut Dice<'_>) {
        match dice.below(6) {
            0 => self.say("valid from start until \"last day\""),
            1 => self.say("valid until until"),
            2 => self.say("valid from \"from\""),
            _ => {}
        }
    }

    fn test(&mut self, dice: &mut Dice<'_>) {
        self.line("test");
        self.put(Before::Mark, "\"by \\\"name\\\" # of it\"");
        self.say("{");
        for _ in 0..dice.below(6) {
            match dice.below(6) {
                0 => {
                    self.line("on");
                    self.say("2026-11-22");
                    if dice.below(2) == 0 {
                        self.say("at 09:30");
                    }
                }
                1 => {
                    self.line("expect");
                    self.say(dice.pick(&[
                        "owner Sales by big/one",
                        "owner of Account is kept",
                        "team includes A",
                        "owner by x",
                    ]));
                }
                2 => self.cases(dice),
                _ => self.given(dice),
            }
        }
        self.say("}");
    }

    fn given(&mut self, dice: &mut Dice<'_>) {
        self.line("given");
        self.say(dice.pick(&["person \"ana\"", "Account", "Account \"A-1\""]));
        self.say("{");
        for index in 0..dice.below(6) {
            if index > 0 {
                self.comma();
            }
            self.say(dice.pick(&["status", "current owner", "past status", "\"two words\""]));
            self.say("=");
            self.say(dice.pick(&[
                "At-Risk",
                "\"At Risk\"",
                "(A, B)",
                "2026-11-22 at 09:30",
                "30 days ago",
                "1 + 2",
                "missing",
            ]));
        }
        if dice.below(4) == 1 && self.words.last().is_some_and(|(_, last)| last != "{") {
            self.comma();
        }
        self.say("}");
    }

    /// Each row on a line of its own.
    fn cases(&mut self, dice: &mut Dice<'_>) {
        self.line("cases");
        let heads = ["status", "Account.arr", "on", "expect owner", "current owner", "\"two words\""];
        let cells = ["-", "Active", "\"At Risk\"", "10k", "big/one", "2026-11-22", "-5"];
        let columns = 2 + dice.below(3);
        for row in 0..1 + dice.below(4) {
            for column in 0..columns {
                let cell = dice.pick(if row == 0 { &heads } else { &cells });
                if column > 0 {
                    self.put(Before::Blank, "|");
                }
                self.put(if column == 0 { Before::Line } else { Before::Blank }, cell);
            }
        }
    }

    fn invariant(&mut self, dice: &mut Dice<'_>) {
        if dice.below(2) == 0 {
            self.line("always");
            self.say("every Account");
            if dice.below(2) == 0 {
                self.say("where");
                self.condition(dice, 2);
            }
            self.say("has owner");
        } else {
            self.line("never");
            self.say(dice.pick(&["assign to Sales", "assign owner of Account to Sales", "assign Account to A"]));
            self.comma();
            self.say("\"a b\"");
            if dice.below(2) == 0 {
                self.say("where");
                self.condition(dice, 2);
            }
        }
        if dice.below(3) == 0 {
            self.say("because \"x\"");
        }
    }

    fn decide(&mut self, dice: &mut Dice<'_>) {
        self.line("decide");
        self.say("owner of");
        self.say(dice.pick(NAMES));
        self.say("{");
        for _ in 0..dice.below(8) {
            self.allow(dice);
            self.rule(dice, 1);
        }
        self.say("}");
    }

    fn rule(&mut self, dice: &mut Dice<'_>, depth: usize) {
        let mut begins = Before::Line;
        for _ in 0..dice.below(3) {
            self.put(begins, dice.pick(NAMES));
            self.put(Before::Tight, ":");
            begins = Before::Mark;
        }
        match dice.below(6) {
            0 => self.put(begins, "otherwise"),
            1 => {
                self.put(begins, "assign");
                self.say("to");
                return self.target(dice);
            }
            _ => {
                self.put(begins, "when");
                self.condition(dice, 3);
            }
        }
        match dice.below(5) {
            0 if depth < 4 => {
                self.say("{");
                for _ in 0..dice.below(4) {
                    self.rule(dice, depth + 1);
                }
                self.say("}");
            }
            1 => self.say("keep owner"),
            _ => {
                self.say("assign to");
                self.target(dice);
            }
        }
        for _ in 0..dice.below(4) {
            match dice.below(3) {
                0 => self.say("from 2026-01-31"),
                1 => self.say("until 2027-02-28"),
                _ => {
                    self.say("because");
                    self.put(Before::Mark, "\"a reason of some length, with # and a bracket (\"");
                }
            }
        }
    }

    fn target(&mut self, dice: &mut Dice<'_>) {
        for index in 0..=dice.below(4) {
            if index > 0 {
                self.say("else");
            }
            match dice.below(8) {
                0 => self.say("manager of owner of account"),
                1 => self.say("keep owner"),
                2 => self.say(dice.pick(&[
                    "person with highest count over X",
                    "manager of person in parent.status with lowest sum of arr over X by parent of a.b then latest arr",
                    "person in type with highest average of arr over X of parent ( status = Active ) then earliest type",
                ])),
                _ => self.say(dice.pick(OWNERS)),
            }
        }
    }

    fn condition(&mut self, dice: &mut Dice<'_>, depth: usize) {
        self.operand(dice, depth);
        for _ in 0..dice.below(5) {
            self.say(dice.pick(&["and", "or"]));
            self.operand(dice, depth);
        }
    }

    fn operand(&mut self, dice: &mut Dice<'_>, depth: usize) {
        match dice.below(10) {
            0 if depth > 0 => {
                self.say("(");
                self.condition(dice, depth - 1);
                self.say(")");
            }
            1 if depth > 0 => {
                self.say("not");
                self.operand(dice, depth - 1);
            }
            2 if depth > 0 => {
                self.say(dice.pick(&["at least 2 of", "most of"]));
                self.say("{");
                for index in 0..dice.below(5) {
                    let ends = dice.below(2) == 0;
                    if ends && index > 0 {
                        self.comma();
                    }
                    if dice.below(2) == 0 {
                        self.put(Before::Line, dice.pick(NAMES));
                        self.put(Before::Tight, ":");
                    } else {
                        self.line("not");
                    }
                    self.operand(dice, depth - 1);
                }
                self.say("}");
            }
            3 if depth > 0 => {
                self.say(dice.pick(&[
                    "top 10 by arr (",
                    "any Contact of parent.parent (",
                    "no X by parent of parent (",
                    "count of X of parent by parent > 5 and (",
                    "latest 2nd-level of Contact of account <= today or (",
                ]));
                self.condition(dice, depth - 1);
                self.say(")");
            }
            _ => self.comparison(dice),
        }
    }

    fn comparison(&mut self, dice: &mut Dice<'_>) {
        self.say(dice.pick(FIELDS));
        match dice.below(12) {
            0 => self.say("is missing"),
            1 => {
                self.say(dice.pick(&["in (", "not in (", "contains (", "includes any of (", "counts as ("]));
                for index in 0..=dice.below(25) {
                    if index > 0 {
                        self.comma();
                    }
                    self.say(dice.pick(WORDS));
                }
                self.say(")");
            }
            2 => self.say("between 1 and 2"),
            3 => self.say("within past 90 days"),
            4 => self.say("later than 30 days from today"),
            5 => self.say("does not contain \"x\""),
            6 => {
                self.say(dice.pick(&["=", ">=", "!="]));
                self.number(dice);
                self.put(Before::Free, dice.pick(&["+", "-", "*", "/"]));
                self.put(Before::Free, "-");
                self.put(Before::Tight, dice.pick(NUMBERS));
            }
            7 => {
                self.say("<");
                self.number(dice);
            }
            8 => self.say("is not in-house"),
            9 => self.say("in named-accounts"),
            _ => {
                // `is in` would ask for a list.
                let op = dice.pick(&["=", "!=", "is", "is not", "starts with"]);
                self.say(op);
                self.say(if op.starts_with("is") { dice.pick(&WORDS[..4]) } else { dice.pick(WORDS) });
            }
        }
    }

    fn number(&mut self, dice: &mut Dice<'_>) {
        self.say(dice.pick(NUMBERS));
        if dice.below(2) == 0 {
            self.put(Before::Blank, "EUR");
        }
    }
}
