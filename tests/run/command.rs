//! The command: found, started with its arguments byte for byte, its exit status passed on.

use crate::support::Launch;
use crate::support::runner::tests;

tests![exits_with_the_commands_status];

fn exits_with_the_commands_status() {
    Launch::sh("exit 7").run().exit(7).stdout("").quiet();
}
