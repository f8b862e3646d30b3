//! One system call, by number and words.

use rustix::io::Errno;

/// The largest error number that the kernel returns (MAX_ERRNO).
const MAX_ERRNO: isize = 4095;

/// Enters the kernel.
///
/// # Safety
/// The arguments are valid for this system call: pointers point to what it reads or writes.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "numbers of system calls are small; an error number is at most 4095"
)]
pub(super) unsafe fn syscall(number: libc::c_long, arguments: [usize; 6]) -> Result<usize, Errno> {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the x86-64 convention (syscall(2)): rcx and r11 are clobbered; the caller vouches for the arguments.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the aarch64 convention (syscall(2)); the caller vouches for the arguments.
    unsafe {
        std::arch::asm!(
            "svc 0",
            in("x8") number as isize,
            inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    if (-MAX_ERRNO..0).contains(&result) {
        return Err(Errno::from_raw_os_error(-result as i32));
    }
    #[expect(clippy::cast_sign_loss, reason = "not an error, so a value or a pointer")]
    Ok(result as usize)
}
