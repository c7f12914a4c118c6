//! The files that `--record` and `--lines` ask for.
//!
//! Both are appended to and are whole after each request, before its answer leaves: a test that was answered can
//! read what it sent. They are readable by their owner only, and a link in their place is not followed. A record holds
//! headers as they came, but of a key only the start of its SHA-256, by which the same key can be recognised.
//! If a file cannot be written the server says so and exits with status 1, because counts without their record
//! would mislead.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::collect::http::Head;
use crate::model::plain;
use crate::store::private;

/// Headers whose values open something.
const SECRET_HEADERS: [&str; 5] =
    ["x-maxim-api-key", "x-api-key", "authorization", "proxy-authorization", "cookie"];
/// Bytes of a key's digest that are written: enough to tell keys apart.
const SHOWN_DIGEST_BYTES: usize = 8;

/// A file that only grows.
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    pub fn open(path: &Path) -> io::Result<Self> {
        private::open(path).map(|file| Log { path: path.to_owned(), file })
    }

    /// Appends bytes that end in a line end.
    pub fn append(&mut self, bytes: &[u8]) {
        if let Err(error) = self.file.write_all(bytes) {
            eprintln!("maxim-dev: cannot write {}: {error}", self.path.display());
            std::process::exit(1);
        }
    }
}

/// One request as a line of the record. `status` is 0 when the connection was cut instead of an answer.
pub fn request_line(head: &Head, body: &[u8], status: u16, at_us: u64) -> Vec<u8> {
    let mut headers = Map::new();
    for (name, value) in &head.headers {
        let value = if SECRET_HEADERS.contains(&name.as_str()) { &digest(value) } else { value };
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.clone(), joined.into());
    }
    let mut line = json!({"method": head.method, "target": head.target, "headers": headers});
    match std::str::from_utf8(body) {
        Ok(text) => line["body"] = text.into(),
        Err(_) => line["body_b64"] = STANDARD.encode(body).into(),
    }
    line["status"] = status.into();
    line["at_us"] = at_us.into();
    plain::escape_json(format!("{line}\n")).into_bytes()
}

/// What stands for a key: `sha256:` and the first digits of its digest. A key that is empty stays so.
fn digest(key: &str) -> String {
    if key.is_empty() {
        return String::new();
    }
    let digits = Sha256::digest(key)
        .iter()
        .take(SHOWN_DIGEST_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    format!("sha256:{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::http::Framing;

    #[test]
    fn a_record_keeps_text_as_text_and_bytes_as_base64() {
        let head = Head {
            method: "PUT".into(),
            target: "/upload/k".into(),
            headers: vec![("a".into(), "1".into()), ("a".into(), "2".into())],
            framing: Framing::Length(2),
            keep_alive: true,
            expects_continue: false,
        };
        let line = |body: &[u8]| -> Value {
            let line = request_line(&head, body, 200, 7);
            assert_eq!(line.last(), Some(&b'\n'));
            serde_json::from_slice(&line).expect("JSON")
        };
        let text = line("é\n".as_bytes());
        assert_eq!(text["body"], "é\n");
        assert_eq!(text["headers"]["a"], "1, 2");
        assert_eq!((&text["status"], &text["at_us"]), (&json!(200), &json!(7)));
        let bytes = line(&[0xff, 0x00]);
        assert_eq!((&bytes["body_b64"], bytes.get("body")), (&json!("/wA="), None));
    }
}
