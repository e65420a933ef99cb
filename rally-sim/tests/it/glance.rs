//! Images, their data and who may see them.

use rally_sim::{Sim, SimOptions};
use serde_json::json;

use crate::support::{Sent, User, id, instant};

#[tokio::test]
async fn an_image_is_made_filled_read_and_deleted() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let wish =
        json!({"name": "mine", "disk_format": "raw", "container_format": "bare", "visibility": "private"});
    let made = demo.post("image", "/v2/images", &wish).await.expect(201);
    assert_eq!((&made["status"], &made["size"]), (&json!("queued"), &json!(null)));
    let path = format!("/v2/images/{}", id(&made));
    let file = format!("{path}/file");
    assert_eq!(demo.get("image", &file).await.status, 204);
    let octets = Sent::Bytes("application/octet-stream", b"data");
    assert_eq!(demo.call("PUT", "image", &file, Sent::Json(&json!({}))).await.status, 415);
    assert_eq!(demo.call("PUT", "image", &file, octets).await.status, 204);
    let again = demo.call("PUT", "image", &file, Sent::Bytes("application/octet-stream", b"data")).await;
    assert!(
        again.status == 409 && again.text().contains("from active to saving is not allowed"),
        "{}",
        again.text()
    );
    let shown = demo.get("image", &path).await.expect(200);
    assert_eq!((&shown["status"], &shown["size"]), (&json!("active"), &json!(4)));
    assert_eq!(shown["checksum"], "8d777f385d3dfec8815d20f7496026dc");
    let data = demo.get("image", &file).await;
    assert_eq!((data.header("content-md5"), data.text()), ("8d777f385d3dfec8815d20f7496026dc", "data"));

    assert_eq!(admin.post("image", &format!("{path}/actions/deactivate"), &json!({})).await.status, 204);
    assert_eq!(demo.get("image", &file).await.status, 403);
    let found = demo
        .get("image", &format!("/v2/images?status=deactivated&owner={}", demo.project()))
        .await
        .expect(200);
    assert_eq!(found["images"][0]["id"], made["id"]);
    assert_eq!(admin.post("image", &format!("{path}/actions/reactivate"), &json!({})).await.status, 204);

    assert_eq!(demo.delete("image", &path).await.status, 204);
    let gone = demo.get("image", &path).await;
    assert_eq!(gone.header("content-type"), "text/html; charset=UTF-8");
    assert!(gone.status == 404 && gone.text().contains(&format!("No image found with ID {}", id(&made))));
}

#[tokio::test]
async fn who_sees_an_image_depends_on_its_visibility() {
    let sim = instant().await;
    let (admin, demo) = (User::admin(&sim).await, User::demo(&sim).await);
    let names = |user: User| async move {
        let list = user.get("image", "/v2/images?sort=name:asc").await.expect(200);
        list["images"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(demo.clone()).await, ["cirros", "cirros-0.6.2-x86_64-disk"]);
    let wish = |name: &str, visibility: &str| json!({"name": name, "visibility": visibility});
    admin.post("image", "/v2/images", &wish("private", "private")).await.expect(201);
    let shared = admin.post("image", "/v2/images", &wish("shared", "shared")).await.expect(201);
    let community = admin.post("image", "/v2/images", &wish("community", "community")).await.expect(201);
    assert_eq!(names(demo.clone()).await.len(), 2);
    demo.get("image", &format!("/v2/images/{}", id(&community))).await.expect(200);
    let path = format!("/v2/images/{}", id(&shared));
    assert_eq!(demo.get("image", &path).await.status, 404);
    admin.post("image", &format!("{path}/members"), &json!({"member": demo.project()})).await.expect(200);
    demo.get("image", &path).await.expect(200);
    let member = format!("{path}/members/{}", demo.project());
    demo.put("image", &member, &json!({"status": "accepted"})).await.expect(200);
    assert_eq!(names(demo.clone()).await.len(), 3);
    assert_eq!(demo.post("image", "/v2/images", &wish("mine", "public")).await.status, 403);
    assert_eq!(demo.delete("image", &path).await.status, 403);
}

#[tokio::test]
async fn a_patch_changes_all_or_nothing() {
    let sim = instant().await;
    let demo = User::demo(&sim).await;
    let made = demo.post("image", "/v2/images", &json!({"name": "old"})).await.expect(201);
    let image = format!("/v2/images/{}", id(&made));
    let patch = |steps: &'static [u8]| {
        let (demo, image) = (demo.clone(), image.clone());
        let kind = "application/openstack-images-v2.1-json-patch";
        async move { demo.call("PATCH", "image", &image, Sent::Bytes(kind, steps)).await }
    };
    let changed = patch(
        br#"[{"op": "replace", "path": "/name", "value": "new"}, {"op": "add", "path": "/colour", "value": "red"}]"#,
    );
    let changed = changed.await.expect(200);
    assert_eq!((&changed["name"], &changed["colour"]), (&json!("new"), &json!("red")));
    let refused = patch(
        br#"[{"op": "replace", "path": "/name", "value": "no"}, {"op": "replace", "path": "/size", "value": 1}]"#,
    );
    assert_eq!(refused.await.status, 403);
    assert_eq!(patch(br#"[{"op": "remove", "path": "/nothing"}]"#).await.status, 409);
    assert_eq!(demo.get("image", &image).await.expect(200)["name"], "new");
    assert_eq!(patch(br#"[{"op": "replace", "path": "/protected", "value": true}]"#).await.status, 200);
    assert_eq!(demo.delete("image", &image).await.status, 403);
}

#[tokio::test]
async fn a_list_leads_to_the_next_page() {
    let sim = Sim::start(SimOptions::instant().with_page_limit(3)).await.unwrap();
    let demo = User::demo(&sim).await;
    for number in 0..4 {
        demo.post("image", "/v2/images", &json!({"name": format!("i{number}")})).await.expect(201);
    }
    let mut next = Some("/v2/images?limit=2".to_owned());
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = demo.get("image", &path).await.expect(200);
        assert_eq!(page["first"], "/v2/images?limit=2");
        seen.extend(
            page["images"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()),
        );
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["i3", "i2", "i1", "i0", "cirros-0.6.2-x86_64-disk", "cirros"]);
    assert_eq!(
        demo.get("image", "/v2/images?limit=200").await.expect(200)["images"].as_array().unwrap().len(),
        3
    );
    assert_eq!(demo.get("image", "/v2/images?marker=no").await.status, 400);
    assert_eq!(demo.get("image", "/v2/images?nothing=1").await.expect(200)["images"], json!([]));
    demo.get("image", "/v2/schemas/image").await.expect(200);
}
