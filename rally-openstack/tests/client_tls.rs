//! Trust: private authorities, client certificates, and no trust at all only for whoever asks for it.
//!
//! A TLS proxy on loopback stands in front of a plain server, as a load balancer stands in front of a cloud.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[expect(dead_code, reason = "the tests of the gate use the rest")]
mod client_fake;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use client_fake::{Fake, credential};
use rally_openstack::client::{CloudError, Connection, HttpOptions, Session};
use rally_openstack::config::Site;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// An authority of our own, a server behind it, and the files of a client.
struct Lab {
    fake: Fake,
    address: SocketAddr,
    folder: TempDir,
}

impl Lab {
    async fn start(wants_client: bool) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "Laboratory CA");
        params.distinguished_name.push(DnType::OrganizationName, "Rally");
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let leaf = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&key, &ca).unwrap(), key)
        };
        let (server, server_key) = leaf("127.0.0.1");
        let (client, client_key) = leaf("somebody");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        std::fs::write(folder.path().join("cert.pem"), client.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), client_key.serialize_pem()).unwrap();
        std::fs::write(folder.path().join("both.pem"), client.pem() + &client_key.serialize_pem()).unwrap();

        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
        let config = builder.with_single_cert(vec![server.der().clone()], key).unwrap();

        let fake = Fake::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(forward(listener, TlsAcceptor::from(Arc::new(config)), fake.address));
        Self { fake, address, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn site(&self) -> Site {
        let mut site = Site::new(Url::parse(&format!("https://{}", self.address)).unwrap());
        // The catalogue names the plain address; everything is to go through the proxy.
        site.endpoint_overrides.insert("compute".into(), format!("https://{}/v2.1", self.address));
        site
    }

    async fn login(&self, site: &Site) -> Result<Session, CloudError> {
        Connection::new(site, &HttpOptions::default())?.login(credential()).await
    }
}

async fn forward(listener: TcpListener, acceptor: TlsAcceptor, to: SocketAddr) {
    while let Ok((socket, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(mut inside) = acceptor.accept(socket).await else { return };
            let Ok(mut outside) = TcpStream::connect(to).await else { return };
            let _closed = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
        });
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    let lab = Lab::start(false).await;
    let mut site = lab.site();
    let error = lab.login(&site).await.unwrap_err();
    assert!(matches!(error, CloudError::Tls { .. }) && error.is_not_ready(), "{error:?}");
    let text = error.to_string();
    for part in [
        lab.address.to_string().as_str(),
        "issuer is unknown",
        "CN=Laboratory CA, O=Rally",
        "certificate authorities: ",
        " of the platform",
    ] {
        assert!(text.contains(part), "{text}");
    }

    site.tls.cacert = Some(lab.file("ca.pem"));
    let session = lab.login(&site).await.unwrap();
    assert!(session.connection().ca_sources().contains("1 of "), "{}", session.connection().ca_sources());
    session.service("compute").unwrap().get("/ok", &[]).done().await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let lab = Lab::start(false).await;
    let mut site = lab.site();
    site.tls.cacert = Some(lab.file("ca.pem"));
    site.auth_url = Url::parse(&format!("https://localhost:{}", lab.address.port())).unwrap();
    let text = lab.login(&site).await.unwrap_err().to_string();
    assert!(text.contains("localhost") && text.contains("for another name"), "{text}");
}

#[tokio::test]
async fn everything_is_trusted_only_on_request() {
    let lab = Lab::start(false).await;
    let mut site = lab.site();
    assert!(lab.login(&site).await.is_err());
    site.tls.insecure = true;
    let session = lab.login(&site).await.unwrap();
    assert_eq!(session.connection().ca_sources(), "certificates are not checked");
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let lab = Lab::start(true).await;
    let mut site = lab.site();
    site.tls.cacert = Some(lab.file("ca.pem"));
    let error = lab.login(&site).await.unwrap_err();
    assert!(matches!(error, CloudError::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("client certificate"), "{error}");

    site.tls.cert = Some(lab.file("cert.pem"));
    site.tls.key = Some(lab.file("key.pem"));
    lab.login(&site).await.unwrap();

    site.tls.cert = Some(lab.file("both.pem"));
    site.tls.key = None;
    lab.login(&site).await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_before_anything_is_sent() {
    let lab = Lab::start(false).await;
    let mut site = lab.site();
    for (file, part) in [("missing.pem", "missing.pem"), ("key.pem", "it holds no certificate")] {
        site.tls.cacert = Some(lab.file(file));
        let error = Connection::new(&site, &HttpOptions::default()).unwrap_err();
        assert!(matches!(error, CloudError::Setting { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("cacert") && text.contains(part), "{text}");
    }
    assert_eq!(lab.fake.logins(), 0);
}

#[tokio::test]
async fn https_to_a_plain_port_is_explained() {
    let lab = Lab::start(false).await;
    let mut site = lab.site();
    site.auth_url = Url::parse(&format!("https://{}", lab.fake.address)).unwrap();
    let text = lab.login(&site).await.unwrap_err().to_string();
    assert!(text.contains("is its URL plain http?"), "{text}");
}
