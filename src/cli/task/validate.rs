//! `rally task validate`.

use rally_core::{Journal, Phase, World};
use rally_engine::preflight::preflight;
use rally_engine::{Engine, RunError};

use super::input::Input;
use super::start::refused;
use crate::cli::args::Validate;
use crate::cli::cloud;
use crate::cli::console::Console;
use crate::cli::error::Error;
use crate::cli::exit;

/// Checks a task: its text, and what it asks of the cloud.
pub(in crate::cli) async fn validate(args: Validate, console: &Console) -> Result<u8, Error> {
    let input = Input::read(&args.file, console)?;
    if args.syntax_only {
        let owner = uuid::Uuid::nil();
        let world = World::new(owner, input.registry, Journal::in_memory());
        let problems = preflight(&input.plan, Phase::Syntax, &world).await;
        if !problems.is_empty() {
            return Err(Error::problems(&input.name, &problems));
        }
    } else {
        let instead = "--syntax-only: no cloud; the file alone is checked";
        let cloud = cloud::choose(&args.cloud, &input.plan, Some(instead)).await?;
        console.tell(&format!("Cloud: {}\n", cloud.what));
        let engine = Engine::new(input.registry).env(cloud.env.clone()).tool(crate::TOOL);
        engine.validate(&input.plan).await.map_err(|error: RunError| refused(&input.name, error))?;
    }
    console.say("Input Task is valid :)\n");
    Ok(exit::OK)
}
