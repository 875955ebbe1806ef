//! Comments behind lines, in one column where they stand below each other.

use super::doc::{OutLine, margin};

/// Lines wider than this keep their comment right behind them and do not push those of their neighbours.
const ALIGN_COLUMNS_MAX: usize = 70;

/// The finished text of all lines.
pub(super) fn comments(lines: &[OutLine]) -> String {
    let mut out = String::new();
    let mut index = 0;
    while index < lines.len() {
        let run = run_length(&lines[index..]);
        let column = lines[index..index + run].iter().map(|line| line.code.chars().count()).max().unwrap_or(0);
        for line in &lines[index..index + run] {
            write(&mut out, line, column);
        }
        index += run;
    }
    out
}

/// How many lines, from the first on, share a column of comments; at least one.
fn run_length(lines: &[OutLine]) -> usize {
    let joins = |line: &OutLine| {
        line.comment.is_some()
            && !line.code.is_empty()
            // What closes a block says nothing that its neighbours say too.
            && !line.code.starts_with(['}', ')'])
            && line.code.chars().count() <= ALIGN_COLUMNS_MAX
            && line.indent == lines[0].indent
    };
    lines.iter().take_while(|line| joins(line)).count().max(1)
}

fn write(out: &mut String, line: &OutLine, column: usize) {
    if line.code.is_empty() && line.comment.is_none() {
        out.push('\n');
        return;
    }
    out.push_str(&margin(line.indent));
    out.push_str(&line.code);
    if let Some(comment) = &line.comment {
        if !line.code.is_empty() {
            let width = line.code.chars().count();
            out.extend(std::iter::repeat_n(' ', column.saturating_sub(width) + 1));
        }
        out.push_str(comment);
    }
    out.push('\n');
}
