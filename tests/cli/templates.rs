//! Tasks with arguments: where they come from, what is shown, and what is said when they are wrong.

use crate::program::{Ended, Program, steady};

const TEMPLATE: &str = "
{%- set naps = naps or 2 %}
version: 2
title: {{ title }}
subtasks:
{%- for nap in range(naps) %}
- title: nap {{ nap }}
  scenario: {Dummy.dummy: {sleep: {{ sleep | default(0) }}}}
  runner: {constant: {times: {{ times }}, concurrency: 1}}
{%- endfor %}
";

fn program() -> Program {
    Program::new().file("task.yaml", TEMPLATE).file("args.yaml", "title: From the file\ntimes: 3\n")
}

async fn validated(arguments: &str) -> Ended {
    program().run(&format!("task validate task.yaml {arguments}")).await
}

async fn refused(arguments: &str, code: i32) -> String {
    let ended = validated(arguments).await;
    assert!(!ended.stdout.contains("Task is:"), "{ended}");
    ended.code(code).error()
}

#[tokio::test]
async fn the_task_is_shown_as_it_is_run() {
    let ended = program().run("task start task.yaml --task-args-file args.yaml --task-args times=1").await;
    let (shown, _) = ended.code(0).stdout.split_once("Task syntax is correct :)").unwrap();
    insta::assert_snapshot!("rendered", steady(shown));
    assert_eq!(ended.stdout.matches("Response Times").count(), 2, "{ended}");
    assert!(!ended.stderr.contains("warning"), "{ended}");
}

#[tokio::test]
async fn arguments_may_be_written_in_several_ways() {
    for arguments in [
        "--task-args title=x,times=1",
        r#"--task-args {"title":"x","times":1}"#,
        "--task-args {'title':'x','times':1,'naps':None}",
        "--task-args-file args.yaml",
        "--task-args-file args.yaml --task-args {}",
    ] {
        let ended = validated(arguments).await;
        assert!(ended.code(0).stdout.ends_with("Input Task is valid :)\n"), "{arguments}: {ended}");
    }
}

#[tokio::test]
async fn the_arguments_or_the_task_may_come_from_standard_input() {
    let program = program();
    let mut running = program.start("task validate task.yaml --task-args-file -");
    running.input("{title: By pipe, times: 1}").await;
    assert!(running.end().await.code(0).stdout.contains("title: By pipe"));
    let mut running = program.start("task validate - --task-args-file args.yaml");
    running.input(TEMPLATE).await;
    assert!(running.end().await.code(0).stdout.contains("title: From the file"));
    let both = program.run("task validate - --task-args-file -").await;
    insta::assert_snapshot!("both_from_stdin", both.code(64).error());
}

#[tokio::test]
async fn every_missing_argument_is_named_at_once() {
    insta::assert_snapshot!("missing", refused("", 117).await);
    insta::assert_snapshot!("misspelt", refused("--task-args titel=x,times=1", 117).await);
}

#[tokio::test]
async fn what_the_template_does_not_use_is_a_warning() {
    let ended = validated("--task-args-file args.yaml --task-args slep=1").await;
    insta::assert_snapshot!("unused", ended.code(0).error());
    let quiet = validated("--task-args-file args.yaml --task-args slep=1 --quiet").await;
    assert!(!quiet.code(0).stderr.contains("warning"), "{quiet}");
}

#[tokio::test]
async fn arguments_that_are_none() {
    insta::assert_snapshot!("no_mapping", refused("--task-args foo", 117).await);
    insta::assert_snapshot!("no_args_file", refused("--task-args-file arg.yaml", 117).await);
    let program = program().file("list.yaml", "[a, b]").file("bytes", [0xff]).file("broken", "a: [");
    for (file, what) in
        [("list.yaml", "mapping"), ("bytes", "UTF-8"), ("broken", "line 1"), (".", "director")]
    {
        let ended = program.run(&format!("task validate task.yaml --task-args-file {file}")).await;
        assert!(ended.code(117).stderr.contains(what) && ended.stderr.contains(file), "{ended}");
    }
}

#[tokio::test]
async fn a_template_that_cannot_be_rendered() {
    let program = Program::new()
        .file("if.yaml", "a:\n{% if 1 %}\n")
        .file("include.yaml", "{% include 'nothing.yaml' %}")
        .file("yaml.yaml", "{% if true %}\nversion: 2\ntitle: [\n{% endif %}\n");
    for file in ["if", "include", "yaml"] {
        let ended = program.run(&format!("task start {file}.yaml")).await;
        insta::assert_snapshot!(format!("broken_{file}"), ended.code(117).error());
    }
}

#[tokio::test]
async fn files_are_included_from_the_folder_of_the_task() {
    let program = Program::new();
    std::fs::create_dir(program.path("tasks")).unwrap();
    let program = program
        .file("tasks/nap.yaml", "Dummy.dummy: {sleep: {{ sleep }}}")
        .file(
            "tasks/main.yaml",
            "version: 2\ntitle: t\nsubtasks:\n- title: s\n  scenario: { {%- include 'nap.yaml' -%} }\n",
        )
        .file("nap.yaml", "this is not it: [");
    let ended = program.run("task validate tasks/main.yaml --task-args sleep=0").await;
    assert!(ended.code(0).stdout.contains("Dummy.dummy: {sleep: 0}"), "{ended}");
    let missing = program.run("task validate tasks/main.yaml").await;
    assert!(missing.code(117).stderr.contains("`sleep`"), "{missing}");
}

#[tokio::test]
async fn what_old_yaml_read_differently_is_a_warning() {
    let program = Program::new().file("task.yaml", "Dummy.dummy: [{runner: {type: serial, times: 010}}]");
    let ended = program.run("task validate task.yaml").await;
    insta::assert_snapshot!("octal", ended.code(0).error());
}
