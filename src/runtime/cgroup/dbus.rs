//! As much D-Bus as one method call and one signal need (the D-Bus specification, "Message Protocol").
//!
//! Every wait has an end: the socket has a timeout, so a bus that does not answer is an error and no hang.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest wait for one answer; systemd takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest message that is taken.
const MESSAGE_MAX: usize = 1 << 20;
const CALL: u8 = 1;
const ANSWER: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

/// Arguments of a call, in little-endian wire format.
pub(super) struct Arguments {
    signature: &'static str,
    bytes: Vec<u8>,
}

impl Arguments {
    pub(super) fn new(signature: &'static str) -> Arguments {
        Arguments { signature, bytes: Vec::new() }
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    pub(super) fn word(&mut self, word: u32) {
        self.align(4);
        self.bytes.extend(word.to_le_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        self.word(length(text.len()));
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
    }

    fn signature(&mut self, text: &str) {
        self.bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
    }

    /// An array; its length counts neither itself nor the padding before the first element.
    pub(super) fn array(&mut self, alignment: usize, fill: impl FnOnce(&mut Arguments)) {
        self.word(0);
        let at = self.bytes.len() - 4;
        self.align(alignment);
        let start = self.bytes.len();
        fill(self);
        let size = length(self.bytes.len() - start).to_le_bytes();
        self.bytes[at..at + 4].copy_from_slice(&size);
    }

    /// One `(sv)`.
    pub(super) fn property(&mut self, name: &str, signature: &str, fill: impl FnOnce(&mut Arguments)) {
        self.align(8);
        self.string(name);
        self.signature(signature);
        fill(self);
    }

    /// A header field: `(yv)` with a string, an object path or a signature.
    fn field(&mut self, code: u8, kind: &str, text: &str) {
        self.align(8);
        self.bytes.push(code);
        self.signature(kind);
        if kind == "g" { self.signature(text) } else { self.string(text) }
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A message that came.
struct Message {
    kind: u8,
    /// Path, interface, member, error name, …: by the code of the field.
    fields: Vec<(u8, String)>,
    reply_to: u32,
    body: Vec<u8>,
}

impl Message {
    fn field(&self, code: u8) -> &str {
        self.fields.iter().find(|(known, _)| *known == code).map_or("", |(_, text)| text)
    }

    /// Strings at the start of the body, as an error or an object path has; words before them are skipped.
    fn strings(&self, words: usize, count: usize) -> Vec<String> {
        let mut reader = Reader { bytes: &self.body, at: 0 };
        for _ in 0..words {
            reader.word();
        }
        (0..count).filter_map(|_| reader.string()).collect()
    }
}

/// A connection to systemd, with or without a bus between.
pub(super) struct Bus {
    stream: UnixStream,
    serial: u32,
    /// A bus stands between, and must be told who is meant.
    routed: bool,
}

impl Bus {
    /// Says who we are, and hello where there is a bus.
    pub(super) fn new(stream: UnixStream, uid: u32, routed: bool) -> io::Result<Bus> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Bus { stream, serial: 0, routed };
        // Digits are 0x30 to 0x39.
        let hex: String = uid.to_string().chars().flat_map(|digit| ['3', digit]).collect();
        connection.stream.write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        if !connection.line()?.starts_with("OK ") {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it does not know this user"));
        }
        connection.stream.write_all(b"BEGIN\r\n")?;
        if routed {
            let to = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");
            connection.call(to, "Hello", &Arguments::new(""))?;
            let mut rule = Arguments::new("s");
            rule.string("type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'");
            connection.call(to, "AddMatch", &rule)?;
        }
        Ok(connection)
    }

    /// Starts a transient unit, and waits until its job is done.
    pub(super) fn start_and_wait(&mut self, arguments: &Arguments) -> io::Result<()> {
        let to = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager");
        if self.routed {
            self.call(to, "Subscribe", &Arguments::new(""))?;
        }
        let serial = self.send(to, "StartTransientUnit", arguments)?;
        let mut ended: Vec<(String, String)> = Vec::new();
        let mut job = None;
        loop {
            let message = self.receive()?;
            if message.kind == SIGNAL && message.field(3) == "JobRemoved" {
                // `uoss`: number, job, unit, result.
                if let [path, _, result] = message.strings(1, 3).as_slice() {
                    ended.push((path.clone(), result.clone()));
                }
            } else if message.reply_to == serial {
                job = Some(answered(&message)?.into_iter().next().unwrap_or_default());
            }
            if let Some(job) = &job
                && let Some((_, result)) = ended.iter().find(|(path, _)| path == job)
            {
                return if result == "done" { Ok(()) } else { Err(io::Error::other(format!("the job {result}"))) };
            }
        }
    }

    fn call(&mut self, to: (&str, &str, &str), member: &str, arguments: &Arguments) -> io::Result<()> {
        let serial = self.send(to, member, arguments)?;
        loop {
            let message = self.receive()?;
            if message.reply_to == serial {
                return answered(&message).map(drop);
            }
        }
    }

    fn send(&mut self, to: (&str, &str, &str), member: &str, arguments: &Arguments) -> io::Result<u32> {
        let (destination, path, interface) = to;
        self.serial += 1;
        let mut message = Arguments::new("");
        message.bytes.extend([b'l', CALL, 0, 1]);
        message.word(length(arguments.bytes.len()));
        message.word(self.serial);
        message.array(8, |fields| {
            fields.field(1, "o", path);
            fields.field(2, "s", interface);
            fields.field(3, "s", member);
            if self.routed {
                fields.field(6, "s", destination);
            }
            if !arguments.signature.is_empty() {
                fields.field(8, "g", arguments.signature);
            }
        });
        message.align(8);
        message.bytes.extend(&arguments.bytes);
        self.stream.write_all(&message.bytes)?;
        Ok(self.serial)
    }

    fn receive(&mut self) -> io::Result<Message> {
        let mut head = [0; 16];
        self.stream.read_exact(&mut head)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        let (body, fields) = (word(4), word(12));
        if head[0] != b'l' || body > MESSAGE_MAX || fields > MESSAGE_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer that is not to be understood"));
        }
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        self.stream.read_exact(&mut rest)?;
        let body = rest.split_off(fields.next_multiple_of(8));
        let mut message = Message { kind: head[1], fields: Vec::new(), reply_to: 0, body };
        let mut reader = Reader { bytes: &rest[..fields], at: 0 };
        while let Some((code, value)) = reader.field() {
            match value {
                Value::Text(text) => message.fields.push((code, text)),
                Value::Word(word) if code == 5 => message.reply_to = word,
                Value::Word(_) => {}
            }
        }
        Ok(message)
    }

    /// One line of the handshake.
    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < 512 && !line.ends_with(b"\r\n") {
            self.stream.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// The strings of an answer, or the words of an error.
fn answered(message: &Message) -> io::Result<Vec<String>> {
    match message.kind {
        ANSWER => Ok(message.strings(0, 1)),
        ERROR => {
            let words = message.strings(0, 1).into_iter().next().unwrap_or_default();
            let kind = match message.field(4) {
                name if name.contains("AccessDenied") || name.contains("InteractiveAuth") => {
                    io::ErrorKind::PermissionDenied
                }
                _ => io::ErrorKind::Other,
            };
            Err(io::Error::new(kind, format!("{}: {words}", message.field(4))))
        }
        _ => Ok(Vec::new()),
    }
}

enum Value {
    Text(String),
    Word(u32),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn word(&mut self) -> Option<u32> {
        let at = self.at.next_multiple_of(4);
        let bytes = self.bytes.get(at..at + 4)?;
        self.at = at + 4;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn text(&mut self, length: usize) -> Option<String> {
        let text = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length + 1;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn string(&mut self) -> Option<String> {
        let length = self.word()? as usize;
        self.text(length)
    }

    fn signature(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        self.text(length)
    }

    fn field(&mut self) -> Option<(u8, Value)> {
        self.at = self.at.next_multiple_of(8);
        let code = self.byte()?;
        let value = match self.signature()?.as_str() {
            "u" => Value::Word(self.word()?),
            "g" => Value::Text(self.signature()?),
            "s" | "o" => Value::Text(self.string()?),
            _ => return None,
        };
        Some((code, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_laid_out_as_the_specification_says() {
        let mut arguments = Arguments::new("sau");
        arguments.string("ab");
        arguments.array(4, |list| {
            list.word(1);
            list.word(2);
        });
        assert_eq!(arguments.bytes, [2, 0, 0, 0, b'a', b'b', 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn padding_before_structs_is_not_counted() {
        let mut arguments = Arguments::new("a(sv)");
        arguments.array(8, |list| list.property("P", "b", |value| value.word(1)));
        let size = u32::from_le_bytes(arguments.bytes[..4].try_into().unwrap()) as usize;
        assert_eq!(arguments.bytes.len(), 8 + size);
    }

    #[test]
    fn an_answer_is_read_and_an_error_keeps_its_words() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut message = Arguments::new("");
        message.bytes.extend([b'l', ERROR, 0, 1]);
        message.word(9);
        message.word(1);
        message.array(8, |fields| {
            fields.field(4, "s", "org.freedesktop.DBus.Error.AccessDenied");
            fields.align(8);
            fields.bytes.push(5);
            fields.signature("u");
            fields.word(7);
        });
        message.align(8);
        message.string("nope");
        theirs.write_all(&message.bytes).unwrap();
        let mut bus = Bus { stream: ours, serial: 0, routed: false };
        let came = bus.receive().unwrap();
        assert_eq!(came.reply_to, 7);
        let error = answered(&came).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().ends_with("AccessDenied: nope"), "{error}");
    }
}
