//! The one integration test binary: the list of test modules, and nothing else. tests/README.md says how it works.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wrong_self_convention,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "tests act on the machine, and fail by panicking"
)]

mod architecture;
mod authoring;
mod codes;
mod editors;
mod escape;
mod examples;
mod image;
mod invalid;
mod layers;
mod readme;
mod run;
mod schema;
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(done) = image::child() {
        return done;
    }
    let mut trials = Vec::new();
    trials.extend(support::runner::trials(architecture::TESTS));
    trials.extend(support::runner::trials(readme::TESTS));
    trials.extend(support::runner::trials(codes::TESTS));
    trials.extend(support::runner::trials(invalid::TESTS));
    trials.extend(support::runner::trials(schema::TESTS));
    trials.extend(support::runner::trials(layers::TESTS));
    trials.extend(support::runner::trials(authoring::TESTS));
    trials.extend(support::runner::trials(editors::TESTS));
    trials.extend(invalid::trials());
    trials.extend(examples::trials());
    for topic in run::TOPICS.iter().chain(escape::TOPICS).chain(image::TOPICS) {
        trials.extend(support::runner::trials(topic));
    }
    support::runner::run(trials)
}
