//! A profile: for every system call of one architecture, which action, under which conditions.
//! Never a program; see [`super::bpf`]. Never text; see [`super::oci`].

use super::table::{Numbers, SPAN};
use super::{Action, Arch, Condition, Errno};

/// An action for the calls whose arguments meet all of the conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What such a call gets.
    pub action: Action,
}

/// What one system call gets: the action of the first rule that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
    /// When none matches.
    pub otherwise: Action,
    /// Whether a group in `seccomp.allow` leaves it alone, so that only its own name opens it.
    pub guarded: bool,
}

impl Verdict {
    /// Gives one action whatever the arguments are.
    pub const fn plain(action: Action) -> Self {
        Self { rules: Vec::new(), otherwise: action, guarded: false }
    }

    /// Lists every action that the verdict can come to.
    pub(super) fn actions(&self) -> impl Iterator<Item = Action> {
        self.rules.iter().map(|rule| rule.action).chain([self.otherwise])
    }

    pub(super) fn actions_mut(&mut self) -> impl Iterator<Item = &mut Action> {
        self.rules.iter_mut().map(|rule| &mut rule.action).chain([&mut self.otherwise])
    }

    fn decide(&self, arguments: &[u64; 6]) -> Action {
        let matching =
            self.rules.iter().find(|rule| rule.conditions.iter().all(|condition| condition.holds(arguments)));
        matching.map_or(self.otherwise, |rule| rule.action)
    }
}

/// A system call as the filter sees it: `struct seccomp_data` without the instruction pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// `AUDIT_ARCH_*` of the ABI the call came through.
    pub token: u32,
    /// The number.
    pub number: u32,
    /// The arguments.
    pub arguments: [u64; 6],
}

/// What every system call of one architecture gets, and what calls through other ABIs get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    arch: Arch,
    verdicts: Vec<Verdict>,
    /// Index into `verdicts` for each number.
    slots: [u16; SPAN],
    pub(super) foreign: Action,
    pub(super) second_abi: Action,
    pub(super) refusal: Option<Errno>,
    pub(super) log: bool,
    pub(super) spec_allow: bool,
}

/// The verdict of calls in the table that nobody spoke of.
const DEFAULT: u16 = 0;
/// The verdict of numbers that the table does not have.
const UNKNOWN: u16 = 1;

impl Profile {
    /// Starts a profile in which every call that the table of `arch` has gets `default`, and every other number `unknown`.
    ///
    /// Calls through another architecture's ABI kill the process: no 64-bit program makes one by accident, it is how a
    /// filter that checks numbers alone is dodged, and a 32-bit program would fail at its first call anyway. x32 calls get
    /// `ENOSYS`, which is what most kernels answer them with (`CONFIG_X86_X32` is off).
    pub fn new(arch: Arch, default: Action, unknown: Action) -> Self {
        let mut slots = [UNKNOWN; SPAN];
        Numbers::all(arch).fill(&mut slots, DEFAULT);
        Self {
            arch,
            verdicts: vec![Verdict::plain(default), Verdict::plain(unknown)],
            slots,
            foreign: Action::KillProcess,
            second_abi: Action::Errno(Errno::ENOSYS),
            refusal: None,
            log: false,
            spec_allow: false,
        }
    }

    /// Gives the architecture whose calls the profile speaks of.
    pub const fn arch(&self) -> Arch {
        self.arch
    }

    /// Gives what a call with this number gets, whether or not the architecture has one.
    pub fn verdict(&self, number: u32) -> &Verdict {
        &self.verdicts[usize::from(self.slot(number))]
    }

    /// Says what this call gets: the meaning that the emitted program must have.
    pub fn decide(&self, call: &Call) -> Action {
        if call.token != self.arch.token() {
            return self.foreign;
        }
        match self.arch.second_abi_bit() {
            Some(bit) if call.number >= bit => self.second_abi,
            _ => self.verdict(call.number).decide(&call.arguments),
        }
    }

    pub(super) fn set(&mut self, numbers: &Numbers, verdict: Verdict) {
        let slot = self.intern(verdict);
        numbers.fill(&mut self.slots, slot);
    }

    /// Changes what each of these calls gets, one by one.
    pub(super) fn revise(&mut self, numbers: &Numbers, revise: impl Fn(&mut Verdict)) {
        for number in numbers.iter() {
            let mut verdict = self.verdict(u32::from(number)).clone();
            revise(&mut verdict);
            self.slots[usize::from(number)] = self.intern(verdict);
        }
    }

    /// Replaces the errno of the profile's own refusals, where it is one that may be replaced.
    pub(super) fn refuse_with(&mut self, errno: Errno) {
        let Some(old) = self.refusal.replace(errno) else { return };
        let actions = self.verdicts.iter_mut().flat_map(Verdict::actions_mut);
        actions.filter(|action| **action == Action::Errno(old)).for_each(|action| *action = Action::Errno(errno));
    }

    pub(super) fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    pub(super) fn slot(&self, number: u32) -> u16 {
        usize::try_from(number).ok().and_then(|number| self.slots.get(number)).copied().unwrap_or(UNKNOWN)
    }

    fn intern(&mut self, verdict: Verdict) -> u16 {
        let slot = self.verdicts.iter().position(|known| *known == verdict).unwrap_or(self.verdicts.len());
        if slot == self.verdicts.len() {
            self.verdicts.push(verdict);
        }
        u16::try_from(slot).expect("each revision of one of 512 slots adds one verdict at most, and lists are short")
    }
}
