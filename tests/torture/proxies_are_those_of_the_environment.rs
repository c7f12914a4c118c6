//! Requests go through the proxy that the usual environment variables name for their scheme, and past it
//! where an exception says so.
//!
//! The proxy is a small one of this file's own. It is asked for a tunnel (CONNECT) whatever the scheme is, and
//! leads every tunnel to the test's server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::bench::{Row, Stage, json_lines};
use crate::common::Server;

/// What the probe sends as its key.
const KEY: &[u8] = b"probe-key";
/// What a TLS connection begins with: a handshake record.
const TLS_HANDSHAKE: u8 = 22;

/// A proxy, and what it has been asked for.
struct Proxy {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    /// What was sent through each tunnel first.
    first: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Proxy {
    fn start(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heard, first) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let (hears, notes) = (Arc::clone(&heard), Arc::clone(&first));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (hears, notes) = (Arc::clone(&hears), Arc::clone(&notes));
                std::thread::spawn(move || serve(client, target, &hears, &notes));
            }
        });
        Proxy { url, heard, first }
    }

    fn said(&self) -> Vec<Vec<u8>> {
        self.first.lock().unwrap().clone()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// One tunnel. Gives nothing back: a connection that breaks is the end of it.
fn serve(
    mut client: TcpStream,
    target: u16,
    heard: &Mutex<Vec<String>>,
    first: &Mutex<Vec<Vec<u8>>>,
) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut header = String::from("?");
    while !header.trim().is_empty() {
        header.clear();
        reader.read_line(&mut header).ok()?;
    }
    heard.lock().unwrap().push(request.trim().to_owned());
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
    let mut server = TcpStream::connect(("127.0.0.1", target)).ok()?;
    let mut bytes = [0; 64 * 1024];
    let length = reader.read(&mut bytes).ok()?;
    first.lock().unwrap().push(bytes[..length].to_vec());
    server.write_all(&bytes[..length]).ok()?;
    let (mut from, mut to) = (server.try_clone().ok()?, client.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut reader, &mut server);
    let _ = server.shutdown(Shutdown::Both);
    Some(())
}

/// Logs ten records to `base` under these variables; `$PROXY` in them is the proxy's address.
fn log_ten(
    stage: &Stage,
    proxy: &Proxy,
    base: &str,
    variables: &[(&str, &str)],
    flush: &str,
) -> serde_json::Value {
    let mut command = stage.probe(base, &["new", "log:10", flush, "stats", "free"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.env("PROBE_PLAINTEXT", "1");
    command.envs(variables.iter().map(|(name, value)| (name, value.replace("$PROXY", &proxy.url))));
    json_lines(&mut command).remove(0)
}

// `.invalid` is a domain that no name service knows: whatever arrives came through the proxy.
const HTTP: &str = "http://maxim.invalid";
const HTTPS: &str = "https://maxim.invalid";

#[test]
fn http_goes_through_the_proxy_that_the_environment_names() {
    let mut row = Row::new("proxies for http");
    let namings: [&[(&str, &str)]; 5] = [
        &[("http_proxy", "$PROXY")],
        &[("HTTP_PROXY", "$PROXY")],
        &[("ALL_PROXY", "$PROXY")],
        // Lower case comes first, and a scheme's own before the one for all.
        &[("http_proxy", "$PROXY"), ("HTTP_PROXY", "http://127.0.0.1:9")],
        &[("http_proxy", "$PROXY"), ("all_proxy", "http://127.0.0.1:9"), ("no_proxy", "elsewhere.invalid")],
    ];
    for naming in namings {
        let stage = Stage::new("proxy-http");
        let server = Server::start(&["--check-seq", "--seq-start", "1", "--allow-host", "maxim.invalid"]);
        let proxy = Proxy::start(server.port);
        let stats = log_ten(&stage, &proxy, HTTP, naming, "flush:60000");
        row.add_stats(&stats);
        assert_eq!((&stats["delivered"], server.count("lines")), (&10.into(), 10), "{naming:?}");
        let heard = proxy.heard();
        assert!(
            !heard.is_empty() && heard.iter().all(|line| line == "CONNECT maxim.invalid:80 HTTP/1.1"),
            "{heard:?}"
        );
    }
}

#[test]
fn https_goes_through_its_own_proxy_and_encrypted() {
    let mut row = Row::new("proxies for https");
    for name in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        let stage = Stage::new("proxy-https");
        // It speaks no TLS, so that all is held; what matters is where the connection goes, and with what.
        let server = Server::start(&[]);
        let proxy = Proxy::start(server.port);
        let variables = [(name, "$PROXY"), ("http_proxy", "http://127.0.0.1:9")];
        let mut heard = Vec::new();
        // A slow machine may not come to say anything within the shortest.
        for timeout in ["flush:500", "flush:5000", "flush:50000"] {
            let stats = log_ten(&stage, &proxy, HTTPS, &variables, timeout);
            row.add_stats(&stats);
            // A further process may have adopted what the one before left.
            let adopted = stats["adopted"].as_u64().unwrap();
            assert_eq!((&stats["held"], &stats["delivered"]), (&(10 + adopted).into(), &0.into()), "{stats}");
            heard = proxy.heard();
            heard.retain(|line| !line.is_empty());
            if !heard.is_empty() && proxy.said().iter().any(|bytes| !bytes.is_empty()) {
                break;
            }
        }
        assert!(
            !heard.is_empty() && heard.iter().all(|line| line == "CONNECT maxim.invalid:443 HTTP/1.1"),
            "{heard:?}"
        );
        let mut said = proxy.said();
        // One that was given up before it came to say anything.
        said.retain(|bytes| !bytes.is_empty());
        assert!(!said.is_empty(), "nobody said anything");
        for bytes in &said {
            assert_eq!(bytes.first(), Some(&TLS_HANDSHAKE));
            assert!(!bytes.windows(KEY.len()).any(|window| window == KEY), "the key, unencrypted");
        }
    }
}

#[test]
fn an_exception_and_this_machine_are_reached_directly() {
    let mut row = Row::new("NO_PROXY");
    for (base, exception) in [
        (HTTP, ("NO_PROXY", "maxim.invalid")),
        (HTTP, ("no_proxy", "elsewhere.example, .invalid")),
        (HTTPS, ("no_proxy", "*")),
    ] {
        let stage = Stage::new("proxy-none");
        let server = Server::start(&[]);
        let proxy = Proxy::start(server.port);
        let stats = log_ten(&stage, &proxy, base, &[("ALL_PROXY", "$PROXY"), exception], "flush:500");
        row.add_stats(&stats);
        assert_eq!((proxy.heard().len(), &stats["held"]), (0, &10.into()), "{exception:?}: {stats}");
    }
    let stage = Stage::new("proxy-loopback");
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port);
    let stats = log_ten(&stage, &proxy, &server.url(), &[("ALL_PROXY", "$PROXY")], "flush:60000");
    row.add_stats(&stats);
    assert_eq!((proxy.heard().len(), &stats["delivered"]), (0, &10.into()), "{stats}");
}
