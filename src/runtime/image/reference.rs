//! Names of images: `alpine`, `docker.io/library/alpine:3.20@sha256:…`, `localhost:5000/a/b`.
//!
//! It never asks a registry. Errors know the byte where the text stops being a name, so that a caret can stand there.

use std::fmt;
use std::str::FromStr;

use super::digest::Digest;

/// A name with all that its short forms leave out: registry, repository, and a tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the name of an image: {reason}")]
pub struct ReferenceError {
    /// The text.
    pub text: String,
    /// Where it stops being a name, in bytes from its beginning.
    pub at: usize,
    /// Why.
    pub reason: Reason,
}

/// Why a text names no image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// A scheme.
    #[error("it begins with a scheme; write the name alone, as in docker.io/library/alpine")]
    Scheme,
    /// A letter that names do not have.
    #[error("names of repositories have no uppercase letters")]
    Uppercase,
    /// Another character.
    #[error("{0:?} may not stand there")]
    Character(char),
    /// Two slashes, or a slash at an end.
    #[error("a part between two slashes is empty")]
    EmptyPart,
    /// A part that does not begin or end in a letter or digit.
    #[error("each part begins and ends with a letter or digit")]
    Separator,
    /// A name that is too long.
    #[error("registry and repository together may have 255 bytes")]
    Long,
    /// A port that is no number.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// A tag that is none.
    #[error("a tag has 1 to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two")]
    Tag,
    /// A digest that is none.
    #[error("a digest is sha256: and 64 hexadecimal digits")]
    Digest,
}

impl Reference {
    /// Returns the registry, as names have it.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the repository in it.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Returns the digest, if the name has one: nothing else may then be taken for the image.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Returns what to ask the registry for: the digest where there is one, else the tag.
    pub(super) fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// Returns the same image by digest alone.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        match (&self.tag, &self.digest) {
            (Some(tag), _) => write!(f, ":{tag}")?,
            (None, None) => f.write_str(":latest")?,
            (None, Some(_)) => {}
        }
        self.digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        parse(text).map_err(|(at, reason)| ReferenceError { text: text.to_owned(), at, reason })
    }
}

type Found<T> = Result<T, (usize, Reason)>;

fn parse(text: &str) -> Found<Reference> {
    if text.is_empty() {
        return Err((0, Reason::Empty));
    }
    if text.contains("://") {
        return Err((0, Reason::Scheme));
    }
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest.parse().map_err(|_| (named.len() + 1, Reason::Digest))?)),
        None => (text, None),
    };
    let (name, tag) = split_tag(named)?;
    let (registry, path, at) = split_registry(name)?;
    repository(path, at)?;
    if name.len() > 255 {
        return Err((255, Reason::Long));
    }
    let (registry, repository) = match registry {
        None | Some("docker.io" | "index.docker.io" | "registry-1.docker.io") if !path.contains('/') => {
            ("docker.io", format!("library/{path}"))
        }
        None | Some("index.docker.io" | "registry-1.docker.io") => ("docker.io", path.to_owned()),
        Some(registry) => (registry, path.to_owned()),
    };
    Ok(Reference { registry: registry.to_owned(), repository, tag: tag.map(str::to_owned), digest })
}

/// A colon after the last slash begins a tag; one before it is of a port.
fn split_tag(named: &str) -> Found<(&str, Option<&str>)> {
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    let Some(colon) = named[last..].find(':').map(|colon| last + colon) else {
        return Ok((named, None));
    };
    let tag = &named[colon + 1..];
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if tag.is_empty() || tag.len() > 128 || tag.starts_with(['.', '-']) {
        return Err((colon + 1, Reason::Tag));
    }
    match tag.bytes().position(|byte| !sound(byte)) {
        Some(at) => Err((colon + 1 + at, Reason::Tag)),
        None => Ok((&named[..colon], Some(tag))),
    }
}

/// The first part is a registry if it could be no part of a repository: it has a dot or a colon, or is `localhost`.
fn split_registry(name: &str) -> Found<(Option<&str>, &str, usize)> {
    let Some((first, rest)) = name.split_once('/') else { return Ok((None, name, 0)) };
    let is_registry = first.contains(['.', ':']) || first == "localhost" || first.starts_with('[');
    if !is_registry {
        return Ok((None, name, 0));
    }
    let (host, port) = match first.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (first, None),
    };
    if let Some(port) = port
        && !port.parse::<u16>().is_ok_and(|number| number > 0 && port.len() == number.to_string().len())
    {
        return Err((host.len() + 1, Reason::Port));
    }
    let is_address = host.starts_with('[') && host.ends_with(']');
    let sound = |letter: char| {
        letter.is_ascii_alphanumeric()
            || letter == '.'
            || letter == '-'
            || (is_address && matches!(letter, '[' | ']' | ':'))
    };
    if let Some((at, letter)) = host.char_indices().find(|(_, letter)| !sound(*letter)) {
        return Err((at, Reason::Character(letter)));
    }
    if host.is_empty() || host.starts_with(['.', '-']) || host.ends_with(['.', '-']) {
        return Err((0, Reason::Separator));
    }
    Ok((Some(first), rest, first.len() + 1))
}

