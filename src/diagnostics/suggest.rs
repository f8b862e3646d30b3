//! Did you mean: the nearest of the known words.
//!
//! Knows no words of its own.

/// The known word that a word was likely meant to be: equal but for case and `-` `_`, or a few letters off.
pub fn suggest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = normal(word);
    // A third of the word may be wrong, as in `hostnam`, `memroy`; short words allow one letter.
    let allowed = (plain.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&plain, &normal(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A word without case, `-`, `_` and leading dashes: `--memHigh` and `mem_high` are the same.
pub(super) fn normal(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Letters to change; a word that only lacks its end, as `mem` of `memory`, is near.
fn distance(word: &str, candidate: &str) -> usize {
    if word.len() > 64 {
        return usize::MAX;
    }
    let letters = strsim::damerau_levenshtein(word, candidate);
    if word.chars().count() >= 3 && candidate.starts_with(word) { letters.min(1) } else { letters }
}

#[cfg(test)]
mod tests {
    use super::suggest;

    const KEYS: [&str; 6] = ["hostname", "domainname", "memory", "memory_high", "args", "env"];

    #[test]
    fn near_words_are_found() {
        for (typed, meant) in [
            ("hostnam", "hostname"),
            ("memroy", "memory"),
            ("memoryHigh", "memory_high"),
            ("ENV", "env"),
            ("arg", "args"),
        ] {
            assert_eq!(suggest(typed, KEYS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn far_words_are_not() {
        for typed in ["", "x", "volumes", "zzz", "priority", &"a".repeat(1000)] {
            assert_eq!(suggest(typed, KEYS), None, "{typed}");
        }
    }
}
