//! Content digests: the `sha256:…` of the image specification, and a reader that computes it on the way.
//!
//! It never opens a file, and knows one algorithm only: others are refused by name.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// Text that is no digest that this program can check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The part before the colon is missing or unknown.
    #[error("digest {0:?} is not of the form sha256:… (other algorithms are not supported)")]
    Algorithm(String),
    /// The part after the colon is no SHA-256.
    #[error("digest {text:?} has {found} lowercase hexadecimal digits after the colon, sha256 has 64")]
    Length {
        /// The digest as written.
        text: String,
        /// How many of its characters are lowercase hexadecimal digits.
        found: usize,
    },
}

impl Digest {
    /// Returns the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Returns the digest of layers put one over the other: the ChainID of image-spec `config.md`.
    pub(super) fn chain(layers: &[Self]) -> Self {
        let chained = layers.iter().copied().reduce(|below, layer| Self::of(format!("{below} {layer}").as_bytes()));
        chained.unwrap_or_else(|| Self::of(b""))
    }

    /// Returns the 64 hexadecimal digits alone: the name of a file in the store.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Parses 64 hexadecimal digits, with or without `sha256:` before them: what people write into `sha256 = "…"`.
    pub fn from_hex(text: &str) -> Result<Self, DigestError> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let found = digits.bytes().filter(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        if found != 64 || digits.len() != 64 {
            return Err(DigestError::Length { text: text.to_owned(), found });
        }
        let nibble = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = nibble(pair[0]) << 4 | nibble(pair[1]);
        }
        Ok(Self(bytes))
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        if !text.starts_with("sha256:") {
            return Err(DigestError::Algorithm(text.to_owned()));
        }
        Self::from_hex(text)
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A digest in the making.
#[derive(Clone, Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// A reader that hashes and counts what passes through it.
pub(super) struct Tap<R> {
    inner: R,
    hasher: Hasher,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Tap<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hasher: Hasher::default(), count: Rc::default() }
    }

    /// Returns the running count of bytes; it stays live while the reader is borrowed by a decoder.
    pub(super) fn count(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.count)
    }

    /// Reads what is left, then returns the digest and the size of the whole.
    pub(super) fn finish(mut self) -> io::Result<(Digest, u64)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((self.hasher.finish(), self.count.get()))
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn text_and_back() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse(), Ok(Digest::of(b"")));
        assert_eq!(Digest::from_hex(&EMPTY[7..]), Ok(Digest::of(b"")));
    }

    #[test]
    fn what_is_no_digest_says_why() {
        let error = |text: &str| text.parse::<Digest>().unwrap_err().to_string();
        assert_eq!(
            error("sha512:00"),
            "digest \"sha512:00\" is not of the form sha256:… (other algorithms are not supported)"
        );
        assert!(error("sha256:../../../etc").contains("has 2 lowercase hexadecimal digits"));
        assert!(error(&EMPTY.to_uppercase().replace("SHA256", "sha256")).contains("sha256 has 64"));
        assert!(error(&format!("{EMPTY}0")).contains("65 lowercase"));
    }

    #[test]
    fn a_tap_hashes_what_nobody_read() {
        let mut tap = Tap::new(&b"launch"[..]);
        let count = tap.count();
        let mut first = [0; 2];
        tap.read_exact(&mut first).unwrap();
        assert_eq!(count.get(), 2);
        assert_eq!(tap.finish().unwrap(), (Digest::of(b"launch"), 6));
    }
}
