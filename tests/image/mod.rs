//! Roots out of archives, images and registries: hostile ones made here, honest ones compared with what other tools make.

use crate::support::runner::Test;

mod child;
mod faithful;
mod hostile;
mod images;
mod layout;
mod peers;
mod registry;
mod server;
mod store;
mod tarball;
mod tree;

pub(crate) use child::run as child;

/// All topics' tests.
pub(crate) const TOPICS: &[&[Test]] =
    &[faithful::TESTS, hostile::TESTS, images::TESTS, peers::TESTS, registry::TESTS, store::TESTS];
