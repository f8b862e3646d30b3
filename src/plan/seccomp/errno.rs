//! Error numbers by name, both ways, for `seccomp.errno`, profiles and messages. Never `errno` of the running program.
//!
//! x86_64 and aarch64 share the kernel's generic numbers (`asm-generic/errno.h`), so one table serves both.

/// An error number that a filter can answer a system call with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Errno(u16);

impl Errno {
    /// "operation not permitted": what a refused call gets unless the file says otherwise.
    pub const EPERM: Self = Self(1);
    /// "function not implemented": what makes a C library try the older call instead.
    pub const ENOSYS: Self = Self(38);
    /// "address family not supported": what a kernel without that family would say.
    pub const EAFNOSUPPORT: Self = Self(97);
    /// "protocol not supported": what a kernel without that netlink protocol would say.
    pub const EPROTONOSUPPORT: Self = Self(93);
    /// The greatest value the kernel passes on; it cuts a greater one down to this (seccomp(2), `SECCOMP_RET_ERRNO`).
    pub const GREATEST: u16 = 4095;

    /// Takes a number, `None` above [`Self::GREATEST`].
    pub fn from_number(number: u64) -> Option<Self> {
        u16::try_from(number).ok().filter(|number| *number <= Self::GREATEST).map(Self)
    }

    /// Takes a name, as in `"EACCES"`.
    pub fn from_name(name: &str) -> Option<Self> {
        let alias = match name {
            "EWOULDBLOCK" => "EAGAIN",
            "EDEADLOCK" => "EDEADLK",
            "ENOTSUP" => "EOPNOTSUPP",
            _ => name,
        };
        NAMES.iter().find(|row| row.0 == alias).map(|row| Self(row.1))
    }

    /// Takes a name or a decimal number, as `seccomp.errno` may hold either.
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_name(text).or_else(|| Self::from_number(text.parse().ok()?))
    }

    /// Gives the number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Gives the name, `None` for a number that Linux does not use.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|row| row.1 == self.0).map(|row| row.0)
    }

    /// Lists every name, in the order of the numbers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|row| row.0)
    }
}

