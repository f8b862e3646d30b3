//! Doing it: everything that touches the machine lives here, and nowhere left of it.
#![allow(clippy::disallowed_methods, reason = "the runtime is where effects live")]

pub mod image;
