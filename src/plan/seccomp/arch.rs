//! The two architectures: their audit tokens, their other ABIs. Never a table of numbers; see [`super::table`].

/// An architecture that a filter can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// `x86_64`, 64-bit ABI.
    X86_64,
    /// `aarch64`, 64-bit ABI.
    Aarch64,
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the system call tables cover x86_64 and aarch64 only");

impl Arch {
    /// Lists every architecture there is a table for.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Aarch64];

    /// Names the architecture this program was built for.
    pub const fn host() -> Self {
        if cfg!(target_arch = "x86_64") { Self::X86_64 } else { Self::Aarch64 }
    }

    /// Gives `seccomp_data.arch` of this architecture's 64-bit ABI (`AUDIT_ARCH_*` of `linux/audit.h`).
    pub const fn token(self) -> u32 {
        match self {
            Self::X86_64 => 0xc000_003e,
            Self::Aarch64 => 0xc000_00b7,
        }
    }

    /// Gives the bit that marks a call of a second ABI which shares [`Self::token`].
    ///
    /// x32 programs enter the kernel with the token of x86_64 and this bit in the number (`__X32_SYSCALL_BIT`): a filter
    /// that looks at the token alone does not see them.
    pub const fn second_abi_bit(self) -> Option<u32> {
        match self {
            Self::X86_64 => Some(0x4000_0000),
            Self::Aarch64 => None,
        }
    }

    /// Gives the name that docker's and podman's profiles use (`runtime.GOARCH`).
    pub const fn go_name(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    pub(super) const fn column(self) -> usize {
        self as usize
    }
}
