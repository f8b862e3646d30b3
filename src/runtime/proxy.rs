//! Between the caller's streams and the container's terminal: bytes, size, end of input. Nothing of it waits.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::PollFlags;
use rustix::io::Errno;

use super::sys::terminal as tty;
use super::terminal::{self, Caller};

/// Bytes that are under way in one direction.
const CAPACITY: usize = 32 * 1024;
/// Bytes that a pipe takes at once when poll(2) says that it can be written (PIPE_BUF, pipe(7)).
const CHUNK: usize = 4096;

/// Copies in both directions until the container's side is closed.
pub(super) struct Proxy {
    caller: Caller,
    /// The container's terminal; `None` before it came and after it was hung up.
    master: Option<OwnedFd>,
    input: Buffer,
    output: Buffer,
    /// The caller's input has not ended.
    reading: bool,
    /// The container's side has not been closed.
    open: bool,
    last_byte: u8,
}

/// What poll(2) is asked for, in this order: the caller's input, the caller's output, the terminal.
pub(super) type Interest<'a> = [Option<(BorrowedFd<'a>, PollFlags)>; 3];

impl Proxy {
    /// Takes the caller's streams; the terminal comes later.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn new() -> Result<Proxy, Errno> {
        Ok(Proxy {
            caller: Caller::open()?,
            master: None,
            input: Buffer::new(),
            output: Buffer::new(),
            reading: true,
            open: true,
            last_byte: b'\n',
        })
    }

    /// Takes the container's terminal.
    pub(super) fn connect(&mut self, master: OwnedFd) {
        let _ = rustix::io::ioctl_fionbio(&master, true);
        self.master = Some(master);
        self.resume();
    }

    /// The size may have changed since the child set it.
    pub(super) fn resize(&self) {
        if let (Some(master), Some(size)) = (&self.master, terminal::size()) {
            let _ = tty::set_size(master.as_fd(), size);
        }
    }

    /// The terminal is the caller's again, while launch is stopped.
    pub(super) fn pause(&mut self) {
        self.caller.restore();
    }

    /// The terminal is the container's, where launch is in its foreground.
    pub(super) fn resume(&mut self) {
        self.caller.enter_raw();
        self.resize();
    }

    /// Says whether launch waits in the background to be brought to the front: not every shell says so by a signal.
    pub(super) fn in_background(&self) -> bool {
        self.caller.is_terminal() && !self.caller.is_raw() && self.reading && self.master.is_some()
    }

    pub(super) fn look_for_foreground(&mut self) {
        if self.in_background() && self.caller.in_foreground() {
            self.resume();
        }
    }

    /// Says whether all that the container wrote has been passed on.
    pub(super) fn is_drained(&self) -> bool {
        self.output.is_empty() && !self.open
    }

    pub(super) fn interest(&self) -> Interest<'_> {
        let Some(master) = &self.master else { return [None; 3] };
        let input = self.reading && self.input.has_room() && (self.caller.is_raw() || !self.caller.is_terminal());
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.open && self.output.has_room());
        flags.set(PollFlags::OUT, self.open && !self.input.is_empty());
        [
            input.then(|| (self.caller.input(), PollFlags::IN)),
            (!self.output.is_empty()).then(|| (self.caller.output(), PollFlags::OUT)),
            (!flags.is_empty()).then(|| (master.as_fd(), flags)),
        ]
    }

    /// Copies what can be copied without waiting; `ready` is in the order of [`Proxy::interest`].
    pub(super) fn pump(&mut self, ready: [bool; 3]) {
        let [input, output, master] = ready;
        if input {
            self.read_caller();
        }
        if output {
            self.write_caller();
        }
        if master {
            self.read_terminal();
            self.write_terminal();
        }
    }

    /// The command has ended: nothing more is typed, and what it wrote is read to the end.
    pub(super) fn finish(&mut self) {
        self.reading = false;
        self.input = Buffer::new();
        while self.master.is_some() && self.open && self.output.has_room() {
            if !self.read_terminal() {
                // A process that outlived the command holds the terminal: it is not waited for.
                self.open = false;
            }
        }
        self.open &= self.master.is_some();
    }

    fn read_caller(&mut self) {
        match self.input.fill(self.caller.input()) {
            Ok(0) | Err(Errno::IO) => self.end_input(),
            Err(_) => {}
            Ok(_) => self.last_byte = self.input.last().unwrap_or(b'\n'),
        }
    }

    /// The end of a pipe becomes the character that ends the input; twice where a line has begun (termios(3), VEOF). A
    /// program that edits lines itself takes it as it is.
    fn end_input(&mut self) {
        self.reading = false;
        if self.caller.is_terminal() {
            return;
        }
        let modes = self.master.as_ref().and_then(|master| tty::modes(master.as_fd()).ok());
        if let Some(end) = modes.map(|modes| modes.end_of_file()) {
            self.input.push(end);
            if self.last_byte != b'\n' {
                self.input.push(end);
            }
        }
    }

    fn write_caller(&mut self) {
        match self.output.drain(self.caller.output()) {
            Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
            // Nobody reads any more: the command's terminal is hung up.
            Err(_) => {
                self.output = Buffer::new();
                self.hang_up();
            }
        }
    }

    fn hang_up(&mut self) {
        self.master = None;
        self.open = false;
    }

    /// Returns false where there is nothing to read now.
    fn read_terminal(&mut self) -> bool {
        let Some(master) = &self.master else { return false };
        match self.output.fill(master.as_fd()) {
            Ok(0) | Err(Errno::IO) => {
                self.open = false;
                true
            }
            Ok(_) => true,
            Err(_) => false,
        }
    }

    fn write_terminal(&mut self) {
        if let Some(master) = &self.master {
            let _ = self.input.drain(master.as_fd());
        }
    }
}

/// Bytes in order.
struct Buffer {
    bytes: Box<[u8]>,
    begin: usize,
    end: usize,
}

impl Buffer {
    fn new() -> Buffer {
        Buffer { bytes: vec![0; CAPACITY].into_boxed_slice(), begin: 0, end: 0 }
    }

    fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    /// Some are kept free for the end of input.
    fn has_room(&self) -> bool {
        self.end + 2 < CAPACITY
    }

    fn last(&self) -> Option<u8> {
        self.bytes[self.begin..self.end].last().copied()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.end) {
            *place = byte;
            self.end += 1;
        }
    }

    fn fill(&mut self, from: BorrowedFd<'_>) -> Result<usize, Errno> {
        let got = rustix::io::read(from, &mut self.bytes[self.end..CAPACITY - 2])?;
        self.end += got;
        Ok(got)
    }

    fn drain(&mut self, into: BorrowedFd<'_>) -> Result<(), Errno> {
        if self.is_empty() {
            return Ok(());
        }
        let end = self.end.min(self.begin + CHUNK);
        self.begin += rustix::io::write(into, &self.bytes[self.begin..end])?;
        if self.is_empty() {
            (self.begin, self.end) = (0, 0);
        }
        Ok(())
    }
}
