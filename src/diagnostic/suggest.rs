//! Did-you-mean: the one name a person most likely meant, or none.

/// The candidate nearest to `wanted`, when it is near: the same letters in another case, or at most a third of the
/// word changed. Ties go to the candidate that comes first.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted_folded = wanted.to_lowercase();
    let length = wanted.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let folded = candidate.to_lowercase();
            if folded == wanted_folded {
                return Some((0, candidate));
            }
            let longest = length.max(candidate.chars().count());
            // The distance is at least the difference in length: skip the costly part for the hopeless.
            if longest.abs_diff(length.min(candidate.chars().count())) * 3 > longest {
                return None;
            }
            let distance = strsim::osa_distance(&wanted_folded, &folded);
            (distance * 3 <= longest).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// As [`nearest`], as a sentence for `help`.
pub fn did_you_mean<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(wanted, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// Letters of a word below which a single changed one may make another word: `DE` and `DK`.
const SURE_CHARS_MIN: usize = 4;

/// The one candidate that `wanted` can only be a slip of: a single letter differs (or the case), and no other candidate is near.
pub fn surely<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut near: Vec<&str> = candidates.into_iter().filter(|one| nearest(wanted, [*one]).is_some()).collect();
    near.sort_unstable();
    near.dedup();
    let [only] = near.as_slice() else { return None };
    let distance = strsim::osa_distance(&wanted.to_lowercase(), &only.to_lowercase());
    (distance <= 1 && wanted.chars().count() >= SURE_CHARS_MIN).then_some(*only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_sure_only_with_one_letter_and_one_candidate() {
        assert_eq!(surely("Activ", ["Active", "Churned"]), Some("Active"));
        assert_eq!(surely("Activ", ["Active", "Actin"]), None);
        assert_eq!(surely("Actv", ["Active"]), None);
        assert_eq!(surely("DR", ["DE"]), None);
    }

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let names = ["status", "stage", "country"];
        assert_eq!(nearest("statuss", names), Some("status"));
        assert_eq!(nearest("COUNTRY", names), Some("country"));
        assert_eq!(nearest("employees", names), None);
        assert_eq!(nearest("", names), None);
    }
}
