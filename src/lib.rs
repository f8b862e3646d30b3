//! `launch`: a small compiler whose output is a process.
//!
//! ```text
//! container.toml ──> config ──> diagnostics ──> plan ───────────> runtime
//!      text          typed,     every mistake,   ordered steps,    program ──clone──> child
//!                    spanned    with its span    each with the     (C strings, fds;   runs the steps,
//!                    tree                        span it is for    no heap after it)  then execs
//!                  \____________________ pure ___________________/ \_____ effects _____/
//! ```

pub mod cli;
pub mod config;
pub mod diagnostics;
pub mod pipeline;
pub mod plan;
pub mod runtime;
