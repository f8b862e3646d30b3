//! The `launch` command: the words, to the command line, to an exit code.
//!
//! `main` is C's own: what std does before and after a Rust `main` (a handler for stack overflows, the size of the stack out
//! of /proc/self/maps) costs a third of what a launch may cost, and is of no use to a program that waits.
#![cfg_attr(not(test), no_main)]
#![allow(unsafe_code, reason = "a fence file: the C entry point")]

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

/// Entry point of the C library.
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    launch::cli::prepare_streams();
    let word = |index: usize| -> OsString {
        // SAFETY: the C library passes `count` strings that live as long as the process (execve(2)).
        OsStr::from_bytes(unsafe { CStr::from_ptr(*words.add(index)) }.to_bytes()).to_owned()
    };
    launch::cli::main((0..usize::try_from(count).unwrap_or(0)).map(word).collect()).into()
}
