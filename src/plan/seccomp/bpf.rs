//! The emitter: a profile becomes a classic BPF program for seccomp(2). Never loads it.
//!
//! ```text
//! profile ──dispatch──> ranges of numbers with one verdict ──> a tree of comparisons ┐
//!         ──arguments─> the conditions of each verdict ────────────────────────────> graph ──assemble──> instructions
//! ```
//!
//! Neighbouring numbers with one verdict are one range, found by binary search: an allowlist with a rule for each of 370
//! calls costs the kernel 20 times as much to load as the ranges do. There is no point in putting hot calls first: since
//! 5.11 the kernel runs a new filter once for every number and remembers those that it allows whatever the arguments are
//! (`seccomp_cache_prepare`); later such calls do not enter the filter. It does so only while nothing but the number and
//! the architecture is looked at, so arguments are loaded below the tree, never above it.

mod arguments;
mod dispatch;
mod graph;

use super::{Action, Profile, Verdict};
use graph::{Graph, Label, Test};

/// One instruction: `struct sock_filter` of `linux/filter.h`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when a comparison is true.
    pub jt: u8,
    /// Instructions to skip when it is false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// A filter, ready for `seccomp(SECCOMP_SET_MODE_FILTER)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// At most [`LONGEST`].
    pub instructions: Vec<Instruction>,
    /// Whether refusals are to be written to the audit log (`SECCOMP_FILTER_FLAG_LOG`, since 4.14).
    pub log: bool,
    /// Whether the profile waives the mitigation of speculative store bypass (`SECCOMP_FILTER_FLAG_SPEC_ALLOW`, 4.17).
    pub spec_allow: bool,
}

impl Program {
    /// Gives the `flags` argument of seccomp(2).
    pub const fn flags(&self) -> u32 {
        const LOG: u32 = 1 << 1;
        const SPEC_ALLOW: u32 = 1 << 2;
        (if self.log { LOG } else { 0 }) | (if self.spec_allow { SPEC_ALLOW } else { 0 })
    }
}

/// The most instructions that the kernel takes in one filter (`BPF_MAXINSNS`).
pub const LONGEST: usize = 4096;

/// The profile needs more instructions than the kernel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the seccomp profile needs {instructions} instructions, the kernel takes {LONGEST}")]
pub struct TooLong {
    /// How many it needs.
    pub instructions: usize,
}

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const TOKEN: u32 = 4;

/// Makes the program that answers every call as [`Profile::decide`] does.
///
/// # Errors
/// When the profile has so many conditions that the program would be longer than [`LONGEST`].
pub fn compile(profile: &Profile) -> Result<Program, TooLong> {
    let mut graph = Graph::new();
    let foreign = graph.answer(profile.foreign);
    let native = dispatch::tree(profile, &mut graph);
    let native = graph.load(NUMBER, native);
    let start = graph.jump(Test::Equal, profile.arch().token(), native, foreign);
    let start = graph.load(TOKEN, start);
    let instructions = graph.assemble(start);
    if instructions.len() > LONGEST {
        return Err(TooLong { instructions: instructions.len() });
    }
    Ok(Program { instructions, log: profile.log, spec_allow: profile.spec_allow })
}

/// Emits the rules of one verdict, the last first: each falls through to the one after it.
fn verdict(verdict: &Verdict, graph: &mut Graph) -> Label {
    let mut next = graph.answer(verdict.otherwise);
    for rule in verdict.rules.iter().rev() {
        let mut matched = graph.answer(rule.action);
        for condition in rule.conditions.iter().rev() {
            matched = arguments::condition(*condition, matched, next, graph);
        }
        next = matched;
    }
    next
}

#[cfg(test)]
mod interpreter;
#[cfg(test)]
mod tests;
