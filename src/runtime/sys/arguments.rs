//! The arguments of this process, as /proc/PID/cmdline shows them.

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Shows `launch NAME` in the place of this process's arguments: the container's init runs on the same memory, and its
/// /proc/1/cmdline would tell the command where its file lies on the host. Anything unexpected leaves them as they are.
pub(in crate::runtime) fn name_process(name: &str) {
    const MOST: usize = 1 << 16;
    // SAFETY: nothing in this program changes the environment, so `environ` is what the kernel left on the first stack:
    // right above the arguments and their null pointer, which stand above their count (execve(2), System V ABI). The walk
    // down ends at the count: no pointer is as small.
    let arguments: &[*const c_char] = unsafe {
        if environ.is_null() || !(*environ.sub(1)).is_null() {
            return;
        }
        let Some(count) = (0..MOST).find(|count| *environ.sub(count + 2) as usize == *count) else { return };
        std::slice::from_raw_parts(environ.sub(count + 1), count)
    };
    let (Some(first), Some(last)) = (arguments.first(), arguments.last()) else { return };
    // SAFETY: arguments are NUL-terminated strings.
    let end = *last as usize + unsafe { CStr::from_ptr(*last) }.count_bytes();
    let Some(length) = end.checked_sub(*first as usize) else { return };
    // SAFETY: the kernel lays the strings one after the other (create_elf_tables), on a stack that may be written; whoever
    // reads the arguments has read them before anything is launched, and copies them.
    let text = unsafe { std::slice::from_raw_parts_mut(first.cast_mut().cast::<u8>(), length) };
    let shown = b"launch\0".iter().chain(name.as_bytes()).copied().chain(std::iter::repeat(0));
    for (byte, shown) in text.iter_mut().zip(shown) {
        *byte = shown;
    }
}
