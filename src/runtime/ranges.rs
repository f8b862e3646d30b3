//! Ranges of 65536 ids for containers that root starts: one for each, never shared while both live.
//!
//! A range is held by a socket with its name in the abstract namespace (unix(7)): no file is needed, and the kernel gives
//! the name back when the supervisor is gone, however it went.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// First id of range 0: above the ranges of subuid(5) and systemd-nspawn(1), below 2^31.
pub(super) const FIRST: u32 = 0x7000_0000;
/// How many ranges there are.
const COUNT: u32 = 4095;
/// Ids of a range.
pub(super) const SIZE: u32 = crate::plan::userns::RANGE;

/// A range that is held as long as this value lives.
#[derive(Debug)]
pub struct Range {
    /// First id.
    pub first: u32,
    _name: UnixDatagram,
}

/// Returns the first id of a range that is likely free now, without holding it.
pub(super) fn peek() -> u32 {
    first(std::process::id() % COUNT)
}

impl Range {
    /// Takes a free range; the search starts where few others do.
    ///
    /// # Errors
    /// When no socket can be made, or all ranges are taken.
    pub fn take() -> io::Result<Range> {
        let start = std::process::id() % COUNT;
        for offset in 0..COUNT {
            let number = (start + offset) % COUNT;
            let name = SocketAddr::from_abstract_name(format!("launch/ids/{number}"))?;
            match UnixDatagram::bind_addr(&name) {
                Ok(socket) => return Ok(Range { first: first(number), _name: socket }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from_raw_os_error(libc::EAGAIN))
    }
}

fn first(number: u32) -> u32 {
    FIRST + number * SIZE
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn two_that_live_have_two_ranges() {
        let (one, other) = (Range::take().unwrap(), Range::take().unwrap());
        assert_ne!(one.first, other.first);
        let first = one.first;
        drop(one);
        assert_eq!(Range::take().unwrap().first, first, "a range that is given back is free");
    }
}
