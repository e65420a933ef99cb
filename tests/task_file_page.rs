//! The examples of docs/task-file.md are what the page says they are.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use rally::{Args, Plan, Problem, Registry, Task, task_schema};

const PAGE: &str = include_str!("../docs/task-file.md");

/// The blocks of the page: what stands behind the fence, and the text.
fn blocks() -> Vec<(&'static str, String)> {
    let mut blocks = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info, text.join("\n")));
        }
    }
    blocks
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_task_of_the_page_is_accepted_or_refused_as_it_says() {
    let registry = Registry::linked().unwrap();
    let schema = jsonschema::draft202012::new(&task_schema(&registry)).unwrap();
    let blocks = blocks();
    let mut tasks = 0;
    for (number, (info, text)) in blocks.iter().enumerate() {
        let Some(how) = info.strip_prefix("yaml") else { continue };
        let args = how.trim().strip_prefix("args: ").unwrap_or_default();
        let rendered = rally_engine::template::render(text, None, &Args::parse(args).unwrap())
            .unwrap_or_else(|p| panic!("{}", told(&p)));
        assert_eq!(rendered.warnings, []);
        let answer = Plan::parse(&rendered.text, &registry);
        let value = rally_engine::task::yaml::from_str(&rendered.text).unwrap();
        if how == " refused" {
            assert_eq!(told(&answer.unwrap_err()), blocks[number + 1].1);
            assert!(!schema.is_valid(&value));
        } else {
            let (task, _) = answer.unwrap_or_else(|problems| panic!("{text}\n{}", told(&problems)));
            assert_eq!(task.warnings, []);
            assert!(schema.is_valid(&value), "{text}");
            assert_eq!(Task::parse(&task.to_v2().to_string()).unwrap().to_v2(), task.to_v2());
        }
        tasks += 1;
    }
    assert!(tasks > 5, "the page has only {tasks} tasks");
}
