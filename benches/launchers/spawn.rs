//! The timer: `posix_spawn(3)` and `wait4(2)`, with next to nothing between the two clock readings.
//!
//! A launch that hangs is killed by an alarm and counted as failed.
#![allow(unsafe_code, reason = "posix_spawn, wait4 and the alarm have no safe wrapper that costs nothing")]

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use crate::processes;

/// Seconds after which a launch counts as hanging.
const HANGS_AFTER: libc::c_uint = 10;

/// One launch, timed.
pub(crate) struct Sample {
    /// From before the spawn until the launcher was waited for.
    pub(crate) wall: Duration,
    /// User and system time of the launcher and of all that it waited for.
    pub(crate) cpu: Duration,
    /// Exit code 0.
    pub(crate) ok: bool,
}

/// A command line in the form that the kernel takes.
pub(crate) struct Prepared {
    strings: Vec<CString>,
    argv: Vec<*mut c_char>,
    envp: Vec<*mut c_char>,
    /// The environment's strings: `envp` points into them.
    _environment: Vec<CString>,
}

impl Prepared {
    pub(crate) fn new(command_line: &[String], environment: &[String]) -> Option<Self> {
        let strings = terminated(command_line)?;
        let environment = terminated(environment)?;
        let (argv, envp) = (pointers(&strings), pointers(&environment));
        (!strings.is_empty()).then_some(Self { strings, argv, envp, _environment: environment })
    }

    /// Starts the program with stdin, stdout and stderr of `/dev/null`; none if that fails.
    pub(crate) fn start(&self, null: &FileActions) -> Option<libc::pid_t> {
        let mut pid = 0;
        let program = self.strings.first()?;
        // SAFETY: argv and envp are null-terminated arrays of strings that `self` owns; the actions are initialised.
        let failed = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                program.as_ptr(),
                &raw const null.actions,
                std::ptr::null(),
                self.argv.as_ptr(),
                self.envp.as_ptr(),
            )
        };
        (failed == 0).then_some(pid)
    }

    /// Starts the program, waits for its end and times that.
    pub(crate) fn launch(&self, null: &FileActions) -> Sample {
        // SAFETY: alarm(2) only sets a timer.
        unsafe { libc::alarm(HANGS_AFTER) };
        let start = Instant::now();
        let pid = self.start(null);
        CHILD.store(pid.unwrap_or(0), Ordering::SeqCst);
        let (ok, cpu) = pid.map_or((false, Duration::ZERO), wait);
        let wall = start.elapsed();
        CHILD.store(0, Ordering::SeqCst);
        // SAFETY: as above; 0 takes the timer away.
        unsafe { libc::alarm(0) };
        if HUNG.swap(0, Ordering::SeqCst) != 0 {
            // We are their subreaper, so all that the killed launcher left is below us.
            processes::kill_all_below(std::process::id());
        }
        Sample { wall, cpu, ok }
    }
}

/// Waits for one child: whether it exited with 0, and its CPU time.
pub(crate) fn wait(pid: libc::pid_t) -> (bool, Duration) {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to locals of the right type; SA_RESTART makes EINTR impossible.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) };
    // SAFETY: zeroed is a valid value of this plain struct, filled by the kernel or not.
    let usage = unsafe { usage.assume_init() };
    let ok = waited == pid && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
    (ok, time(usage.ru_utime) + time(usage.ru_stime))
}

fn time(t: libc::timeval) -> Duration {
    let micros = t.tv_sec * 1_000_000 + t.tv_usec;
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn terminated(strings: &[String]) -> Option<Vec<CString>> {
    strings.iter().map(|s| CString::new(s.as_str()).ok()).collect()
}

fn pointers(strings: &[CString]) -> Vec<*mut c_char> {
    strings.iter().map(|s| s.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect()
}

/// The file actions of every launch: 0, 1 and 2 are `/dev/null`.
pub(crate) struct FileActions {
    actions: libc::posix_spawn_file_actions_t,
}

impl FileActions {
    pub(crate) fn null() -> Self {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: initialises the local; opened at spawn time, so that no file of ours is inherited.
        let actions = unsafe {
            libc::posix_spawn_file_actions_init(actions.as_mut_ptr());
            for fd in 0..=2 {
                libc::posix_spawn_file_actions_addopen(
                    actions.as_mut_ptr(),
                    fd,
                    c"/dev/null".as_ptr(),
                    libc::O_RDWR,
                    0,
                );
            }
            actions.assume_init()
        };
        Self { actions }
    }
}

/// The launcher that is being waited for, for the alarm.
static CHILD: AtomicI32 = AtomicI32::new(0);
/// Set by the alarm.
static HUNG: AtomicI32 = AtomicI32::new(0);

extern "C" fn on_alarm(_: libc::c_int) {
    let pid = CHILD.load(Ordering::SeqCst);
    if pid > 0 {
        HUNG.store(1, Ordering::SeqCst);
        // SAFETY: kill(2) is async-signal-safe, and the pid is of a child that was not waited for yet.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    }
}

/// Makes this process the one that orphans of killed launchers come to, and installs the alarm.
pub(crate) fn guard_against_hangs() {
    // SAFETY: a plain struct, zeroed; the handler is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_alarm as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut());
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
    }
}

/// Runs `work` in `workers` processes at a time; the time until the last of them ended, and how many launches failed.
pub(crate) fn in_parallel(workers: usize, work: impl Fn(usize) -> u8) -> (Duration, usize) {
    let start = Instant::now();
    let mut children = Vec::new();
    for worker in 0..workers {
        // SAFETY: the bench has a single thread, so the child may use the heap and all of std.
        match unsafe { libc::fork() } {
            0 => {
                guard_against_hangs();
                let failed = work(worker);
                // SAFETY: _exit(2) does not return and runs none of the parent's destructors.
                unsafe { libc::_exit(i32::from(failed)) }
            }
            pid => children.push(pid),
        }
    }
    let mut failed = 0;
    for pid in children {
        let mut status = 0;
        // SAFETY: the pointer is to a local.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        failed += usize::try_from(libc::WEXITSTATUS(status)).unwrap_or(0);
    }
    (start.elapsed(), failed)
}
