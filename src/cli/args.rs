//! What the command line takes. Each group of commands is one enum, so that a new one is a new variant.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use rally_core::Kind;

/// Measure whether a cloud keeps its promises under load.
#[derive(Debug, Parser)]
#[command(name = "rally", version, propagate_version = false, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 passed, 2 an SLA failed, 3 the cloud is not ready, 4 something was left in the \
                        cloud, 64 wrong command line, 113, 114, 117 and 211 the task is wrong, 130 interrupted."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) talk: Talk,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How much is told on standard error.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "What is told")]
pub(super) struct Talk {
    /// Tell each iteration and each context
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Tell everything that may help to find a bug; `RUST_LOG` chooses more finely
    #[arg(short, long, global = true)]
    pub(super) debug: bool,
    /// Tell errors only: no progress, and nothing but the table on standard output
    #[arg(short, long, global = true, conflicts_with_all = ["verbose", "debug"])]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run and check task files
    #[command(subcommand)]
    Task(TaskCommand),
    /// Look up what a task file can name
    #[command(subcommand)]
    Plugin(PluginCommand),
}

#[derive(Debug, Subcommand)]
pub(super) enum TaskCommand {
    /// Run a task and show what it measured
    Start(Start),
    /// Check a task without creating anything
    Validate(Validate),
    /// Write the JSON Schema of task files, by which editors complete and check them
    #[command(after_help = "With many editors a first line of a task file names the schema:\n\
                            # yaml-language-server: $schema=task.schema.json")]
    Schema(TaskSchema),
}

#[derive(Debug, Args)]
pub(super) struct Start {
    #[command(flatten)]
    pub(super) file: TaskFile,
    #[command(flatten)]
    pub(super) cloud: CloudChoice,
    /// A label for the report, such as the commit under test; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub(super) label: Vec<(String, String)>,
    /// A tag for the report; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Vec<String>,
    /// End the run as soon as an SLA is broken
    #[arg(long)]
    pub(super) abort_on_sla_failure: bool,
    /// How long iterations may go on after Ctrl-C before they are interrupted
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(super) grace: Duration,
    /// What goes to standard output: the table of response times, or the whole report and nothing else
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(super) output: Output,
    /// Write the report there as well, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    /// Write down there what is created before it is, so that a run that was killed can be cleaned up
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    pub(super) file: TaskFile,
    #[command(flatten)]
    pub(super) cloud: CloudChoice,
    /// Check the file alone, and ask no cloud whether it has what the task names
    #[arg(long)]
    pub(super) syntax_only: bool,
}

#[derive(Debug, Args)]
pub(super) struct TaskSchema {
    /// Write it there instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// The task's file, as an argument or, as Rally's scripts have it, as an option.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("task_file").required(true))]
pub(super) struct TaskFile {
    /// The task, in YAML or JSON; `-` reads standard input
    #[arg(value_name = "FILE", group = "task_file")]
    pub(super) file: Option<PathBuf>,
    /// The same as FILE
    #[arg(long, visible_alias = "filename", value_name = "FILE", group = "task_file")]
    pub(super) task: Option<PathBuf>,
    /// Arguments of the task's template: a mapping in JSON or YAML, or `name=value,name=value`
    #[arg(long, value_name = "TEXT", help_heading = "Arguments of the template")]
    pub(super) task_args: Option<String>,
    /// The same from a file, in JSON or YAML; --task-args wins; `-` reads standard input
    #[arg(long, value_name = "FILE", help_heading = "Arguments of the template")]
    pub(super) task_args_file: Option<PathBuf>,
}

impl TaskFile {
    /// Where the task is; the parser has made sure that one of the two was given.
    pub(super) fn path(&self) -> PathBuf {
        self.file.clone().or_else(|| self.task.clone()).unwrap_or_default()
    }
}

/// Which cloud is measured.
#[derive(Debug, Args)]
pub(super) struct CloudChoice {
    /// The cloud of this name in clouds.yaml [env: `OS_CLOUD`]; without it, the one of `OS_AUTH_URL` and its kin
    #[cfg(feature = "openstack")]
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub(super) cloud: Option<String>,
    /// A simulated cloud in this process: what it measures says nothing about a real one
    #[cfg(all(feature = "openstack", feature = "sim"))]
    #[arg(long, conflicts_with = "cloud", help_heading = "Which cloud")]
    pub(super) sim: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// List plugins by kind and name, each with a line about it
    List(PluginList),
    /// Show a plugin's help, its arguments, and an example that runs
    Show(PluginShow),
    /// Write the help of all plugins into a folder, as Markdown
    #[command(hide = true)]
    Docs(PluginDocs),
}

#[derive(Debug, Args)]
pub(super) struct PluginList {
    /// Those whose names hold this, in letters of either case
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) which: Which,
    /// Those as well that only other plugins may name
    #[arg(long)]
    pub(super) all: bool,
    /// A table for people, or a list of objects for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("plugin_name").required(true))]
pub(super) struct PluginShow {
    /// Its name, or a part of it that no other plugin's name has, in letters of either case
    #[arg(value_name = "NAME", group = "plugin_name")]
    name: Option<String>,
    /// The same as NAME
    #[arg(long = "name", value_name = "NAME", group = "plugin_name")]
    by_option: Option<String>,
    #[command(flatten)]
    pub(super) which: Which,
    /// A page for people, or an object with the whole JSON Schema for programs
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(super) output: Output,
}

impl PluginShow {
    /// The name; the parser has made sure that it was given in one of the two ways.
    pub(super) fn name(&self) -> &str {
        self.name.as_ref().or(self.by_option.as_ref()).map_or("", String::as_str)
    }
}

#[derive(Debug, Args)]
pub(super) struct PluginDocs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}

/// Which plugins are meant, besides their names.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only plugins of this kind
    #[arg(long, visible_alias = "plugin-base", value_enum, ignore_case = true, value_name = "KIND")]
    kind: Option<KindName>,
    /// Only plugins of this platform; those of `default` need none
    #[arg(long, value_name = "PLATFORM")]
    pub(super) platform: Option<String>,
}

impl Which {
    pub(super) fn kind(&self) -> Option<Kind> {
        self.kind.map(KindName::kind)
    }
}

/// A kind of plugin as people write it; the other names are those of Rally's base classes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindName {
    Scenario,
    Context,
    #[value(alias = "scenariorunner")]
    Runner,
    Sla,
    #[value(alias = "hooktrigger")]
    Trigger,
    #[value(alias = "hookaction")]
    Hook,
    #[value(alias = "resourcetype")]
    ResourceType,
    Platform,
    Cleaner,
    #[value(alias = "taskexporter")]
    Exporter,
}

impl KindName {
    fn kind(self) -> Kind {
        match self {
            Self::Scenario => Kind::Scenario,
            Self::Context => Kind::Context,
            Self::Runner => Kind::Runner,
            Self::Sla => Kind::Sla,
            Self::Trigger => Kind::Trigger,
            Self::Hook => Kind::Hook,
            Self::ResourceType => Kind::ResourceType,
            Self::Platform => Kind::Platform,
            Self::Cleaner => Kind::Cleaner,
            Self::Exporter => Kind::Exporter,
        }
    }
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a label is written KEY=VALUE".into()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number of seconds, such as 30 or 0.5".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn labels_and_seconds_are_read_or_explained() {
        assert_eq!(label("commit=a=b"), Ok(("commit".into(), "a=b".into())));
        assert!(label("=x").is_err() && label("x").is_err());
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err() && seconds("soon").is_err() && seconds("inf").is_err());
    }
}
