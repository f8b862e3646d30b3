//! Emitted programs against [`Profile::decide`], call by call.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::table::Numbers;
use super::super::{Arch, Call, Compare, Condition, Errno, Preset, Rule, Width, preset};
use super::*;

/// Numbers on both sides of every border that a program can have.
fn numbers() -> impl Iterator<Item = u32> {
    let x32 = [0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x4000_0200, 0x4000_0223, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    (0..1024).chain(x32)
}

/// The x86_64 token, the aarch64 one, i386, 32-bit arm, and nonsense.
const TOKENS: [u32; 6] = [0xc000_003e, 0xc000_00b7, 0x4000_0003, 0x4000_0028, 0, u32::MAX];

/// Values that the conditions of the profile tell apart, and their neighbours.
fn interesting(profile: &Profile) -> Vec<u64> {
    let conditions = profile.verdicts().iter().flat_map(|verdict| &verdict.rules).flat_map(|rule| &rule.conditions);
    let mut values: Vec<u64> = vec![0, u64::MAX];
    for condition in conditions {
        let constants = match condition.compare() {
            Compare::MaskedEqual { mask, value } => vec![value, mask, value | !mask, mask & !value],
            Compare::Equal(value)
            | Compare::NotEqual(value)
            | Compare::Less(value)
            | Compare::LessOrEqual(value)
            | Compare::Greater(value)
            | Compare::GreaterOrEqual(value) => vec![value],
        };
        for value in constants {
            let high = [value ^ 1 << 32, value.wrapping_add(1 << 32), value.wrapping_sub(1 << 32), value & 0xffff_ffff];
            values.extend([value, value.wrapping_add(1), value.wrapping_sub(1)].into_iter().chain(high));
        }
    }
    values.sort_unstable();
    values.dedup();
    values
}

/// Runs every number, every token and many arguments through both.
fn agrees(profile: &Profile, mut pick: impl FnMut(usize) -> usize) {
    let program = compile(profile).unwrap();
    interpreter::check(&program.instructions);
    let values = interesting(profile);
    let agree = |call: &Call| {
        let outcome = interpreter::run(&program.instructions, call);
        assert_eq!(outcome.code, profile.decide(call).code(), "{call:x?}");
        outcome
    };
    let token = profile.arch().token();
    for number in numbers() {
        let rounds = if profile.verdict(number).rules.is_empty() { 1 } else { 40 };
        for _ in 0..rounds {
            let arguments = [(); 6].map(|()| values[pick(values.len())]);
            let outcome = agree(&Call { token, number, arguments });
            assert!(!outcome.looked_at_arguments || rounds > 1, "{number} cannot be remembered by the kernel");
        }
        for token in TOKENS {
            agree(&Call { token, number, arguments: [0; 6] });
        }
    }
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => Just(Action::Allow),
        3 => (0..=Errno::GREATEST).prop_map(|number| Action::Errno(Errno::from_number(number.into()).unwrap())),
        1 => prop_oneof![Just(Action::Log), Just(Action::Trap), Just(Action::KillThread), Just(Action::KillProcess)],
        1 => any::<u16>().prop_map(Action::Trace),
    ]
}

fn value() -> impl Strategy<Value = u64> {
    let edges = [0, 1, 9, 16, 0x7fff_ffff, 0xffff_ffff, 1 << 32, (1 << 32) | 1, 5 << 32, 0xffff_ffff << 32, u64::MAX];
    prop_oneof![proptest::sample::select(edges.to_vec()), any::<u64>(), any::<u32>().prop_map(u64::from)]
}

