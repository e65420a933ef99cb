//! The example and the program measure the cloud that the environment names, which is afterwards what it was.
//!
//! Skipped with a message when `OS_AUTH_URL` is not set.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::collections::BTreeMap;
use std::process::Command;

use rally::openstack::client::{Connection, HttpOptions, Session};
use rally::openstack::config::CloudConfig;
use serde_json::Value;

/// What is compared: service, route, and the list's name in the answer.
const LISTS: [(&str, &str, &str); 6] = [
    ("compute", "/servers?all_tenants=1", "servers"),
    ("network", "/ports", "ports"),
    ("network", "/security-groups", "security_groups"),
    ("identity", "/projects", "projects"),
    ("identity", "/users", "users"),
    ("identity", "/role_assignments", "role_assignments"),
];

/// Everything in those lists, by id where it has one.
async fn inventory(session: &Session) -> BTreeMap<&'static str, Vec<String>> {
    let mut found = BTreeMap::new();
    for (service, route, name) in LISTS {
        let (route, all) = route.split_once('?').map_or((route, false), |(route, _)| (route, true));
        let mut call = session.service(service).unwrap().get(route, &[]);
        if all {
            call = call.query("all_tenants", 1);
        }
        let rows: Vec<Value> = call.list(name).await.unwrap();
        let mut ids: Vec<String> = rows
            .iter()
            .map(|row| row["id"].as_str().map_or_else(|| row.to_string(), str::to_owned))
            .collect();
        ids.sort();
        found.insert(name, ids);
    }
    found
}

#[tokio::test]
async fn the_cloud_is_afterwards_what_it_was() {
    if std::env::var_os("OS_AUTH_URL").is_none() {
        println!("skipped: OS_AUTH_URL is not set");
        return;
    }
    let config = CloudConfig::from_env().unwrap().unwrap();
    let connection = Connection::new(&config.site, &HttpOptions::default()).unwrap();
    let admin = connection.login(config.admin.unwrap()).await.unwrap();
    // The first look makes neutron give the administrator's project its own default security group.
    inventory(&admin).await;
    let before = inventory(&admin).await;

    let cargo = env!("CARGO");
    let example = ["run", "--quiet", "--example", "boot_and_delete"];
    let program = ["run", "--quiet", "--", "task", "start", "examples/tasks/boot_and_delete.json"];
    let mixed = ["run", "--quiet", "--", "task", "start", "examples/tasks/mixed.yaml"];
    for args in [&example[..], &program[..], &mixed[..]] {
        let output = Command::new(cargo).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {}: {}\n{said}", args.join(" "), output.status);
        assert!(said.contains("nova.boot_server") && said.contains("100.0%"), "{said}");
        println!("{said}");
        assert_eq!(inventory(&admin).await, before, "after cargo {}", args.join(" "));
    }
}
