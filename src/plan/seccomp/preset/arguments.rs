//! The calls of the default profile that run or not by their arguments. Never more than a handful: each costs instructions.

use super::super::{Compare, Condition, Rule, Width};
use super::{Action, Errno, Numbers, Preset, Verdict};

/// `CLONE_NEWUSER` of `linux/sched.h`.
const NEW_USER: u64 = 0x1000_0000;
/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWPID`, `NEWNET`.
const NEW_OTHERS: u64 = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000 | 0x4000_0000;
/// `CLONE_NEWTIME`: a flag of unshare(2) only, to clone(2) it is part of the exit signal.
const NEW_TIME: u64 = 0x80;
/// What unshare(2) may part with freely: `CLONE_VM`, `FS`, `FILES`, `SIGHAND`, `THREAD`, `SYSVSEM`.
const UNSHARE_OWN: u64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x0001_0000 | 0x0004_0000;

/// The default execution domain, `PER_LINUX32`, each also with `UNAME26`, and the query that changes nothing
/// (personality(2)). Others weaken the address space layout.
const PERSONALITIES: [u64; 5] = [0, 0x0008, 0x2_0000, 0x2_0008, 0xffff_ffff];

const TIOCSTI: u64 = 0x5412;
const TIOCLINUX: u64 = 0x541c;

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;
const AF_PACKET: u64 = 17;
const NETLINK_AUDIT: u64 = 9;

static IOCTL: [Numbers; 2] = super::by_arch(&["ioctl"]);
static SOCKETS: [Numbers; 2] = super::by_arch(&["socket", "socketpair"]);
static PERSONALITY: [Numbers; 2] = super::by_arch(&["personality"]);
static CLONE: [Numbers; 2] = super::by_arch(&["clone"]);
static CLONE3: [Numbers; 2] = super::by_arch(&["clone3"]);
static UNSHARE: [Numbers; 2] = super::by_arch(&["unshare"]);

/// Gives what each of these calls gets.
pub(super) fn verdicts(preset: &Preset<'_>, refused: Action) -> Vec<(&'static Numbers, Verdict)> {
    let column = preset.arch.column();
    let mut verdicts = vec![
        (&IOCTL[column], ioctl(refused)),
        (&SOCKETS[column], socket(preset)),
        (&PERSONALITY[column], personality(refused)),
    ];
    if !preset.nested_userns {
        verdicts.push((&CLONE[column], clone(preset, refused)));
        verdicts.push((&CLONE3[column], clone3()));
        verdicts.push((&UNSHARE[column], unshare(preset, refused)));
    }
    verdicts
}

/// Keeps a program from typing into the terminal it was started from (CVE-2017-5226). The request is an `unsigned int`.
fn ioctl(refused: Action) -> Verdict {
    let request = |request| rule(vec![condition(1, Width::Low32, Compare::Equal(request))], refused);
    guarded(vec![request(TIOCSTI), request(TIOCLINUX)], Action::Allow)
}

/// Lets the families of ordinary services through. The others get what a kernel without them says, which every program that
/// tries one is prepared for. `AF_VSOCK` reaches the hypervisor whatever the network namespace is; `AF_ALG`, `AF_KEY` and
/// the rarer ones are kernel code that no service needs.
///
/// Audit by netlink without a capability for it would fail with `EPERM`, which makes login tools give up; told that there
/// is no audit, they go on.
fn socket(preset: &Preset<'_>) -> Verdict {
    let family = |family| condition(0, Width::Low32, Compare::Equal(family));
    let allow = |address| rule(vec![family(address)], Action::Allow);
    let mut rules = vec![allow(AF_UNIX), allow(AF_INET), allow(AF_INET6)];
    if preset.keeps("CAP_NET_RAW") {
        rules.push(allow(AF_PACKET));
    }
    if !["CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE"].iter().any(|capability| preset.keeps(capability)) {
        let audit = condition(2, Width::Low32, Compare::Equal(NETLINK_AUDIT));
        rules.push(rule(vec![family(AF_NETLINK), audit], Action::Errno(Errno::EPROTONOSUPPORT)));
    }
    rules.push(allow(AF_NETLINK));
    guarded(rules, Action::Errno(Errno::EAFNOSUPPORT))
}

fn personality(refused: Action) -> Verdict {
    let allow = |value| rule(vec![condition(0, Width::Low32, Compare::Equal(value))], Action::Allow);
    guarded(PERSONALITIES.map(allow).to_vec(), refused)
}

/// Refuses new namespaces; who keeps `CAP_SYS_ADMIN` may make all but user namespaces. The kernel looks at the low 32 bits
/// (`kernel_clone_args.flags = lower_32_bits(clone_flags)`).
fn clone(preset: &Preset<'_>, refused: Action) -> Verdict {
    let mask = if preset.keeps("CAP_SYS_ADMIN") { NEW_USER } else { NEW_USER | NEW_OTHERS };
    let none_of = condition(0, Width::Low32, Compare::MaskedEqual { mask, value: 0 });
    guarded(vec![rule(vec![none_of], Action::Allow)], refused)
}

/// Hides clone3(2), whose flags stand behind a pointer: C libraries then use clone(2), whose flags can be checked.
fn clone3() -> Verdict {
    guarded(Vec::new(), Action::Errno(Errno::ENOSYS))
}

/// Lets through only flags known to make no namespace, so that a namespace of a later kernel is refused too.
fn unshare(preset: &Preset<'_>, refused: Action) -> Verdict {
    let free = if preset.keeps("CAP_SYS_ADMIN") { UNSHARE_OWN | NEW_OTHERS | NEW_TIME } else { UNSHARE_OWN };
    let nothing_else = condition(0, Width::All64, Compare::MaskedEqual { mask: !free, value: 0 });
    guarded(vec![rule(vec![nothing_else], Action::Allow)], refused)
}

fn guarded(rules: Vec<Rule>, otherwise: Action) -> Verdict {
    Verdict { rules, otherwise, guarded: true }
}

fn rule(conditions: Vec<Condition>, action: Action) -> Rule {
    Rule { conditions, action }
}

fn condition(argument: u8, width: Width, compare: Compare) -> Condition {
    Condition::new(argument, width, compare).expect("no list here names an argument above 2")
}
