//! What checking a task costs: a file with 1,000 workloads, from its text to its plan.
//!
//! ```console
//! $ cargo bench --bench plan
//! ```
//!
//! What is aimed at: less than a second for all of it, in a release build, whether the file is right or every workload
//! has a mistake.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::fmt::Write;

use criterion::{BatchSize, Criterion};
use rally::{Args, Plan, Registry, Task, task_schema};

const WORKLOADS: usize = 1_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    validate(&mut criterion);
    criterion.final_summary();
}

/// A task of many workloads that differ; the concurrency decides whether they are right.
fn task(concurrency: i64) -> String {
    let mut text = String::from("version: 2\ntitle: Many workloads\nsubtasks:\n");
    for number in 0..WORKLOADS {
        write!(
            text,
            "  - title: subtask {number}
    scenario:
      NovaServers.boot_and_delete_server:
        image: {{name: cirros}}
        flavor: {{name: m1.tiny}}
        force_delete: {}
    contexts:
      users: {{tenants: {}, users_per_tenant: 2}}
    runner:
      constant: {{times: {}, concurrency: {concurrency}}}
    sla:
      failure_rate: {{max: 10}}
      max_seconds_per_iteration: 60
",
            number % 2 == 0,
            number % 3 + 1,
            number + 10,
        )
        .unwrap();
    }
    text
}

fn template() -> String {
    let one = task(2);
    let (head, rest) = one.split_at(one.find("  - title").unwrap());
    let workload = &rest[..=rest[1..].find("  - title").unwrap()];
    let workload = workload
        .replace("subtask 0", "subtask {{ number }}")
        .replace("times: 10", "times: {{ number + times }}");
    format!("{head}{{% for number in range({WORKLOADS}) %}}{workload}{{% endfor %}}")
}

fn validate(criterion: &mut Criterion) {
    let registry = Registry::linked().unwrap();
    let mut group = criterion.benchmark_group(format!("{WORKLOADS} workloads"));
    let args = Args::new().with("times", 10);
    for (name, text, right) in [
        ("right", task(2), true),
        ("a mistake in each", task(0), false),
        ("from a template", template(), true),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let task = Task::load(&text, None, &args).unwrap();
                let plan = Plan::build(&task, &registry);
                assert_eq!(plan.is_ok(), right);
                plan
            });
        });
    }
    let text = task(2);
    group.bench_function("reading alone", |bench| bench.iter(|| Task::parse(&text).unwrap()));
    group.bench_function("planning alone", |bench| {
        bench.iter_batched(
            || Task::parse(&text).unwrap(),
            |task| Plan::build(&task, &registry).unwrap(),
            BatchSize::LargeInput,
        );
    });
    group.finish();
    criterion.bench_function("the schema of a task", |bench| bench.iter(|| task_schema(&registry)));
}