/// Parts of lowercase letters and digits; between these one dot, one or two underscores, or any number of dashes.
fn repository(path: &str, mut at: usize) -> Found<()> {
    for part in path.split('/') {
        if part.is_empty() {
            return Err((at, Reason::EmptyPart));
        }
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        for (offset, letter) in part.char_indices() {
            match letter {
                _ if plain(letter) => {}
                '.' | '_' | '-' => {}
                'A'..='Z' => return Err((at + offset, Reason::Uppercase)),
                _ => return Err((at + offset, Reason::Character(letter))),
            }
        }
        for (offset, between) in separators(part) {
            let inside = offset > 0 && offset + between.len() < part.len();
            let known = matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-');
            if !inside || !known {
                return Err((at + offset, Reason::Separator));
            }
        }
        at += part.len() + 1;
    }
    Ok(())
}

/// Returns the runs of separators in a part, with their offsets.
fn separators(part: &str) -> impl Iterator<Item = (usize, &str)> {
    let runs = part.split(|letter: char| letter.is_ascii_alphanumeric()).filter(|run| !run.is_empty());
    runs.map(move |run| (run.as_ptr() as usize - part.as_ptr() as usize, run))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn short_names_are_completed() {
        for (text, whole) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("user/repo", "docker.io/user/repo:latest"),
            ("docker.io/alpine", "docker.io/library/alpine:latest"),
            ("index.docker.io/a/b:1", "docker.io/a/b:1"),
            ("quay.io/a/b/c", "quay.io/a/b/c:latest"),
            ("localhost/a", "localhost/a:latest"),
            ("localhost:5000/a:b", "localhost:5000/a:b"),
            ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
            ("a.b/c_d/e__f/g---h/i.j", "a.b/c_d/e__f/g---h/i.j:latest"),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), whole, "{text}");
        }
        let both = format!("alpine:3.20@{DIGEST}").parse::<Reference>().unwrap();
        assert_eq!(both.to_string(), format!("docker.io/library/alpine:3.20@{DIGEST}"));
        assert_eq!(both.wanted(), DIGEST);
        let pinned = format!("alpine@{DIGEST}").parse::<Reference>().unwrap();
        assert_eq!(pinned.to_string(), format!("docker.io/library/alpine@{DIGEST}"));
    }

    #[test]
    fn errors_point_at_the_byte() {
        let long = format!("a/{}", "b".repeat(300));
        for (text, at, reason) in [
            ("", 0, Reason::Empty),
            ("https://quay.io/a", 0, Reason::Scheme),
            ("Alpine", 0, Reason::Uppercase),
            ("quay.io/a/Bc", 10, Reason::Uppercase),
            ("al pine", 2, Reason::Character(' ')),
            ("a//b", 2, Reason::EmptyPart),
            ("a/", 2, Reason::EmptyPart),
            ("/a", 0, Reason::EmptyPart),
            ("a/../b", 2, Reason::Separator),
            ("a/b-", 3, Reason::Separator),
            ("a..b", 1, Reason::Separator),
            ("a.-b", 1, Reason::Separator),
            ("a___b", 1, Reason::Separator),
            ("alpine:", 7, Reason::Tag),
            ("alpine:.x", 7, Reason::Tag),
            ("alpine:a/b", 7, Reason::Port),
            ("alpine:a b", 8, Reason::Tag),
            ("quay.io:99999/a", 8, Reason::Port),
            ("quay.io:/a", 8, Reason::Port),
            ("quäy.io/a", 2, Reason::Character('ä')),
            ("alpine@", 7, Reason::Digest),
            ("alpine@sha256:00", 7, Reason::Digest),
            ("alpine@md5:00", 7, Reason::Digest),
            (&long, 255, Reason::Long),
        ] {
            let error = text.parse::<Reference>().expect_err(text);
            assert_eq!((error.at, error.reason), (at, reason), "{text}");
        }
    }
}
