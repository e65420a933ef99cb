//! The rows of the table of response times, by Rally's rules for names, counts and depth.

use std::collections::HashMap;
use std::time::Duration;

use rally_core::action::{Action, Purpose, Request};
use rally_core::report::RequestRow;
use rally_core::series::Series;
use rally_core::{ActionRow, IterationResult, Outcome};

/// Actions nested deeper than this are part of the action around them, as in Rally.
const DEPTH: usize = 3;

/// The name of the row for a failure that no action was to blame for.
const NO_ACTION: &str = "<no-name-action>";

/// Collects the rows of one workload.
#[derive(Debug, Default)]
pub struct Rows {
    actions: Level,
    total: Row,
    duration: Row,
    idle: Row,
}

/// The rows at one place of the tree, in the order in which they first appeared.
#[derive(Debug, Default)]
struct Level {
    rows: Vec<Row>,
    index: HashMap<(String, u64), usize>,
}

#[derive(Debug, Default)]
struct Row {
    name: String,
    per_iteration: u64,
    count: u64,
    failed: u64,
    successes: Series,
    failures: Series,
    waited: Series,
    requests: Vec<(RequestRow, Series)>,
    children: Level,
}

/// Same-named siblings of one iteration, joined.
struct Merged<'a> {
    name: &'a str,
    count: u64,
    duration: Duration,
    waited: Duration,
    failed: bool,
    of: Vec<&'a Action>,
}

impl Rows {
    /// One more iteration; one that never started has no durations and is left out.
    pub fn push(&mut self, result: &IterationResult) {
        if result.outcome == Outcome::Dropped {
            return;
        }
        let failed = !result.passed();
        self.actions.push(&mut result.actions.iter(), 1);
        if failed && result.actions.last().is_some_and(|last| !last.failed) {
            self.actions.row(NO_ACTION, 1, 0).push(Duration::ZERO, Duration::ZERO, true);
        }
        let waited = result.actions.iter().map(|action| action.waited).sum();
        self.total.push(result.elapsed, waited, failed);
        self.total.requests(&result.requests);
        self.duration.push(result.duration(), Duration::ZERO, failed);
        self.idle.push(result.idle, Duration::ZERO, failed);
    }

    /// The rows of the actions, and the row `total`.
    pub fn finish(self) -> (Vec<ActionRow>, ActionRow) {
        let mut total = self.total.finish("total");
        if total.count > 0 {
            total.children = vec![self.duration.finish("duration"), self.idle.finish("idle_duration")];
        }
        (self.actions.finish(), total)
    }
}

impl Level {
    fn push<'a>(&mut self, actions: &mut dyn Iterator<Item = &'a Action>, depth: usize) {
        let mut merged: Vec<Merged<'a>> = Vec::new();
        for action in actions {
            let joined = if let Some(known) = merged.iter().position(|m| m.name == action.name) {
                &mut merged[known]
            } else {
                merged.push(Merged::new(&action.name));
                let last = merged.len() - 1;
                &mut merged[last]
            };
            joined.add(action);
        }
        for (place, joined) in merged.into_iter().enumerate() {
            let row = self.row(joined.name, joined.count, place);
            row.push(joined.duration, joined.waited, joined.failed);
            joined.of.iter().for_each(|action| row.requests(&action.requests));
            if depth < DEPTH {
                row.children.push(&mut joined.of.iter().flat_map(|action| &action.children), depth + 1);
            } else {
                joined.of.iter().for_each(|action| row.requests_below(action));
            }
        }
    }

    /// The row of this name and number. Iterations mostly do the same, so the row at the same place is tried first.
    fn row(&mut self, name: &str, per_iteration: u64, place: usize) -> &mut Row {
        let fits = |row: &Row| row.name == name && row.per_iteration == per_iteration;
        let at = if self.rows.get(place).is_some_and(fits) {
            place
        } else {
            *self.index.entry((name.to_owned(), per_iteration)).or_insert_with(|| {
                self.rows.push(Row { name: name.to_owned(), per_iteration, ..Row::default() });
                self.rows.len() - 1
            })
        };
        &mut self.rows[at]
    }

    fn finish(self) -> Vec<ActionRow> {
        self.rows.into_iter().map(Row::finish_named).collect()
    }
}

impl<'a> Merged<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            count: 0,
            duration: Duration::ZERO,
            waited: Duration::ZERO,
            failed: false,
            of: Vec::new(),
        }
    }

    fn add(&mut self, action: &'a Action) {
        self.count += 1;
        self.duration += action.duration;
        self.waited += action.waited;
        self.failed |= action.failed;
        self.of.push(action);
    }
}

impl Row {
    fn push(&mut self, duration: Duration, waited: Duration, failed: bool) {
        self.count += 1;
        if failed {
            self.failed += 1;
            self.failures.push(duration);
        } else {
            self.successes.push(duration);
            if !waited.is_zero() || self.waited.count() > 0 {
                self.waited.push(waited);
            }
        }
    }

