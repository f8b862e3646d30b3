//! Sizes, durations and octal modes: what a number or a string means.

use std::time::Duration;

use crate::config::NumberOrText;

/// Why a size, duration or mode is wrong: a message, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong with it.
    pub message: String,
    /// What to write.
    pub help: String,
    /// True where two readings are possible, as `50MB`.
    pub ambiguous: bool,
}

impl Unreadable {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Unreadable {
        Unreadable { message: message.into(), help: help.into(), ambiguous: false }
    }
}

/// The suffixes of sizes: powers of 1024, as in the kernel's own memparse().
const UNITS: [(&str, u32); 4] = [("K", 10), ("M", 20), ("G", 30), ("T", 40)];

/// Reads a size in bytes: an integer, or a string as `"50MiB"`, `"50M"`.
pub fn size(value: &NumberOrText) -> Result<u64, Unreadable> {
    match value {
        NumberOrText::Number(number) => u64::try_from(*number)
            .map_err(|_| Unreadable::new(format!("{number} is negative"), "write a size of 0 or more bytes")),
        NumberOrText::Text(text) => size_text(text),
    }
}

fn size_text(text: &str) -> Result<u64, Unreadable> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = unit.trim_start();
    let not_a_size = || {
        Unreadable::new(
            format!("`{text}` is not a size"),
            "write bytes as an integer, or a string as \"50MiB\" (K, M, G, T are powers of 1024)",
        )
    };
    if number.is_empty() {
        return Err(not_a_size());
    }
    let shift = if unit.is_empty() || unit == "B" { 0 } else { unit_shift(number, unit).ok_or_else(not_a_size)?? };
    if number.contains('.') {
        return fraction(text, number, shift);
    }
    let number: u64 = number.replace('_', "").parse().map_err(|_| too_large(text))?;
    number.checked_mul(1 << shift).filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or_else(|| too_large(text))
}

/// Returns the power of two of a unit; `None` where it is no unit, an error where it can be read in two ways.
fn unit_shift(number: &str, unit: &str) -> Option<Result<u32, Unreadable>> {
    let upper = unit.to_ascii_uppercase();
    let (letter, shift) = UNITS.into_iter().find(|(letter, _)| upper.starts_with(letter))?;
    match upper.get(1..)? {
        "" | "IB" => Some(Ok(shift)),
        "B" => Some(Err(ambiguous(number, letter, unit, shift))),
        _ => None,
    }
}

/// `50MB`: both readings, and how to write each.
fn ambiguous(number: &str, letter: &str, unit: &str, shift: u32) -> Unreadable {
    let times = |factor: u64| number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    let (message, decimal) = match (times(1000u64.pow(shift / 10)), times(1 << shift)) {
        (Some(decimal), Some(binary)) => {
            (format!("`{number}{unit}` can be {decimal} or {binary} bytes"), decimal.to_string())
        }
        _ => (format!("`{number}{unit}` can be read in two ways"), "the bytes as an integer".to_owned()),
    };
    let help = format!("write \"{number}{letter}iB\" for powers of 1024, as the kernel counts, or {decimal}");
    Unreadable { message, help, ambiguous: true }
}

/// Reads `1.5GiB`: up to three decimals.
fn fraction(text: &str, number: &str, shift: u32) -> Result<u64, Unreadable> {
    let whole = || {
        Unreadable::new(
            format!("`{text}` is not a whole number of bytes"),
            "write the bytes as an integer, or a smaller unit",
        )
    };
    let (before, after) = number.split_once('.').ok_or_else(whole)?;
    let digits =
        u32::try_from(after.len()).ok().filter(|digits| (1..=3).contains(digits) && shift > 0).ok_or_else(whole)?;
    let thousandths: u64 = format!("{before}{after}").parse().map_err(|_| whole())?;
    let scaled = u128::from(thousandths) << shift;
    u64::try_from(scaled / u128::from(10u64.pow(digits)))
        .ok()
        .filter(|bytes| i64::try_from(*bytes).is_ok())
        .ok_or_else(|| too_large(text))
}

fn too_large(text: &str) -> Unreadable {
    Unreadable::new(format!("`{text}` is larger than 2^63 - 1 bytes"), "write a smaller size")
}

/// Reads a duration: an integer of seconds, or a string as `"10s"`, `"1h30m"`, `"250ms"`.
pub fn duration(value: &NumberOrText) -> Result<Duration, Unreadable> {
    match value {
        NumberOrText::Number(number) => u64::try_from(*number)
            .map(Duration::from_secs)
            .map_err(|_| Unreadable::new(format!("{number} is negative"), "write a duration of 0 seconds or more")),
        NumberOrText::Text(text) => duration_text(text.trim()),
    }
}

fn duration_text(text: &str) -> Result<Duration, Unreadable> {
    let wrong = || {
        Unreadable::new(
            format!("`{text}` is not a duration"),
            "write seconds as an integer, or a string as \"10s\", \"1h30m\", \"250ms\"",
        )
    };
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = rest.get(..digits).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
        rest = rest.get(digits..).unwrap_or_default();
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = rest.get(..letters).unwrap_or_default().trim();
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" | "sec" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = rest.get(letters..).unwrap_or_default();
    }
    Ok(total)
}

/// Reads an octal mode of at most `max`, as `"0755"`.
pub fn octal(text: &str, max: u32) -> Result<u32, Unreadable> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= max && !digits.starts_with('+')).ok_or_else(|| {
        Unreadable::new(
            format!("`{text}` is not an octal mode from 0 to {max:04o}"),
            "write it in octal, as a string: \"0755\"",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> NumberOrText {
        NumberOrText::Text(value.into())
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (written, bytes) in [
            ("0", 0),
            ("1K", 1024),
            ("50MiB", 50 << 20),
            ("50M", 50 << 20),
            ("2g", 2 << 30),
            ("1.5GiB", 3 << 29),
            ("1_000", 1000),
            ("7B", 7),
        ] {
            assert_eq!(size(&text(written)), Ok(bytes), "{written}");
        }
        assert_eq!(size(&NumberOrText::Number(42)), Ok(42));
    }

    #[test]
    fn ambiguous_sizes_offer_both_readings() {
        let error = size(&text("50MB")).unwrap_err();
        assert!(error.ambiguous && error.help.contains("50MiB") && error.help.contains("50000000"), "{error:?}");
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for written in ["", "M", "-1", "1X", "1MiBs", "99999999T", "1.5", "1.2345G", "0x10", "1 2", "ﬀ", "1é"] {
            assert!(size(&text(written)).is_err(), "{written}");
        }
    }

    #[test]
    fn durations_add_up() {
        for (written, milliseconds) in
            [("10s", 10_000), ("1h30m", 5_400_000), ("250ms", 250), ("1d", 86_400_000), ("0s", 0)]
        {
            assert_eq!(duration(&text(written)), Ok(Duration::from_millis(milliseconds)), "{written}");
        }
        for written in ["", "10", "s", "10 parsecs", "-1s", "99999999999999999999s", "1é"] {
            assert!(duration(&text(written)).is_err(), "{written}");
        }
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(octal("0755", 0o7777), Ok(0o755));
        assert_eq!(octal("1777", 0o7777), Ok(0o1777));
        for written in ["", "8", "99999", "rwx", "+7", "-1"] {
            assert!(octal(written, 0o7777).is_err(), "{written}");
        }
    }
}
