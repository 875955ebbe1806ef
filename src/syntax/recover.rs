//! What the parser's failure means to a person: what was found, what could have stood there.

use super::grammar::Rule as Grammar;
use super::place::Place;
use crate::diagnostic::{Code, Diagnostic, nearest};
use pest::error::{Error, ErrorVariant, InputLocation};

/// Turns a failure of the grammar on a text that stands at `place`, and should be an `as_rule`, into a message.
pub fn diagnostic(place: Place, text: &str, as_rule: Grammar, error: &Error<Grammar>) -> Diagnostic {
    let at = failed_at(error, text);
    let positives: &[Grammar] = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    };
    let found = word_at(text, at);
    // Past the end, the place to look at is behind the last word.
    let at = if found.is_empty() { text[..at].trim_end().len() } else { at };
    let span = place.span(at, at + found.len().max(1));
    if let Some((headline, help)) = habit(text, at, found) {
        let told = Diagnostic::error(Code::ForeignHabit, headline).at(span, "from another language").help(help);
        return told.maybe_fix(span, (found == ",").then(String::new));
    }
    if let Some(name) = Some(text.trim()).filter(|name| as_rule == Grammar::only_field && is_name(name)) {
        return Diagnostic::error(Code::Syntax, format!("the field `{name}` has no type"))
            .at(place.span(at, at + name.len()), "what does it hold?")
            .help(format!("write `{name} text`, or `number`, `date`, `one of (…)` and so on"));
    }
    let is_after_in = text[..at].split_whitespace().next_back().is_some_and(|word| word.eq_ignore_ascii_case("in"));
    let expected = match whole(as_rule) {
        whole if at == 0 => whole.to_owned(),
        _ if is_after_in && positives.contains(&Grammar::open) => "values in brackets or the name of a list".to_owned(),
        _ => expected(positives),
    };
    let headline = match (found, expected.as_str()) {
        ("", "") => "the sentence ends too early".to_owned(),
        ("", expected) => format!("expected {expected}, but the sentence ends"),
        (found, "") => format!("`{found}` fits nowhere here"),
        (found, expected) => format!("expected {expected}, found `{found}`"),
    };
    let words: Vec<String> = positives.iter().filter_map(|token| keyword(*token)).collect();
    let near = nearest(found, words.iter().map(String::as_str)).map(|word| format!("did you mean `{word}`?"));
    let help = match found {
        _ if near.is_some() => near,
        "\"" | "[" if is_after_in => Some("write `in (…)`, with commas between the values".to_owned()),
        found if !found.is_empty() && expected == describe(Grammar::string).unwrap_or_default() => {
            Some("write the words in double quotes".to_owned())
        }
        found => Some(way_on(text, as_rule, found, &expected)),
    };
    let help = help.filter(|help| !help.is_empty());
    let label = if found.is_empty() { "nothing follows" } else { "not expected here" };
    Diagnostic::error(Code::Syntax, headline).at(span, label).maybe_help(help)
}

/// The offset in a text up to which it could be read.
pub fn failed_at(error: &Error<Grammar>, text: &str) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at.min(text.len()),
    }
}

