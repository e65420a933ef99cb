//! The program `rally`: it says what goes on and how it ended; what is measured, and how, is the library's business.

mod args;
mod cloud;
mod console;
mod error;
pub mod exit;
mod logging;
mod plugin;
mod progress;
mod signals;
mod task;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Command, Output, PluginCommand, TaskCommand};
use self::console::Console;
use self::error::Error;

/// The whole program: a binary with plugins of its own calls this from its `main`.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are answers, everything else is a wrong command line. A closed pipe cannot be told.
            let _gone = answer.print();
            return ExitCode::from(if answer.use_stderr() { exit::USAGE } else { exit::OK });
        }
    };
    let json =
        matches!(&cli.command, Command::Task(TaskCommand::Start(start)) if start.output == Output::Json);
    let console = Console::new(cli.talk.quiet, json);
    logging::install(cli.talk, &console);
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| run(cli.command, &console)));
    let result = ended.unwrap_or_else(|_| {
        Err(Error::new(exit::ERROR, "this is a bug of rally; run it again with --debug to see where it is"))
    });
    ExitCode::from(result.unwrap_or_else(|error| {
        console.error(&error);
        error.code
    }))
}

fn run(command: Command, console: &Console) -> Result<u8, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(exit::ERROR, format!("the runtime cannot be started: {error}")))?;
    let result = runtime.block_on(async {
        match command {
            Command::Task(TaskCommand::Start(start)) => task::start(start, console).await,
            Command::Task(TaskCommand::Validate(validate)) => task::validate(validate, console).await,
            Command::Task(TaskCommand::Schema(schema)) => task::schema(&schema, console),
            Command::Plugin(PluginCommand::List(list)) => plugin::list(&list, console),
            Command::Plugin(PluginCommand::Show(show)) => plugin::show(&show, console),
            Command::Plugin(PluginCommand::Docs(docs)) => plugin::docs(&docs),
        }
    });
    // A run that was ended without cleanup is not waited for.
    runtime.shutdown_background();
    result
}
