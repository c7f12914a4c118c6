//! The smallest receiver of OTLP over HTTP: counts spans and log records, and answers GET /stats like
//! maxim-dev. Prints its port. It ends when its standard input does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

static COUNTED: AtomicU64 = AtomicU64::new(0);
static LAST_US: AtomicU64 = AtomicU64::new(0);

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Requests of one connection, until it ends or is not understood.
fn serve(stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        }
        let mut body = Vec::new();
        if is_chunked {
            while read_chunk(&mut reader, &mut body)? > 0 {}
        } else {
            body.resize(length, 0);
            reader.read_exact(&mut body).ok()?;
        }
        let mut answer = String::new();
        if line.starts_with("GET") {
            let (lines, last) = (COUNTED.load(Ordering::SeqCst), LAST_US.load(Ordering::SeqCst));
            answer = format!("{{\"lines\": {lines}, \"entries\": 0, \"last_line_us\": {last}}}");
        } else {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_micros() as u64;
            COUNTED.fetch_add(leaves(&body, &[1, 2, 2])?, Ordering::SeqCst);
            LAST_US.store(now, Ordering::SeqCst);
        }
        let kind = if answer.is_empty() { "application/x-protobuf" } else { "application/json" };
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", answer.len());
        // In one piece: a second small one would wait 40 ms for the client's delayed acknowledgement.
        writer.write_all((head + &answer).as_bytes()).ok()?;
    }
}

/// Appends the next chunk, and gives its length.
fn read_chunk(reader: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim(), 16).ok()?;
    let at = body.len();
    body.resize(at + length + 2, 0);
    reader.read_exact(&mut body[at..]).ok()?;
    body.truncate(at + length);
    Some(length)
}

/// How many submessages a protobuf message has at a path of field numbers: 1, 2, 2 are the spans (or log
/// records) of the scopes of the resources of an export request.
fn leaves(mut message: &[u8], path: &[u64]) -> Option<u64> {
    let Some((field, rest)) = path.split_first() else { return Some(1) };
    let mut count = 0;
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        match tag & 7 {
            0 => drop(varint(&mut message)?),
            1 => message = message.get(8..)?,
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let (inner, behind) = message.split_at_checked(length)?;
                message = behind;
                if tag >> 3 == *field {
                    count += leaves(inner, rest)?;
                }
            }
            5 => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(count)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
