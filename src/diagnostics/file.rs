//! From bytes to text: what is no text, or too much of it.
//!
//! Never reads the file itself.

use super::{Code, Problem};

/// The largest file that is read, 1 MiB. Who reads a file may stop one byte after it.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// Takes a file's bytes as text; a UTF-8 byte order mark is dropped.
pub fn decode(bytes: Vec<u8>) -> Result<String, Problem> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(too_large(bytes.len()));
    }
    if let Some(problem) = other_encoding(&bytes) {
        return Err(problem);
    }
    let mut text =
        String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if let Some(at) = text.bytes().position(is_control) {
        return Err(control(&text, at));
    }
    if says_nothing(&text) {
        return Err(empty(&text));
    }
    Ok(text)
}

fn too_large(bytes: usize) -> Problem {
    let how_large = if bytes == MAX_FILE_BYTES + 1 { "more than 1 MiB".to_owned() } else { format!("{bytes} bytes") };
    Problem::error(Code::FileTooLarge, format!("the file is {how_large} large, a configuration is at most 1 MiB"))
        .help("give the container.toml itself, not an image or a root file system")
}

/// Recognises UTF-16 and UTF-32 by their byte order marks.
fn other_encoding(bytes: &[u8]) -> Option<Problem> {
    let name = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        [0x7f, b'E', b'L', b'F', ..] => return Some(binary("an ELF program")),
        [0x1f, 0x8b, ..] => return Some(binary("a gzip archive")),
        [b'P', b'K', 3, 4, ..] => return Some(binary("a zip archive")),
        _ => return None,
    };
    let problem = Problem::error(Code::NotUtf8, format!("the file is {name}, TOML is UTF-8"));
    Some(problem.help(format!("save it as UTF-8, as with `iconv -f {name} -t UTF-8`")))
}

fn binary(what: &str) -> Problem {
    Problem::error(Code::NotUtf8, format!("the file is {what}, not a configuration"))
        .help("give a container.toml; to run a program, name it there: command = \"/bin/program\"")
}

fn not_utf8(bytes: &[u8], at: usize) -> Problem {
    let byte = bytes.get(at).copied().unwrap_or_default();
    let (line, column) = line_and_column(bytes, at);
    Problem::error(
        Code::NotUtf8,
        format!("the file is not UTF-8: byte 0x{byte:02x} at line {line}, column {column} (offset {at})"),
    )
    .help("save the file as UTF-8; in Latin-1 an ä is 0xe4, in UTF-8 0xc3 0xa4")
}

fn control(text: &str, at: usize) -> Problem {
    let byte = text.as_bytes()[at];
    let (line, column) = line_and_column(text.as_bytes(), at);
    let what = if byte == 0 { "a NUL byte".to_owned() } else { format!("the control character 0x{byte:02x}") };
    Problem::error(Code::ControlCharacter, format!("the file has {what} at line {line}, column {column} (offset {at})"))
        .help(format!("delete it; inside a string write it as \"\\u{byte:04X}\""))
}

/// The control characters that TOML forbids everywhere (TOML 1.0, comment and string grammar).
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f)
}

/// Says whether there are only blanks and comments.
fn says_nothing(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

fn empty(text: &str) -> Problem {
    let message = match text.trim() {
        "" => "the file is empty",
        _ => "the file has only comments",
    };
    Problem::error(Code::EmptyFile, message)
        .help("write at least a command and a root:\ncommand = \"/bin/sh\"\nrootfs = \"alpine\"\n`launch init` writes a file to start from")
}

/// The line and the column in characters, from 1; broken bytes count one each.
fn line_and_column(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::{Code, MAX_FILE_BYTES, decode};

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, code, message) in [
            (&b""[..], Code::EmptyFile, "the file is empty"),
            (b" \n\t\r\n", Code::EmptyFile, "the file is empty"),
            (b"# nothing\n", Code::EmptyFile, "the file has only comments"),
            (b"\xef\xbb\xbf", Code::EmptyFile, "the file is empty"),
            (
                b"a = 1\nb = \"\xe4\"\n",
                Code::NotUtf8,
                "the file is not UTF-8: byte 0xe4 at line 2, column 6 (offset 11)",
            ),
            (b"a = \"x\0\"", Code::ControlCharacter, "the file has a NUL byte at line 1, column 7 (offset 6)"),
            (b"a = \"\x1b[31m\"", Code::ControlCharacter, "the file has the control character 0x1b at line 1"),
            (b"\xff\xfea\0", Code::NotUtf8, "the file is UTF-16, TOML is UTF-8"),
            (b"\x7fELF\x02\x01", Code::NotUtf8, "the file is an ELF program"),
            (b"\x1f\x8b\x08\0", Code::NotUtf8, "the file is a gzip archive"),
        ] {
            let problem = decode(bytes.to_vec()).unwrap_err();
            assert_eq!(problem.code, code, "{bytes:?}");
            assert!(problem.message.starts_with(message), "{}", problem.message);
            assert!(problem.help.is_some());
        }
    }

    #[test]
    fn a_mark_at_the_beginning_is_dropped() {
        assert_eq!(decode(b"\xef\xbb\xbfa = 1".to_vec()).unwrap(), "a = 1");
    }

    #[test]
    fn ten_megabytes_are_refused_at_once() {
        let start = std::time::Instant::now();
        let problem = decode(vec![b'a'; 10 << 20]).unwrap_err();
        assert_eq!(problem.code, Code::FileTooLarge);
        assert!(decode(vec![b'a'; MAX_FILE_BYTES]).is_ok());
        assert!(start.elapsed().as_millis() < 2000);
    }
}
