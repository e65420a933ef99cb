//! Trust is built here, with a TLS provider of this crate's own: nothing process-wide is installed or needed.
//!
//! Certificate authorities add up: the platform's store and the `cacert` file, both at once.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use super::error::CloudError;
use crate::config::TlsSettings;

/// A TLS configuration, and in words where its certificate authorities come from.
pub(crate) struct Trust {
    pub(crate) config: ClientConfig,
    pub(crate) sources: String,
}

/// Builds the trust that these settings describe. Reads the files now, so that a wrong path is seen at once.
pub(crate) fn trust(settings: &TlsSettings) -> Result<Trust, CloudError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| setting("tls", error))?;
    let (verifier, sources): (Arc<dyn ServerCertVerifier>, _) = if settings.insecure {
        tracing::warn!("certificates of servers are not checked: insecure is set");
        (Arc::new(Anything(provider)), "certificates are not checked".to_owned())
    } else {
        checking(settings.cacert.as_deref(), &provider)?
    };
    // "Dangerous" is rustls' word for a verifier that is not its own; ours only adds names to its errors.
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &settings.cert {
        Some(cert) => {
            let chain = certificates("cert", cert)?;
            let (what, path) = settings.key.as_ref().map_or(("cert", cert), |key| ("key", key));
            let key = PrivateKeyDer::from_pem_file(path).map_err(|error| file(what, path, error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| file(what, path, error))?
        }
        None => builder.with_no_client_auth(),
    };
    // HTTP/1.1 as every OpenStack client speaks it: a load over one multiplexed connection would measure another thing.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Trust { config, sources })
}

fn checking(
    cacert: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<(Arc<dyn ServerCertVerifier>, String), CloudError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    let (platform, _unusable) = roots.add_parsable_certificates(native.certs);
    let mut sources = format!("certificate authorities: {platform} of the platform");
    if let Some(path) = cacert {
        let own = certificates("cacert", path)?;
        let (added, _unusable) = roots.add_parsable_certificates(own);
        if added == 0 {
            return Err(file("cacert", path, "it holds no certificate"));
        }
        sources = format!("{sources}, {added} of {}", path.display());
    }
    if roots.is_empty() {
        // Plain HTTP must still work on a machine without any.
        return Ok((Arc::new(Nothing(Arc::clone(provider))), sources));
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| setting("cacert", error))?;
    Ok((Arc::new(Naming(inner)), sources))
}

fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, CloudError> {
    let all: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<_, _>>)
        .map_err(|error| file(what, path, error))?;
    if all.is_empty() { Err(file(what, path, "it holds no certificate")) } else { Ok(all) }
}

fn file(what: &str, path: &Path, reason: impl fmt::Display) -> CloudError {
    setting(&format!("{what} {}", path.display()), reason)
}

fn setting(what: &str, reason: impl fmt::Display) -> CloudError {
    CloudError::Setting { what: what.to_owned(), reason: reason.to_string() }
}

/// A server's certificate that was not accepted.
#[derive(Debug)]
pub(crate) struct Untrusted {
    why: String,
    issuer: Option<String>,
}

impl std::error::Error for Untrusted {}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        self.issuer.as_ref().map_or(Ok(()), |issuer| write!(f, "; the certificate was issued by {issuer}"))
    }
}

/// rustls' own check, whose refusals name the issuer.
#[derive(Debug)]
struct Naming(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map_err(
            |error| {
                let why = match &error {
                    rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                        "its certificate's issuer is unknown".to_owned()
                    }
                    rustls::Error::InvalidCertificate(
                        CertificateError::Expired | CertificateError::ExpiredContext { .. },
                    ) => "its certificate has expired".to_owned(),
                    rustls::Error::InvalidCertificate(
                        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                    ) => "its certificate is for another name".to_owned(),
                    other => other.to_string(),
                };
                refused(Untrusted { why, issuer: issuer(end_entity) })
            },
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn refused(untrusted: Untrusted) -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted))))
}

/// Accepts every certificate. Signatures are checked all the same: they cost little and show a broken server.
#[derive(Debug)]
struct Anything(Arc<CryptoProvider>);

/// Accepts no certificate, for there is no authority to trust.
#[derive(Debug)]
struct Nothing(Arc<CryptoProvider>);

macro_rules! signatures_by_provider {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    signatures_by_provider!();
}

impl ServerCertVerifier for Nothing {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let why = "there is no certificate authority to trust".to_owned();
        Err(refused(Untrusted { why, issuer: issuer(end_entity) }))
    }

    signatures_by_provider!();
}

/// What rustls has against the other side, if that is why a request failed.
pub(crate) fn handshake_failure(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    use std::{error::Error, io};
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls) = error.downcast_ref::<rustls::Error>() {
            return Some(match rustls {
                rustls::Error::InvalidCertificate(CertificateError::Other(other)) => other.0.to_string(),
                rustls::Error::AlertReceived(alert) => format!(
                    "it refused this client's side of the handshake ({alert:?}); does it want a client certificate?"
                ),
                rustls::Error::InvalidMessage(_) => {
                    "it does not speak TLS; is its URL plain http?".to_owned()
                }
                other => other.to_string(),
            });
        }
        // An io::Error passes over the error it was made of in `source`.
        let hidden = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match hidden {
            Some(hidden) => Some(hidden as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// The issuer in an X.509 certificate, such as `CN=Example CA, O=Example`.
fn issuer(certificate: &[u8]) -> Option<String> {
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const EXPLICIT_VERSION: u8 = 0xa0;
    let (_, whole, _) = der(certificate)?;
    let (_, mut fields, _) = der(whole)?;
    if fields.first() == Some(&EXPLICIT_VERSION) {
        fields = der(fields)?.2;
    }
    let (_, _serial, fields) = der(fields)?;
    let (_, _algorithm, fields) = der(fields)?;
    let (tag, mut names, _) = der(fields)?;
    let mut parts = Vec::new();
    while tag == SEQUENCE && !names.is_empty() {
        let (set, relative, rest) = der(names)?;
        names = rest;
        let (_, pair, _) = (set == SET).then(|| der(relative))??;
        let (_, oid, value) = der(pair)?;
        let (_, text, _) = der(value)?;
        // 2.5.4.x, of which a reader knows these by their letters.
        let label = match oid {
            [0x55, 4, 3] => "CN",
            [0x55, 4, 10] => "O",
            [0x55, 4, 11] => "OU",
            [0x55, 4, 6] => "C",
            _ => continue,
        };
        parts.push(format!("{label}={}", String::from_utf8_lossy(text)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Splits DER into the first value's tag, its content, and what follows it.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (digits.iter().try_fold(0usize, |sum, &digit| sum.checked_mul(256)?.checked_add(digit.into()))?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
