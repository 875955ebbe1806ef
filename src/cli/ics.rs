//! Days as a calendar that other programs subscribe to: iCalendar (RFC 5545), all-day events only.
//!
//! A pure function of what it is given, the moment of writing included, so that the same days give the same bytes.

use crate::value::time::{DAY_MAX, date, timestamp};

/// Something on a day, or from a day to a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEvent {
    /// Tells the event from all others for as long as it exists: the same one in a later file replaces it. See [`uid`].
    pub uid: String,
    /// The first day, since 1970-01-01.
    pub day: i32,
    /// The last day, included; the first one where it lies before that.
    pub end_day: i32,
    pub summary: String,
    /// More words, line ends allowed; none where it is empty.
    pub description: String,
}

/// Octets of a line, its end not counted (RFC 5545, section 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// The text of a calendar, `name` shown by programs as its title. `written_at` is an instant in microseconds.
///
/// Events stand in the order given. Without events it is a calendar without events, which some programs do not import.
pub fn calendar(name: &str, events: &[CalendarEvent], written_at: i64) -> String {
    let mut out = Lines::default();
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//Ownward//Ownward//EN");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    out.text("X-WR-CALNAME", name);
    let stamp = timestamp(written_at).strftime("%Y%m%dT%H%M%SZ").to_string();
    for event in events {
        out.line("BEGIN:VEVENT");
        out.text("UID", &event.uid);
        out.line(&format!("DTSTAMP:{stamp}"));
        out.line(&format!("DTSTART;VALUE=DATE:{}", day(event.day)));
        // The end of an all-day event is the first day after it (RFC 5545, section 3.6.1). The calendar's last day has
        // none: an event without an end is one day long.
        if let Some(after) = event.end_day.max(event.day).checked_add(1).filter(|after| *after <= DAY_MAX) {
            out.line(&format!("DTEND;VALUE=DATE:{}", day(after)));
        }
        out.text("SUMMARY", &event.summary);
        if !event.description.is_empty() {
            out.text("DESCRIPTION", &event.description);
        }
        // A day on which owners change keeps nobody from meeting.
        out.line("TRANSP:TRANSPARENT");
        out.line("END:VEVENT");
    }
    out.line("END:VCALENDAR");
    out.0
}

/// A stable identifier from what names an event: equal parts give equal identifiers, others others. Plain letters and
/// digits, so that nobody's name stands in it (RFC 7986, section 5.3).
pub fn uid(parts: &[&str]) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digits: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}@ownward")
}

fn day(day: i32) -> String {
    date(day).strftime("%Y%m%d").to_string()
}

/// Lines that end in CR and LF.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A property whose value is text.
    fn text(&mut self, property: &str, value: &str) {
        self.line(&format!("{property}:{}", escaped(value)));
    }

    /// One line, folded: every further part begins with a blank, and no letter is cut.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for letter in line.chars() {
            if octets + letter.len_utf8() > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(letter);
            octets += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// Text as a value: marks with a meaning behind a backslash, line ends as `\n`, other control characters left out (RFC
/// 5545, section 3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                out.push_str("\\n");
            }
            '\n' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', letter]),
            '\t' => out.push('\t'),
            control if control.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::{DAY_MIN, parse_day};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn event(day: &str, end_day: &str, summary: &str, description: &str) -> CalendarEvent {
        let [day, end_day] = [day, end_day].map(|day| parse_day(day).unwrap());
        CalendarEvent { uid: "u1".into(), day, end_day, summary: summary.into(), description: description.into() }
    }

    fn written(events: &[CalendarEvent]) -> String {
        // 2026-11-21T20:00:00Z, with a fraction that is left out.
        calendar("Ownward: crm", events, 1_795_291_200_500_000)
    }

    #[test]
    fn a_calendar_is_written_whole() {
        let one = event("2027-06-30", "2027-06-30", "Pin ends: A-17", "Ana Silva; then rules\nOPS-212, by \\hand");
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Ownward//Ownward//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "X-WR-CALNAME:Ownward: crm",
            "BEGIN:VEVENT",
            "UID:u1",
            "DTSTAMP:20261121T200000Z",
            "DTSTART;VALUE=DATE:20270630",
            "DTEND;VALUE=DATE:20270701",
            "SUMMARY:Pin ends: A-17",
            "DESCRIPTION:Ana Silva\\; then rules\\nOPS-212\\, by \\\\hand",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
        ];
        assert_eq!(written(&[one]), expected.map(|line| format!("{line}\r\n")).concat());
        assert!(!written(&[]).contains("VEVENT"));
    }

    #[test]
    fn an_end_is_the_day_after_and_never_before_the_start() {
        let ends = |event: CalendarEvent| {
            let text = written(&[event]);
            text.lines().find_map(|line| line.strip_prefix("DTEND;VALUE=DATE:").map(str::to_owned))
        };
        assert_eq!(ends(event("2026-12-24", "2026-12-31", "s", "")).as_deref(), Some("20270101"));
        assert_eq!(ends(event("2026-12-24", "2026-12-01", "s", "")).as_deref(), Some("20261225"));
        assert_eq!(ends(event("9999-12-31", "9999-12-31", "s", "")), None);
        let beyond = CalendarEvent { day: i32::MIN, end_day: i32::MAX, ..event("2026-12-24", "2026-12-24", "s", "") };
        assert!(written(std::slice::from_ref(&beyond)).contains("DTSTART;VALUE=DATE:00010101\r\n"));
        assert_eq!(ends(beyond), None);
        assert!(
            written(&[CalendarEvent { day: DAY_MIN, ..event("2026-12-24", "2026-12-24", "s", "") }])
                .contains(":00010101")
        );
    }

    #[test]
    fn line_ends_of_all_kinds_are_one_mark_and_control_characters_go() {
        assert_eq!(escaped("a\r\nb\rc\nd\u{7}\u{1b}[0m\te"), "a\\nb\\nc\\nd[0m\te");
    }

    #[test]
    fn identifiers_are_stable_and_tell_parts_apart() {
        assert_ne!(uid(&["pin", "A-17"]), uid(&["pinA", "-17"]));
        assert_eq!(uid(&["pin", "A-17"]), "8622fca4959140b35f24b02c43e86510@ownward");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(20_261_121),
            ..ProptestConfig::with_cases(128)
        })]

        /// Read back as the standard says: unfolded, then every mark taken at its word.
        #[test]
        fn any_text_comes_back(summary in "\\PC{0,120}", description in "[\\PC\n;,\\\\]{1,200}", day in DAY_MIN..DAY_MAX) {
            let event =
                CalendarEvent { uid: uid(&[&summary]), day, end_day: day, summary: summary.clone(), description: description.clone() };
            let text = written(&[event]);
            prop_assert!(text.ends_with("\r\n"));
            let lines: Vec<&str> = text.trim_end_matches("\r\n").split("\r\n").collect();
            prop_assert!(lines.iter().all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
            let whole = text.replace("\r\n ", "");
            let value = |property: &str| {
                let line = whole.split("\r\n").find_map(|line| line.strip_prefix(property)?.strip_prefix(':'));
                line.map(|line| {
                    let mut letters = line.chars();
                    let mut out = String::new();
                    while let Some(letter) = letters.next() {
                        out.push(match letter {
                            '\\' => letters.next().map_or('\\', |next| if next == 'n' { '\n' } else { next }),
                            letter => letter,
                        });
                    }
                    out
                })
            };
            prop_assert_eq!(value("SUMMARY"), Some(summary));
            prop_assert_eq!(value("DESCRIPTION"), Some(description));
        }
    }
}
