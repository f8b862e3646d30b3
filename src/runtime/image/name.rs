//! Names of entries: bytes that a stranger chose, cleaned once and shown without harm to a terminal.
//!
//! It never touches the file system: what a name means there is decided below a directory fd, in [`super::extract`].

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The path of an entry below the root: no empty, `.` or `..` component, no leading slash. Empty means the root itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name(Vec<u8>);

/// A name that no honest archive has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It climbs.
    #[error("has a `..` in its name")]
    Parent,
    /// It cannot be said to the kernel.
    #[error("has a NUL byte in its name")]
    Nul,
}

impl Name {
    /// Cleans a name as written in an archive. A leading slash means the root of the tree, as tar(1) takes it.
    pub(super) fn clean(written: &[u8]) -> Result<Self, NameError> {
        if written.contains(&0) {
            return Err(NameError::Nul);
        }
        let mut clean = Vec::with_capacity(written.len());
        for component in written.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return Err(NameError::Parent),
                _ if clean.is_empty() => {}
                _ => clean.push(b'/'),
            }
            clean.extend_from_slice(component);
        }
        Ok(Self(clean))
    }

    /// Takes any bytes as they are: for messages about names that [`Name::clean`] refuses.
    pub(super) fn raw(written: &[u8]) -> Self {
        Self(written.to_vec())
    }

    /// Splits into the directory and the last component; `None` for the root.
    pub(super) fn split(&self) -> Option<(Self, &OsStr)> {
        let (parent, last) = match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (&self.0[..slash], &self.0[slash + 1..]),
            None if self.0.is_empty() => return None,
            None => (&[][..], &self.0[..]),
        };
        Some((Self(parent.to_vec()), OsStr::from_bytes(last)))
    }

    /// Returns the name of `child` in this directory.
    pub(super) fn join(&self, child: &OsStr) -> Self {
        let mut joined = self.0.clone();
        if !joined.is_empty() {
            joined.push(b'/');
        }
        joined.extend_from_slice(child.as_bytes());
        Self(joined)
    }

    /// Returns the range of an ordered collection that holds what lies below this directory.
    pub(super) fn below(&self) -> std::ops::Range<Self> {
        let with = |last: u8| Self([&self.0[..], &[last]].concat());
        if self.0.is_empty() {
            // No component is empty, and none begins with 0xff followed by more than a name can have.
            return Self(vec![0])..Self(vec![0xff; 4096]);
        }
        with(b'/')..with(b'/' + 1)
    }

    pub(super) fn components(&self) -> impl Iterator<Item = &OsStr> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty()).map(OsStr::from_bytes)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the path relative to the root; `.` for the root itself.
    pub fn path(&self) -> &Path {
        Path::new(if self.0.is_empty() { OsStr::new(".") } else { OsStr::from_bytes(&self.0) })
    }
}

impl fmt::Display for Name {
    /// Quoted; control characters, quotes and bytes that are not UTF-8 escaped; long names cut in the middle.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 200;
        let bytes = self.path().as_os_str().as_bytes();
        if bytes.len() <= SHOWN {
            return f.write_str(&quoted(self.path()));
        }
        let shown = |bytes| quoted(Path::new(OsStr::from_bytes(bytes)));
        let (head, tail) = (shown(&bytes[..SHOWN / 2]), shown(&bytes[bytes.len() - SHOWN / 4..]));
        write!(f, "{head}…{tail} ({} bytes)", bytes.len())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Quotes a path and escapes what a terminal would act on.
#[expect(clippy::unnecessary_debug_formatting, reason = "escaping is the purpose")]
pub(super) fn quoted(path: &Path) -> String {
    format!("{path:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> Result<String, NameError> {
        Name::clean(text.as_bytes()).map(|name| name.path().display().to_string())
    }

    #[test]
    fn what_is_written_in_many_ways_is_one_name() {
        for written in ["a/b", "./a/b", "/a/b", "a//b/", "././/a/./b/."] {
            assert_eq!(clean(written).as_deref(), Ok("a/b"), "{written}");
        }
        for written in ["", ".", "/", "./", "//."] {
            assert_eq!(clean(written).as_deref(), Ok("."), "{written}");
        }
        assert_eq!(clean("..."), Ok("...".to_owned()));
    }

    #[test]
    fn what_climbs_is_refused() {
        for written in ["..", "../a", "a/..", "a/../b", "/..", "./../.."] {
            assert_eq!(clean(written), Err(NameError::Parent), "{written}");
        }
        assert_eq!(clean("a\0b"), Err(NameError::Nul));
    }

    #[test]
    fn a_terminal_sees_no_escape() {
        let name = Name::clean(b"a\x1b[2J\n\xff").unwrap();
        assert_eq!(name.to_string(), "\"a\\u{1b}[2J\\n\\xFF\"");
        let long = Name::clean(&[b'x'; 4000]).unwrap().to_string();
        assert!(long.len() < 200 && long.ends_with("(4000 bytes)"), "{long}");
    }

    #[test]
    fn below_is_by_component() {
        let name = |text: &str| Name::clean(text.as_bytes()).unwrap();
        assert!(name("a").below().contains(&name("a/b")));
        assert!(!name("a").below().contains(&name("ab")) && !name("a").below().contains(&name("a")));
        assert!(!name("a").below().contains(&name("a-b")) && !name("a").below().contains(&name("b")));
        assert!(name("").below().contains(&name("a")) && !name("").below().contains(&name("")));
        let ab = name("a/b");
        assert_eq!(ab.split(), Some((name("a"), OsStr::new("b"))));
        assert_eq!(name("").join(OsStr::new("a")).join(OsStr::new("b")), ab);
    }
}
