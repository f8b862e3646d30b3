//! clone3(2) onto a stack of its own, so that the child may share the parent's memory.

use std::ffi::c_void;

use rustix::io::Errno;

/// `struct clone_args` as of Linux 5.7.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::runtime) struct CloneArgs {
    pub(in crate::runtime) flags: u64,
    pub(in crate::runtime) pidfd: u64,
    pub(in crate::runtime) child_tid: u64,
    pub(in crate::runtime) parent_tid: u64,
    pub(in crate::runtime) exit_signal: u64,
    pub(in crate::runtime) stack: u64,
    pub(in crate::runtime) stack_size: u64,
    pub(in crate::runtime) tls: u64,
    pub(in crate::runtime) set_tid: u64,
    pub(in crate::runtime) set_tid_size: u64,
    pub(in crate::runtime) cgroup: u64,
}

/// Bytes of a stack: the deepest path of the child is a few hundred bytes, the rest is for debug builds.
const STACK_BYTES: usize = 128 * 1024;

/// Memory for a child that shares ours. It is given back only when no child runs on it any more.
pub(in crate::runtime) struct Stack(Box<[u128]>);

impl Stack {
    /// Takes memory from the heap; untouched pages cost nothing.
    pub(in crate::runtime) fn new() -> Stack {
        Stack(vec![0; STACK_BYTES / size_of::<u128>()].into_boxed_slice())
    }

    /// Puts the stack into the arguments of clone3(2).
    pub(in crate::runtime) fn use_for(&mut self, args: &mut CloneArgs) {
        args.stack = self.0.as_mut_ptr() as u64;
        args.stack_size = (self.0.len() * size_of::<u128>()) as u64;
    }
}

/// Makes a process that runs `entry(argument)`; returns its pid in the caller.
///
/// Without a stack in `args` the child runs on the caller's stack below the caller's frame: then CLONE_VFORK (the caller
/// waits) or a copied memory (no CLONE_VM) is needed.
///
/// # Safety
/// `entry` never returns and touches neither heap nor locks nor thread-local storage; `argument` and everything it leads
/// to, and the stack, live as long as the child runs on this memory.
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "numbers of system calls are small; a pid or an error number fits an i32"
)]
pub(in crate::runtime) unsafe fn clone3(
    args: &CloneArgs,
    entry: unsafe extern "C" fn(*const c_void) -> !,
    argument: *const c_void,
) -> Result<i32, Errno> {
    let result: isize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel copies all registers but rax, rcx and r11 to the child, which calls `entry` on its own (16-byte
    // aligned) stack and never comes back; the parent goes on after the label. Without `nostack`, nothing of this
    // frame lies below the stack pointer.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "and rsp, -16",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 as isize => result,
            in("rdi") std::ptr::from_ref(args),
            in("rsi") size_of::<CloneArgs>(),
            in("r12") argument,
            in("r13") entry,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above; all registers but x0 are copied to the child.
    unsafe {
        std::arch::asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, x20",
            "blr x21",
            "brk 1",
            "2:",
            in("x8") libc::SYS_clone3 as isize,
            inlateout("x0") std::ptr::from_ref(args) as isize => result,
            in("x1") size_of::<CloneArgs>(),
            in("x20") argument,
            in("x21") entry,
        );
    }
    if result < 0 { Err(Errno::from_raw_os_error(-result as i32)) } else { Ok(result as i32) }
}
