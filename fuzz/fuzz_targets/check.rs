//! Any bytes as a file: it is read, and everything that is wrong with it is drawn, without a panic.
#![no_main]

use launch::config::{Sources, parse};
use launch::diagnostics::{Diagnostics, Style, decode, read, render, syntax};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes.to_vec()) else { return };
    let (mut sources, mut problems) = (Sources::default(), Diagnostics::default());
    let id = sources.add("container.toml", text);
    let (tree, errors) = parse(&sources, id);
    syntax(&errors, &sources, &mut problems);
    read(&tree, &mut problems);
    render(&problems, &tree, &sources, Style::default());
});
