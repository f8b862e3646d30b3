//! How pictures are drawn on this terminal.

use std::io::IsTerminal;

use super::args::{Color, Global};
use crate::diagnostics::{Style, render};
use crate::pipeline::Loaded;

/// Columns where the terminal does not say.
const WIDTH: usize = 100;

/// Returns the style of standard error.
pub(super) fn style(global: &Global) -> Style {
    let terminal = std::io::stderr().is_terminal();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !no_color,
    };
    let width = if terminal {
        rustix::termios::tcgetwinsize(std::io::stderr()).map_or(WIDTH, |size| usize::from(size.ws_col).clamp(60, 140))
    } else {
        WIDTH
    };
    Style { color, unicode: true, width }
}

/// Draws the problems of a file on standard error.
pub(super) fn show(loaded: &Loaded, global: &Global) {
    eprint!("{}", render(&loaded.problems, &loaded.tree, &loaded.sources, style(global)));
}
