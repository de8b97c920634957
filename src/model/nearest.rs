//! The names that were probably meant.

/// Names longer than this are nobody's typing error.
const LONGEST: usize = 100;

/// `[any]` Up to three names within a typing error or two of what was written, best first, in any case.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let written = written.trim().to_lowercase();
    let length = written.chars().count();
    if length > LONGEST {
        return Vec::new();
    }
    let mut scored: Vec<(usize, &str)> = names
        .filter(|name| name.chars().count() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= (length / 3).max(2))
        .collect();
    scored.sort_unstable();
    scored.dedup_by_key(|(_, name)| *name);
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_forgiven_and_nonsense_is_not() {
        let names = ["Wet Level", "Dry Level", "Predelay", "Gain"];
        assert_eq!(nearest("Wet Levl", names.into_iter())[0], "Wet Level");
        assert_eq!(nearest("gian", names.into_iter()), ["Gain"]);
        assert!(nearest("a very other thing", names.into_iter()).is_empty());
        assert!(nearest(&"x".repeat(1000), names.into_iter()).is_empty());
    }
}
