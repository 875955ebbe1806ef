//! Text from policies and records, made harmless wherever it is shown (design section 8).

/// Text with control and direction characters made visible: nothing in a message can move a cursor or reorder a line.
pub fn clean(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.chars().any(hidden) {
        return text.to_owned();
    }
    text.chars().map(|c| if hidden(c) { format!("\\u{{{:x}}}", c as u32) } else { c.to_string() }).collect()
}
