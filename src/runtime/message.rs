//! What parent and child say to each other, over one socket pair: fixed-size messages, one a packet. Never the heap.

use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, IoSliceMut};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendFlags};

use super::sys;

/// Bytes of a message.
pub(super) const SIZE: usize = 12;

/// What the child says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// An operation failed: its number, the error.
    Failed(usize, i32),
    /// The command ended: its status, as wait(2) gives it.
    Ended(i32),
}

impl Message {
    /// An operation failed.
    pub(super) fn failed(number: usize, errno: Errno) -> Message {
        Message::Failed(number, errno.raw_os_error())
    }

    /// Returns the bytes.
    pub(super) fn to_bytes(self) -> [u8; SIZE] {
        let (kind, number, value) = match self {
            Message::Failed(number, errno) => (1u32, u32::try_from(number).unwrap_or(u32::MAX), errno),
            Message::Ended(status) => (2, 0, status),
        };
        let mut bytes = [0; SIZE];
        let (head, tail) = bytes.split_at_mut(4);
        let (middle, tail) = tail.split_at_mut(4);
        head.copy_from_slice(&kind.to_ne_bytes());
        middle.copy_from_slice(&number.to_ne_bytes());
        tail.copy_from_slice(&value.to_ne_bytes());
        bytes
    }

    /// Reads the bytes.
    pub(super) fn from_bytes(bytes: [u8; SIZE]) -> Option<Message> {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let value = i32::from_ne_bytes([i, j, k, l]);
        match u32::from_ne_bytes([a, b, c, d]) {
            1 => Some(Message::Failed(usize::try_from(u32::from_ne_bytes([e, f, g, h])).ok()?, value)),
            2 => Some(Message::Ended(value)),
            _ => None,
        }
    }
}

/// The child's end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel<'a>(BorrowedFd<'a>);

impl<'a> Channel<'a> {
    /// Takes the descriptor.
    pub(super) fn new(socket: BorrowedFd<'a>) -> Self {
        Channel(socket)
    }

    /// Returns the descriptor.
    pub(super) fn socket(&self) -> BorrowedFd<'a> {
        self.0
    }

    /// Says something to the parent; one that is gone need not hear it.
    pub(super) fn send(&self, message: Message) {
        while rustix::net::send(self.0, &message.to_bytes(), SendFlags::NOSIGNAL) == Err(Errno::INTR) {}
    }

    /// Waits for the parent's go. A parent that died ends the child.
    pub(super) fn await_parent(&self) -> Result<(), Errno> {
        let mut space: [MaybeUninit<u8>; 0] = [];
        self.receive(&mut RecvAncillaryBuffer::new(&mut space))
    }

    /// Takes one message of the parent, with what comes along.
    pub(super) fn receive(&self, control: &mut RecvAncillaryBuffer<'_>) -> Result<(), Errno> {
        let mut byte = [0u8; 1];
        loop {
            match rustix::net::recvmsg(self.0, &mut [IoSliceMut::new(&mut byte)], control, RecvFlags::CMSG_CLOEXEC) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
                // The parent is gone: nobody is left to be told.
                Ok(message) if message.bytes == 0 => sys::exit(125),
                // The descriptor did not fit into our table.
                Ok(message) if message.flags.contains(ReturnFlags::CTRUNC) => return Err(Errno::MFILE),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Says whether the parent is gone.
    pub(super) fn is_closed(&self) -> bool {
        let mut byte = [0u8; 1];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        matches!(rustix::net::recv(self.0, &mut byte, flags), Ok((_, 0)))
    }
}
