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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let names = ["status", "stage", "country"];
        assert_eq!(nearest("statuss", names), Some("status"));
        assert_eq!(nearest("COUNTRY", names), Some("country"));
        assert_eq!(nearest("employees", names), None);
        assert_eq!(nearest("", names), None);
    }
}
