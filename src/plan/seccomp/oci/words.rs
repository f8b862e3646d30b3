//! The words of the formats: actions, operators, flags, errnos, versions, architectures. Each is refused while it is read,
//! where serde_json knows the line; never later.

use serde::Deserialize;

use super::super::{Action, Errno};

/// As in `"4.8"`.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "String")]
pub(super) struct Kernel(pub(super) (u32, u32));

/// `SCMP_ARCH_*`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Architecture(pub(super) String);

/// An action that can be carried out, still without its errno.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "ActionName")]
pub(super) struct OwnAction(pub(super) fn(Errno) -> Action);

#[derive(Deserialize, Clone, Copy)]
enum ActionName {
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
    #[serde(rename = "SCMP_ACT_KILL", alias = "SCMP_ACT_KILL_THREAD")]
    KillThread,
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
}

#[derive(Deserialize)]
pub(super) enum Operator {
    #[serde(rename = "SCMP_CMP_NE")]
    NotEqual,
    #[serde(rename = "SCMP_CMP_LT")]
    Less,
    #[serde(rename = "SCMP_CMP_LE")]
    LessOrEqual,
    #[serde(rename = "SCMP_CMP_EQ")]
    Equal,
    #[serde(rename = "SCMP_CMP_GE")]
    GreaterOrEqual,
    #[serde(rename = "SCMP_CMP_GT")]
    Greater,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEqual,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
pub(super) enum Flag {
    /// All threads get the filter; it is loaded while there is one.
    #[serde(rename = "SECCOMP_FILTER_FLAG_TSYNC")]
    AllThreads,
    #[serde(rename = "SECCOMP_FILTER_FLAG_LOG")]
    Log,
    #[serde(rename = "SECCOMP_FILTER_FLAG_SPEC_ALLOW")]
    SpecAllow,
    /// How a listener is waited for, without which it means nothing.
    #[serde(rename = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")]
    WaitKillable,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "u64")]
pub(super) struct ErrnoNumber(pub(super) Errno);

#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "String")]
pub(super) struct ErrnoName(pub(super) Errno);

impl TryFrom<ActionName> for OwnAction {
    type Error = &'static str;

    fn try_from(name: ActionName) -> Result<Self, &'static str> {
        Ok(Self(match name {
            ActionName::Allow => |_| Action::Allow,
            ActionName::Log => |_| Action::Log,
            ActionName::Errno => Action::Errno,
            ActionName::Trace => |errno| Action::Trace(errno.number()),
            ActionName::Trap => |_| Action::Trap,
            ActionName::KillThread => |_| Action::KillThread,
            ActionName::KillProcess => |_| Action::KillProcess,
            ActionName::Notify => return Err("SCMP_ACT_NOTIFY needs a listener, which launch does not have"),
        }))
    }
}

impl TryFrom<u64> for ErrnoNumber {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        let errno = Errno::from_number(number);
        errno.map(Self).ok_or_else(|| format!("errno {number}, the kernel passes on at most {}", Errno::GREATEST))
    }
}

impl TryFrom<String> for ErrnoName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Errno::from_name(&name).map(Self).ok_or_else(|| format!("`{name}` is not the name of an errno"))
    }
}

impl TryFrom<String> for Kernel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        match (parts.next(), parts.next()) {
            (Some(Some(major)), Some(Some(minor))) => Ok(Self((major, minor))),
            _ => Err(format!("`{text}` is not a kernel version as in \"4.8\"")),
        }
    }
}

impl TryFrom<String> for Architecture {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        const KNOWN: &str = "X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE \
                             S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB";
        let known = name.strip_prefix("SCMP_ARCH_").is_some_and(|arch| KNOWN.split(' ').any(|known| known == arch));
        if known { Ok(Self(name)) } else { Err(format!("`{name}` is not an architecture (SCMP_ARCH_*)")) }
    }
}
