//! A terminal for a test: launch on one end, the test's keys and eyes on the other.

use super::place;
use super::process::patience;
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;
use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A process with a controlling terminal of its own, whose other end the test holds.
pub(crate) struct Session {
    child: RefCell<Child>,
    master: RefCell<Option<fs::File>>,
    slave: OwnedFd,
    start: Termios,
    seen: Arc<Mutex<Vec<u8>>>,
    /// What was waited for already.
    from: Cell<usize>,
}

impl Session {
    /// Runs `launch` on this text.
    pub(crate) fn start(toml: &str) -> Self {
        Self::run(toml, &[place::binary().to_str().unwrap(), "container.toml"])
    }

    /// Runs a shell with job control, and `launch` on this text as its first job.
    pub(crate) fn shell(toml: &str) -> Self {
        let session = Self::run(toml, &["bash", "--norc", "-i"]);
        session.keys(&format!("{} container.toml\r", place::binary().display()));
        session
    }

    fn run(toml: &str, words: &[&str]) -> Self {
        let dir = place::fresh_dir(None);
        fs::write(dir.join("container.toml"), super::with_places(toml)).unwrap();
        let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let start = tcgetattr(&pty.slave).unwrap();
        let stream = || pty.slave.try_clone().unwrap();
        // The session's leader, with its standard input as the controlling terminal.
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(words).current_dir(&dir).env("TERM", "xterm-test").env("PS1", "$ ");
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        drop(command);
        let master = fs::File::from(pty.master);
        let seen = Arc::default();
        read_all(master.try_clone().unwrap(), Arc::clone(&seen));
        Self {
            child: RefCell::new(child),
            master: RefCell::new(Some(master)),
            slave: pty.slave,
            start,
            seen,
            from: Cell::new(0),
        }
    }

    /// Waits until `text` is shown, after what was waited for before.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> &Self {
        let deadline = Instant::now() + patience(Duration::from_secs(20));
        loop {
            let all = self.seen.lock().unwrap().clone();
            let rest = String::from_utf8_lossy(&all[self.from.get()..]).into_owned();
            if let Some(at) = rest.find(text) {
                self.from.set(self.from.get() + at + text.len());
                return self;
            }
            assert!(Instant::now() < deadline, "no {text:?} in {rest:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn pause(&self) -> &Self {
        thread::sleep(patience(Duration::from_millis(500)));
        self
    }

    pub(crate) fn keys(&self, keys: &str) {
        self.master.borrow_mut().as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.slave, size).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.borrow().id().try_into().unwrap()), signal).unwrap();
    }

    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(&self.slave).unwrap()
    }

    pub(crate) fn modes_at_start(&self) -> Termios {
        self.start.clone()
    }

    /// Closes the test's end by ending the terminal's session as a closed window does; returns launch's process id.
    pub(crate) fn hang_up(self) -> u32 {
        let pid = self.child.borrow().id();
        self.signal(Signal::SIGHUP);
        let _ = self.child.borrow_mut().wait();
        pid
    }

    /// Waits for the end; returns the exit code.
    #[track_caller]
    pub(crate) fn wait(&self) -> Option<i32> {
        let deadline = Instant::now() + patience(Duration::from_secs(20));
        loop {
            if let Some(status) = self.child.borrow_mut().try_wait().unwrap() {
                return status.code();
            }
            let shown = || String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
            assert!(Instant::now() < deadline, "no end; shown: {:?}", shown());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.borrow_mut().kill();
        let _ = self.child.borrow_mut().wait();
    }
}

fn read_all(mut master: fs::File, seen: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(got @ 1..) = master.read(&mut buffer) {
            seen.lock().unwrap().extend_from_slice(&buffer[..got]);
        }
    });
}
