//! Whom to trust: the platform's roots, the configured CA file beside them, and Mozilla's list
//! (built in) where the platform has none.

use std::path::Path;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::{Fault, TransportError};

/// The TLS settings with all roots loaded; reads files, so only called once https is needed.
pub fn roots(ca_file: Option<&Path>) -> Result<TlsConfig, TransportError> {
    // Single roots that can't be read don't matter as long as there are others.
    let platform = rustls_native_certs::load_native_certs().certs;
    let mut roots: Vec<Certificate<'static>> =
        platform.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    if let Some(path) = ca_file {
        let refused = |what: String| TransportError {
            fault: Fault::Refused,
            why: format!("the CA file {}: {what}", path.display()),
        };
        let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let before = roots.len();
        roots.extend(parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        }));
        if roots.len() == before {
            return Err(refused("holds no PEM certificate".into()));
        }
    }
    let roots = if roots.is_empty() { RootCerts::WebPki } else { RootCerts::from(roots) };
    Ok(TlsConfig::builder().root_certs(roots).build())
}
