//! A registry in a few lines, which does to its clients whatever a test wants.

use super::layout::Layout;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a client asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// How many requests for the same path came before.
    pub(crate) before: usize,
}

/// What it is told.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection dies after so many bytes of the body.
    pub(crate) cut: Option<usize>,
    /// A byte at a time, with this pause between.
    pub(crate) trickle: Option<Duration>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        Self { status, headers: Vec::new(), body: body.to_vec(), cut: None, trickle: None }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server on loopback; it ends when it is dropped.
pub(crate) struct Server {
    pub(crate) host: String,
    log: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (log, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let handler: Arc<Handler> = Arc::new(handler);
        let thread = thread::spawn({
            let (log, stop) = (Arc::clone(&log), Arc::clone(&stop));
            move || {
                let mut running = Vec::new();
                for connection in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let (log, handler, stop) = (Arc::clone(&log), Arc::clone(&handler), Arc::clone(&stop));
                    running.push(thread::spawn(move || serve(&connection.unwrap(), &*handler, &log, &stop)));
                }
                for thread in running {
                    thread.join().unwrap();
                }
            }
        });
        Self { host, log, stop, thread: Some(thread) }
    }

    /// Serves a layout, each request first shown to `fault`, which may answer in its place or change the answer.
    pub(crate) fn of(layout: &Layout, fault: impl Fn(&Request, Reply) -> Reply + Send + Sync + 'static) -> Self {
        let path = layout.path.clone();
        Self::new(move |request| fault(request, answer(&path, request)))
    }

    pub(crate) fn log(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// Returns the requests whose path contains `part`.
    pub(crate) fn asked(&self, part: &str) -> Vec<Request> {
        self.log().into_iter().filter(|request| request.path.contains(part)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(&self.host);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(connection: &TcpStream, handler: &Handler, log: &Mutex<Vec<Request>>, stop: &AtomicBool) {
    connection.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut input = BufReader::new(connection);
    while let Some((path, headers)) = read(&mut input, stop) {
        let request = {
            let mut log = log.lock().unwrap();
            let before = log.iter().filter(|other| other.path == path).count();
            log.push(Request { path, headers, before });
            log.last().unwrap().clone()
        };
        let reply = handler(&request);
        if write(connection, &reply, stop).is_err() || reply.cut.is_some() {
            break;
        }
    }
    let _ = connection.shutdown(std::net::Shutdown::Both);
}

fn read(input: &mut impl BufRead, stop: &AtomicBool) -> Option<(String, BTreeMap<String, String>)> {
    let mut line = || {
        let mut line = String::new();
        loop {
            match input.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) if line.ends_with('\n') => return Some(line.trim_end().to_owned()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && !stop.load(Ordering::Relaxed) => {}
                _ => return None,
            }
        }
    };
    let path = line()?.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else { return Some((path, headers)) };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}

fn write(mut connection: &TcpStream, reply: &Reply, stop: &AtomicBool) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    connection.write_all(head.as_bytes())?;
    connection.write_all(b"\r\n")?;
    let body = &reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())];
    let Some(pause) = reply.trickle else { return connection.write_all(body) };
    for byte in body.chunks(1) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        connection.write_all(byte)?;
        thread::sleep(pause);
    }
    Ok(())
}

/// What an honest registry says: manifests by tag (the first of the layout's index) or digest, blobs, ranges.
fn answer(layout: &std::path::Path, request: &Request) -> Reply {
    let last = request.path.rsplit('/').next().unwrap();
    let index: serde_json::Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let digest = if last.starts_with("sha256:") { last } else { index["manifests"][0]["digest"].as_str().unwrap() };
    let Ok(bytes) = fs::read(layout.join("blobs/sha256").join(digest.strip_prefix("sha256:").unwrap())) else {
        return Reply::new(404, b"{}");
    };
    if request.path.contains("/manifests/") {
        let typed: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let media_type = typed["mediaType"].as_str().unwrap_or(super::layout::INDEX).to_owned();
        return Reply::new(200, &bytes).header("content-type", media_type).header("docker-content-digest", digest);
    }
    let from =
        request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match from {
        Some(from) => Reply::new(206, &bytes[from..])
            .header("content-range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
        None => Reply::new(200, &bytes),
    }
}
