//! What a service speaks is read from its version document once, and shared by all users.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A microversion, such as 2.90; 2.9 is before 2.90.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Microversion {
    major: u16,
    minor: u16,
}

impl Microversion {
    /// `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// The number before the point.
    pub const fn major(self) -> u16 {
        self.major
    }

    /// The number behind the point.
    pub const fn minor(self) -> u16 {
        self.minor
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Microversion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (major, minor) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => Ok(Self { major, minor }),
            _ => Err(format!("`{text}` is not a version such as 2.90")),
        }
    }
}

impl TryFrom<String> for Microversion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Microversion> for String {
    fn from(version: Microversion) -> Self {
        version.to_string()
    }
}

/// One API version of a service, as its version document describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ApiVersion {
    /// Its name: `v2.1`.
    pub id: String,
    /// `CURRENT`, `SUPPORTED`, `DEPRECATED`, in the service's own words.
    pub status: String,
    /// The lowest and the highest microversion, where the service has them.
    pub microversions: Option<(Microversion, Microversion)>,
}

/// Reads a version document in any of its shapes; nothing when it is none.
pub(crate) fn parse_versions(document: &Value) -> Vec<ApiVersion> {
    let versions = document.get("versions");
    let list = match versions {
        Some(Value::Array(list)) => list.as_slice(),
        // Keystone wraps its list once more.
        Some(wrapped) => wrapped.get("values").and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
        None => document.get("version").map_or(&[][..], std::slice::from_ref),
    };
    list.iter().filter_map(parse_version).collect()
}

fn parse_version(entry: &Value) -> Option<ApiVersion> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let number = |key: &str| text(key).and_then(|text| text.parse::<Microversion>().ok());
    let highest = number("max_version").or_else(|| number("version"));
    Some(ApiVersion {
        id: text("id")?.to_owned(),
        status: text("status").unwrap_or_default().to_owned(),
        microversions: number("min_version").zip(highest),
    })
}

/// The version that an endpoint of this path speaks: the one whose name stands in the path, else the current one.
pub(crate) fn version_for<'a>(versions: &'a [ApiVersion], base: &str) -> Option<&'a ApiVersion> {
    let major = |id: &str| id.trim_start_matches('v').split('.').next().map(str::to_owned);
    let named = base.rsplit('/').find(|segment| is_version(segment));
    let exact = named.and_then(|segment| versions.iter().find(|version| version.id == segment));
    exact
        .or_else(|| {
            let of_path = named.and_then(major);
            let mut same =
                versions.iter().filter(|version| of_path.is_some() && major(&version.id) == of_path);
            same.clone().find(|version| version.microversions.is_some()).or_else(|| same.next())
        })
        .or_else(|| versions.iter().find(|version| version.status.eq_ignore_ascii_case("current")))
        .or_else(|| versions.last())
}

/// Whether a segment of a path names an API version: `v3`, `v2.1`.
pub(crate) fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_are_ordered_by_number_not_by_letter() {
        let parse = |text: &str| text.parse::<Microversion>().unwrap();
        assert!(parse("2.9") < parse("2.90"));
        assert_eq!(parse("2.90").to_string(), "2.90");
        assert!("latest".parse::<Microversion>().is_err());
    }

    #[test]
    fn every_document_is_read() {
        let nova = json!({"versions": [
            {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": ""},
            {"id": "v2.1", "status": "CURRENT", "version": "2.93", "min_version": "2.1"}]});
        let versions = parse_versions(&nova);
        let range = Some((Microversion::new(2, 1), Microversion::new(2, 93)));
        assert_eq!(versions[0].microversions, None);
        assert_eq!(version_for(&versions, "http://h:8774/v2.1").unwrap().microversions, range);
        assert_eq!(version_for(&versions, "http://h:8774").unwrap().microversions, range);

        let cinder = json!({"versions": [{"id": "v3.0", "status": "CURRENT", "version": "3.70", "min_version": "3.0"}]});
        let versions = parse_versions(&cinder);
        assert!(version_for(&versions, "http://h:8776/v3").unwrap().microversions.is_some());

        let placement = json!({"versions": [{"id": "v1.0", "max_version": "1.39", "min_version": "1.0", "status": "CURRENT"}]});
        assert_eq!(parse_versions(&placement)[0].microversions.unwrap().1, Microversion::new(1, 39));

        let keystone = json!({"versions": {"values": [{"id": "v3.14", "status": "stable"}]}});
        assert_eq!(parse_versions(&keystone)[0].id, "v3.14");
        assert!(parse_versions(&json!({"hello": 1})).is_empty());
        assert!(parse_versions(&json!([])).is_empty());
    }

    #[test]
    fn a_version_is_told_from_a_name() {
        assert!(is_version("v2.1") && is_version("v3"));
        assert!(!is_version("volume") && !is_version("v") && !is_version("v2beta"));
    }
}
