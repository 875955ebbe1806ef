//! The diff as a comment of a pull request: the verdict in sight, the rest folded away, never longer than a comment may be.
//!
//! Whatever comes from policies and data stands in code spans: there nothing is a link, a mention, HTML or a heading.

use super::super::output::count;
use super::Diff;
use super::text;
use crate::analysis::{RoleProof, Verdict};
use crate::diagnostic::render::clean;

/// What GitHub takes as one comment, in characters; bytes are never fewer.
const COMMENT_BYTES_MAX: usize = 65_536;
/// Kept free for the end of what is open and the line that says how much was cut.
const RESERVE: usize = 512;
/// Characters of one value in a table, and of one in a line of its own.
const CELL_CHARS_MAX: usize = 120;
const LINE_CHARS_MAX: usize = 1_000;

/// The whole comment.
pub fn page(diff: &Diff) -> String {
    let mut page = Page::default();
    let mark = if diff.is_empty() { "✅" } else { "🔀" };
    page.line(&format!("### {mark} Ownership: {}", diff.headline()));
    page.line("");
    page.line(&format!("{} → {}", code(&diff.old.shown), code(&diff.new.shown)));
    for sentence in diff.gate.passed() {
        page.line("");
        page.line(&format!("**⛔ {}**", code(sentence)));
    }
    if let Some(data) = &diff.data {
        page.line("");
        page.line(&format!("**{}**", text::last_line(data)));
        for role in &data.roles {
            page.line(&format!("- {}: {}", code(&role.name), text::role_figures(role)));
        }
        for team in &data.teams {
            let changed = count(team.moves.changed, "record");
            page.line(&format!("- {}: another team around {changed}", code(&team.name)));
        }
    }
    let equivalent: Vec<String> = diff.roles(Verdict::Equivalent).map(|role| code(&role.name())).collect();
    if !equivalent.is_empty() && !diff.is_empty() {
        page.line("");
        page.line(&format!("Equivalent, proved for every possible record: {}", equivalent.join(", ")));
    }
    for role in diff.roles(Verdict::Different).chain(diff.roles(Verdict::NotDecided)) {
        self::role(diff, role, &mut page);
    }
    declarations(diff, &mut page);
    data(diff, &mut page);
    page.finish()
}

fn role(diff: &Diff, role: &RoleProof, page: &mut Page) {
    let verdict = match role.verdict() {
        Verdict::Different => count(role.differences.len() as u64, "difference"),
        _ => "not decided".to_owned(),
    };
    page.open(&format!("{}: {verdict}", html(&role.name())));
    for (number, difference) in (1..).zip(&role.differences) {
        let region: Vec<String> = difference.region.iter().map(|part| code(part)).collect();
        let region = if region.is_empty() { "every record".to_owned() } else { region.join(", ") };
        page.line(&format!("{number}. **{}** where {region}", difference.change.word()));
        page.line(&format!("   - was {}", code(&text::decision(&diff.old, &difference.old))));
        page.line(&format!("   - is {}", code(&text::decision(&diff.new, &difference.new))));
        let fields: Vec<String> =
            difference.witness.iter().map(|(field, value)| code(&format!("{field} = {value}"))).collect();
        let example = if fields.is_empty() { "any record".to_owned() } else { fields.join(", ") };
        page.line(&format!("   - for example {example}"));
    }
    for reason in &role.not_decided {
        page.line(&format!("- not decided: {}", code(reason)));
    }
    if !role.rules.is_empty() {
        page.table(&["rule", "edit", "was", "is"], &text::rule_rows(diff, role));
    }
    page.close();
}

fn declarations(diff: &Diff, page: &mut Page) {
    if diff.declarations.is_empty() {
        return;
    }
    page.open(&format!("Declarations: {}", count(diff.declarations.len() as u64, "change")));
    let row = |change: &crate::check::merged::DeclarationChange| {
        vec![change.what.clone(), change.edit.word().to_owned(), change.how.clone()]
    };
    page.table(&["declaration", "edit", "how"], &diff.declarations.iter().map(row).collect::<Vec<_>>());
    page.close();
}

