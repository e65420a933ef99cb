//! Networks and the ports by which servers and routers come to them.

use serde_json::{Value, json};

use crate::support::{Answer, User, id, instant};

/// The type of Neutron's error, and its message.
#[track_caller]
fn error(answer: Answer, status: u16) -> (String, String) {
    let body = answer.expect(status);
    let text = |key: &str| body["NeutronError"][key].as_str().unwrap().to_owned();
    (text("type"), text("message"))
}

/// A network with a subnet: the ids of both.
async fn network(user: &User, cidr: &str) -> (String, String) {
    let network =
        user.post("network", "/v2.0/networks", &json!({"network": {"name": "net"}})).await.expect(201);
    let network = id(&network["network"]);
    let wish = json!({"subnet": {"network_id": network, "cidr": cidr, "ip_version": 4}});
    let subnet = user.post("network", "/v2.0/subnets", &wish).await.expect(201);
    (network, id(&subnet["subnet"]))
}

#[tokio::test]
async fn a_server_comes_to_the_only_network() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let (network, _) = network(&demo, "10.2.0.0/24").await;
    let made = demo.boot("one", json!({})).await.expect(202);
    let server = demo.wait(&id(&made["server"]), "ACTIVE").await;
    assert_eq!(server["addresses"]["net"][0]["addr"], "10.2.0.2");
    assert_eq!(server["security_groups"], json!([{"name": "default"}]));
    let ports = demo.get("network", &format!("/v2.0/ports?device_id={}", id(&server))).await.expect(200);
    assert_eq!(ports["ports"][0]["device_owner"], "compute:nova");
    let path = format!("/v2.0/networks/{network}");
    assert_eq!(error(demo.delete("network", &path).await, 409).0, "NetworkInUse");
    demo.delete("compute", &format!("/servers/{}", id(&server))).await.expect(204);
    demo.delete("network", &path).await.expect(204);
    assert_eq!(sim.inventory().count("neutron.port"), 0);
    assert_eq!(sim.inventory().count("neutron.subnet"), 2, "a network takes its subnets with it");
}

#[tokio::test]
async fn a_port_that_was_there_before_outlives_its_server() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let (network, subnet) = network(&demo, "10.2.0.0/29").await;
    let wish = json!({"port": {"network_id": network, "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.2.0.5"}]}});
    let port = demo.post("network", "/v2.0/ports", &wish).await.expect(201);
    assert_eq!(error(demo.post("network", "/v2.0/ports", &wish).await, 409).0, "IpAddressAlreadyAllocated");
    let port = id(&port["port"]);
    let made = demo.boot("one", json!({"networks": [{"port": port}]})).await.expect(202);
    let path = format!("/servers/{}", id(&made["server"]));
    let shown = demo.get("compute", &path).await.expect(200);
    assert_eq!(shown["server"]["addresses"]["net"][0]["addr"], "10.2.0.5");
    demo.boot("two", json!({"networks": [{"port": port}]})).await.problem(409);
    demo.delete("compute", &path).await.expect(204);
    let free = demo.get("network", &format!("/v2.0/ports/{port}")).await.expect(200);
    assert_eq!(free["port"]["device_id"], "");
    // The range holds six addresses: the gateway has one, the port another.
    for _ in 0..4 {
        demo.post("network", "/v2.0/ports", &json!({"port": {"network_id": network}})).await.expect(201);
    }
    let full = demo.post("network", "/v2.0/ports", &json!({"port": {"network_id": network}})).await;
    assert_eq!(error(full, 409).0, "IpAddressGenerationFailure");
    demo.delete("network", &format!("/v2.0/ports/{port}")).await.expect(204);
    let again =
        demo.post("network", "/v2.0/ports", &json!({"port": {"network_id": network}})).await.expect(201);
    assert_eq!(again["port"]["fixed_ips"][0]["ip_address"], "10.2.0.5");
}

#[tokio::test]
async fn a_floating_ip_leads_through_a_router() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let before = sim.inventory();
    let (network, subnet) = network(&demo, "10.2.0.0/24").await;
    let external = demo.get("network", "/v2.0/networks?router%3Aexternal=True").await.expect(200);
    let external = id(&external["networks"][0]);
    let router = demo.post("network", "/v2.0/routers", &json!({"router": {"name": "r"}})).await.expect(201);
    let router = format!("/v2.0/routers/{}", id(&router["router"]));
    let interface = json!({"subnet_id": subnet});
    demo.put("network", &format!("{router}/add_router_interface"), &interface).await.expect(200);
    let twice = demo.put("network", &format!("{router}/add_router_interface"), &interface).await;
    assert_eq!(error(twice, 400).0, "BadRequest");

    let made = demo.boot("one", json!({})).await.expect(202);
    let server = format!("/servers/{}", id(&made["server"]));
    let ports =
        demo.get("network", &format!("/v2.0/ports?device_id={}", id(&made["server"]))).await.expect(200);
    let wish = json!({"floatingip": {"floating_network_id": external, "port_id": ports["ports"][0]["id"]}});
    let unreachable = demo.post("network", "/v2.0/floatingips", &wish).await;
    assert_eq!(error(unreachable, 404).0, "ExternalGatewayForFloatingIPNotFound");
    let gateway = json!({"router": {"external_gateway_info": {"network_id": external}}});
    demo.put("network", &router, &gateway).await.expect(200);
    let floating = demo.post("network", "/v2.0/floatingips", &wish).await.expect(201);
    let shown = demo.get("compute", &server).await.expect(200);
    let addresses: Vec<_> = shown["server"]["addresses"]["net"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ip| &ip["OS-EXT-IPS:type"])
        .collect();
    assert_eq!(addresses, ["fixed", "floating"]);

    assert_eq!(error(demo.delete("network", &router).await, 409).0, "RouterInUse");
    let port = demo.get("network", "/v2.0/ports?device_owner=network:router_interface").await.expect(200);
    let port = format!("/v2.0/ports/{}", id(&port["ports"][0]));
    assert_eq!(error(demo.delete("network", &port).await, 409).0, "ServicePortInUse");
    demo.delete("network", &format!("/v2.0/floatingips/{}", id(&floating["floatingip"]))).await.expect(204);
    demo.delete("compute", &server).await.expect(204);
    demo.put("network", &format!("{router}/remove_router_interface"), &interface).await.expect(200);
    demo.delete("network", &router).await.expect(204);
    demo.delete("network", &format!("/v2.0/networks/{network}")).await.expect(204);

    // Only the default security group is left, which an administrator may delete.
    let left = sim.inventory().diff(&before);
    assert_eq!(left.kinds().collect::<Vec<_>>(), ["neutron.security_group"], "{left}");
    let group = format!("/v2.0/security-groups/{}", left.ids("neutron.security_group").next().unwrap());
    assert_eq!(error(demo.delete("network", &group).await, 409).0, "SecurityGroupInUse");
    admin.delete("network", &group).await.expect(204);
    assert!(sim.inventory().diff(&before).is_empty());
}

