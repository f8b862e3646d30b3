//! Profiles in JSON: what they come to, and how wrong ones are refused.

use super::super::{Action, Call, Compare, Errno, Preset, compile, name_of, names, number_of, preset};
use super::*;

const EPERM: Action = Action::Errno(Errno::EPERM);
const ENOSYS: Action = Action::Errno(Errno::ENOSYS);

const HERE: Surroundings<'static> = Surroundings { arch: Arch::X86_64, capabilities: &[], kernel: (6, 1) };

fn load(text: &str) -> Loaded {
    parse(text, &HERE).unwrap()
}

fn rules(rules: &str) -> String {
    format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{rules}]}}"#)
}

fn answer(profile: &Profile, name: &str, arguments: &[u64]) -> Action {
    let mut six = [0; 6];
    six[..arguments.len()].copy_from_slice(arguments);
    let number = number_of(profile.arch(), name).unwrap();
    profile.decide(&Call { token: profile.arch().token(), number: number.into(), arguments: six })
}

fn refused(text: &str) -> (String, usize, usize) {
    let Malformed { problem, line, column } = parse(text, &HERE).unwrap_err();
    (problem, line, column)
}

#[test]
fn the_default_holds_for_what_is_not_listed() {
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13,
                   "syscalls": [{"names": ["read", "socketcall"], "action": "SCMP_ACT_ALLOW", "args": null}]}"#;
    let Loaded { profile, warnings } = load(text);
    assert_eq!(warnings, []);
    assert_eq!(answer(&profile, "read", &[]), Action::Allow);
    assert_eq!(answer(&profile, "write", &[]), Action::Errno(Errno::from_name("EACCES").unwrap()));
}

