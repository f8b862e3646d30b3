//! Conditions on 64-bit arguments, from 32-bit loads. Never looks at the number.
//!
//! Both architectures are little endian: the low half of argument `n` stands first (`struct seccomp_data`).

use super::super::{Compare, Condition, Width};
use super::{Graph, Label, Test};

/// Where a condition leads, and whose argument it looks at.
struct Branch<'a> {
    graph: &'a mut Graph,
    offset: u32,
    width: Width,
    yes: Label,
    no: Label,
}

/// Emits one condition.
pub(super) fn condition(condition: Condition, yes: Label, no: Label, graph: &mut Graph) -> Label {
    let offset = 16 + 8 * u32::from(condition.argument());
    let branch = Branch { graph, offset, width: condition.width(), yes, no };
    match condition.compare() {
        Compare::Equal(value) => branch.equal(value),
        Compare::NotEqual(value) => branch.swapped().equal(value),
        Compare::Greater(value) => branch.above(value, Test::Greater),
        Compare::LessOrEqual(value) => branch.swapped().above(value, Test::Greater),
        Compare::GreaterOrEqual(value) => branch.above(value, Test::GreaterOrEqual),
        Compare::Less(value) => branch.swapped().above(value, Test::GreaterOrEqual),
        Compare::MaskedEqual { mask, value } => branch.masked(mask, value),
    }
}

impl Branch<'_> {
    fn swapped(self) -> Self {
        Self { yes: self.no, no: self.yes, ..self }
    }

    fn equal(mut self, value: u64) -> Label {
        let (high, low) = halves(value);
        let low = self.low(Test::Equal, low);
        self.high_equal(high, low)
    }

    /// Compares by order: the high half decides unless it is equal.
    fn above(mut self, value: u64, test: Test) -> Label {
        let (high, low) = halves(value);
        let low = self.low(test, low);
        if self.width == Width::Low32 {
            return self.high_equal(high, low);
        }
        let no = self.having_high(self.no);
        let tie = self.graph.jump(Test::Equal, high, low, no);
        let yes = self.having_high(self.yes);
        let decided = self.graph.jump(Test::Greater, high, yes, tie);
        self.graph.load(self.offset + 4, decided)
    }

    fn masked(mut self, mask: u64, value: u64) -> Label {
        if value & !mask != 0 {
            return self.no;
        }
        let (mask_high, mask_low) = halves(mask);
        let (high, low) = halves(value);
        let low = self.half_masked(self.offset, mask_low, low, self.yes);
        if self.width == Width::Low32 {
            return if high == 0 { low } else { self.no };
        }
        self.half_masked(self.offset + 4, mask_high, high, low)
    }

    fn half_masked(&mut self, offset: u32, mask: u32, value: u32, yes: Label) -> Label {
        let compared = match (mask, value) {
            (0, _) => return yes,
            (u32::MAX, _) => self.jump_having(offset, Test::Equal, value, yes, self.no),
            (_, 0) => self.jump_having(offset, Test::AnyBit, mask, self.no, yes),
            // The mask changes the accumulator: nothing that follows may take it for the argument.
            _ => {
                let masked = self.graph.jump(Test::Equal, value, yes, self.no);
                self.graph.and(mask, masked)
            }
        };
        self.graph.load(offset, compared)
    }

    fn low(&mut self, test: Test, value: u32) -> Label {
        let compared = self.jump_having(self.offset, test, value, self.yes, self.no);
        self.graph.load(self.offset, compared)
    }

    /// Requires the high half to be `high` before `low` is looked at; of a 32-bit argument it is zero.
    fn high_equal(&mut self, high: u32, low: Label) -> Label {
        if self.width == Width::Low32 {
            return if high == 0 { low } else { self.no };
        }
        let compared = self.jump_having(self.offset + 4, Test::Equal, high, low, self.no);
        self.graph.load(self.offset + 4, compared)
    }

    fn jump_having(&mut self, offset: u32, test: Test, k: u32, yes: Label, no: Label) -> Label {
        let (yes, no) = (self.graph.having_loaded(offset, yes), self.graph.having_loaded(offset, no));
        self.graph.jump(test, k, yes, no)
    }

    fn having_high(&self, label: Label) -> Label {
        self.graph.having_loaded(self.offset + 4, label)
    }
}

const fn halves(value: u64) -> (u32, u32) {
    #[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
    ((value >> 32) as u32, value as u32)
}
