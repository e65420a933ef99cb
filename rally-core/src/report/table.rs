//! The report as text: the table of response times that users of Rally know, and what they have to know besides.

use std::fmt::{self, Display, Formatter};

use comfy_table::{ContentLineStyle, LineStyle, Table, TableStyle};

use super::{ActionRow, Report, Summary, WorkloadReport};
use crate::action::Purpose;
use crate::cleaner::Cleaned;
use crate::event::Stop;

/// The frame that users of Rally know: `+---+` between parts, `|` between columns.
const FRAME: TableStyle = {
    let rule = LineStyle::new('+', '-', '+', '+');
    let line = ContentLineStyle::new('|', '|', '|');
    TableStyle::new()
        .top_border(rule)
        .header_lines(line)
        .header_separator(rule)
        .content_lines(line)
        .bottom_border(rule)
};

const HEADER: [&str; 9] = [
    "Action",
    "Min (sec)",
    "Median (sec)",
    "90%ile (sec)",
    "95%ile (sec)",
    "Max (sec)",
    "Avg (sec)",
    "Success",
    "Count",
];

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, workload) in self.workloads.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{workload}")?;
        }
        Ok(())
    }
}

impl Display for WorkloadReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.scenario)?;
        writeln!(f, "{}", self.response_times())?;
        writeln!(f, "Load duration: {:.6}", self.load_duration)?;
        writeln!(f, "Full duration: {:.6}", self.full_duration)?;
        self.fmt_iterations(f)?;
        self.fmt_requests(f)?;
        self.fmt_failures(f)?;
        for hook in &self.hooks {
            let failed: Vec<_> = hook.results.iter().filter_map(|result| result.failure.as_ref()).collect();
            let (action, trigger, ran) = (&hook.action, &hook.trigger, hook.results.len());
            writeln!(f, "Hook {action} ({trigger}): ran {ran} times, {} failed", failed.len())?;
            if let Some(example) = failed.first() {
                writeln!(f, "    for example: {example}")?;
            }
        }
        for sla in &self.sla {
            let verdict = if sla.success { "passed" } else { "FAILED" };
            writeln!(f, "SLA {}: {verdict}: {}", sla.criterion, sla.detail)?;
        }
        fmt_cleaned(&self.cleaned, f)
    }
}

impl WorkloadReport {
    /// The table of response times.
    ///
    /// Failed actions have rows of their own: their durations are not mixed with those of the successes.
    pub fn response_times(&self) -> String {
        let mut table = Table::new();
        table.load_style(FRAME).set_header(HEADER);
        for row in &self.actions {
            add_rows(&mut table, row, 0);
        }
        add_rows(&mut table, &self.total, 0);
        with_title("Response Times (sec)", &table.to_string())
    }

    fn fmt_iterations(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        let said = [
            (counts.passed, "passed"),
            (counts.failed, "failed"),
            (counts.timed_out, "timed out"),
            (counts.aborted, "aborted"),
            (counts.dropped, "dropped"),
            (counts.late, "started late"),
        ];
        let said: Vec<String> = said
            .iter()
            .filter(|(n, what)| *n > 0 || *what == "passed")
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        writeln!(f, "Iterations: {}", said.join(", "))?;
        if let Some(lag) = &self.lag {
            writeln!(
                f,
                "Start after due time: median {:.3}, 95%ile {:.3}, max {:.3} s",
                lag.median, lag.p95, lag.max
            )?;
        }
        match &self.stopped {
            None => Ok(()),
            Some(Stop::Sla(detail)) => writeln!(f, "Stopped early, since an SLA failed: {detail}"),
            Some(Stop::Reporter(detail)) => writeln!(f, "Stopped early: {detail}"),
            Some(Stop::Requested | Stop::Aborted) => writeln!(f, "Stopped early, on request"),
        }
    }

    /// How many requests, and how many of them only asked whether something was ready.
    fn fmt_requests(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (mut calls, mut polls, mut access, mut retries) = (0, 0, 0, 0);
        let mut stack: Vec<&ActionRow> = self.actions.iter().chain([&self.total]).collect();
        while let Some(row) = stack.pop() {
            for request in &row.requests {
                match request.purpose {
                    Purpose::Call => calls += request.count,
                    Purpose::Poll => polls += request.count,
                    Purpose::Access => access += request.count,
                }
                retries += request.retries;
            }
            stack.extend(&row.children);
        }
        let all = calls + polls + access;
        if all == 0 {
            return Ok(());
        }
        write!(f, "Requests: {all} ({calls} calls, {polls} polls")?;
        for (count, what) in [(access, "logins and look-ups"), (retries, "repeated")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        writeln!(f, ")")
    }

    fn fmt_failures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(crash) = &self.crash {
            writeln!(f, "The load did not run to its end: {crash}")?;
        }
        for group in &self.failures {
            writeln!(f, "Failed: {} × {}: {}", group.count, group.kind, group.cause)?;
            if let Some((number, example)) = group.examples.first() {
                writeln!(f, "    for example iteration {number}: {example}")?;
            }
        }
        Ok(())
    }
}