#[test]
fn every_action_is_read() {
    for (word, action) in [
        ("SCMP_ACT_ALLOW", Action::Allow),
        ("SCMP_ACT_LOG", Action::Log),
        ("SCMP_ACT_ERRNO", Action::Errno(Errno::from_number(5).unwrap())),
        ("SCMP_ACT_TRACE", Action::Trace(5)),
        ("SCMP_ACT_TRAP", Action::Trap),
        ("SCMP_ACT_KILL", Action::KillThread),
        ("SCMP_ACT_KILL_THREAD", Action::KillThread),
        ("SCMP_ACT_KILL_PROCESS", Action::KillProcess),
    ] {
        let text = rules(&format!(r#"{{"name": "read", "action": "{word}", "errnoRet": 5}}"#));
        assert_eq!(answer(&load(&text).profile, "read", &[]), action, "{word}");
    }
}

#[test]
fn every_operator_is_read() {
    for (word, holds) in [
        ("NE", [true, false, true]),
        ("LT", [true, false, false]),
        ("LE", [true, true, false]),
        ("EQ", [false, true, false]),
        ("GE", [false, true, true]),
        ("GT", [false, false, true]),
        ("MASKED_EQ", [false, true, false]),
    ] {
        let (value, two) = if word == "MASKED_EQ" { (6, 2) } else { (2, 0) };
        let args = format!(r#"[{{"index": 1, "value": {value}, "valueTwo": {two}, "op": "SCMP_CMP_{word}"}}]"#);
        let text = rules(&format!(r#"{{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": {args}}}"#));
        let profile = load(&text).profile;
        let found = [1, 2, 5].map(|value| answer(&profile, "read", &[0, value]) == Action::Allow);
        assert_eq!(found, holds, "{word}");
    }
}

#[test]
fn conditions_on_one_argument_are_alternatives_on_several_they_add_up() {
    let equal = |index, value| format!(r#"{{"index": {index}, "value": {value}, "op": "SCMP_CMP_EQ"}}"#);
    let allow = |args: &[String]| {
        load(&rules(&format!(r#"{{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{}]}}"#, args.join(","))))
            .profile
    };
    let either = allow(&[equal(0, 1), equal(0, 2)]);
    assert_eq!([0, 1, 2].map(|value| answer(&either, "read", &[value]).runs()), [false, true, true]);
    let both = allow(&[equal(0, 1), equal(1, 2)]);
    assert_eq!([[1, 0], [0, 2], [1, 2]].map(|values| answer(&both, "read", &values).runs()), [false, false, true]);
}

#[test]
fn the_strictest_of_the_rules_that_match_wins_whatever_the_order() {
    let tiocsti = r#"{"names": ["ioctl"], "action": "SCMP_ACT_ERRNO",
                      "args": [{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}]}"#;
    let all = r#"{"names": ["ioctl"], "action": "SCMP_ACT_ALLOW"}"#;
    for order in [format!("{tiocsti},{all}"), format!("{all},{tiocsti}")] {
        let profile = load(&rules(&order)).profile;
        assert_eq!(answer(&profile, "ioctl", &[0, 0x5412]), EPERM);
        assert_eq!(answer(&profile, "ioctl", &[0, 1 << 32 | 0x5412]), EPERM, "compared as the kernel cuts it");
        assert_eq!(answer(&profile, "ioctl", &[0, 0x5413]), Action::Allow);
    }
}

#[test]
fn terms_are_weighed_against_the_machine() {
    let counts = |terms: &str, surroundings: &Surroundings<'_>| {
        let text = rules(&format!(r#"{{"names": ["read"], "action": "SCMP_ACT_ALLOW", {terms}}}"#));
        answer(&parse(&text, surroundings).unwrap().profile, "read", &[]).runs()
    };
    let capable = Surroundings { capabilities: &["CAP_CHOWN", "CAP_BPF"], ..HERE };
    let arm = Surroundings { arch: Arch::Aarch64, ..HERE };
    for (terms, here, with_capabilities, on_arm) in [
        (r#""includes": {}, "excludes": null"#, true, true, true),
        (r#""includes": {"caps": ["CAP_BPF"]}"#, false, true, false),
        (r#""includes": {"caps": ["CAP_BPF", "CAP_SYS_ADMIN"]}"#, false, false, false),
        (r#""excludes": {"caps": ["CAP_BPF", "CAP_SYS_ADMIN"]}"#, true, false, true),
        (r#""includes": {"arches": ["amd64", "x32"]}"#, true, true, false),
        (r#""excludes": {"arches": ["amd64"]}"#, false, false, true),
        (r#""includes": {"minKernel": "4.8"}"#, true, true, true),
        (r#""includes": {"minKernel": "6.2"}"#, false, false, false),
        (r#""includes": {"minKernel": "5.19.1"}"#, true, true, true),
        (r#""excludes": {"minKernel": "6.1"}"#, false, false, false),
    ] {
        let found = [&HERE, &capable, &arm].map(|surroundings| counts(terms, surroundings));
        assert_eq!(found, [here, with_capabilities, on_arm], "{terms}");
    }
}

#[test]
fn newer_calls_are_unknown_where_the_default_is_eperm() {
    let decide = |text: &str| load(text).profile.decide(&Call { token: 0xc000_003e, number: 500, arguments: [0; 6] });
    assert_eq!(decide(r#"{"defaultAction": "SCMP_ACT_ERRNO"}"#), ENOSYS);
    assert_eq!(decide(r#"{"defaultAction": "SCMP_ACT_KILL_PROCESS"}"#), Action::KillProcess);
    assert_eq!(decide(r#"{"defaultAction": "SCMP_ACT_ALLOW"}"#), Action::Allow);
}

#[test]
fn x32_stays_closed_even_where_the_default_is_to_allow() {
    let profile = load(r#"{"defaultAction": "SCMP_ACT_ALLOW"}"#).profile;
    let call = Call { token: 0xc000_003e, number: 0x4000_0000, arguments: [0; 6] };
    assert_eq!(profile.decide(&call), ENOSYS);
}

#[test]
fn flags_are_taken_over() {
    let flags = |list: &str| {
        let program = load(&format!(r#"{{"defaultAction": "SCMP_ACT_LOG", "flags": [{list}]}}"#)).profile;
        let program = compile(&program).unwrap();
        (program.log, program.spec_allow)
    };
    assert_eq!(flags(r#""SECCOMP_FILTER_FLAG_TSYNC""#), (false, false));
    assert_eq!(flags(r#""SECCOMP_FILTER_FLAG_LOG""#), (true, false));
    assert_eq!(flags(r#""SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG""#), (true, true));
}

#[test]
fn typos_and_other_abis_are_told() {
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_S390X"],
                   "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
                                {"names": ["chown32", "wriet"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["X"]}}]}"#;
    let told: Vec<String> = load(text).warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "programs of SCMP_ARCH_X86 are stopped: launch filters the 64-bit ABI of the machine only",
            "`wriet` in syscalls[1] is not a system call of any architecture",
        ]
    );
    let Warning::UnknownSyscall { suggestion, .. } = load(text).warnings.remove(1) else { panic!("not a name") };
    assert_eq!(suggestion, Some("write"));
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let cases = [
        ("{", "EOF while parsing an object", 1, 1),
        ("{\n \"syscalls\": []}", "missing field `defaultAction`", 2, 16),
        ("{\n \"defaultAction\": \"SCMP_ACT_DENY\"}", "unknown variant `SCMP_ACT_DENY`, expected one of", 2, 33),
        ("{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"sycalls\": []}", "unknown field `sycalls`", 2, 10),
        ("{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY needs a listener", 1, 36),
        (
            "{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"listenerPath\": \"/run/x\"}",
            "`listenerPath` (/run/x) needs a listener",
            2,
            25,
        ),
        ("{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"flags\": [\"FAST\"]}", "unknown variant `FAST`", 2, 16),
        (
            "{\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\"defaultErrnoRet\": 5000 }",
            "errno 5000, the kernel passes on",
            2,
            25,
        ),
        (
            "{\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\"defaultErrno\": \"EFOO\"}",
            "`EFOO` is not the name of an errno",
            2,
            23,
        ),
        (
            "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": \"EIO\", \"defaultErrnoRet\": 6}",
            "the errno is 6",
            1,
            1,
        ),
        ("{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"architectures\": [\"X\"]}", "`X` is not an architecture", 2, 22),
    ];
    for (text, problem, line, column) in cases {
        let found = refused(text);
        assert!(found.0.starts_with(problem), "{text}\n{found:?}");
        assert_eq!((found.1, found.2), (line, column), "{text}\n{found:?}");
    }
}

#[test]
fn a_wrong_rule_is_refused_with_its_line() {
    for (rule, problem) in [
        (r#"{"action": "SCMP_ACT_ALLOW"}"#, "a rule without `names`"),
        (r#"{"names": ["read"], "action": "SCMP_ACT_MAYBE"}"#, "unknown variant `SCMP_ACT_MAYBE`"),
        (r#"{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}"#, "SCMP_ACT_NOTIFY needs a listener"),
        (r#"{"names": ["read"], "action": "SCMP_ACT_ALLOW", "arg": []}"#, "unknown field `arg`"),
        (
            r#"{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}"#,
            "`index` is 6, a system call has arguments 0 to 5",
        ),
        (
            r#"{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "EQ"}]}"#,
            "unknown variant `EQ`",
        ),
        (
            r#"{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "ENOSYS"}"#,
            "the errno is 1 by number and 38 by name",
        ),
        (
            r#"{"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "new"}}"#,
            "`new` is not a kernel version",
        ),
    ] {
        let found = refused(&rules(&format!("\n\n{rule}\n")));
        assert!(found.0.starts_with(problem), "{rule}\n{found:?}");
        assert!((3..=4).contains(&found.1), "{rule}\n{found:?}");
    }
}

/// Reads the profile that podman's package ships; `None` where it is not installed, which must be said aloud.
#[expect(clippy::disallowed_methods, reason = "a test may look whether the file is there")]
fn shipped_profile(test: &str) -> Option<String> {
    const PATH: &str = "/usr/share/containers/seccomp.json";
    let read = std::fs::read_to_string(PATH);
    if let Err(error) = &read {
        println!("skip {test}: {PATH}: {error}");
        assert!(std::env::var("LAUNCH_TEST_MUST_RUN").is_err(), "{PATH}: {error}");
    }
    read.ok()
}

#[test]
fn podmans_own_profile_loads_and_compiles() {
    let Some(text) = shipped_profile("podmans_own_profile_loads_and_compiles") else { return };
    for arch in Arch::ALL {
        let Loaded { profile, warnings } = parse(&text, &Surroundings { arch, ..HERE }).unwrap();
        assert_eq!(warnings, []);
        let program = compile(&profile).unwrap();
        println!("{arch:?}: {} instructions", program.instructions.len());
        assert!(program.instructions.len() < 200);
        assert_eq!(answer(&profile, "read", &[]), Action::Allow);
        assert_eq!(answer(&profile, "bpf", &[]), EPERM);
        assert_eq!(answer(&profile, "personality", &[8]), Action::Allow);
        assert_eq!(answer(&profile, "personality", &[1]), ENOSYS);
        assert_eq!(answer(&profile, "socket", &[2, 1, 0]), Action::Allow);
        assert_eq!(answer(&profile, "socket", &[16, 3, 9]), Action::Errno(Errno::from_name("EINVAL").unwrap()));
        let capable = Surroundings { arch, capabilities: &["CAP_SYS_ADMIN"], ..HERE };
        assert_eq!(answer(&parse(&text, &capable).unwrap().profile, "bpf", &[]), Action::Allow);
    }
}

/// The calls that podman refuses without capabilities and the default profile does not, with the reason.
const MORE_THAN_PODMAN: &[(&str, &str)] = &[
    ("libaio uses it", "io_pgetevents"),
    (
        "newer than the profile",
        "cachestat fchmodat2 file_getattr file_setattr futex_requeue futex_wait futex_waitv futex_wake",
    ),
    (
        "newer than the profile",
        "getxattrat listmount listxattrat lsm_get_self_attr lsm_list_modules map_shadow_stack mseal",
    ),
    ("newer than the profile", "removexattrat set_mempolicy_home_node setxattrat statmount uprobe uretprobe"),
    ("no kernel has it", "vserver"),
];

#[test]
fn the_default_profile_allows_no_more_than_podman_but_for_known_reasons() {
    let Some(text) = shipped_profile("the_default_profile_allows_no_more_than_podman") else { return };
    let podman = load(&text).profile;
    let ours = preset(&Preset { arch: Arch::X86_64, capabilities: &[], nested_userns: false });
    let more = names().filter(|name| {
        let Some(number) = number_of(Arch::X86_64, name) else { return false };
        let runs = |profile: &Profile| profile.verdict(number.into()).actions().any(Action::runs);
        runs(&ours) && !runs(&podman)
    });
    let mut excused: Vec<&str> = MORE_THAN_PODMAN.iter().flat_map(|(_, names)| names.split(' ')).collect();
    excused.sort_unstable();
    assert_eq!(more.collect::<Vec<_>>(), excused);
    let less: Vec<_> = (0..512)
        .filter_map(|number| name_of(Arch::X86_64, number))
        .filter(|name| {
            let number = u32::from(number_of(Arch::X86_64, name).unwrap());
            let runs = |profile: &Profile| profile.verdict(number).actions().any(Action::runs);
            runs(&podman) && !runs(&ours)
        })
        .collect();
    println!("refused here, allowed by podman: {less:?}");
}

#[test]
fn any_text_is_read_or_refused() {
    use proptest::prelude::*;
    proptest!(|(text in ".*")| { let _ = parse(&text, &HERE); });
    proptest!(|(value in any::<u64>(), mask in any::<u64>(), index in 0..6u8)| {
        let args = format!(r#"[{{"index": {index}, "value": {mask}, "valueTwo": {value}, "op": "SCMP_CMP_MASKED_EQ"}}]"#);
        let profile = load(&rules(&format!(r#"{{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": {args}}}"#))).profile;
        let compare = profile.verdict(41).rules[0].conditions[0].compare();
        prop_assert_eq!(compare, Compare::MaskedEqual { mask, value });
    });
}
