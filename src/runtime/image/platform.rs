//! Platforms: `linux/amd64`, `linux/arm64/v8`; what an image with several of them is asked for.
//!
//! It never looks at the machine beyond what this program was compiled for.

use std::fmt;
use std::str::FromStr;

/// An operating system, an architecture (the names are those of Go) and perhaps a variant of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// Text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("platform {text:?} is not of the form linux/ARCHITECTURE or linux/ARCHITECTURE/VARIANT, as in linux/arm64/v8")]
pub struct PlatformError {
    /// The text.
    pub text: String,
}

impl Platform {
    /// Returns the platform of this machine.
    pub fn of_this_machine() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            "loongarch64" => "loong64",
            other => other,
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// Returns whether something made for the given platform is what this one asks for. No variant asks for any;
    /// `v8` of arm64 is the one that there is, and often not written.
    pub(super) fn accepts(&self, os: &str, architecture: &str, variant: Option<&str>) -> bool {
        let plain = |variant| if architecture == "arm64" && variant == Some("v8") { None } else { variant };
        let variant_fits = plain(self.variant.as_deref()).is_none_or(|wanted| plain(variant) == Some(wanted));
        self.os == os && self.architecture == architecture && variant_fits
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let wrong = || PlatformError { text: text.to_owned() };
        let sound =
            |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let mut parts = text.split('/').map(|part| Some(part).filter(sound).ok_or_else(wrong));
        let mut next = || parts.next().transpose();
        let (os, architecture, variant, rest) = (next()?, next()?, next()?, next()?);
        match (os, architecture, rest) {
            (Some("linux"), Some(architecture), None) => Ok(Self {
                os: "linux".to_owned(),
                architecture: architecture.to_owned(),
                variant: variant.map(str::to_owned),
            }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in ["linux/amd64", "linux/arm64/v8", "linux/386"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for text in ["", "linux", "amd64", "windows/amd64", "linux/", "linux/arm/v7/x", "linux//v8", "linux/a b"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn variants() {
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert!(platform("linux/arm64").accepts("linux", "arm64", Some("v8")));
        assert!(platform("linux/arm64/v8").accepts("linux", "arm64", None));
        assert!(platform("linux/arm").accepts("linux", "arm", Some("v7")));
        assert!(!platform("linux/arm/v7").accepts("linux", "arm", Some("v6")));
        assert!(!platform("linux/arm/v7").accepts("linux", "arm", None));
        assert!(!platform("linux/amd64").accepts("windows", "amd64", None));
    }
}
