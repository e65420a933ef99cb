//! A catalogue is parsed once for each login and kept once for all users whose catalogues differ only by project.

use serde::Deserialize;

use super::error::CloudError;
use super::kinds::Kind;
use super::microversion::is_version;
use crate::config::{Interface, Site};

/// Stands in a kept URL where the project's id stood.
const PROJECT: &str = "{project_id}";

/// The services of a cloud, as keystone lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    services: Vec<CatalogService>,
}

/// A service in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogService {
    /// Its type: `compute`.
    pub service_type: String,
    /// Its name: `nova`.
    pub name: Option<String>,
    endpoints: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    interface: Interface,
    region: Option<String>,
    url: String,
}

impl CatalogService {
    /// The regions in which it has an endpoint, each once, in order.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<_> = self.endpoints.iter().filter_map(|e| e.region.as_deref()).collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }
}

/// A service in keystone's answer.
#[derive(Deserialize)]
pub(crate) struct RawService {
    #[serde(rename = "type")]
    service_type: String,
    name: Option<String>,
    #[serde(default)]
    endpoints: Vec<RawEndpoint>,
}

#[derive(Deserialize)]
struct RawEndpoint {
    interface: String,
    region: Option<String>,
    region_id: Option<String>,
    url: String,
}

impl Catalog {
    pub(crate) fn new(services: Vec<RawService>, project: Option<&str>) -> Self {
        let entry = |raw: RawEndpoint| {
            let mut url = raw.url;
            if let Some(project) = project.filter(|id| !id.is_empty()) {
                url = url.replace(project, PROJECT);
            }
            Some(Entry {
                // An interface that nobody can ask for is left out.
                interface: Interface::parse(&raw.interface)?,
                region: raw.region.or(raw.region_id),
                url: url.trim_end_matches('/').to_owned(),
            })
        };
        let service = |raw: RawService| CatalogService {
            service_type: raw.service_type,
            name: raw.name,
            endpoints: raw.endpoints.into_iter().filter_map(entry).collect(),
        };
        let mut services: Vec<_> = services.into_iter().map(service).collect();
        // Keystone's order is its database's; a fixed one makes catalogues comparable and listings calm.
        services.sort_by(|a, b| (&a.service_type, &a.name).cmp(&(&b.service_type, &b.name)));
        for service in &mut services {
            service.endpoints.sort_by(|a, b| (&a.region, &a.url).cmp(&(&b.region, &b.url)));
        }
        Self { services }
    }

    /// The services, ordered by type.
    pub fn services(&self) -> &[CatalogService] {
        &self.services
    }

    /// The regions in which any service has an endpoint, each once, in order.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<_> = self.services.iter().flat_map(CatalogService::regions).collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    /// The URL under which a kind of service's routes stand, without a slash at its end.
    ///
    /// An override wins over the catalogue. An endpoint that names no version gets the one our routes are written for.
    pub(crate) fn base(&self, kind: &Kind, site: &Site, project: Option<&str>) -> Result<String, CloudError> {
        let url = match site.endpoint_overrides.iter().find(|(name, _)| Kind::of(name).name == kind.name) {
            Some((_, url)) => url.trim_end_matches('/'),
            None => self.find(kind, site)?,
        };
        Ok(versioned(&with_project(url, project), kind.version))
    }

    fn find(&self, kind: &Kind, site: &Site) -> Result<&str, CloudError> {
        let region = site.region.as_deref();
        let mut candidates: Vec<_> = self
            .services
            .iter()
            .filter_map(|service| Some((kind.rank(&service.service_type)?, service)))
            .collect();
        candidates.sort_by_key(|(rank, _)| *rank);
        let fits = |entry: &&Entry| {
            entry.interface == site.interface && (region.is_none() || entry.region.as_deref() == region)
        };
        let found = candidates
            .iter()
            .find_map(|(_, service)| service.endpoints.iter().find(fits))
            .map(|e| e.url.as_str());
        found.ok_or_else(|| {
            let mut elsewhere: Vec<String> = candidates
                .iter()
                .flat_map(|(_, service)| &service.endpoints)
                .map(|entry| {
                    format!(
                        "{} in {}",
                        entry.interface.as_str(),
                        entry.region.as_deref().unwrap_or("no region")
                    )
                })
                .collect();
            elsewhere.sort_unstable();
            elsewhere.dedup();
            let types = self.services.iter().map(|service| service.service_type.as_str());
            CloudError::no_endpoint(&kind.name, region, site.interface.as_str(), types, &elsewhere)
        })
    }
}

