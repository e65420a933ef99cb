//! What a server may be created with: nova's documented fields, under the names that task files give them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::Microversion;

/// How a server is created, beyond its name, image and flavor. Everything left out is for nova to decide.
///
/// A field that nova learned later is sent with the microversion that brought it, and only then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerCreate {
    /// The networks it is plugged into: `auto`, `none`, or a list of networks, ports and fixed addresses. Left out:
    /// the first network that a context made for the project, or else nova's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nics: Option<Nics>,
    /// Whether the servers of successive iterations take turns with the networks that a context made (default: no).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto_assign_nic: bool,
    /// Names or ids of security groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
    /// The availability zone: `zone`, or `zone:host:node` for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// Block devices as nova describes them; the image, if one is given, becomes the device with boot index 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_device_mapping_v2: Option<Vec<BlockDevice>>,
    /// Block devices in the old notation: device name to `id:type:size:delete_on_terminate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_device_mapping: Option<BTreeMap<String, String>>,
    /// Whether it gets a config drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_drive: Option<bool>,
    /// Text that the guest reads at its first boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userdata: Option<String>,
    /// Metadata: names and texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<BTreeMap<String, String>>,
    /// The name of a keypair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// Files that are written into the guest: path to content. Nova refuses them from microversion 2.57 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<String, String>>,
    /// Hints for the scheduler, such as `group` or `different_host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler_hints: Option<Map<String, Value>>,
    /// The least number of servers that the one request makes (default: 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_count: Option<u32>,
    /// The greatest number of servers that the one request makes (default: `min_count`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_count: Option<u32>,
    /// How the disk is partitioned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_config: Option<DiskConfig>,
    /// The address by which it is reached, IPv4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_ip_v4: Option<String>,
    /// The address by which it is reached, IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_ip_v6: Option<String>,
    /// A text about it (microversion 2.19).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags (microversion 2.52).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Ids of the certificates by which the image's signature is checked (microversion 2.63).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_image_certificates: Option<Vec<String>>,
    /// The host it must run on, for administrators (microversion 2.74).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The hypervisor it must run on, for administrators (microversion 2.74).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypervisor_hostname: Option<String>,
    /// The guest's host name (microversion 2.90).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
}

/// The networks that a server is plugged into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Nics {
    /// Nova chooses, or chooses that there is none (microversion 2.37).
    Choice(NicChoice),
    /// One entry per interface.
    Each(Vec<Nic>),
}

/// Who decides on a server's networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NicChoice {
    /// The project's network, which is made if there is none.
    Auto,
    /// No network.
    None,
}

/// One interface of a server: a network or a port, perhaps with an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nic {
    /// The id of a network.
    #[serde(rename = "net-id", alias = "uuid", skip_serializing_if = "Option::is_none")]
    pub net_id: Option<String>,
    /// The name of a network; looked up at each boot.
    #[serde(rename = "net-name", skip_serializing_if = "Option::is_none")]
    pub net_name: Option<String>,
    /// The id of a port.
    #[serde(rename = "port-id", alias = "port", skip_serializing_if = "Option::is_none")]
    pub port_id: Option<String>,
    /// The address it gets, IPv4.
    #[serde(rename = "v4-fixed-ip", alias = "fixed_ip", skip_serializing_if = "Option::is_none")]
    pub v4_fixed_ip: Option<String>,
    /// The address it gets, IPv6.
    #[serde(rename = "v6-fixed-ip", skip_serializing_if = "Option::is_none")]
    pub v6_fixed_ip: Option<String>,
    /// A tag by which the guest knows it (microversion 2.42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// One block device of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BlockDevice {
    /// The id of the image, volume or snapshot it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// What it comes from: `image`, `volume`, `snapshot` or `blank`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// Where it is: `local` or `volume`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_type: Option<String>,
    /// In which order it is booted from; 0 is first, -1 never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_index: Option<i32>,
    /// Its size, in GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_size: Option<u32>,
    /// The type of the volume that is made for it (microversion 2.67).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_type: Option<String>,
    /// Whether it is deleted with the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_on_termination: Option<bool>,
    /// Its name in the guest: `vda`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    /// How the guest sees it: `disk`, `cdrom`, `floppy` or `lun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_type: Option<String>,
    /// Its bus: `virtio`, `scsi`, `ide`, `usb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bus: Option<String>,
    /// The file system of a blank one: `swap`, `ext4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest_format: Option<String>,
    /// A tag by which the guest knows it (microversion 2.42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// How a disk is partitioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DiskConfig {
    /// By nova: one partition of the flavor's size.
    Auto,
    /// By the image.
    Manual,
}

