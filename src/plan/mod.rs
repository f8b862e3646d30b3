//! WHAT WILL BE DONE.

pub mod seccomp;