/// Puts the project's id where a template has a place for it, in any of the spellings of catalogues.
fn with_project(url: &str, project: Option<&str>) -> String {
    let Some(project) = project else { return url.to_owned() };
    if !url.contains(['{', '%', '$']) {
        return url.to_owned();
    }
    ["{project_id}", "%(project_id)s", "$(project_id)s", "%(tenant_id)s", "$(tenant_id)s", "{tenant_id}"]
        .iter()
        .fold(url.to_owned(), |url, place| url.replace(place, project))
}

/// The URL with this version at its end, unless it names one.
fn versioned(url: &str, version: Option<&str>) -> String {
    let Some(version) = version else { return url.to_owned() };
    // Behind `scheme://host` only: a host may well be called v3.
    let path = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash));
    let path = path.map_or("", |at| &url[at..]);
    match path.rsplit('/').next() {
        // Keystone's old catalogue entry on a cloud that speaks v3.
        Some("v2.0") if version == "v3" => format!("{}{version}", &url[..url.len() - "v2.0".len()]),
        _ if path.split('/').any(is_version) => url.to_owned(),
        _ => format!("{url}/{version}"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use serde_json::json;
    use url::Url;

    fn catalog(project: &str) -> Catalog {
        let endpoint = |interface: &str, region: &str, url: String| json!({"interface": interface, "region": region, "url": url});
        let list = json!([
            {"type": "volumev3", "name": "cinderv3", "endpoints": [
                endpoint("public", "One", format!("http://h:8776/v3/{project}/"))]},
            {"type": "network", "name": "neutron", "endpoints": [
                endpoint("public", "One", "http://h:9696".into()), endpoint("internal", "Two", "http://i:9696".into())]},
            {"type": "identity", "name": "keystone", "endpoints": [
                endpoint("public", "One", "http://v3:5000/identity/v2.0".into())]},
            {"type": "image", "name": "glance", "endpoints": [endpoint("strange", "One", "http://x".into())]},
        ]);
        Catalog::new(serde_json::from_value(list).unwrap(), Some(project))
    }

    fn site() -> Site {
        Site::new(Url::parse("http://h:5000").unwrap())
    }

    fn base(service: &str, site: &Site) -> Result<String, String> {
        catalog("p1").base(&Kind::of(service), site, Some("p1")).map_err(|error| error.to_string())
    }

    #[test]
    fn users_of_two_projects_share_a_catalogue() {
        assert_eq!(catalog("p1"), catalog("p2"));
    }

    #[test]
    fn a_service_is_found_by_any_of_its_names() {
        for name in ["volumev3", "block-storage", "volume"] {
            assert_eq!(base(name, &site()).unwrap(), "http://h:8776/v3/p1");
        }
        assert_eq!(base("network", &site()).unwrap(), "http://h:9696/v2.0");
        assert_eq!(base("identity", &site()).unwrap(), "http://v3:5000/identity/v3");
    }

    #[test]
    fn region_and_interface_choose_and_the_error_says_what_there_is() {
        let mut site = site();
        site.region = Some("Two".into());
        let error = base("network", &site).unwrap_err();
        assert!(error.ends_with("it is there as internal in Two, public in One"), "{error}");
        site.interface = Interface::Internal;
        assert_eq!(base("network", &site).unwrap(), "http://i:9696/v2.0");
        let error = base("compute", &site).unwrap_err();
        assert!(error.contains("no internal endpoint of compute in region Two"), "{error}");
        assert!(error.contains("identity, image, network, volumev3"), "{error}");
    }

    #[test]
    fn an_override_wins_under_any_name_of_the_service() {
        let mut site = site();
        site.endpoint_overrides.insert("volume".into(), "http://mine/v3/%(project_id)s".into());
        site.endpoint_overrides.insert("image".into(), "http://mine:9292/".into());
        assert_eq!(base("block-storage", &site).unwrap(), "http://mine/v3/p1");
        assert_eq!(base("image", &site).unwrap(), "http://mine:9292/v2");
    }
}