fn data(diff: &Diff, page: &mut Page) {
    let Some(data) = &diff.data else { return };
    for role in data.roles.iter().filter(|role| role.moves.moved > 0 || !role.moves.outcomes.is_empty()) {
        page.open(&format!("Records: {}", html(&role.name)));
        if let Some(value) = data.value.as_ref().filter(|_| role.has_value) {
            page.line(&format!("{} of the records that move: {}", code(value), code(&text::value_text(role))));
        }
        page.table(&["from", "to", "records"], &text::owner_rows(role));
        page.table(&["team, with its people", "loses", "receives"], &text::team_rows(role));
        page.table(&["rule before", "rule after", "records"], &text::decided_rows(role));
        page.table(&["outcome before", "outcome after", "records"], &text::outcome_rows(role));
        page.table(&text::FIRST, &text::first_rows(role));
        let more = role.moves.moved - role.moves.first.len() as u64;
        if more > 0 {
            page.line("");
            page.line(&format!("… and {}", count(more, "more record")));
        }
        page.close();
    }
    for team in data.teams.iter().filter(|team| team.moves.changed > 0) {
        page.open(&format!("Teams: {}", html(&team.name)));
        let row = |(member, joins, leaves): &(crate::compare::Member, u64, u64)| {
            vec![text::member_text(member), member.part.clone(), joins.to_string(), leaves.to_string()]
        };
        let rows: Vec<Vec<String>> = team.moves.members.iter().map(row).collect();
        page.table(&["member", "part", "joins", "leaves"], &rows);
        page.close();
    }
}

/// A text as a code span of one line.
fn code(text: &str) -> String {
    span(&one_line(text, LINE_CHARS_MAX))
}

fn span(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    // A fence longer than any row of ticks inside; a blank keeps a tick at the edge apart from it.
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A text inside HTML, as code.
fn html(text: &str) -> String {
    let text = one_line(text, CELL_CHARS_MAX);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    format!("<code>{text}</code>")
}

fn one_line(text: &str, chars_max: usize) -> String {
    let line: String = clean(text).chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match line.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A comment as it grows. What no longer fits is counted and left out; what was opened is closed all the same.
#[derive(Default)]
struct Page {
    text: String,
    cut: u64,
    /// What was opened and not closed yet.
    is_open: bool,
}

impl Page {
    fn line(&mut self, line: &str) -> bool {
        // Once something was left out, what follows would stand in its place.
        let fits = self.cut == 0 && self.text.len() + line.len() + RESERVE < COMMENT_BYTES_MAX;
        if fits {
            self.text.push_str(line);
            self.text.push('\n');
        } else {
            self.cut += u64::from(!line.is_empty());
        }
        fits
    }

    fn open(&mut self, summary: &str) {
        self.is_open = self.line(&format!("\n<details><summary>{summary}</summary>\n"));
    }

    fn close(&mut self) {
        // What stands in the text says nothing: a cell may hold anything.
        if std::mem::take(&mut self.is_open) {
            self.text.push_str("\n</details>\n");
        }
    }

    fn table(&mut self, headers: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let rule = "|---".repeat(headers.len());
        self.line(&format!("\n| {} |\n{rule}|", headers.join(" | ")));
        for row in rows {
            // Inside a table even a code span ends at a bar that is not escaped.
            let cells: Vec<String> =
                row.iter().map(|cell| span(&one_line(cell, CELL_CHARS_MAX)).replace('|', "\\|")).collect();
            self.line(&format!("| {} |", cells.join(" | ")));
        }
    }

    fn finish(mut self) -> String {
        if self.cut > 0 {
            let cut = count(self.cut, "line");
            self.text.push_str(&format!(
                "\n_{cut} left out: a comment holds {COMMENT_BYTES_MAX} characters. `ownward diff --format json` shows all._\n"
            ));
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_is_markdown() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code("@ana\n# <b>"), "`@ana # <b>`");
        assert_eq!(code("\u{202e}x"), "`\\u{202e}x`");
        assert_eq!(html("<img src=x>"), "<code>&lt;img src=x&gt;</code>");
        let mut page = Page::default();
        page.table(&["a"], &[vec!["x | y".to_owned()]]);
        assert!(page.finish().ends_with("| `x \\| y` |\n"));
    }

    #[test]
    fn a_page_that_grows_too_long_says_what_was_left_out() {
        let mut page = Page::default();
        page.open("many");
        let rows: Vec<Vec<String>> = (0..10_000).map(|row| vec![format!("row {row}")]).collect();
        page.table(&["row"], &rows);
        page.close();
        page.open("after");
        page.close();
        let text = page.finish();
        assert!(text.len() <= COMMENT_BYTES_MAX, "{}", text.len());
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert!(text.contains("lines left out"), "{}", &text[text.len() - 200..]);
    }
}
