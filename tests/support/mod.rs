//! What the tests stand on: the builder that runs `launch`, what it needs of the machine, and what it may not leave behind.

#![allow(dead_code, unused_imports, reason = "a kit: what the tests of one day do not use, those of the next do")]

pub(crate) mod builder;
pub(crate) mod golden;
pub(crate) mod host;
pub(crate) mod leftovers;
pub(crate) mod made_up;
pub(crate) mod needs;
pub(crate) mod outcome;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod runner;
pub(crate) mod terminal;

pub(crate) use builder::{By, Launch, everyone, with_places};
pub(crate) use needs::{Need, needs};
pub(crate) use outcome::Outcome;
