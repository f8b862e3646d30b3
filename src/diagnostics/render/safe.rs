//! Text of the user that a terminal may see: no control characters, no change of direction.
//!
//! A file is hostile until proven otherwise: a name with an escape sequence could rewrite the screen.

use std::borrow::Cow;
use std::fmt::Write;

/// Replaces what a terminal would act on by its escape, newlines aside.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && acts(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push(' '),
            c if acts(c) => {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Says whether a terminal does something else with a character than show it: C0, C1, bidirectional controls
/// (Unicode TR 36), line and paragraph separators, the byte order mark.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("\u{9b}2J\u{202e}x\n\ty"), "\\u{9b}2J\\u{202e}x\n y");
        assert_eq!(safe("größe 尺寸"), "größe 尺寸");
    }
}
