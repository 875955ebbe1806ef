//! Text equality: NFC, trimmed, full case folding (design section 3, point 6; Unicode default case folding, not Turkish).

use caseless::Caseless;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The form under which two texts are the same word: `" Straße "` and `"STRASSE"` fold alike.
pub fn fold(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Folding can denormalise (and NFC can undo a fold), so normalise on both sides as Unicode D145 does.
    text.chars().nfd().default_case_fold().nfc().collect()
}

/// Trimmed and normalised, letter case kept: what `is exactly` compares.
pub fn nfc(text: &str) -> String {
    let text = text.trim();
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        _ => text.nfc().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_full_and_not_turkish() {
        assert_eq!(fold(" Straße "), fold("STRASSE"));
        assert_eq!(fold("İ"), "i\u{307}");
        assert_ne!(fold("I"), fold("ı"));
        assert_eq!(fold("e\u{301}"), fold("É"));
        assert_eq!(nfc(" e\u{301} "), "é");
    }
}
