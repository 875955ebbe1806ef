use super::*;
use crate::diagnostic::render;

fn parse_text(text: &str) -> (Tree, String) {
    let mut sources = Sources::default();
    sources.add("a.own", text);
    let (tree, diagnostics) = parse(&sources);
    let shown: Vec<String> = diagnostics.iter().map(|d| render::plain(d, &sources)).collect();
    (tree, shown.join("\n"))
}

fn outline(text: &str) -> String {
    let (tree, shown) = parse_text(text);
    assert_eq!(shown, "", "{text}");
    tree.outline()
}

#[test]
fn includes_is_not_read_as_in() {
    let shown = outline("when interests includes any of (Upsell, Renewal) assign to Sales");
    assert!(shown.contains("(includes Any ('interests') (('Upsell') ('Renewal')))"), "{shown}");
}

#[test]
fn a_keyword_is_a_value_where_no_list_follows() {
    let shown = outline("when state is IN and country = \"US\" assign to Sales");
    assert!(shown.contains("(is false ('state') ('IN'))"), "{shown}");
    let shown = outline("when most of { state is in\n other: country = OR } assign to Sales");
    assert!(shown.contains("-: (is false ('state') ('in')) 'other': "), "{shown}");
}

#[test]
fn a_field_may_be_called_like_an_attribute() {
    let shown = outline("record Account {\n  id text, key,\n  key text\n  amount money\n  in text\n}");
    assert!(shown.contains("'key' text []\n"), "{shown}");
    assert!(shown.contains("'amount' money []\n  'in' text []\n"), "{shown}");
}

#[test]
fn a_comment_behind_a_rule_is_no_part_of_it() {
    let text = "when a = b assign to X # not this\n# nor this\notherwise keep owner\n";
    let (tree, _) = parse_text(text);
    let span = tree.loose[0].span;
    assert_eq!(&text[span.start as usize..span.end as usize], "when a = b assign to X");
}

#[test]
fn places_behind_a_mended_word_are_those_of_the_file() {
    // The keyword is longer than what was typed, then shorter.
    for text in ["\nrecrd Account {\n  id text, key\n}\n", "\nreccord Account {\n  id text, key\n}\n"] {
        let (tree, shown) = parse_text(text);
        assert!(shown.contains("did you mean `record`?"), "{shown}");
        let place = |span: Span| &text[span.start as usize..span.end as usize];
        assert_eq!(place(tree.records[0].name.span), "Account");
        assert_eq!(place(tree.records[0].fields[0].name.span), "id");
    }
}

#[test]
fn one_mended_slip_does_not_hide_the_next() {
    let (tree, shown) = parse_text("wehn a == b asign to X\nwhne c = d assign to Y\n");
    assert_eq!(shown.matches("error[").count(), 4, "{shown}");
    assert_eq!(tree.loose.len(), 2);
}

#[test]
fn what_no_single_word_mends_is_left_as_it_is() {
    let (tree, shown) = parse_text("when a = b blue green assign to\n");
    assert!(tree.loose.is_empty());
    assert!(!shown.contains("did you mean"), "{shown}");
}
