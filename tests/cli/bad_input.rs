//! Whatever is wrong is said in one message with all of it, ends in its own code, and touches no cloud.

use rally::sim::{Latency, Sim, SimOptions};

use crate::program::Program;

/// A cloud that answers at once.
async fn sim() -> Sim {
    Sim::start(SimOptions::instant().with_api(Latency::ZERO)).await.unwrap()
}

/// Nothing was asked of the cloud but a login, and nothing was changed.
fn untouched(sim: &Sim) {
    let changes: Vec<_> = sim
        .requests()
        .into_iter()
        .filter(|request| !["GET", "HEAD"].contains(&request.method.as_str()))
        .filter(|request| !(request.method == "POST" && request.path.ends_with("/auth/tokens")))
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    assert!(changes.is_empty(), "{changes:?}");
}

/// Both commands find the same; `start` is what the snapshot shows.
async fn refused(program: &Program, arguments: &str, code: i32) -> String {
    let validated = program.run(&format!("task validate {arguments}")).await;
    validated.code(code);
    assert!(!validated.stdout.contains("is valid :)"), "{validated}");
    let started = program.run(&format!("task start {arguments}")).await;
    started.code(code);
    assert!(!started.stdout.contains("Response Times"), "{started}");
    assert!(!format!("{validated}{started}").contains("panicked"), "{started}");
    started.error()
}

/// A task whose text alone tells that it is wrong: no request at all is sent.
async fn wrong(name: &str, task: &str, code: i32) {
    let sim = sim().await;
    let program = Program::measuring(&sim).file("task.yaml", task);
    insta::assert_snapshot!(name, refused(&program, "task.yaml", code).await);
    assert!(sim.requests().is_empty(), "{:?}", sim.requests());
}

#[tokio::test]
async fn names_that_do_not_exist_are_answered_with_near_ones() {
    let task = "
version: 2
title: t
subtasks:
- {title: a, scenario: {NovaServers.boot_and_delet_server: {}}}
- {title: b, scenario: {Dummy.dummy: {}}, runner: {constnat: {times: 1}}, contexts: {user: {}}}
- {title: c, scenario: {Dummy.dummy: {}}, sla: {failure_rat: {max: 0}}}
";
    wrong("unknown_plugins", task, 211).await;
}

#[tokio::test]
async fn arguments_are_checked_all_at_once_with_their_paths() {
    let task = "
version: 2
title: t
subtasks:
- {title: unknown and missing, scenario: {NovaServers.boot_server: {image: {name: cirros}, flavour: {name: m1.tiny}}}}
- {title: a wrong type, scenario: {Dummy.failure: {sleep: soon}}}
- title: too many at a time
  scenario: {Dummy.dummy: {}}
  runner: {constant: {times: 1, concurrency: 2}}
- title: two in a workload
  workloads:
  - {scenario: {Dummy.dummy: {}}, runner: {constant: {times: ten}}}
  - {scenario: {Dummy.dummy: {}}, sla: {failure_rate: {max: 101}}}
";
    wrong("arguments", task, 114).await;
}

#[tokio::test]
async fn more_at_a_time_than_there_are() {
    wrong(
        "concurrency_above_times",
        "Dummy.dummy: [{runner: {type: constant, times: 1, concurrency: 2}}]",
        114,
    )
    .await;
}

#[tokio::test]
async fn an_empty_task() {
    wrong("empty", "", 113).await;
}

#[tokio::test]
async fn a_task_of_the_wrong_shape() {
    let task = "{\"Dummy.dummy\": [{\"arg\": {}, \"runner\": {\"times\": 1}}, 7]}";
    wrong("shape", task, 113).await;
}

#[tokio::test]
async fn broken_yaml_with_line_and_column() {
    wrong("broken_yaml", "version: 2\ntitle: [unclosed\nsubtasks:\n  - x: {\n", 117).await;
}

#[tokio::test]
async fn broken_json_with_line_and_column() {
    wrong("broken_json", "{\n  \"Dummy.dummy\": [\n    {\"args\": {\"sleep\": 1}\n  ]\n}\n", 117).await;
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let program = Program::new().file("task.yaml", [b'a', b':', 0xff]);
    insta::assert_snapshot!("no_text", refused(&program, "task.yaml", 117).await);
}

#[tokio::test]
async fn a_file_that_is_not_there() {
    let program = Program::new().file("dummy.yaml", "");
    insta::assert_snapshot!("no_file", refused(&program, "dumy.yaml", 117).await);
}

