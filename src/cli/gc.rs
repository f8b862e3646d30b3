//! `launch gc`: removes what launches left that were killed before they could clean up.

use super::args::Global;
use super::exit::ExitCode;
use crate::plan::Questions;
use crate::runtime::{collect, probe};

/// Removes leftovers, and says which; 1 where one could not be removed.
pub(super) fn gc(global: &Global) -> ExitCode {
    let host = probe(&Questions::default());
    let found = collect(&host.cgroup);
    for leftover in &found {
        let path = leftover.path.display();
        if !leftover.removed {
            eprintln!("launch: cannot remove {path}");
        } else if !global.quiet {
            eprintln!("launch: removed {path}");
        }
    }
    ExitCode::from(u8::from(found.iter().any(|leftover| !leftover.removed)))
}