fn compare() -> impl Strategy<Value = Compare> {
    let plain = [Compare::Equal, Compare::NotEqual, Compare::Less, Compare::LessOrEqual];
    let rest = [Compare::Greater, Compare::GreaterOrEqual];
    let plain: Vec<fn(u64) -> Compare> = plain
        .into_iter()
        .map(|make| make as fn(u64) -> Compare)
        .chain(rest.into_iter().map(|make| make as fn(u64) -> Compare))
        .collect();
    prop_oneof![
        3 => (proptest::sample::select(plain), value()).prop_map(|(make, value)| make(value)),
        1 => (value(), value()).prop_map(|(mask, value)| Compare::MaskedEqual { mask, value: mask & value }),
        1 => (value(), value()).prop_map(|(mask, value)| Compare::MaskedEqual { mask, value }),
        1 => value().prop_map(|mask| Compare::MaskedEqual { mask, value: 0 }),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let width = prop_oneof![Just(Width::Low32), Just(Width::All64)];
    // Few arguments, so that conditions on the same one follow each other and share its load.
    (0..3u8, width, compare()).prop_map(|(argument, width, compare)| Condition::new(argument, width, compare).unwrap())
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    let rule = (vec(condition(), 0..4), action()).prop_map(|(conditions, action)| Rule { conditions, action });
    let rules = prop_oneof![2 => Just(Vec::new()), 1 => vec(rule, 1..5)];
    (rules, action()).prop_map(|(rules, otherwise)| Verdict { rules, otherwise, guarded: false })
}

fn profile(pieces: usize) -> impl Strategy<Value = Profile> {
    let piece = (0..512u16, 1..24u16, verdicts());
    let arch = prop_oneof![Just(Arch::X86_64), Just(Arch::Aarch64)];
    (arch, [action(), action(), action(), action()], vec(piece, 0..pieces)).prop_map(|(arch, [a, b, c, d], pieces)| {
        let mut profile = Profile::new(arch, a, b);
        (profile.foreign, profile.second_abi) = (c, d);
        for (first, length, verdict) in pieces {
            let range = first..(first + length).min(512);
            profile.set(&range.fold(Numbers::EMPTY, Numbers::with), verdict);
        }
        profile
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_program_answers_as_its_profile(profile in profile(24), mut seed in any::<u64>()) {
        agrees(&profile, |below| next(&mut seed, below));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn distances_beyond_255_instructions_are_bridged(profile in profile(160), mut seed in any::<u64>()) {
        agrees(&profile, |below| next(&mut seed, below));
    }
}

/// A linear congruential step (Knuth's constants): picks arguments without a strategy for each.
fn next(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % below
}

#[test]
fn the_default_programs_answer_as_their_profiles() {
    let all = ["CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_AUDIT_WRITE", "CAP_SYS_PTRACE", "CAP_SYS_TIME", "CAP_SYS_CHROOT"];
    for arch in Arch::ALL {
        for capabilities in [&[] as &[&str], &["CAP_SYS_ADMIN"], &["CAP_NET_RAW"], &all] {
            for nested_userns in [false, true] {
                let mut seed = 1;
                agrees(&preset(&Preset { arch, capabilities, nested_userns }), |below| next(&mut seed, below));
            }
        }
    }
}

#[test]
fn the_default_program_is_short_and_shallow() {
    for arch in Arch::ALL {
        let profile = preset(&Preset { arch, capabilities: &[], nested_userns: false });
        let program = compile(&profile).unwrap().instructions;
        let steps = |number| {
            let call = Call { token: arch.token(), number, arguments: [0; 6] };
            interpreter::run(&program, &call).steps
        };
        let (deepest, total) = (0..470).map(steps).fold((0, 0), |(most, sum), steps| (steps.max(most), sum + steps));
        println!("{arch:?}: {} instructions, {deepest} at most for one call, {total} for all", program.len());
        assert!(total < 470 * 11, "{arch:?}: {total} instructions for all calls");
        assert!(program.len() <= 100, "{arch:?}: {} instructions", program.len());
        assert!(deepest <= 20, "{arch:?}: {deepest} instructions for one call");
    }
}

#[test]
fn a_profile_that_is_too_long_is_refused_with_its_length() {
    let mut profile = Profile::new(Arch::X86_64, Action::Allow, Action::Allow);
    let rule = |value: u64| Rule {
        conditions: vec![Condition::new(0, Width::All64, Compare::Equal(value << 32 | value)).unwrap()],
        action: Action::KillThread,
    };
    let rules = (0..3000).map(rule).collect();
    profile.set(&Numbers::EMPTY.with(1), Verdict { rules, otherwise: Action::Allow, guarded: false });
    let error = compile(&profile).unwrap_err();
    assert!(error.instructions > 6000, "{error}");
    assert!(error.to_string().ends_with("instructions, the kernel takes 4096"), "{error}");
}

#[test]
fn flags_are_those_of_the_kernel() {
    let program = |log, spec_allow| Program { instructions: Vec::new(), log, spec_allow };
    let flags = |log, spec_allow| libc::c_ulong::from(program(log, spec_allow).flags());
    assert_eq!(flags(false, false), 0);
    assert_eq!(flags(true, false), libc::SECCOMP_FILTER_FLAG_LOG);
    assert_eq!(flags(false, true), libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}