#[tokio::test]
async fn a_folder_is_no_file() {
    let program = Program::new();
    insta::assert_snapshot!("folder", refused(&program, ".", 117).await);
}

const LIST: &str = "NovaServers.list_servers: [{}]";

#[tokio::test]
async fn a_wrong_password() {
    let sim = sim().await;
    let program = Program::measuring(&sim).var("OS_PASSWORD", "wrong-hunter2").file("task.yaml", LIST);
    let said = refused(&program, "task.yaml", 3).await;
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!("wrong_password", said);
    untouched(&sim);
}

#[tokio::test]
async fn a_cloud_that_does_not_answer() {
    let sim = sim().await;
    // Port 1 is nobody's.
    let program =
        Program::measuring(&sim).var("OS_AUTH_URL", "http://127.0.0.1:1/v3").file("task.yaml", LIST);
    insta::assert_snapshot!("unreachable", refused(&program, "task.yaml", 3).await);
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn an_image_and_a_flavor_that_do_not_exist() {
    let task = "
NovaServers.boot_and_delete_server:
- args: {image: {name: cirrus}, flavor: {name: m1.tini}}
";
    let sim = sim().await;
    let before = sim.inventory();
    let program = Program::measuring(&sim).file("task.yaml", task);
    insta::assert_snapshot!("resources", refused(&program, "task.yaml", 114).await);
    untouched(&sim);
    assert_eq!(sim.inventory(), before);
}

#[tokio::test]
async fn no_cloud_is_named_and_none_is_made_up() {
    let program = Program::new().file("task.yaml", LIST);
    let said = refused(&program, "task.yaml", 3).await;
    for way in ["--cloud", "OS_CLOUD", "OS_AUTH_URL", "--sim"] {
        assert!(said.contains(way), "{said}");
    }
    insta::assert_snapshot!("no_cloud", said);
}

const CLOUDS: &str = "
clouds:
  devstack:
    auth: {auth_url: 'http://127.0.0.1:1', username: admin, password: hunter2, project_name: admin}
";

#[tokio::test]
async fn a_cloud_that_clouds_yaml_does_not_have() {
    let program = Program::new().file("clouds.yaml", CLOUDS).file("task.yaml", LIST);
    // The places that were looked at lie in a folder with another name each time.
    let home = program.path("").display().to_string();
    let said = refused(&program, "task.yaml --cloud devstak", 3).await.replace(&home, "[home]/");
    assert!(said.contains("did you mean `devstack`?") && !said.contains("hunter2"), "{said}");
    insta::assert_snapshot!("unknown_cloud", said);
    let by_variable = program.var("OS_CLOUD", "devstak");
    let said = refused(&by_variable, "task.yaml", 3).await;
    assert!(said.contains("did you mean `devstack`?"), "{said}");
}

#[tokio::test]
async fn half_a_login_is_said_to_be_half_and_quotes_nothing() {
    let sim = sim().await;
    let program = Program::new()
        .var("OS_AUTH_URL", &sim.auth_url())
        .var("OS_PASSWORD", "hunter2")
        .file("task.yaml", LIST);
    let said = refused(&program, "task.yaml", 3).await;
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!("half_a_login", said);
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn a_wrong_command_line_is_64_and_help_is_not_wrong() {
    let program = Program::new();
    let wrong = [
        "",
        "task",
        "task start",
        "task strat x",
        "task start x --bogus",
        "task start x --task y",
        "task start x --sim --cloud y",
        "task start x --label no-value",
        "task start x --grace soon",
        "task start x --output xml",
        "task start x --quiet --verbose",
    ];
    for arguments in wrong {
        let ended = program.run(arguments).await;
        ended.code(64);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{arguments}: {ended}");
    }
    insta::assert_snapshot!("usage", program.run("task start x --bogus").await.error());
    for arguments in ["--help", "task --help", "task start --help", "task validate -h"] {
        let ended = program.run(arguments).await;
        ended.code(0);
        assert!(ended.stderr.is_empty() && ended.stdout.contains("Usage: "), "{arguments}: {ended}");
    }
    let version = program.run("--version").await;
    assert_eq!(version.code(0).stdout, concat!("rally ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_said_before_anything_runs() {
    let sim = sim().await;
    let program = Program::measuring(&sim).file("task.yaml", LIST);
    let ended = program.run("task start task.yaml --report nowhere/report.json").await;
    insta::assert_snapshot!("report_nowhere", ended.code(1).error());
    assert!(sim.requests().is_empty());
}