/// How the sentence would be written, by what is missing in it; empty where the headline says it all.
fn way_on(text: &str, as_rule: Grammar, found: &str, expected: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    let shape = match first.as_str() {
        "record" => "`record Account from accounts { … }`",
        "person" => "`person from people`",
        "team" => "`team Sales`, or `team EMEA part of Sales`",
        "queue" => "`queue Triage`",
        "list" => "`list NAME from \"file.csv\" by COLUMN`",
        "table" => "`table NAME from \"file.csv\" { … }`",
        "define" => "`define NAME = CONDITION`",
        "decide" => "`decide owner of Account { … }`",
        "gather" => "`gather team of Account { … }`",
        "place" => "`place Account in territory { … }`",
        "calendar" => "`calendar of Account { … }`",
        "test" => "`test \"NAME\" { given RECORD { … } expect owner NAME }`",
        "given" => "`given RECORD { FIELD = VALUE, … }`",
        "expect" => "`expect owner NAME by RULE`",
        "always" if text.split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("every")) => {
            "`always every RECORD where CONDITION has ROLE`"
        }
        "never" if text.split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("assign")) => {
            "`never assign RECORD to NAME where CONDITION`"
        }
        "match" => "`match FIELD = COLUMN`, `between COLUMN and COLUMN` or `starts with COLUMN`",
        "give" => "`give COLUMN`",
        "valid" => "`valid from COLUMN until COLUMN`",
        _ => "",
    };
    if as_rule == Grammar::only_field {
        return "a field is written `name type, optional`, one on a line".into();
    }
    if !shape.is_empty() {
        return format!("write {shape}");
    }
    if found == ")" && expected == "a value" {
        return "write at least one value between the brackets".into();
    }
    if found == ")" {
        return "remove it, or open the bracket it should close".into();
    }
    if expected.contains("`)`") {
        return "close the bracket with `)`".into();
    }
    let example = match expected {
        "a condition" => "a condition compares a field: `status = Active`",
        "a value" => "write what it is compared with: `status = Active`, `country in (\"DE\", \"AT\")`",
        "values in brackets or the name of a list" => "write `in (\"DE\", \"AT\")`, or `in LIST`",
        "an owner" => "name a person, a team or a queue: `assign to Sales`",
        "`owner`" => "write `keep owner`",
        "`day`, `week` or `month`" => "write `up to 5 per week`",
        "`and`" => "write both ends: `between 1 and 5`",
        _ if as_rule == Grammar::only_item && expected == whole(as_rule) => "remove it, or write `#` before a remark",
        _ => "",
    };
    example.into()
}

/// Numbers as they are written elsewhere: `1,000`, `5%`, `€5`.
fn habit(text: &str, at: usize, found: &str) -> Option<(String, String)> {
    let before: String = text[..at].chars().rev().take_while(char::is_ascii_digit).collect();
    let after = text[at + found.len()..].split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let digits: String = before.chars().rev().collect();
    let currency = match found {
        "€" => "EUR",
        "$" => "USD",
        "£" => "GBP",
        "¥" => "JPY",
        _ => "",
    };
    if found == "," && !digits.is_empty() && after.len() == 3 {
        return Some(("a number has no commas".into(), format!("write `{digits}{after}`")));
    }
    if found == "%" && !digits.is_empty() {
        return Some(("a number has no `%`".into(), format!("write `{digits}`, or the part of one it stands for")));
    }
    if !currency.is_empty() {
        let amount = if after.is_empty() { &digits } else { after };
        return Some((
            "a currency is written as its code, behind the amount".into(),
            format!("write `{amount} {currency}`"),
        ));
    }
    None
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// What a broken piece should have been.
fn whole(as_rule: Grammar) -> &'static str {
    match as_rule {
        Grammar::only_rule | Grammar::only_header => "a rule (`when …`)",
        Grammar::only_field => "a field",
        Grammar::only_match => "`match`, `give` or `valid`",
        Grammar::only_check => "`given`, `expect`, `on` or `cases`",
        Grammar::only_row => "a row of cells with `|` between them",
        Grammar::only_branch => "a place (`NAME: when …`)",
        _ => "a declaration (`record`, `team` …) or a rule (`when …`)",
    }
}

/// The word or mark at an offset; empty at the end or where a line ends.
pub fn word_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let Some(first) = rest.chars().next() else {
        return "";
    };
    if first.is_whitespace() {
        return "";
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let end = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
    let most = rest.char_indices().nth(40).map_or(rest.len(), |(at, _)| at);
    &rest[..end.min(most)]
}

fn keyword(token: Grammar) -> Option<String> {
    let name = format!("{token:?}");
    name.strip_prefix("kw_").map(str::to_owned)
}

/// Names that are offered at once; longer lists help nobody.
const NAMES_MAX: usize = 4;