/// From these microversions on nova wants to be told about networks, even if only that it shall choose.
const NETWORKS_REQUIRED: Microversion = Microversion::new(2, 37);

impl ServerCreate {
    /// The microversion that the fields need; none when the oldest will do.
    pub fn microversion(&self) -> Option<Microversion> {
        let nic_tagged =
            matches!(&self.nics, Some(Nics::Each(nics)) if nics.iter().any(|nic| nic.tag.is_some()));
        let devices = self.block_device_mapping_v2.as_deref().unwrap_or_default();
        [
            (self.description.is_some(), 19),
            (matches!(self.nics, Some(Nics::Choice(_))), 37),
            (nic_tagged || devices.iter().any(|device| device.tag.is_some()), 42),
            (self.tags.is_some(), 52),
            (self.trusted_image_certificates.is_some(), 63),
            (devices.iter().any(|device| device.volume_type.is_some()), 67),
            (self.host.is_some() || self.hypervisor_hostname.is_some(), 74),
            (self.hostname.is_some(), 90),
        ]
        .into_iter()
        .filter(|(needed, _)| *needed)
        .map(|(_, minor)| Microversion::new(2, minor))
        .max()
    }

    /// The body of the request. `nics` stand for what the fields leave to the caller: names are ids by now.
    pub(crate) fn body(&self, name: &str, image: Option<&str>, flavor: &str, nics: Option<&Nics>) -> Value {
        let count = self.min_count.unwrap_or(1);
        let mut server = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                server.insert(key.to_owned(), value);
            }
        };
        put("name", Some(name.into()));
        put("imageRef", image.map(Value::from));
        put("flavorRef", Some(flavor.into()));
        put("min_count", Some(count.into()));
        put("max_count", Some(self.max_count.unwrap_or(count).max(count).into()));
        put("networks", self.networks(nics));
        put(
            "security_groups",
            self.security_groups.as_ref().map(|groups| groups.iter().map(named).collect()),
        );
        put("availability_zone", self.availability_zone.as_deref().map(Value::from));
        put("block_device_mapping_v2", self.devices(image));
        put("block_device_mapping", self.old_devices());
        put("config_drive", self.config_drive.map(Value::from));
        put("user_data", self.userdata.as_ref().map(|text| BASE64.encode(text).into()));
        put("metadata", self.meta.as_ref().map(|meta| json!(meta)));
        put("key_name", self.key_name.as_deref().map(Value::from));
        put("personality", self.files.as_ref().map(|files| files.iter().map(file).collect()));
        put("OS-DCF:diskConfig", self.disk_config.map(|config| json!(config)));
        put("accessIPv4", self.access_ip_v4.as_deref().map(Value::from));
        put("accessIPv6", self.access_ip_v6.as_deref().map(Value::from));
        put("description", self.description.as_deref().map(Value::from));
        put("tags", self.tags.as_ref().map(|tags| json!(tags)));
        put("trusted_image_certificates", self.trusted_image_certificates.as_ref().map(|ids| json!(ids)));
        put("host", self.host.as_deref().map(Value::from));
        put("hypervisor_hostname", self.hypervisor_hostname.as_deref().map(Value::from));
        put("hostname", self.hostname.as_deref().map(Value::from));
        let mut body = json!({ "server": server });
        if let Some(hints) = &self.scheduler_hints {
            body["os:scheduler_hints"] = json!(hints);
        }
        body
    }

    fn networks(&self, nics: Option<&Nics>) -> Option<Value> {
        match nics {
            Some(Nics::Choice(choice)) => Some(json!(choice)),
            Some(Nics::Each(nics)) => Some(nics.iter().map(network).collect()),
            None => (self.microversion() >= Some(NETWORKS_REQUIRED)).then(|| "auto".into()),
        }
    }

    fn devices(&self, image: Option<&str>) -> Option<Value> {
        let devices = self.block_device_mapping_v2.as_ref()?;
        // Nova takes an image beside other devices only if the image is said to be one of them.
        let root = image.map(|image| {
            json!({"uuid": image, "source_type": "image", "destination_type": "local", "boot_index": 0,
                   "delete_on_termination": true})
        });
        Some(root.into_iter().chain(devices.iter().map(|device| json!(device))).collect())
    }

    fn old_devices(&self) -> Option<Value> {
        let device = |(name, text): (&String, &String)| {
            let mut device = json!({ "device_name": name });
            let mut parts = text.split(':').map(|part| (!part.is_empty()).then_some(part));
            let id = parts.next().flatten();
            let of_snapshot = parts.next().flatten() == Some("snap");
            device[if of_snapshot { "snapshot_id" } else { "volume_id" }] = json!(id);
            if let Some(size) = parts.next().flatten() {
                device["volume_size"] = size.into();
            }
            if let Some(delete) = parts.next().flatten() {
                device["delete_on_termination"] = delete.into();
            }
            device
        };
        Some(self.block_device_mapping.as_ref()?.iter().map(device).collect())
    }
}