#[rustfmt::skip]
const NAMES: &[(&str, u16)] = &[
    ("EPERM", 1), ("ENOENT", 2), ("ESRCH", 3), ("EINTR", 4), ("EIO", 5), ("ENXIO", 6), ("E2BIG", 7), ("ENOEXEC", 8),
    ("EBADF", 9), ("ECHILD", 10), ("EAGAIN", 11), ("ENOMEM", 12), ("EACCES", 13), ("EFAULT", 14), ("ENOTBLK", 15),
    ("EBUSY", 16), ("EEXIST", 17), ("EXDEV", 18), ("ENODEV", 19), ("ENOTDIR", 20), ("EISDIR", 21), ("EINVAL", 22),
    ("ENFILE", 23), ("EMFILE", 24), ("ENOTTY", 25), ("ETXTBSY", 26), ("EFBIG", 27), ("ENOSPC", 28), ("ESPIPE", 29),
    ("EROFS", 30), ("EMLINK", 31), ("EPIPE", 32), ("EDOM", 33), ("ERANGE", 34), ("EDEADLK", 35), ("ENAMETOOLONG", 36),
    ("ENOLCK", 37), ("ENOSYS", 38), ("ENOTEMPTY", 39), ("ELOOP", 40), ("ENOMSG", 42), ("EIDRM", 43), ("ECHRNG", 44),
    ("EL2NSYNC", 45), ("EL3HLT", 46), ("EL3RST", 47), ("ELNRNG", 48), ("EUNATCH", 49), ("ENOCSI", 50), ("EL2HLT", 51),
    ("EBADE", 52), ("EBADR", 53), ("EXFULL", 54), ("ENOANO", 55), ("EBADRQC", 56), ("EBADSLT", 57), ("EBFONT", 59),
    ("ENOSTR", 60), ("ENODATA", 61), ("ETIME", 62), ("ENOSR", 63), ("ENONET", 64), ("ENOPKG", 65), ("EREMOTE", 66),
    ("ENOLINK", 67), ("EADV", 68), ("ESRMNT", 69), ("ECOMM", 70), ("EPROTO", 71), ("EMULTIHOP", 72), ("EDOTDOT", 73),
    ("EBADMSG", 74), ("EOVERFLOW", 75), ("ENOTUNIQ", 76), ("EBADFD", 77), ("EREMCHG", 78), ("ELIBACC", 79),
    ("ELIBBAD", 80), ("ELIBSCN", 81), ("ELIBMAX", 82), ("ELIBEXEC", 83), ("EILSEQ", 84), ("ERESTART", 85),
    ("ESTRPIPE", 86), ("EUSERS", 87), ("ENOTSOCK", 88), ("EDESTADDRREQ", 89), ("EMSGSIZE", 90), ("EPROTOTYPE", 91),
    ("ENOPROTOOPT", 92), ("EPROTONOSUPPORT", 93), ("ESOCKTNOSUPPORT", 94), ("EOPNOTSUPP", 95), ("EPFNOSUPPORT", 96),
    ("EAFNOSUPPORT", 97), ("EADDRINUSE", 98), ("EADDRNOTAVAIL", 99), ("ENETDOWN", 100), ("ENETUNREACH", 101),
    ("ENETRESET", 102), ("ECONNABORTED", 103), ("ECONNRESET", 104), ("ENOBUFS", 105), ("EISCONN", 106),
    ("ENOTCONN", 107), ("ESHUTDOWN", 108), ("ETOOMANYREFS", 109), ("ETIMEDOUT", 110), ("ECONNREFUSED", 111),
    ("EHOSTDOWN", 112), ("EHOSTUNREACH", 113), ("EALREADY", 114), ("EINPROGRESS", 115), ("ESTALE", 116),
    ("EUCLEAN", 117), ("ENOTNAM", 118), ("ENAVAIL", 119), ("EISNAM", 120), ("EREMOTEIO", 121), ("EDQUOT", 122),
    ("ENOMEDIUM", 123), ("EMEDIUMTYPE", 124), ("ECANCELED", 125), ("ENOKEY", 126), ("EKEYEXPIRED", 127),
    ("EKEYREVOKED", 128), ("EKEYREJECTED", 129), ("EOWNERDEAD", 130), ("ENOTRECOVERABLE", 131), ("ERFKILL", 132),
    ("EHWPOISON", 133),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_number_lead_to_each_other() {
        for name in Errno::names() {
            assert_eq!(Errno::from_name(name).unwrap().name(), Some(name));
        }
        assert_eq!(Errno::names().count(), 131);
    }

    #[test]
    fn the_numbers_are_those_of_libc() {
        let known = [
            ("EPERM", libc::EPERM),
            ("EAGAIN", libc::EAGAIN),
            ("EWOULDBLOCK", libc::EWOULDBLOCK),
            ("EDEADLOCK", libc::EDEADLOCK),
            ("ENOTSUP", libc::ENOTSUP),
            ("ENOSYS", libc::ENOSYS),
            ("EAFNOSUPPORT", libc::EAFNOSUPPORT),
            ("EPROTONOSUPPORT", libc::EPROTONOSUPPORT),
            ("EHWPOISON", libc::EHWPOISON),
        ];
        for (name, number) in known {
            assert_eq!(Errno::parse(name).map(|errno| i32::from(errno.number())), Some(number), "{name}");
        }
        let ours = [Errno::EPERM, Errno::ENOSYS, Errno::EAFNOSUPPORT, Errno::EPROTONOSUPPORT];
        let names = ours.map(|errno| errno.name().unwrap());
        assert_eq!(names, ["EPERM", "ENOSYS", "EAFNOSUPPORT", "EPROTONOSUPPORT"]);
    }

    #[test]
    fn numbers_are_taken_up_to_what_the_kernel_passes_on() {
        assert_eq!(Errno::parse("4095").map(Errno::number), Some(4095));
        assert_eq!(Errno::parse("4096"), None);
        assert_eq!(Errno::parse("-1"), None);
        assert_eq!(Errno::parse("eperm"), None);
    }
}
