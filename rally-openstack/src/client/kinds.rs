//! What is known of each kind of service without asking: its names in catalogues, the version its routes stand
//! under, and how it is told a microversion.

use std::borrow::Cow;

use super::microversion::Microversion;

/// A kind of service.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    /// The official type, under which its requests are noted.
    pub(crate) name: Cow<'static, str>,
    /// Its names in catalogues, the most wanted first.
    pub(crate) types: Cow<'static, [&'static str]>,
    /// The version that is appended to an endpoint which names none.
    pub(crate) version: Option<&'static str>,
    /// How it is told a microversion.
    pub(crate) dialect: Dialect,
}

/// How a service is told a microversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `OpenStack-API-Version: WORD 1.2`; the word is the service's type when none is given.
    Standard(Option<&'static str>),
    /// The standard one and an older header beside it, which services before their adoption of the first understand.
    Both(&'static str, &'static str),
    /// A header of its own, with the bare version.
    Own(&'static str),
}

const fn kind(
    name: &'static str,
    types: &'static [&'static str],
    version: Option<&'static str>,
    dialect: Dialect,
) -> Kind {
    Kind { name: Cow::Borrowed(name), types: Cow::Borrowed(types), version, dialect }
}

const PLAIN: Dialect = Dialect::Standard(None);

static KINDS: &[Kind] = &[
    kind("compute", &["compute"], None, Dialect::Both("compute", "x-openstack-nova-api-version")),
    kind(
        "block-storage",
        &["volumev3", "block-storage", "block-store", "volume", "volumev2"],
        None,
        Dialect::Standard(Some("volume")),
    ),
    kind("image", &["image"], Some("v2"), PLAIN),
    kind("network", &["network"], Some("v2.0"), PLAIN),
    kind("identity", &["identity"], Some("v3"), PLAIN),
    kind("placement", &["placement"], None, PLAIN),
    kind("orchestration", &["orchestration"], None, PLAIN),
    kind("object-store", &["object-store"], None, PLAIN),
    kind("key-manager", &["key-manager"], Some("v1"), PLAIN),
    kind(
        "shared-file-system",
        &["sharev2", "shared-file-system", "share"],
        None,
        Dialect::Own("x-openstack-manila-api-version"),
    ),
    kind("load-balancer", &["load-balancer"], Some("v2.0"), PLAIN),
    kind("dns", &["dns"], Some("v2"), PLAIN),
    kind(
        "baremetal",
        &["baremetal", "bare-metal"],
        Some("v1"),
        Dialect::Own("x-openstack-ironic-api-version"),
    ),
    kind(
        "container-infrastructure-management",
        &["container-infra", "container-infrastructure-management", "container-infrastructure"],
        Some("v1"),
        Dialect::Standard(Some("container-infra")),
    ),
    kind("workflow", &["workflowv2", "workflow"], Some("v2"), PLAIN),
    kind("message", &["messaging", "message", "messaging-websocket"], Some("v2"), PLAIN),
    kind("metric", &["metric"], Some("v1"), PLAIN),
    kind("alarm", &["alarming", "alarm"], Some("v2"), PLAIN),
    kind("event", &["event", "events"], Some("v2"), PLAIN),
    kind("rating", &["rating"], Some("v1"), PLAIN),
    kind(
        "resource-optimization",
        &["infra-optim", "resource-optimization"],
        Some("v1"),
        Dialect::Standard(Some("infra-optim")),
    ),
    kind("database", &["database"], None, PLAIN),
    kind("clustering", &["clustering", "resource-cluster"], Some("v1"), PLAIN),
    kind("instance-ha", &["instance-ha", "ha"], Some("v1"), PLAIN),
    kind("reservation", &["reservation"], Some("v1"), PLAIN),
    kind("application-catalog", &["application-catalog"], Some("v1"), PLAIN),
];

impl Kind {
    /// The kind of service that has this name; a type that nobody has heard of is a kind of its own.
    pub(crate) fn of(service_type: &str) -> Cow<'static, Self> {
        // `block_storage` and `volume_v3` are the spellings of variables and of clouds.yaml.
        let plain = service_type.to_ascii_lowercase().replace('_', "-");
        let same = |name: &str| name == plain || name == service_type;
        if let Some(kind) = KINDS.iter().find(|k| same(&k.name) || k.types.iter().any(|name| same(name))) {
            return Cow::Borrowed(kind);
        }
        Cow::Owned(Self {
            name: service_type.to_owned().into(),
            types: Cow::Borrowed(&[]),
            version: None,
            dialect: PLAIN,
        })
    }

    /// Whether a catalogue's entry of this type is this kind of service, and how much it is wanted: lower is better.
    pub(crate) fn rank(&self, service_type: &str) -> Option<usize> {
        self.types.iter().position(|name| *name == service_type).or_else(|| {
            // Last: a stranger, or an official name that the list above leaves out.
            (self.name == service_type).then_some(usize::MAX)
        })
    }

    /// The headers that ask for this microversion.
    pub(crate) fn headers(&self, version: Microversion) -> Vec<(&'static str, String)> {
        const STANDARD: &str = "openstack-api-version";
        match self.dialect {
            Dialect::Standard(word) => vec![(STANDARD, format!("{} {version}", word.unwrap_or(&self.name)))],
            Dialect::Both(word, older) => {
                vec![(STANDARD, format!("{word} {version}")), (older, version.to_string())]
            }
            Dialect::Own(header) => vec![(header, version.to_string())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_finds_its_service() {
        for name in ["volumev3", "block-storage", "block_storage", "volume", "VOLUMEV3"] {
            assert_eq!(Kind::of(name).name, "block-storage", "{name}");
        }
        assert_eq!(Kind::of("sharev2").name, "shared-file-system");
        assert_eq!(Kind::of("container-infra").name, "container-infrastructure-management");
        let own = Kind::of("weather_station");
        assert_eq!((own.name.as_ref(), own.rank("weather_station")), ("weather_station", Some(usize::MAX)));
    }

    #[test]
    fn no_name_belongs_to_two_services() {
        let mut seen = std::collections::HashMap::new();
        for kind in KINDS {
            for name in kind.types.iter() {
                assert_eq!(seen.insert(*name, &kind.name), None, "{name}");
            }
        }
    }

    #[test]
    fn each_service_hears_only_its_own_header() {
        let version = Microversion::new(3, 70);
        let headers = Kind::of("volumev3").headers(version);
        assert_eq!(headers, [("openstack-api-version", "volume 3.70".to_owned())]);
        let nova = Kind::of("compute").headers(Microversion::new(2, 90));
        assert_eq!(nova.len(), 2);
        assert_eq!(nova[1], ("x-openstack-nova-api-version", "2.90".to_owned()));
        assert_eq!(Kind::of("share").headers(version)[0].0, "x-openstack-manila-api-version");
    }
}