    fn requests(&mut self, requests: &[Request]) {
        for request in requests {
            let same = |(row, _): &(RequestRow, Series)| {
                row.route == request.route
                    && row.method == request.method
                    && row.purpose == request.purpose
                    && row.service == request.service
            };
            let known = self.requests.iter().position(same).unwrap_or_else(|| {
                let [service, method, route] =
                    [&request.service, &request.method, &request.route].map(ToString::to_string);
                self.requests
                    .push((RequestRow::new(service, method, route, request.purpose), Series::default()));
                self.requests.len() - 1
            });
            let (row, durations) = &mut self.requests[known];
            row.count += 1;
            row.retries += u64::from(request.attempt > 1);
            let status = request.status.map_or_else(|| "none".into(), |status| status.to_string());
            *row.statuses.entry(status).or_insert(0) += 1;
            durations.push(request.duration);
        }
    }

    /// The requests of actions that are too deep for rows of their own.
    fn requests_below(&mut self, action: &Action) {
        for child in &action.children {
            self.requests(&child.requests);
            self.requests_below(child);
        }
    }

    fn finish_named(self) -> ActionRow {
        let name = self.name.clone();
        self.finish(&name)
    }

    fn finish(self, name: &str) -> ActionRow {
        let mut row = ActionRow::default();
        name.clone_into(&mut row.name);
        row.count_per_iteration = self.per_iteration.max(1);
        row.display_name =
            if self.per_iteration > 1 { format!("{name} (x{})", self.per_iteration) } else { name.into() };
        (row.count, row.failed) = (self.count, self.failed);
        row.durations = self.successes.summary();
        row.failed_durations = self.failures.summary();
        row.waited = self.waited.summary();
        row.requests = self
            .requests
            .into_iter()
            .map(|(mut row, durations)| {
                row.durations = durations.summary();
                row
            })
            .collect();
        row.requests.sort_by_key(|row| row.purpose != Purpose::Call);
        row.children = self.children.finish();
        row
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#[expect(clippy::float_cmp, reason = "the figures are sums and means of numbers that floats hold exactly")]
#[expect(clippy::needless_pass_by_value, reason = "`json!` values are made for the call")]
mod tests {
    use super::*;
    use serde_json::json;

    fn iteration(outcome: &str, elapsed: f64, idle: f64, actions: serde_json::Value) -> IterationResult {
        serde_json::from_value(json!({
            "number": 1, "outcome": outcome, "started": 0.0, "elapsed": elapsed, "idle": idle, "actions": actions,
        }))
        .unwrap()
    }

    fn action(name: &str, seconds: f64, children: serde_json::Value) -> serde_json::Value {
        json!({"name": name, "started": 0.0, "duration": seconds, "children": children})
    }

    fn names(rows: &[ActionRow]) -> Vec<String> {
        rows.iter()
            .flat_map(|row| {
                let below = names(&row.children).into_iter().map(|name| format!("> {name}"));
                std::iter::once(row.display_name.clone()).chain(below).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn an_action_that_ran_twice_has_a_row_of_its_own_with_the_sum() {
        let mut rows = Rows::default();
        rows.push(&iteration(
            "passed",
            3.0,
            0.0,
            json!([action("a", 1.0, json!([])), action("b", 1.0, json!([]))]),
        ));
        rows.push(&iteration(
            "passed",
            3.0,
            0.0,
            json!([action("a", 1.0, json!([])), action("a", 2.0, json!([]))]),
        ));
        let (actions, _) = rows.finish();
        assert_eq!(names(&actions), ["a", "b", "a (x2)"]);
        assert_eq!((actions[2].mean(), actions[2].count, actions[0].count), (3.0, 1, 1));
    }

    #[test]
    fn children_below_the_third_level_have_no_rows() {
        let deep = action("4", 1.0, json!([]));
        let tree = action("1", 1.0, json!([action("2", 1.0, json!([action("3", 1.0, json!([deep]))]))]));
        let mut rows = Rows::default();
        rows.push(&iteration("passed", 1.0, 0.0, json!([tree])));
        assert_eq!(names(&rows.finish().0), ["1", "> 2", "> > 3"]);
    }

    #[test]
    fn total_splits_into_duration_and_idle_and_failures_stand_apart() {
        let mut rows = Rows::default();
        rows.push(&iteration("passed", 3.0, 1.0, json!([action("a", 2.0, json!([]))])));
        rows.push(&iteration("failed", 0.5, 0.0, json!([action("a", 0.5, json!([]))])));
        rows.push(&iteration("dropped", 0.0, 0.0, json!([])));
        let (actions, total) = rows.finish();
        assert_eq!((total.count, total.failed, total.mean()), (2, 1, 3.0));
        assert_eq!(total.failed_durations.as_ref().unwrap().mean, 0.5);
        assert_eq!((total.children[0].mean(), total.children[1].mean()), (2.0, 1.0));
        assert_eq!(names(&actions), ["a", NO_ACTION]);
        assert_eq!(total.success(), Some(0.5));
    }
}
