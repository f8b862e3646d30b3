//! Real launches, one file a topic; the topics have the names that they have in `src/config/` and `src/plan/`.

use crate::support::runner::Test;

mod cli;
mod command;
mod debian;
mod env;
mod faults;
mod lifecycle;
mod limits;
mod mounts;
mod namespaces;
mod odd_files;
mod report;
mod rootfs;
mod signals;
mod stdio;
mod stopping;
mod surroundings;
mod terminal;
mod users;

/// All topics' tests.
pub(crate) const TOPICS: &[&[Test]] = &[
    cli::TESTS,
    command::TESTS,
    debian::TESTS,
    env::TESTS,
    faults::TESTS,
    lifecycle::TESTS,
    limits::TESTS,
    mounts::TESTS,
    namespaces::TESTS,
    odd_files::TESTS,
    report::TESTS,
    rootfs::TESTS,
    signals::TESTS,
    stdio::TESTS,
    stopping::TESTS,
    surroundings::TESTS,
    terminal::TESTS,
    users::TESTS,
];