#[tokio::test]
async fn the_default_security_group_outlives_its_project() {
    let sim = instant().await;
    let admin = User::admin(&sim).await;
    let project = admin.post("identity", "/projects", &json!({"project": {"name": "p"}})).await.expect(201);
    let project = id(&project["project"]);
    // It appears as soon as somebody looks.
    let path = format!("/v2.0/security-groups?name=default&project_id={project}");
    let groups = admin.get("network", &path).await.expect(200);
    assert_eq!(groups["security_groups"][0]["security_group_rules"].as_array().unwrap().len(), 4);
    admin.delete("identity", &format!("/projects/{project}")).await.expect(204);
    let all = admin.get("network", "/v2.0/security-groups?name=default").await.expect(200);
    let owners: Vec<_> =
        all["security_groups"].as_array().unwrap().iter().map(|row| &row["project_id"]).collect();
    assert!(owners.contains(&&json!(project)));
}

#[tokio::test]
async fn security_groups_and_their_rules() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let group = demo
        .post("network", "/v2.0/security-groups", &json!({"security_group": {"name": "ssh"}}))
        .await
        .expect(201);
    let group = id(&group["security_group"]);
    let wish = json!({"security_group_rule": {"security_group_id": group, "direction": "ingress", "protocol": "tcp",
        "port_range_min": 22, "port_range_max": 22}});
    let rule = demo.post("network", "/v2.0/security-group-rules", &wish).await.expect(201);
    assert_eq!(
        error(demo.post("network", "/v2.0/security-group-rules", &wish).await, 409).0,
        "SecurityGroupRuleExists"
    );
    let shown = demo.get("network", &format!("/v2.0/security-groups/{group}")).await.expect(200);
    assert_eq!(shown["security_group"]["security_group_rules"].as_array().unwrap().len(), 3);
    let rule = format!("/v2.0/security-group-rules/{}", id(&rule["security_group_rule"]));
    demo.delete("network", &rule).await.expect(204);
    assert_eq!(error(demo.delete("network", &rule).await, 404).0, "SecurityGroupRuleNotFound");
    demo.boot("one", json!({"security_groups": [{"name": "ssh"}]})).await.expect(202);
    demo.delete("network", &format!("/v2.0/security-groups/{group}")).await.expect(204);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    for number in 0..3 {
        let wish = json!({"network": {"name": format!("n{number}")}});
        demo.post("network", "/v2.0/networks", &wish).await.expect(201);
    }
    let names = |body: &Value| {
        let rows = body["networks"].as_array().unwrap();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let own = admin
        .get("network", &format!("/v2.0/networks?tenant_id={}&fields=name", demo.project()))
        .await
        .expect(200);
    assert_eq!(own["networks"], json!([{"name": "n0"}, {"name": "n1"}, {"name": "n2"}]));
    let seen = demo.get("network", "/v2.0/networks").await.expect(200);
    assert_eq!(
        names(&seen),
        ["public", "n0", "n1", "n2"],
        "what leads outside is everybody's, what is private is not"
    );
    assert!(seen["networks"][0].get("provider:network_type").is_none());
    let page = demo.get("network", "/v2.0/networks?limit=3").await.expect(200);
    let next = page["networks_links"][0]["href"].as_str().unwrap();
    let next = next.strip_prefix(&demo.endpoint("network")).unwrap();
    assert_eq!(names(&demo.get("network", next).await.expect(200)), ["n2"]);
    let (kind, message) = error(demo.get("network", "/v2.0/networks?colour=red").await, 400);
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("HTTPBadRequest", "['colour'] is invalid attribute for filtering")
    );
    assert_eq!(error(demo.get("network", "/v2.0/networks/none").await, 404).0, "NetworkNotFound");
    let refused =
        demo.post("network", "/v2.0/networks", &json!({"network": {"router:external": true}})).await;
    assert_eq!(error(refused, 403).0, "PolicyNotAuthorized");
    let quota = format!("/v2.0/quotas/{}", demo.project());
    admin.put("network", &quota, &json!({"quota": {"network": 3}})).await.expect(200);
    let over = demo.post("network", "/v2.0/networks", &json!({"network": {}})).await;
    assert_eq!(error(over, 409).1, "Quota exceeded for resources: ['network'].");
    admin.delete("network", &quota).await.expect(204);
}
