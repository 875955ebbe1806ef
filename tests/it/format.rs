//! The layout of policies: pairs on disk, and properties over noisy ones.

use crate::noisy::{self, Dice};
use ownward::format::{FormatError, format};
use ownward::source::Sources;
use ownward::syntax::parse;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn policies(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_pair_is_formatted_as_written_beside_it() {
    for file in policies("tests/format") {
        let name = file.to_string_lossy().into_owned();
        if name.ends_with(".formatted.own") || !name.ends_with(".own") {
            continue;
        }
        let beside = PathBuf::from(name.replace(".own", ".formatted.own"));
        let text = std::fs::read_to_string(&file).unwrap();
        let tidy = format(&text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&beside, &tidy).unwrap();
        }
        let wanted = std::fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(tidy, wanted, "{name}: run the tests with UPDATE=1 to take the new layout");
        assert_eq!(format(&tidy).as_ref(), Ok(&tidy), "{name}: formatting twice changes it again");
    }
}

fn outline(text: &str) -> String {
    let mut sources = Sources::default();
    sources.add("a.own", text);
    parse(&sources).0.outline()
}

/// Comments as the test sees them: texts end on their line, so quotes left of a `#` tell whether it is inside one.
fn comments(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '\r']);
    let comment = |line: &str| {
        let plain = line.replace("\\\\", "__").replace("\\\"", "__");
        let at = plain.match_indices('#').find(|(at, _)| plain[..*at].matches('"').count().is_multiple_of(2))?.0;
        Some(line[at..].trim_end_matches([' ', '\t', '\u{a0}', '\u{feff}']).to_owned())
    };
    lines.filter_map(comment).collect()
}

fn assert_kept(text: &str) {
    let tidy = format(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let again = format(&tidy).unwrap_or_else(|error| panic!("{error:?}\n{tidy}"));
    assert!(again == tidy, "formatting twice changes it again\n{text}\n-- once:\n{tidy}\n-- twice:\n{again}");
    assert_eq!(comments(&tidy), comments(text), "{text}\nbecame\n{tidy}");
    assert_eq!(outline(&tidy), outline(text), "{text}\nbecame\n{tidy}");
    assert!(!tidy.contains("\n\n\n") && !tidy.contains('\r') && !tidy.contains('\t'), "{tidy}");
    assert!(tidy.lines().all(|line| line == line.trim_end_matches(' ')), "{tidy}");
    assert!(tidy.is_empty() || (tidy.ends_with('\n') && !tidy.ends_with("\n\n") && !tidy.starts_with('\n')), "{tidy}");
}

proptest! {
    #![proptest_config(crate::cases::config(crate::cases::count(100)))]

    #[test]
    fn noise_changes_neither_meaning_nor_comments(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        assert_kept(&noisy::policy(&mut Dice::new(&bytes)));
    }

    #[test]
    fn a_damaged_policy_is_refused_or_kept(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        at in any::<proptest::sample::Index>(),
        cut in 0_usize..6,
        put in "[ -~\u{e4}\n]{0,3}",
    ) {
        let mut chars: Vec<char> = noisy::policy(&mut Dice::new(&bytes)).chars().collect();
        let at = at.index(chars.len() + 1);
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, put.chars());
        let text: String = chars.into_iter().collect();
        match format(&text) {
            Err(FormatError::Broken(diagnostics)) => {
                assert!(!diagnostics.is_empty());
                let inside = |start: u32, end: u32| start <= end && end as usize <= text.len() + 1;
                let labels = diagnostics.iter().flat_map(|found| found.primary.iter().chain(&found.others));
                labels.for_each(|label| assert!(inside(label.span.start, label.span.end), "{label:?} of {text}"));
            }
            _ => assert_kept(&text),
        }
    }
}

#[test]
fn a_broken_file_is_refused_with_all_its_errors() {
    let Err(FormatError::Broken(diagnostics)) = format("when a == b assign to X\nwhen c && d assign to Y\n") else {
        panic!("two foreign habits were let through");
    };
    assert_eq!(diagnostics.len(), 2);
}

#[test]
fn nothing_and_comments_alone_are_fine() {
    assert_eq!(format("").as_deref(), Ok(""));
    assert_eq!(format("\u{feff}\n\n").as_deref(), Ok(""));
    assert_eq!(format("\r\n# a  \r\n\r\n\r\n  # b").as_deref(), Ok("# a\n\n# b\n"));
}

/// The word that `->` stands for once grew into its neighbours, and places behind it ended before they began.
#[test]
fn labels_around_a_mended_arrow_do_not_end_before_they_begin() {
    for text in ["queue a,is->\nnger,b", "queue a,is->\u{e4}\nnger,b", "queue is->\nany-column"] {
        let Err(FormatError::Broken(diagnostics)) = format(text) else {
            panic!("{text} was let through");
        };
        let labels = diagnostics.iter().flat_map(|found| found.primary.iter().chain(&found.others));
        let spans: Vec<_> = labels.map(|label| label.span).collect();
        assert!(!spans.is_empty() && spans.iter().all(|span| span.start <= span.end), "{spans:?} of {text}");
    }
}

#[test]
fn a_criterion_that_ends_in_a_word_of_comparison_keeps_its_comma() {
    let text = "when at least 2 of{\nnot type does not contain,\nnot arr != yes} assign to X\n";
    assert_kept(text);
    let tidy = format(text).unwrap();
    assert!(tidy.contains("contain,\n"), "{tidy}");
}
