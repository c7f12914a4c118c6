//! TLS: whom to trust, and the connection.
//!
//! Trusted are the certificates of the configured CA file and no others; without one the platform's roots,
//! and Mozilla's list (built in) where the platform has none. A certificate of the CA file is also trusted as
//! the server's own, so that a self-signed one can be given; it must be valid for the host and the day like any
//! other.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::SigningKey;
use rustls::{ALL_VERSIONS, CertificateError, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::address::host_and_port;
use super::{Fault, TransportError};
use crate::process;

/// The longest CA file: a hundred times what the world's public roots take.
const MAX_CA_BYTES: u64 = 16 << 20;

/// Whether a CA file can be opened.
pub fn check_ca_file(path: &Path) -> io::Result<()> {
    process::open_small(path, MAX_CA_BYTES).map(drop)
}

/// The TLS settings with all roots loaded; reads files, so only called once https is needed.
pub fn settings(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TransportError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_protocol_versions(ALL_VERSIONS);
    let builder = builder.map_err(|error| TransportError::new(Fault::Refused, error.to_string()))?;
    let builder = match ca_file {
        Some(path) => {
            // A file that has gone or is being replaced may be there the next time.
            let verifier =
                CaFile::load(path, provider).map_err(|why| TransportError::new(Fault::Network, why))?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        None => builder.with_root_certificates(platform()),
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// Whether a CA file can be used, or why not.
pub fn check(ca_file: &Path) -> Result<(), String> {
    CaFile::load(ca_file, provider()).map(|_| ())
}

/// ring, but for what signs with private keys: no client has any here, so none of that is linked in.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() })
}

#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("there are no client's keys here".to_owned()))
    }
}

/// The platform's roots. Single ones that can't be read don't matter as long as there are others.
fn platform() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// The certificates of a CA file: as roots, and each as a server's own.
#[derive(Debug)]
struct CaFile {
    roots: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl CaFile {
    fn load(path: &Path, provider: Arc<CryptoProvider>) -> Result<CaFile, String> {
        let failed = |what: String| format!("the CA file {}: {what}", path.display());
        let pem = process::read_small(path, MAX_CA_BYTES).map_err(|error| failed(error.to_string()))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|_| failed("holds no PEM certificate that can be used".to_owned()))?;
        Ok(CaFile { roots, certificates })
    }
}

impl ServerCertVerifier for CaFile {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
        let error = match self.roots.verify_server_cert(server, between, name, ocsp_response, now) {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        // The day is looked at before anything else, so that another error says that it is right.
        let is_outdated = matches!(
            error,
            rustls::Error::InvalidCertificate(
                Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
            )
        );
        if is_outdated || !self.certificates.iter().any(|given| given == server) {
            return Err(error);
        }
        rustls::client::verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.roots.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.roots.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}

/// A TLS connection over another one.
pub struct Tls {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Tls {
    /// Shakes hands over `transport`.
    pub fn over(
        transport: Box<dyn Transport>,
        settings: &Arc<ClientConfig>,
        details: &ConnectionDetails<'_>,
    ) -> Result<Tls, ureq::Error> {
        let name =
            host_and_port(details.uri).and_then(|(host, _)| ServerName::try_from(host.to_owned()).ok());
        let name = name.ok_or(ureq::Error::Tls("the host's name cannot be in a certificate"))?;
        let connection = ClientConnection::new(Arc::clone(settings), name);
        let mut connection = connection.map_err(|error| io::Error::other(error.to_string()))?;
        let mut socket = TransportAdapter::new(transport, Arc::clone(&details.current_time));
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket).map_err(explained)?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Tls { buffers, stream: StreamOwned::new(connection, socket) })
    }
}

/// What webpki calls the certificate of an authority where that of a server is to be.
const CA_AS_END_ENTITY: &str = "CaUsedAsEndEntity";

/// What went wrong between two ends that try to speak TLS.
fn explained(error: io::Error) -> io::Error {
    let said = |kind, why: String| io::Error::new(kind, why);
    let kind = error.kind();
    if let Some(ureq::Error::Timeout(_)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return said(kind, "timed out while TLS was set up (does it speak TLS?)".into());
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => {
            said(kind, "this does not look like TLS (is it an http:// address, or another port?)".into())
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => said(
            kind,
            "TLS: the certificate's issuer is not trusted (is a ca_file needed, or another one?)".into(),
        ),
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
            if other.to_string() == CA_AS_END_ENTITY =>
        {
            said(
                kind,
                "TLS: the other end shows the certificate of an authority as its own (is that authority \
                        to be the ca_file, and has the service a certificate that it signed?)"
                    .into(),
            )
        }
        Some(error) => said(kind, format!("TLS: {error}")),
        None if kind == io::ErrorKind::UnexpectedEof => {
            said(kind, "the other end hung up while TLS was set up (does it speak TLS?)".into())
        }
        None => error,
    }
}

impl Transport for Tls {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tls")
    }
}
