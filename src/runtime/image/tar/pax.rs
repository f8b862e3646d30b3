//! The records of PAX extended headers: `length keyword=value\n`.
//!
//! The `tar` crate splits them at newlines and so loses attributes whose value holds one; the length is what counts.

use super::{Time, sparse::SparseKeys};

/// What PAX headers say about the next entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<Time>,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) sparse: SparseKeys,
}

impl Pax {
    /// Takes over the records of one header; the error is the offset of the first malformed one.
    pub(super) fn read(&mut self, mut records: &[u8]) -> Result<(), usize> {
        let whole = records.len();
        // Some writers fill the header up with NUL bytes.
        while !records.is_empty() && records[0] != 0 {
            let at = whole - records.len();
            let (keyword, value, rest) = record(records).ok_or(at)?;
            self.set(keyword, value).ok_or(at)?;
            records = rest;
        }
        Ok(())
    }

    fn set(&mut self, keyword: &[u8], value: &[u8]) -> Option<()> {
        if let Some(name) = keyword.strip_prefix(b"SCHILY.xattr.") {
            self.xattrs.retain(|(known, _)| known != name);
            self.xattrs.push((name.to_vec(), value.to_vec()));
            return Some(());
        }
        if let Some(key) = keyword.strip_prefix(b"GNU.sparse.") {
            return self.sparse.set(key, value);
        }
        // An empty value takes an earlier one back, pax(1).
        let written = !value.is_empty();
        match keyword {
            b"path" => self.path = written.then(|| value.to_vec()),
            b"linkpath" => self.target = written.then(|| value.to_vec()),
            b"size" => self.size = number_or_none(value)?,
            b"uid" => self.uid = number_or_none(value)?,
            b"gid" => self.gid = number_or_none(value)?,
            b"mtime" => self.mtime = if written { Some(time(value)?) } else { None },
            _ => {}
        }
        Some(())
    }
}

fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(&records[..space])?).ok()?;
    let body = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=')?;
    Some((&body[..equals], &body[equals + 1..], &records[length..]))
}

pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

#[expect(clippy::option_option, reason = "malformed, taken back, and set are three answers")]
fn number_or_none(value: &[u8]) -> Option<Option<u64>> {
    if value.is_empty() { Some(None) } else { number(value).map(Some) }
}

/// Parses decimal seconds with an optional fraction; what is finer than a nanosecond is cut off downwards.
fn time(value: &[u8]) -> Option<Time> {
    let (negative, digits) = match value {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut parts = digits.splitn(2, |byte| *byte == b'.');
    let seconds = i64::try_from(number(parts.next()?)?).ok()?;
    let fraction = parts.next().unwrap_or(b"");
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nanoseconds = (0..9).fold(0, |sum, place| sum * 10 + u32::from(fraction.get(place).map_or(0, |d| d - b'0')));
    Some(match (negative, nanoseconds) {
        (false, _) => Time { seconds, nanoseconds },
        (true, 0) => Time { seconds: -seconds, nanoseconds },
        (true, _) => Time { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_newlines() {
        let mut pax = Pax::default();
        pax.read(b"24 SCHILY.xattr.user.a=\n\n12 path=a\nb\n\0\0").unwrap_err();
        pax.read(b"26 SCHILY.xattr.user.a=\n\n\n12 path=a\nb\n\0\0").unwrap();
        assert_eq!(pax.xattrs, [(b"user.a".to_vec(), b"\n\n".to_vec())]);
        assert_eq!(pax.path.as_deref(), Some(&b"a\nb"[..]));
    }

    #[test]
    fn lies_about_the_length_are_found() {
        for records in [
            &b"5 a=b\n"[..],
            b"7 a=b\n",
            b"99999999999999999999 a=b\n",
            b"-6 a=b\n",
            b"6 ab\n\n",
            b"6 a=b",
            b"a=b\n",
            b"0 ",
        ] {
            assert_eq!(Pax::default().read(records), Err(0), "{}", records.escape_ascii());
        }
        assert_eq!(Pax::default().read(b"6 a=b\n7 a=b\n"), Err(6));
    }

    #[test]
    fn times_before_the_epoch() {
        let parsed = |text: &str| time(text.as_bytes()).map(|time| (time.seconds, time.nanoseconds));
        assert_eq!(parsed("1.5"), Some((1, 500_000_000)));
        assert_eq!(parsed("1.1234567891"), Some((1, 123_456_789)));
        assert_eq!(parsed("-1"), Some((-1, 0)));
        assert_eq!(parsed("-1.25"), Some((-2, 750_000_000)));
        for wrong in ["", ".", "-", "1.x", "1e3", "9223372036854775808"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