/// `a comparison`, `` `and` `` or `an action`: what may stand here, in few words.
fn expected(positives: &[Grammar]) -> String {
    let mut names: Vec<String> = Vec::new();
    for token in positives {
        if let Some(name) = describe(*token)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if names.iter().any(|name| name == ACTION) {
        // In the middle of a rule: how it can go on, and not also every way in which it could end.
        let goes_on = [COMPARISON, "`and`", "`or`", ACTION];
        names = goes_on
            .iter()
            .filter(|name| names.iter().any(|found| found == *name))
            .map(|name| (*name).to_owned())
            .collect();
    }
    if names.len() > 1 {
        // A number may always be followed by one of these; they are news only where nothing else is.
        names.retain(|name| name != UNIT && name != CURRENCY);
    }
    if positives.contains(&Grammar::equals) && !positives.contains(&Grammar::kw_is) {
        names.retain(|name| name != COMPARISON);
        names.insert(0, "`=`".into());
    }
    // What is named by kind says more than a single word.
    names.sort_by_key(|name| name.starts_with('`'));
    names.truncate(NAMES_MAX);
    // "`and`, `or` or an action" reads better than "an action, `and` or `or`".
    names.sort_by(|a, b| (!a.starts_with('`'), a).cmp(&(!b.starts_with('`'), b)));
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

const COMPARISON: &str = "a comparison (`=`, `is`, `in` …)";
const ACTION: &str = "an action (`assign to` …)";
const UNIT: &str = "`days`, `weeks`, `months`, `years`, `hours` or `minutes`";
const CURRENCY: &str = "a currency code such as EUR";

/// A grammar rule in an admin's words; `None` for what is never worth offering.
fn describe(token: Grammar) -> Option<String> {
    use Grammar as G;
    let words = match token {
        G::EOI
        | G::COMMENT
        | G::allow
        | G::kw_allow
        | G::foreign_and
        | G::foreign_or
        | G::foreign_not
        | G::foreign_equals
        | G::foreign_unequal
        | G::foreign_string
        | G::stray_words
        | G::tail_part
        | G::junk_line
        | G::stray_close
        | G::broken_rule
        | G::broken_group
        | G::broken_field
        | G::broken_line
        | G::broken_item
        | G::broken_header
        | G::broken_check
        | G::broken_row
        | G::check_word
        | G::expect_of
        | G::never_of
        | G::no_cell
        | G::later_item
        | G::later_word => return None,
        G::equals
        | G::unequal
        | G::at_most
        | G::at_least_mark
        | G::less
        | G::more
        | G::compare_op
        | G::is_tail
        | G::in_tail
        | G::between_tail
        | G::contains_tail
        | G::starts_tail
        | G::ends_tail
        | G::matches_tail
        | G::counts_tail
        | G::includes_tail
        | G::before_tail
        | G::after_tail
        | G::within_tail
        | G::older_tail
        | G::later_tail
        | G::history_tail
        | G::compare_tail
        | G::tail
        | G::kw_is
        | G::kw_in
        | G::kw_between
        | G::kw_contains
        | G::kw_contain
        | G::kw_does
        | G::kw_starts
        | G::kw_ends
        | G::kw_matches
        | G::kw_counts
        | G::kw_includes
        | G::kw_before
        | G::kw_after
        | G::kw_within
        | G::kw_older
        | G::kw_later
        | G::kw_becomes
        | G::kw_was
        | G::kw_changed
        | G::negation => COMPARISON,
        G::plus | G::minus | G::star | G::slash | G::sum_op | G::product_op | G::minus_sign => {
            return None;
        }
        G::and_op | G::kw_and => "`and`",
        G::or_op | G::kw_or => "`or`",
        G::kw_assign
        | G::kw_keep
        | G::kw_hand
        | G::kw_hold
        | G::kw_lock
        | G::kw_add
        | G::kw_touch
        | G::action
        | G::assign
        | G::keep
        | G::hand_off
        | G::hold
        | G::lock
        | G::add
        | G::touch
        | G::action_start => ACTION,
        G::sum | G::product | G::unary | G::primary | G::path | G::path_name | G::parens_expr => "a value",
        G::condition | G::or_expr | G::and_expr | G::not_expr | G::comparison | G::not_op => "a condition",
        G::target
        | G::who
        | G::who_name
        | G::who_nobody
        | G::who_keep
        | G::who_owner_of
        | G::who_pool
        | G::pool_next
        | G::pool_least
        | G::pool_hash
        | G::who_with
        | G::kw_nobody
        | G::kw_next
        | G::kw_least => "an owner",
        G::members | G::member => "a team or a person",
        G::pool_part | G::pool_where | G::pool_weight | G::pool_sum | G::by_hash | G::pool_cap | G::rotation => {
            return None;
        }
        G::wave => "the name of a wave",
        G::engagement => "`always`, `as needed` or `on request`",
        G::branch | G::branches => "a place (`NAME: when …`)",
        G::rule
        | G::when_rule
        | G::otherwise_rule
        | G::plain_rule
        | G::never_rule
        | G::kw_always
        | G::kw_never
        | G::kw_when
        | G::kw_otherwise
        | G::label
        | G::label_name => "a rule (`when …`)",
        G::group => "`{`",
        G::item => "a declaration or a rule",
        G::record
        | G::person
        | G::team
        | G::queue
        | G::list
        | G::table
        | G::define
        | G::decide
        | G::gather
        | G::place
        | G::calendar
        | G::kw_gather
        | G::kw_place
        | G::kw_calendar
        | G::kw_record
        | G::kw_person
        | G::kw_team
        | G::kw_queue
        | G::kw_list
        | G::kw_table
        | G::kw_define
        | G::kw_decide => "a declaration",
        G::field | G::field_name | G::owner_column => "a field",
        G::field_type
        | G::type_one_of
        | G::type_many_of
        | G::type_ordered
        | G::type_money
        | G::type_yes_no
        | G::type_text
        | G::type_number
        | G::type_date
        | G::type_time
        | G::type_record => "a type (`text`, `one of (…)` …)",
        G::attribute => "`key`, `optional`, `created`, `column` or `may be unknown`",
        G::choice | G::choice_name => "a choice",
        G::also | G::counting => return None,
        G::name | G::role_name | G::words | G::owner_name => "a name",
        G::column_name => "a column's name",
        G::source => "a table or file name",
        G::string => "a text in double quotes",
        G::number => "a number",
        G::date => "a day such as 2026-01-31",
        G::currency => CURRENCY,
        G::span => "a length of time such as `90 days`",
        G::unit | G::kw_days | G::kw_weeks | G::kw_months | G::kw_years | G::kw_hours | G::kw_minutes => UNIT,
        G::cap_unit => "`day`, `week` or `month`",
        G::value_list => "a list in brackets",
        G::match_line => "`match`",
        G::give_line => "`give`",
        G::valid => "`valid`",
        G::valid_from => "`from`",
        G::valid_until => "`until`",
        G::match_equals | G::match_between | G::match_prefix => "`=`, `between` or `starts with`",
        G::criterion => "a condition",
        G::test | G::kw_test | G::invariant | G::always_every | G::never_assign => "a declaration",
        G::check_line | G::given | G::cases | G::expect | G::test_day => "`given`, `expect`, `on` or `cases`",
        G::given_person => "`person`",
        G::given_record => "a record type",
        G::given_block => "`{`",
        G::given_field | G::given_owner | G::given_past => "a field",
        G::given_value | G::given_time | G::case_cell | G::cell_label => "a value",
        G::test_name | G::record_key => "a text in double quotes",
        G::moment => "a day such as 2026-01-31",
        G::clock => "a time such as 09:30",
        G::expected | G::expect_who | G::never_who => "an owner",
        G::expect_how => "`includes` or `excludes`",
        G::decided_by => "`by`",
        G::rule_label => "the label of a rule",
        G::case_head | G::head_cell | G::head_field | G::head_expect | G::head_by | G::head_day => {
            "a head of columns (`country | expect owner`)"
        }
        G::case_row => "a row of cells with `|` between them",
        G::bar => "`|`",
        G::because => "`because`",
        G::from_day => "`from`",
        G::until_day => "`until`",
        G::brace_open => "`{`",
        G::brace_close => "`}`",
        G::open => "`(`",
        G::close => "`)`",
        G::comma => "`,`",
        G::colon => "`:`",
        other => return keyword(other).map(|word| format!("`{word}`")),
    };
    Some(words.to_owned())
}
