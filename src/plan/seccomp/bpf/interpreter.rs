//! A tiny classic-BPF machine: the oracle of the tests. It takes only what seccomp takes and refuses the rest.

use super::super::Call;
use super::{Instruction, LONGEST};

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) code: u32,
    /// Instructions executed.
    pub(super) steps: usize,
    /// Whether an argument was loaded: then the kernel cannot remember the answer by number.
    pub(super) looked_at_arguments: bool,
}

pub(super) fn run(program: &[Instruction], call: &Call) -> Outcome {
    let (mut accumulator, mut at, mut steps, mut looked_at_arguments) = (0, 0, 0, false);
    loop {
        let Instruction { code, jt, jf, k } = program[at];
        at += 1;
        steps += 1;
        let skip = |taken: bool| usize::from(if taken { jt } else { jf });
        match code {
            0x20 => {
                looked_at_arguments |= k >= 16;
                accumulator = word(call, k);
            }
            0x54 => accumulator &= k,
            0x05 => at += usize::try_from(k).unwrap(),
            0x15 => at += skip(accumulator == k),
            0x25 => at += skip(accumulator > k),
            0x35 => at += skip(accumulator >= k),
            0x45 => at += skip(accumulator & k != 0),
            0x06 => return Outcome { code: k, steps, looked_at_arguments },
            _ => panic!("instruction {code:#x} is not one that the emitter makes"),
        }
    }
}

/// Checks what the kernel's `bpf_check_classic` and `seccomp_check_filter` check.
pub(super) fn check(program: &[Instruction]) {
    assert!((1..=LONGEST).contains(&program.len()), "{} instructions", program.len());
    assert_eq!(program.last().unwrap().code, 0x06, "the last instruction must return");
    for (at, instruction) in program.iter().enumerate() {
        let furthest = match instruction.code {
            0x05 => instruction.k,
            0x15 | 0x25 | 0x35 | 0x45 => u32::from(instruction.jt.max(instruction.jf)),
            0x20 => {
                assert!(instruction.k < 64 && instruction.k % 4 == 0, "load from {}", instruction.k);
                0
            }
            _ => 0,
        };
        assert!(
            at + 1 + usize::try_from(furthest).unwrap() <= program.len(),
            "instruction {at} jumps out of the program"
        );
    }
}

/// Reads a word of `struct seccomp_data` on a little endian machine.
fn word(call: &Call, offset: u32) -> u32 {
    let half = |value: u64, high: bool| u32::try_from(if high { value >> 32 } else { value & 0xffff_ffff }).unwrap();
    match offset {
        0 => call.number,
        4 => call.token,
        8 | 12 => panic!("the instruction pointer is nobody's business"),
        _ => half(call.arguments[usize::try_from((offset - 16) / 8).unwrap()], offset % 8 == 4),
    }
}
