//! With `ca_file` nobody else is trusted: not what the system trusts, and nobody whose certificate is for another name.
//! What is wrong with the file is found when the logger is made; one that is missing later is tried again.
//!
//! What the system trusts is said by `SSL_CERT_FILE` here.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::bench::{Client, Row, Stage, for_all_clients, nobody, wait_until};
use crate::common::both;
use crate::common::host::HostProcess;
use crate::common::scripted::{Asked, answer};

/// A certificate authority of the test's own, of this name.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A service that speaks TLS and takes everything; it lives until the test's process ends.
struct Service {
    port: u16,
    /// Its certificate.
    pem: String,
    requests: Arc<AtomicU64>,
}

impl Service {
    /// With a certificate for a name, of an authority or of its own.
    fn start(name: &str, issuer: Option<&CertifiedIssuer<'static, KeyPair>>) -> Service {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = match issuer {
            Some(issuer) => params.signed_by(&key, issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<AtomicU64>::default();
        let (count, pem) = (Arc::clone(&requests), certificate.pem());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, count) = (Arc::clone(&config), Arc::clone(&count));
                std::thread::spawn(move || serve(stream, config, &count));
            }
        });
        Service { port, pem, requests }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, count: &AtomicU64) -> Option<()> {
    let mut reader = BufReader::new(StreamOwned::new(ServerConnection::new(config).ok()?, stream));
    while Asked::read(&mut reader).is_some() {
        count.fetch_add(1, Ordering::SeqCst);
        reader.get_mut().write_all(&answer("200 OK", "")).ok()?;
    }
    None
}

/// A host whose system trusts these certificates, and that is given a file of those.
fn trusting(stage: &Stage, url: &str, system: &str, ca_file: Option<&Path>, verbs: &[&str]) -> Command {
    let path = stage.scratch.path().join("system.pem");
    std::fs::write(&path, system).unwrap();
    let mut command = stage.probe(url, verbs);
    command.env("SSL_CERT_FILE", path).env_remove("SSL_CERT_DIR").env("PROBE_FLUSH_MS", "50");
    if let Some(ca_file) = ca_file {
        command.env("PROBE_CA_FILE", ca_file);
    }
    command
}

/// What is delivered to a service, and what is not, by whom a host trusts.
struct Trial {
    row: Row,
    client: Client,
}

impl Trial {
    fn stage(&self) -> Stage {
        Stage::of("certificates", self.client)
    }

    /// All arrives, with this in the CA file if there is to be one.
    fn arrives(&mut self, service: &Service, system: &str, given: Option<&str>) {
        let stage = self.stage();
        let ca_file = given.map(|pem| written(&stage, pem));
        let verbs = ["new", "log:3", "flush:60000", "expect:MAXIM_OK"];
        let mut host = trusting(&stage, &service.url(), system, ca_file.as_deref(), &verbs);
        let output = host.output().unwrap();
        assert!(output.status.success(), "{}", both(&output));
        assert!(service.requests() > 0, "nothing arrived: {}", both(&output));
        self.row.accepted += 3;
        self.row.delivered += 3;
    }

    /// Nothing arrives, and the host is told why.
    fn is_held(&mut self, service: &Service, system: &str, given: &str, why: &str) {
        let stage = self.stage();
        let ca_file = written(&stage, given);
        let verbs = ["new", "log:3", "wait", "flush:1", "expect:MAXIM_ERR_TIMEOUT"];
        let mut host = trusting(&stage, &service.url(), system, Some(&ca_file), &verbs);
        let told = stage.scratch.path().join("told");
        host.stderr(std::fs::File::create(&told).unwrap()).env("PROBE_DEBUG", "1");
        let mut host = HostProcess::start(host);
        host.line();
        wait_until("the host is told", || std::fs::read_to_string(&told).unwrap().contains(why));
        host.tell();
        host.must_succeed();
        assert_eq!(service.requests(), 0);
        self.row.accepted += 3;
        self.row.held += 3;
    }
}

/// A CA file.
fn written(stage: &Stage, pem: &str) -> std::path::PathBuf {
    let path = stage.scratch.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    path
}

const HERE: &str = "127.0.0.1";

for_all_clients! {
    a_ca_file_replaces_what_the_system_trusts
    a_self_signed_certificate_is_trusted_when_it_is_given
    a_ca_file_that_vanishes_is_read_again_once_it_is_back
    a_ca_file_that_cannot_be_used_is_found_at_once
}

fn a_ca_file_replaces_what_the_system_trusts(client: Client) {
    let mut trial = Trial { row: Row::of("a ca_file beside what the system trusts", client), client };
    let (of_the_system, other) = (authority("the system's"), authority("another"));
    let start = || Service::start(HERE, Some(&of_the_system));
    let (system, other) = (of_the_system.pem(), other.pem());
    trial.arrives(&start(), &system, None);
    trial.is_held(&start(), &system, &other, "issuer is not trusted");
    trial.arrives(&start(), &other, Some(&system));
    trial.arrives(&start(), &other, Some(&format!("{other}{system}")));
}

fn a_self_signed_certificate_is_trusted_when_it_is_given(client: Client) {
    let mut trial = Trial { row: Row::of("self-signed certificates as a ca_file", client), client };
    let system = authority("the system's").pem();
    let service = Service::start(HERE, None);
    trial.arrives(&service, &system, Some(&service.pem));
    // Another one is not, and neither is one for another name.
    let another = Service::start(HERE, None);
    trial.is_held(&another, &system, &service.pem, "TLS: ");
    let elsewhere = Service::start("maxim.test", None);
    trial.is_held(&elsewhere, &system, &elsewhere.pem, "not valid for name");
}

fn a_ca_file_that_vanishes_is_read_again_once_it_is_back(client: Client) {
    let mut row = Row::of("a ca_file that vanishes for a while", client);
    let stage = Stage::of("certificates", client);
    let service = Service::start(HERE, None);
    let ca_file = written(&stage, &service.pem);
    let verbs = ["new", "wait", "log:3", "flush:1500", "expect:MAXIM_ERR_TIMEOUT", "wait", "flush:60000"];
    let verbs = [&verbs[..], &["expect:MAXIM_OK", "stats"]].concat();
    let host = trusting(&stage, &service.url(), &authority("the system's").pem(), Some(&ca_file), &verbs);
    let mut host = HostProcess::start(host);
    host.line();
    std::fs::remove_file(&ca_file).unwrap();
    host.tell();
    host.line();
    assert_eq!(service.requests(), 0);
    written(&stage, &service.pem);
    // By itself, as after any failure of the network.
    wait_until("it is tried again", || service.requests() > 0);
    host.tell();
    row.add_stats(&host.json());
    host.must_succeed();
    assert!(client.is_booked(row.delivered, 3), "{}", row.delivered);
}

fn a_ca_file_that_cannot_be_used_is_found_at_once(client: Client) {
    let mut row = Row::of("a ca_file that is missing or holds no certificate", client);
    let stage = Stage::of("certificates", client);
    let (url, _) = nobody();
    let url = url.replace("http:", "https:");
    let missing = stage.scratch.path().join("missing.pem");
    let empty = written(&stage, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (path, status) in [(missing, "expect:MAXIM_ERR_IO"), (empty, "expect:MAXIM_ERR_INVALID_ARGUMENT")] {
        let mut host = trusting(&stage, &url, "", Some(&path), &["new", status]);
        let output = host.output().unwrap();
        assert!(output.status.success(), "{}", both(&output));
        assert!(both(&output).contains(path.to_str().unwrap()), "{}", both(&output));
    }
    row.note = "refused when it is made".into();
}