fn named(name: &String) -> Value {
    json!({ "name": name })
}

fn file((path, content): (&String, &String)) -> Value {
    json!({ "path": path, "contents": BASE64.encode(content) })
}

fn network(nic: &Nic) -> Value {
    let address = nic.v4_fixed_ip.as_ref().or(nic.v6_fixed_ip.as_ref());
    let members = [
        ("uuid", nic.net_id.as_ref()),
        ("port", nic.port_id.as_ref()),
        ("fixed_ip", address),
        ("tag", nic.tag.as_ref()),
    ];
    members
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?.as_str()))))
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn parse(fields: Value) -> ServerCreate {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn nothing_given_is_what_rally_sends() {
        let create = ServerCreate::default();
        assert_eq!(create.microversion(), None);
        assert_eq!(
            create.body("n", Some("i"), "1", None),
            json!({"server": {"name": "n", "imageRef": "i", "flavorRef": "1", "min_count": 1, "max_count": 1}})
        );
    }

    #[test]
    fn each_field_goes_where_nova_looks_for_it() {
        let create = parse(json!({
            "nics": [{"net-id": "n1", "v4-fixed-ip": "10.0.0.3"}, {"port-id": "p1"}], "userdata": "hi",
            "files": {"/etc/motd": "hi"}, "security_groups": ["web"], "scheduler_hints": {"group": "g"},
            "disk_config": "AUTO", "meta": {"a": "b"}, "max_count": 3,
            "block_device_mapping": {"vda": "v1:::1"},
            "block_device_mapping_v2": [{"uuid": "v2", "source_type": "volume"}],
        }));
        let body = create.body("n", Some("i"), "1", create.nics.as_ref());
        let server = &body["server"];
        assert_eq!(server["networks"], json!([{"uuid": "n1", "fixed_ip": "10.0.0.3"}, {"port": "p1"}]));
        assert_eq!(server["user_data"], "aGk=");
        assert_eq!(server["personality"], json!([{"path": "/etc/motd", "contents": "aGk="}]));
        assert_eq!(server["security_groups"], json!([{"name": "web"}]));
        assert_eq!(server["OS-DCF:diskConfig"], "AUTO");
        assert_eq!((&server["min_count"], &server["max_count"]), (&json!(1), &json!(3)));
        assert_eq!(server["block_device_mapping_v2"][0]["uuid"], "i");
        assert_eq!(
            server["block_device_mapping"],
            json!([{"device_name": "vda", "volume_id": "v1", "delete_on_termination": "1"}])
        );
        assert_eq!(body["os:scheduler_hints"], json!({"group": "g"}));
        assert_eq!(create.microversion(), None);
    }

    #[test]
    fn a_later_field_brings_its_microversion_and_a_word_about_networks() {
        for (fields, minor) in [
            (json!({"description": "d"}), 19),
            (json!({"nics": "none"}), 37),
            (json!({"nics": [{"tag": "t"}]}), 42),
            (json!({"tags": ["a"], "description": "d"}), 52),
            (json!({"hostname": "h"}), 90),
        ] {
            let create = parse(fields);
            assert_eq!(create.microversion(), Some(Microversion::new(2, minor)));
            let body = create.body("n", None, "1", create.nics.as_ref());
            assert_eq!(body["server"].get("networks").is_some(), minor >= 37, "{body}");
        }
        assert_eq!(parse(json!({"tags": []})).body("n", None, "1", None)["server"]["networks"], "auto");
    }
}
