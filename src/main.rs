//! The `launch` command.

fn main() {}
