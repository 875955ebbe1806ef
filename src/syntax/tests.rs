use super::*;
use crate::diagnostic::render;

fn parse_text(text: &str) -> (Tree, String) {
    let mut sources = Sources::default();
    sources.add("a.own", text);
    let (tree, diagnostics) = parse(&sources);
    let shown: Vec<String> = diagnostics.iter().map(|d| render::plain(d, &sources)).collect();
    (tree, shown.join("\n"))
}

#[test]
fn probe() {
    let text = std::fs::read_to_string(std::env::var("PROBE").unwrap_or_default()).unwrap_or_default();
    let (tree, shown) = parse_text(&text);
    println!("{tree:#?}\n{shown}");
}
