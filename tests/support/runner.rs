//! From test functions to libtest-mimic's trials: panics, skips, the rule about skips, the last look for leftovers.

use super::needs::Skip;
use super::{leftovers, place};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

/// One test: its full name and its function.
pub(crate) type Test = (&'static str, fn());

/// Lists the tests of a module; a function that is not listed is dead code, which the lints refuse.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const TESTS: &[$crate::support::runner::Test] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name as fn())),+];
    };
}
pub(crate) use tests;

thread_local! {
    /// Where the last panic of this thread happened: the payload does not know.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes a trial of each test of a module's list.
pub(crate) fn trials(tests: &'static [Test]) -> impl Iterator<Item = Trial> {
    tests.iter().map(|&(name, test)| trial(name.trim_start_matches("main::"), test))
}

/// Makes one trial; for tests of which there is one for each file.
pub(crate) fn trial(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::ignorable_test(name, || match panic::catch_unwind(AssertUnwindSafe(test)) {
        Ok(()) => Ok(Completion::Completed),
        Err(payload) => verdict(payload.as_ref()),
    })
}

/// Runs the trials, then looks for what all of them together left behind.
pub(crate) fn run(trials: Vec<Trial>) -> ExitCode {
    let arguments = Arguments::from_args();
    panic::set_hook(Box::new(|info| {
        PLACE.set(info.location().map(|at| format!("{}:{}: ", at.file(), at.line())).unwrap_or_default());
    }));
    if arguments.list {
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    let before = leftovers::Machine::look();
    let conclusion = libtest_mimic::run(&arguments, trials);
    place::remove();
    let left = before.left();
    if left.is_empty() {
        return conclusion.exit_code();
    }
    eprintln!("left behind by this run:\n  {}", left.join("\n  "));
    ExitCode::from(101)
}

/// A skip is told apart from a failure; where skips are forbidden it is one, unless the machine is of another kind.
fn verdict(payload: &(dyn Any + Send)) -> Result<Completion, Failed> {
    let Some(skip) = payload.downcast_ref::<Skip>() else {
        return Err(format!("{}{}", PLACE.take(), message(payload)).into());
    };
    match skip {
        Skip::Elsewhere(reason) => Ok(Completion::ignored_with(format!("elsewhere: {reason}"))),
        Skip::Missing(reason) if must_run() => {
            Err(format!("skipped though LAUNCH_TEST_MUST_RUN=1: {reason}; run tests/setup").into())
        }
        Skip::Missing(reason) => Ok(Completion::ignored_with(format!("skipped: {reason}; run tests/setup"))),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words")
}

fn must_run() -> bool {
    std::env::var_os("LAUNCH_TEST_MUST_RUN").is_some_and(|value| value == "1")
}
