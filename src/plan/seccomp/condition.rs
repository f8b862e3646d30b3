//! Conditions on the arguments of a system call. Never on memory behind a pointer: a filter cannot look there.

/// How much of an argument the kernel looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// The low 32 bits. The kernel cuts the argument to an `int`, so a comparison of all 64 bits could be dodged by setting
    /// a high one: `ioctl(fd, 1 << 32 | TIOCSTI)` works.
    Low32,
    /// All 64 bits.
    All64,
}

/// What an argument is compared with, unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// The argument is this.
    Equal(u64),
    /// The argument is anything but this.
    NotEqual(u64),
    /// The argument is below this.
    Less(u64),
    /// The argument is this or below.
    LessOrEqual(u64),
    /// The argument is above this.
    Greater(u64),
    /// The argument is this or above.
    GreaterOrEqual(u64),
    /// The argument's bits in `mask` are `value`.
    MaskedEqual {
        /// The bits that are looked at.
        mask: u64,
        /// What they must be.
        value: u64,
    },
}

/// One comparison of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Condition {
    argument: u8,
    width: Width,
    compare: Compare,
}

impl Condition {
    /// Compares argument 0 to 5; `None` when there is no such argument.
    pub const fn new(argument: u8, width: Width, compare: Compare) -> Option<Self> {
        if argument < 6 { Some(Self { argument, width, compare }) } else { None }
    }

    /// Gives the index of the argument, 0 to 5.
    pub const fn argument(self) -> u8 {
        self.argument
    }

    /// Gives the width that is compared.
    pub const fn width(self) -> Width {
        self.width
    }

    /// Gives the comparison.
    pub const fn compare(self) -> Compare {
        self.compare
    }

    /// Says whether the condition holds for these arguments: the meaning that the emitted program must have.
    pub fn holds(self, arguments: &[u64; 6]) -> bool {
        let value = arguments[usize::from(self.argument)];
        let seen = if self.width == Width::Low32 { value & 0xffff_ffff } else { value };
        match self.compare {
            Compare::Equal(other) => seen == other,
            Compare::NotEqual(other) => seen != other,
            Compare::Less(other) => seen < other,
            Compare::LessOrEqual(other) => seen <= other,
            Compare::Greater(other) => seen > other,
            Compare::GreaterOrEqual(other) => seen >= other,
            Compare::MaskedEqual { mask, value } => seen & mask == value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_high_bit_does_not_hide_a_32_bit_value() {
        let arguments = [0, 1 << 32 | 0x5412, 0, 0, 0, 0];
        let holds = |width| Condition::new(1, width, Compare::Equal(0x5412)).unwrap().holds(&arguments);
        assert!(holds(Width::Low32));
        assert!(!holds(Width::All64));
    }

    #[test]
    fn there_are_six_arguments() {
        assert!(Condition::new(5, Width::All64, Compare::Equal(0)).is_some());
        assert!(Condition::new(6, Width::All64, Compare::Equal(0)).is_none());
    }
}
