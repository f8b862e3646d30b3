//! What `[seccomp]` adds, and what it cannot.

use super::super::{Call, Preset, preset};
use super::*;

fn base() -> Profile {
    preset(&Preset { arch: Arch::X86_64, capabilities: &[], nested_userns: false })
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn with(allow: &[&str], deny: &[&str], errno: Option<Errno>, log: &[&str]) -> Profile {
    let (allow, deny, log) = (strings(allow), strings(deny), strings(log));
    let mut profile = base();
    profile.add(&Additions { allow: &allow, deny: &deny, errno, log: &log }).unwrap();
    profile
}

fn answer(profile: &Profile, name: &str, arguments: [u64; 6]) -> Action {
    let number = u32::from(table::number_of(profile.arch(), name).unwrap());
    profile.decide(&Call { token: profile.arch().token(), number, arguments })
}

fn plain(profile: &Profile, name: &str) -> Action {
    answer(profile, name, [0; 6])
}

const EPERM: Action = Action::Errno(Errno::EPERM);
const ENOSYS: Action = Action::Errno(Errno::ENOSYS);

#[test]
fn no_additions_change_nothing() {
    assert_eq!(with(&[], &[], None, &[]), base());
}

#[test]
fn a_named_call_is_opened_or_refused() {
    assert_eq!((plain(&base(), "bpf"), plain(&base(), "getpid")), (EPERM, Action::Allow));
    let profile = with(&["bpf"], &["getpid"], None, &[]);
    assert_eq!((plain(&profile, "bpf"), plain(&profile, "getpid")), (Action::Allow, EPERM));
}

#[test]
fn a_name_outweighs_a_group_and_refusing_outweighs_allowing() {
    let profile = with(&["@mount", "bpf", "connect"], &["umount2", "@network-io", "bpf"], None, &[]);
    assert_eq!(plain(&profile, "mount"), Action::Allow);
    assert_eq!(plain(&profile, "umount2"), EPERM);
    assert_eq!(plain(&profile, "bind"), EPERM);
    assert_eq!(plain(&profile, "connect"), Action::Allow);
    assert_eq!(plain(&profile, "bpf"), EPERM);
    assert_eq!(plain(&with(&["@io-event"], &["@basic-io", "@io-event"], None, &[]), "poll"), EPERM);
}

#[test]
fn a_group_never_lifts_a_check_of_arguments() {
    const NEW_USER: u64 = 0x1000_0000;
    let by_group = with(&["@known"], &[], None, &[]);
    assert_eq!(plain(&by_group, "reboot"), Action::Allow);
    assert_eq!(answer(&by_group, "clone", [NEW_USER, 0, 0, 0, 0, 0]), EPERM);
    assert_eq!(plain(&by_group, "clone3"), ENOSYS);
    assert_eq!(answer(&by_group, "ioctl", [0, 0x5412, 0, 0, 0, 0]), EPERM);
    let by_name = with(&["clone", "clone3", "ioctl"], &[], None, &[]);
    assert_eq!(answer(&by_name, "clone", [NEW_USER, 0, 0, 0, 0, 0]), Action::Allow);
    assert_eq!(plain(&by_name, "clone3"), Action::Allow);
    assert_eq!(answer(&by_name, "ioctl", [0, 0x5412, 0, 0, 0, 0]), Action::Allow);
}

#[test]
fn a_refused_group_leaves_clone3_hidden_so_that_a_named_clone_is_found() {
    let profile = with(&["clone"], &["@process"], None, &[]);
    assert_eq!((plain(&profile, "clone"), plain(&profile, "clone3")), (Action::Allow, ENOSYS));
    assert_eq!(plain(&with(&[], &["clone3"], None, &[]), "clone3"), EPERM);
}

#[test]
fn errno_is_what_refusals_answer_and_newer_calls_stay_unknown() {
    let eacces = Errno::from_name("EACCES").unwrap();
    let profile = with(&[], &["getpid"], Some(eacces), &[]);
    assert_eq!(plain(&profile, "getpid"), Action::Errno(eacces));
    assert_eq!(plain(&profile, "bpf"), Action::Errno(eacces));
    assert_eq!(answer(&profile, "personality", [1, 0, 0, 0, 0, 0]), Action::Errno(eacces));
    assert_eq!(plain(&profile, "clone3"), ENOSYS);
    let newer = Call { token: Arch::X86_64.token(), number: 500, arguments: [0; 6] };
    assert_eq!(profile.decide(&newer), ENOSYS);
}

#[test]
fn log_marks_calls_and_opens_none() {
    let running = with(&[], &[], None, &["@network-io"]);
    assert_eq!(plain(&running, "bind"), Action::Log);
    assert_eq!(answer(&running, "socket", [1, 0, 0, 0, 0, 0]), Action::Log);
    assert!(running.log, "socket is refused for some families");
    let refused = with(&[], &[], None, &["bpf"]);
    assert_eq!(plain(&refused, "bpf"), EPERM);
    assert!(refused.log);
    assert!(!with(&[], &[], None, &["openat", "@timer"]).log, "nothing in the list is ever refused");
}

#[test]
fn a_stricter_answer_of_the_profile_stays() {
    let mut profile = Profile::new(Arch::X86_64, Action::KillProcess, Action::KillProcess);
    profile.add(&Additions { deny: &strings(&["bpf"]), ..Additions::default() }).unwrap();
    assert_eq!(plain(&profile, "bpf"), Action::KillProcess);
}

#[test]
fn every_unknown_name_is_reported_with_what_was_meant() {
    let (allow, deny, log) = (strings(&["opn", "read"]), strings(&["@file-sistem"]), strings(&["zzzzzzzzz"]));
    let mut profile = base();
    let unknown = profile.add(&Additions { allow: &allow, deny: &deny, errno: None, log: &log }).unwrap_err();
    let found: Vec<_> = unknown.iter().map(|u| (u.list, u.index, u.name.as_str(), u.suggestion)).collect();
    assert_eq!(
        found,
        [
            (List::Allow, 0, "opn", Some("open")),
            (List::Deny, 0, "@file-sistem", Some("@file-system")),
            (List::Log, 0, "zzzzzzzzz", None)
        ]
    );
    assert_eq!(profile, base());
}

#[test]
fn calls_of_other_architectures_are_no_mistake() {
    let mut profile = preset(&Preset { arch: Arch::Aarch64, capabilities: &[], nested_userns: false });
    let deny = strings(&["open", "socketcall", "openat"]);
    profile.add(&Additions { deny: &deny, ..Additions::default() }).unwrap();
    assert_eq!(plain(&profile, "openat"), EPERM);
}
