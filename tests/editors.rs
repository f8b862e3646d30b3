//! What an editor shows: a language server is driven over its standard streams, with the files that `launch init --editor` writes.

use crate::support::needs::{Need, needs};
use crate::support::place::{binary, fresh_dir};
use crate::support::runner::tests;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

tests![tombi_hovers_completes_and_marks_mistakes];

const FILE: &str = "command = \"/bin/sh\"\nhostnam = \"x\"\n\n[limits]\npids = \"many\"\n\n[userns]\nmode = \"\"\n\n";

fn tombi_hovers_completes_and_marks_mistakes() {
    needs(&[Need::Tool("tombi")]);
    let dir = fresh_dir(None);
    let made = Command::new(binary()).args(["-q", "init", "--editor"]).current_dir(&dir).status().unwrap();
    assert!(made.success());
    let mut server = Server::start(&["tombi", "lsp", "--offline"], &dir);
    // The server reads its settings and the schema beside the first requests.
    let hover = (0..100)
        .map(|_| server.ask("textDocument/hover", Some((4, 1))))
        .find(|hover| {
            !hover.is_null() || {
                std::thread::sleep(Duration::from_millis(50));
                false
            }
        })
        .expect("an answer within five seconds");
    let text = hover["contents"]["value"].as_str().unwrap_or_default();
    assert!(text.contains("Most processes and threads at once") && text.contains("1024"), "{hover}");
    assert_eq!(
        labels(&server.ask("textDocument/completion", Some((7, 8)))),
        ["\"auto\"", "\"single\"", "\"keep-id\"", "\"host\""]
    );
    let keys = labels(&server.ask("textDocument/completion", Some((8, 0))));
    assert!(keys.contains(&"uid_map".to_owned()) && !keys.contains(&"mode".to_owned()), "{keys:?}");
    let said = server.ask("textDocument/diagnostic", None);
    let marked: Vec<(u64, u64)> = said["items"].as_array().unwrap().iter().map(|item| start(&item["range"])).collect();
    assert_eq!(marked, [(1, 0), (4, 7), (7, 7)], "{said}");
}

fn start(range: &Value) -> (u64, u64) {
    (range["start"]["line"].as_u64().unwrap(), range["start"]["character"].as_u64().unwrap())
}

fn labels(completion: &Value) -> Vec<String> {
    let items = completion.get("items").unwrap_or(completion).as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
}

/// A language server with one open file.
struct Server {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    file: PathBuf,
    next: u64,
}

impl Server {
    fn start(words: &[&str], dir: &Path) -> Self {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut server = Self { process, to, from, file: dir.join("container.toml"), next: 0 };
        let root = format!("file://{}", dir.display());
        let folders = json!([{ "uri": root, "name": "test" }]);
        let capabilities = json!({ "textDocument": { "hover": { "contentFormat": ["markdown"] }, "completion": {} } });
        server.call(
            "initialize",
            &json!({ "processId": null, "rootUri": root, "workspaceFolders": folders, "capabilities": capabilities }),
        );
        server.send(&json!({ "method": "initialized", "params": {} }));
        let document = json!({ "uri": server.uri(), "languageId": "toml", "version": 1, "text": FILE });
        server.send(&json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }));
        server
    }

    fn uri(&self) -> String {
        format!("file://{}", self.file.display())
    }

    /// Asks about the file, at a line and a column, both from 0.
    fn ask(&mut self, method: &str, at: Option<(u32, u32)>) -> Value {
        let mut params = json!({ "textDocument": { "uri": self.uri() } });
        if let Some((line, character)) = at {
            params["position"] = json!({ "line": line, "character": character });
        }
        self.call(method, &params)
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["method"].is_string() && !message["id"].is_null() {
                let asked = message["params"]["items"].as_array().map_or(0, Vec::len);
                self.send(&json!({ "id": message["id"], "result": vec![Value::Null; asked] }));
            } else if message["id"] == id {
                return message["result"].clone();
            }
        }
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let body = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server ended");
            if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
