//! A kernel, or a filter around us, that says "done" and does nothing: what is read back differs, and nothing is started.

use super::attack;
use crate::support::Launch;
use crate::support::needs::{Need, needs};
use crate::support::runner::tests;

tests![what_the_kernel_does_not_keep_fails_at_its_key, an_honest_kernel_passes];

/// The call that does nothing, more of the file, and what the answer says. A filter that is not made cannot be shown so:
/// the one that lies is itself a filter, and the mode that is read back is its own.
const LIES: [(&[&str], &str, &str); 8] = [
    // PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_KEEPCAPS.
    (&["prctl", "38"], "[security]\nno_new_privs = true", "may still gain privileges"),
    (&["prctl", "24"], "[security]\ncapabilities = [\"CAP_KILL\"]", "does not have the capabilities"),
    (&["capset"], "[security]\ncapabilities = [\"CAP_KILL\"]", "does not have the capabilities"),
    (&["setgroups"], "user = \"1000\"\ngroups = [50]", "does not have user 1000"),
    (&["setresuid"], "user = \"1000\"\nuserns.mode = \"host\"", "does not have user 1000"),
    (&["setresgid"], "user = \"0:1000\"\nuserns.mode = \"host\"", "does not have user 0, group 1000"),
    (&["mount_setattr"], "userns.mode = \"host\"", "does not have the flags ro"),
    (&["setrlimit-new"], "rlimits.core = 77", "does not keep the limit core at 77"),
];

fn what_the_kernel_does_not_keep_fails_at_its_key() {
    needs(&[Need::Root, Need::Seccomp]);
    let lie = attack("lie").to_str().unwrap().to_owned();
    for (call, more, answer) in LIES {
        let through: Vec<String> =
            std::iter::once(lie.as_str()).chain(call.iter().copied()).chain(["--"]).map(str::to_owned).collect();
        let outcome = Launch::sh_with("echo started", more).through(through).run().exit(125).stdout("");
        outcome.check(outcome.err().replace("\n  ", " ").contains(answer), &format!("{call:?} is not told: {answer}"));
    }
}

fn an_honest_kernel_passes() {
    needs(&[Need::Root]);
    for (_, more, _) in LIES {
        Launch::sh_with("echo started", more).run().exit(0).stdout("started\n");
    }
}
