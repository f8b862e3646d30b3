//! What parent and child say to each other, over one socket pair: fixed-size messages, one a packet. Never the heap.

use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};

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
    /// The container's terminal: its master end comes along.
    Terminal,
    /// The command stopped, as by Ctrl-Z.
    Stopped,
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
            Message::Terminal => (3, 0, 0),
            Message::Stopped => (4, 0, 0),
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
            3 => Some(Message::Terminal),
            4 => Some(Message::Stopped),
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

    /// Says something to the parent; one that is gone need not hear it. Where the kernel has no memory for it just now, it
    /// is said again: without this word nobody knows how the command ended.
    pub(super) fn send(&self, message: Message) {
        const TRIES: u32 = 100_000;
        for _ in 0..TRIES {
            match rustix::net::send(self.0, &message.to_bytes(), SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::NOMEM | Errno::NOBUFS) => rustix::thread::sched_yield(),
                _ => return,
            }
        }
    }

    /// Hands the master end of the container's terminal to the parent.
    pub(super) fn send_terminal(&self, master: BorrowedFd<'_>) -> Result<(), Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let fds = [master];
        control.push(SendAncillaryMessage::ScmRights(&fds));
        let bytes = Message::Terminal.to_bytes();
        loop {
            match rustix::net::sendmsg(self.0, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                other => return other.map(drop),
            }
        }
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

/// Takes one message of the child, without waiting, with the descriptor that came along.
pub(super) fn take(channel: BorrowedFd<'_>) -> Option<(Message, Option<OwnedFd>)> {
    loop {
        let mut bytes = [0; SIZE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        match rustix::net::recvmsg(channel, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags) {
            Ok(received) if received.bytes == SIZE => {
                let descriptor = control.drain().find_map(|message| match message {
                    RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
                    _ => None,
                });
                return Message::from_bytes(bytes).map(|message| (message, descriptor));
            }
            // Said once where the child ended without having read all of ours; what it said comes after.
            Err(Errno::CONNRESET | Errno::INTR) => {}
            _ => return None,
        }
    }
}