fn add_rows(table: &mut Table, row: &ActionRow, depth: usize) {
    let indent = if depth == 0 { String::new() } else { format!(" {}> ", "-".repeat(depth)) };
    let name = format!("{indent}{}", row.display_name);
    let success = row.success().map_or_else(|| "n/a".into(), |share| format!("{:.1}%", share * 100.0));
    table.add_row(cells(&name, row.durations.as_ref(), success, row.count));
    if let Some(failed) = &row.failed_durations {
        let name = format!("{indent}{} (failed)", row.display_name);
        table.add_row(cells(&name, Some(failed), "-".into(), row.failed));
    }
    for child in &row.children {
        add_rows(table, child, depth + 1);
    }
}

fn cells(name: &str, of: Option<&Summary>, success: String, count: u64) -> Vec<String> {
    let figure = |pick: fn(&Summary) -> f64| of.map_or_else(|| "n/a".into(), |s| format!("{:.3}", pick(s)));
    vec![
        name.to_owned(),
        figure(|s| s.min),
        figure(|s| s.median),
        figure(|s| s.p90),
        figure(|s| s.p95),
        figure(|s| s.max),
        figure(|s| s.mean),
        success,
        count.to_string(),
    ]
}

/// Puts a line with a centred title over a table.
fn with_title(title: &str, table: &str) -> String {
    let width = table.lines().next().map_or(0, |line| line.chars().count()).max(title.len() + 4);
    let inner = width - 2;
    format!("+{}+\n|{title:^inner$}|\n{table}", "-".repeat(inner))
}

fn fmt_cleaned(cleaned: &Cleaned, f: &mut Formatter<'_>) -> fmt::Result {
    let deleted: Vec<String> = cleaned
        .kinds
        .iter()
        .filter(|(_, row)| row.deleted > 0)
        .map(|(kind, row)| format!("{} {kind}", row.deleted))
        .collect();
    if !deleted.is_empty() {
        writeln!(f, "Cleaned up: {}", deleted.join(", "))?;
    }
    for left in &cleaned.left {
        writeln!(f, "LEFT BEHIND: {} {}: {}", left.entry.kind, left.entry.label(), left.why)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;
    use crate::hook::Unit;
    use crate::report::{Counts, FailureGroup, HookReport, HookResult, RequestRow, SlaResult, Verdict};

    fn summary(count: u64, min: f64, max: f64) -> Summary {
        let middle = f64::midpoint(min, max);
        Summary {
            count,
            min,
            median: middle,
            p90: max,
            p95: max,
            p99: max,
            max,
            mean: middle,
            ..Summary::default()
        }
    }

    fn row(name: &str, count: u64, failed: u64, durations: Option<Summary>) -> ActionRow {
        ActionRow {
            name: name.into(),
            display_name: name.into(),
            count,
            failed,
            durations,
            ..ActionRow::default()
        }
    }

    #[test]
    fn the_table_has_the_columns_of_rally_and_keeps_failures_apart() {
        let mut report =
            WorkloadReport::empty(uuid::Uuid::nil(), "subtask", 0, "NovaServers.boot_and_delete_server");
        let mut boot = row("nova.boot_server", 10, 1, Some(summary(9, 17.84, 74.405)));
        boot.failed_durations = Some(summary(1, 0.1, 0.1));
        boot.children = vec![row("neutron.list_networks", 10, 0, Some(summary(10, 0.1, 0.2)))];
        let mut poll = RequestRow::new("nova".into(), "GET".into(), "/servers/{id}".into(), Purpose::Poll);
        poll.count = 31;
        boot.requests = vec![poll];
        report.actions = vec![boot];
        report.total = row("total", 10, 1, Some(summary(9, 20.09, 76.863)));
        report.total.children =
            vec![row("duration", 10, 1, Some(summary(9, 20.09, 76.863))), row("idle_duration", 10, 1, None)];
        (report.load_duration, report.full_duration) = (158.199_862, 163.846_754);
        report.counts = Counts { passed: 9, failed: 1, ..Counts::default() };
        let mut group = FailureGroup::new("ApiError", "no valid host was found");
        group.count = 1;
        group.examples = vec![(3, Failure::new("ApiError", "no valid host was found [req-7]"))];
        report.failures = vec![group];
        let mut hook = HookReport::new("sys_call", "event", "");
        hook.results = vec![
            HookResult::new(Unit::Iteration, 3, 0.1, Ok(Vec::new())),
            HookResult::new(Unit::Iteration, 6, 0.1, Err(Failure::msg("subprocess returned 1"))),
        ];
        report.hooks = vec![hook];
        report.sla =
            vec![SlaResult::new("failure_rate", Verdict::new(false, "10.00% is above the limit of 0.00%"))];
        insta::assert_snapshot!(report.to_string());
    }

    #[test]
    fn a_workload_without_iterations_has_a_table_too() {
        let report = WorkloadReport::empty(uuid::Uuid::nil(), "subtask", 0, "Dummy.dummy");
        insta::assert_snapshot!(report.response_times());
    }
}
