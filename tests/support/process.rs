//! A started process with a deadline: its streams are read as they come, and nothing waits for ever.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How much longer than usual everything may take: set to 20 or so in an emulated machine.
pub(crate) fn patience(usual: Duration) -> Duration {
    let factor = std::env::var("LAUNCH_TEST_SLOW").ok().and_then(|value| value.parse().ok()).unwrap_or(1);
    usual * factor
}

/// A running process; killed with its process group when it is dropped before its end.
pub(crate) struct Process {
    child: Child,
    started: Instant,
    deadline: Instant,
    pub(crate) stdout: Stream,
    pub(crate) stderr: Stream,
}

/// How a process ended.
pub(crate) struct Ended {
    /// None: it did not end in time and was killed.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) duration: Duration,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// A stream that someone still held open after the end.
    pub(crate) still_open: Option<&'static str>,
}

impl Process {
    /// Starts `command` in a process group of its own.
    pub(crate) fn start(command: &mut Command, stdin: Option<Vec<u8>>, timeout: Duration) -> Self {
        command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        if let (Some(bytes), Some(mut pipe)) = (stdin, child.stdin.take()) {
            // A command that reads less than it is given is no failure of the writer.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let stdout = Stream::read(child.stdout.take().unwrap());
        let stderr = Stream::read(child.stderr.take().unwrap());
        Self { child, started, deadline: started + patience(timeout), stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the process alone, as kill(1) does.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.raw_pid(), signal).unwrap();
    }

    fn raw_pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// Waits until stdout contains `text`; panics with what there was instead.
    pub(crate) fn wait_for_stdout(&self, text: &str) {
        let seen = self.stdout.wait(self.deadline, |bytes| String::from_utf8_lossy(bytes).contains(text));
        assert!(seen, "no {text:?} in time; stdout: {}; stderr: {}", self.stdout.lossy(), self.stderr.lossy());
    }

    /// Waits for the end; a process that takes too long is killed.
    pub(crate) fn wait(mut self) -> Ended {
        let status = if self.ended_in_time() { Some(self.child.wait().unwrap()) } else { None };
        let duration = self.started.elapsed();
        if status.is_none() {
            self.kill();
        }
        // Whoever inherited a stream and outlived the process is itself a leftover.
        let grace = Instant::now() + patience(Duration::from_secs(2));
        let still_open = [("stdout", &self.stdout), ("stderr", &self.stderr)];
        let still_open = still_open.into_iter().find(|(_, stream)| !stream.wait_closed(grace)).map(|(name, _)| name);
        Ended { status, duration, stdout: self.stdout.bytes(), stderr: self.stderr.bytes(), still_open }
    }

    fn ended_in_time(&self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        let pidfd = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return ready == 1,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("poll: {error}"),
            }
        }
    }

    fn kill(&mut self) {
        let group = Pid::from_raw(-self.raw_pid().as_raw());
        let _ = kill(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// What came out of a pipe so far; a thread reads it.
#[derive(Clone)]
pub(crate) struct Stream(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
}

impl Stream {
    fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let stream = Self(Arc::default());
        let shared = stream.clone();
        thread::spawn(move || {
            let mut buffer = [0; 16384];
            loop {
                let got = pipe.read(&mut buffer).unwrap_or(0);
                let mut state = shared.0.0.lock().unwrap();
                state.bytes.extend_from_slice(&buffer[..got]);
                state.closed = got == 0;
                shared.0.1.notify_all();
                if state.closed {
                    break;
                }
            }
        });
        stream
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.0.lock().unwrap().bytes.clone()
    }

    fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    fn wait(&self, deadline: Instant, done: impl Fn(&[u8]) -> bool) -> bool {
        self.wait_state(deadline, |state| done(&state.bytes))
    }

    fn wait_closed(&self, deadline: Instant) -> bool {
        self.wait_state(deadline, |state| state.closed)
    }

    /// Waits for `done`, the stream's end, or the deadline; says whether it was the first.
    fn wait_state(&self, deadline: Instant, done: impl Fn(&State) -> bool) -> bool {
        let mut state = self.0.0.lock().unwrap();
        while !done(&state) && !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.0.1.wait_timeout(state, left).unwrap().0;
        }
        done(&state)
    }
}
