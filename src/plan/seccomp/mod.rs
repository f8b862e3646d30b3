//! System call filters: from a profile to the program that the kernel runs before each call. Pure: nothing is read or
//! loaded here.
//!
//! ```text
//! preset ──────┐
//!              ├──> Profile ──add──> Profile ──compile──> Program
//! oci::parse ──┘    every number's   + [seccomp]          instructions for seccomp(2)
//!  a JSON file      verdict           allow deny log
//! ```
//!
//! [`Profile::decide`] is the meaning, [`compile`] must keep it: tests run emitted programs in an interpreter against it.

mod action;
mod additions;
mod arch;
mod bpf;
mod condition;
mod errno;
mod groups;
pub mod oci;
mod preset;
mod profile;
mod table;

pub use action::Action;
pub use additions::{Additions, List, UnknownName};
pub use arch::Arch;
pub use bpf::{Instruction, LONGEST, Program, TooLong, compile};
pub use condition::{Compare, Condition, Width};
pub use errno::Errno;
pub use groups::{Group, group, groups};
pub use preset::{Preset, preset};
pub use profile::{Call, Profile, Rule, Verdict};
pub use table::{is_known, name_of, names, number_of};
