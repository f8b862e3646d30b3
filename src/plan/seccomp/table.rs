//! Names and numbers of system calls, both ways, and sets of numbers. Never an opinion about them.
//!
//! The lookups are `const fn`: the lists of the preset become bit sets while the program is compiled, so a launch resolves
//! no name, and a misspelt name in one of our own lists does not compile.

mod foreign;
mod rows;

use super::Arch;
use rows::{NONE, ROWS};

/// One more than the highest number a table may hold; a power of two well above what Linux 6.18 reached (469).
pub(super) const SPAN: usize = 512;

/// Row of each number, for each architecture.
static BY_NUMBER: [[u16; SPAN]; 2] = [by_number(Arch::X86_64), by_number(Arch::Aarch64)];

/// Names the system call with this number, `None` when no Linux up to 6.18 has it on `arch`.
pub fn name_of(arch: Arch, number: u32) -> Option<&'static str> {
    let row = *BY_NUMBER[arch.column()].get(usize::try_from(number).ok()?)?;
    ROWS.get(usize::from(row)).map(|row| row.0)
}

/// Gives the number of the named system call, `None` when `arch` has no such call.
pub const fn number_of(arch: Arch, name: &str) -> Option<u16> {
    match row_of(name) {
        Some(row) => number_in(row, arch),
        None => None,
    }
}

/// Tells whether the name is a system call on any architecture of Linux, so that a list may name calls which this machine
/// does not have.
pub fn is_known(name: &str) -> bool {
    row_of(name).is_some() || foreign::NAMES.binary_search(&name).is_ok()
}

/// Lists every name the tables have for any of our architectures, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.0)
}

/// A set of system call numbers of one architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers([u64; SPAN / 64]);

impl Numbers {
    pub(super) const EMPTY: Self = Self([0; SPAN / 64]);

    /// Resolves our own lists at compile time; a name that no architecture has stops the build.
    pub(super) const fn of(arch: Arch, names: &[&str]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < names.len() {
            assert!(row_of(names[at]).is_some(), "a list of system calls names one that does not exist");
            if let Some(number) = number_of(arch, names[at]) {
                set = set.with(number);
            }
            at += 1;
        }
        set
    }

    /// Holds every number the table of `arch` has.
    pub(super) const fn all(arch: Arch) -> &'static Self {
        static ALL: [Numbers; 2] = [all(Arch::X86_64), all(Arch::Aarch64)];
        &ALL[arch.column()]
    }

    pub(super) const fn with(mut self, number: u16) -> Self {
        self.0[number as usize / 64] |= 1 << (number % 64);
        self
    }

    pub(super) const fn union(mut self, other: &Self) -> Self {
        let mut word = 0;
        while word < self.0.len() {
            self.0[word] |= other.0[word];
            word += 1;
        }
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u16> {
        (0..).zip(self.0).flat_map(|(word, bits)| Bits(bits).map(move |bit| word * 64 + bit))
    }

    /// Writes `value` at each number of the set.
    ///
    /// This is most of what making the default profile costs, so it goes by whole words: the sets are either dense or have
    /// a single number.
    pub(super) fn fill(&self, slots: &mut [u16; SPAN], value: u16) {
        let words = slots.chunks_exact_mut(64).zip(self.0).filter(|(_, bits)| *bits != 0);
        for (chunk, bits) in words {
            for (bit, slot) in chunk.iter_mut().enumerate() {
                *slot = if bits >> bit & 1 == 1 { value } else { *slot };
            }
        }
    }
}

/// The positions of the one bits of a word, ascending.
struct Bits(u64);

impl Iterator for Bits {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        let bit = u16::try_from(self.0.trailing_zeros()).ok().filter(|bit| *bit < 64)?;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

const fn number_in(row: &(&str, u16, u16), arch: Arch) -> Option<u16> {
    let number = match arch {
        Arch::X86_64 => row.1,
        Arch::Aarch64 => row.2,
    };
    if number == NONE { None } else { Some(number) }
}

const fn all(arch: Arch) -> Numbers {
    let mut set = Numbers::EMPTY;
    let mut row = 0;
    while row < ROWS.len() {
        if let Some(number) = number_in(&ROWS[row], arch) {
            set = set.with(number);
        }
        row += 1;
    }
    set
}

const fn by_number(arch: Arch) -> [u16; SPAN] {
    let mut table = [NONE; SPAN];
    let mut row = 0;
    while row < ROWS.len() {
        if let Some(number) = number_in(&ROWS[row], arch) {
            assert!(table[number as usize] == NONE, "two system calls with one number");
            #[expect(clippy::cast_possible_truncation, reason = "there are fewer rows than numbers")]
            let position = row as u16;
            table[number as usize] = position;
        }
        row += 1;
    }
    table
}

const fn row_of(name: &str) -> Option<&'static (&'static str, u16, u16)> {
    let (mut low, mut high) = (0, ROWS.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        match order(name.as_bytes(), ROWS[middle].0.as_bytes()) {
            0 => return Some(&ROWS[middle]),
            1 => low = middle + 1,
            _ => high = middle,
        }
    }
    None
}

/// Compares as `Ord` would, which a `const fn` cannot call: -1, 0 or 1.
const fn order(left: &[u8], right: &[u8]) -> i8 {
    let mut at = 0;
    while at < left.len() && at < right.len() {
        if left[at] != right[at] {
            return if left[at] < right[at] { -1 } else { 1 };
        }
        at += 1;
    }
    match (left.len() == at, right.len() == at) {
        (true, true) => 0,
        (true, false) => -1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
