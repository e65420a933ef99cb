//! What the hook `sys_call` makes of commands.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use rally_core::testing::world;
use rally_core::{Chart, Fired, Hook, Output, OutputKind, Result, Unit};
use rally_plugins::hooks::{NotWords, SysCall};
use serde_json::json;

async fn run(command: &str) -> Result<Vec<Output>> {
    SysCall::new(command).unwrap().run(Fired::new(Unit::Iteration, 1, Arc::new(world()))).await
}

#[tokio::test]
async fn what_a_command_writes_is_shown_as_text() {
    let outputs = run("/bin/echo iteration hook").await.unwrap();
    let expected = Output::text("System call", ["RetCode: 0", "StdOut: iteration hook\n", "StdErr: (empty)"])
        .description("Args: /bin/echo iteration hook");
    assert_eq!(outputs, [expected]);
    let outputs = run("sh -c 'echo oops >&2'").await.unwrap();
    assert_eq!(outputs[0].data, json!(["RetCode: 0", "StdOut: (empty)", "StdErr: oops\n"]));
}

#[tokio::test]
async fn no_shell_runs_it() {
    let outputs = run("echo at time; echo oops >&2; exit 3").await.unwrap();
    assert_eq!(outputs[0].data[1], "StdOut: at time; echo oops >&2; exit 3\n");
}

#[tokio::test]
async fn charts_in_json_are_charts() {
    let json = r#"{"additive": [{"title": "Hook pie", "chart_plugin": "Pie", "data": [["a", 1], ["b", 2]]}], "complete": []}"#;
    let outputs = run(&format!("printf '%s' '{json}'")).await.unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!((outputs[0].kind, outputs[0].chart), (OutputKind::Additive, Chart::Pie));
    assert_eq!(outputs[0].data, json!([["a", 1], ["b", 2]]));
    // Other JSON is text, and charts with wrong data are a failure.
    assert_eq!(run("echo '[1]'").await.unwrap()[0].chart, Chart::TextArea);
    let wrong = json.replace("[\"b\", 2]", "[\"b\"]");
    let failure = run(&format!("printf '%s' '{wrong}'")).await.unwrap_err();
    assert!(failure.to_string().starts_with("output `Hook pie` (Pie): data[1] is "), "{failure}");
}

#[tokio::test]
async fn another_status_than_0_is_a_failure_with_what_was_written() {
    let failure = run("sh -c 'echo out; echo err >&2; exit 3'").await.unwrap_err();
    assert_eq!((failure.kind.as_str(), failure.message.as_str()), ("ExitStatus", "subprocess returned 3"));
    assert_eq!(failure.chain, ["err\n"]);
    let failure = run("sh -c 'echo out; exit 1'").await.unwrap_err();
    assert_eq!(failure.chain, ["stdout: out\n"]);
    let killed = run("sh -c 'kill -9 $$'").await.unwrap_err();
    assert!(killed.message.contains("signal"), "{killed}");
    assert_eq!(killed.chain, ["stdout: (empty)"]);
}

#[tokio::test]
async fn a_command_that_is_not_there_is_named() {
    let failure = run("/no/such/command x").await.unwrap_err();
    assert!(failure.to_string().starts_with("run `/no/such/command`: "), "{failure}");
}

#[tokio::test]
async fn a_flood_is_cut_and_read_to_its_end() {
    let outputs = run("head -c 3000000 /dev/zero").await.unwrap();
    let stdout = outputs[0].data[1].as_str().unwrap();
    assert!(stdout.len() < 1_100_000 && stdout.ends_with("… (1951424 bytes more)"), "{}", stdout.len());
}

#[tokio::test]
async fn a_command_ends_with_the_run_that_waited_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let call = run_in_background(&format!(
        "sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600'",
        pid.display()
    ));
    let number = loop {
        if let Ok(number) = std::fs::read_to_string(&pid) {
            break number;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    // Gone, or a zombie until somebody asks how it ended. Nobody waits longer for this than the test's own patience.
    let process = format!("/proc/{}/stat", number.trim());
    while std::fs::read_to_string(&process).is_ok_and(|stat| !stat.contains(") Z ")) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn run_in_background(command: &str) -> tokio::task::JoinHandle<Result<Vec<Output>>> {
    let command = command.to_owned();
    tokio::spawn(async move { run(&command).await })
}

#[test]
fn a_task_file_has_the_command_as_a_text_that_can_be_split() {
    let call: SysCall = serde_json::from_value(json!("echo 'a b'")).unwrap();
    assert_eq!(json!(call), "echo 'a b'");
    let error = serde_json::from_value::<SysCall>(json!("echo 'a b")).unwrap_err().to_string();
    assert!(error.contains("the quote ' is not closed"), "{error}");
    assert_eq!(SysCall::new(" "), Err(NotWords::Empty));
}
