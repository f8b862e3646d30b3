//! Profiles as podman, docker and the OCI runtime specification (`linux.seccomp`) write them, in JSON. Never opens a file.
//!
//! Where the formats leave room, this is how it is read:
//! - Of all rules that match a call, the strictest wins, as it does between filters in the kernel.
//! - Conditions of one rule must all hold, unless two look at the same argument: then each is a rule of its own. That is
//!   what profiles are written for; libseccomp cannot have two conditions on one argument.
//! - Arguments that the kernel cuts to 32 bits are compared as the kernel sees them.
//! - A default of `EPERM` is `ENOSYS` for calls newer than our table, so that C libraries use the call that came before.
//! - Programs of other ABIs are stopped, whatever `architectures` says; a warning tells.

mod document;
mod lower;
mod words;

use super::{Arch, Profile};

/// What a profile may make its rules depend on.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Whose system calls.
    pub arch: Arch,
    /// The capabilities that the container keeps, as in `"CAP_SYS_TIME"`.
    pub capabilities: &'a [&'a str],
    /// Version of the running kernel: major, minor.
    pub kernel: (u32, u32),
}

/// A profile, and what is odd about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The profile.
    pub profile: Profile,
    /// In the order of the file.
    pub warnings: Vec<Warning>,
}

/// What does not make a file wrong, but probably does not do what its author thinks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A name that no architecture of Linux has.
    #[error("`{name}` in syscalls[{rule}] is not a system call of any architecture")]
    UnknownSyscall {
        /// The name as written.
        name: String,
        /// Which rule, from 0.
        rule: usize,
        /// The call that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// An ABI whose programs are stopped although the file lists it.
    #[error("programs of {architecture} are stopped: launch filters the 64-bit ABI of the machine only")]
    OtherAbi {
        /// As written, `SCMP_ARCH_*`.
        architecture: String,
    },
}

/// A file that is not a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}, at line {line} column {column}")]
pub struct Malformed {
    /// What is wrong.
    pub problem: String,
    /// From 1.
    pub line: usize,
    /// From 1; where the value that is wrong was read to its end.
    pub column: usize,
}

/// Reads a profile.
///
/// # Errors
/// When the text is not JSON, has a key, an action or an operator that the formats do not know, or asks for a listener,
/// which nobody here would answer.
pub fn parse(text: &str, surroundings: &Surroundings<'_>) -> Result<Loaded, Malformed> {
    let document: document::Document = serde_json::from_str(text).map_err(|error| Malformed::new(&error))?;
    Ok(lower::lower(&document, surroundings))
}

impl Malformed {
    fn new(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let told = error.to_string();
        let problem = told.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&told);
        // serde_json has no place for what is wrong with the document as a whole.
        Self { problem: problem.to_owned(), line: line.max(1), column: column.max(1) }
    }
}

#[cfg(test)]
mod tests;
