//! `rally-sim` serves a simulated cloud until it is interrupted, and prints the variables that lead to it.
#![expect(clippy::print_stderr, reason = "a program talks to whoever started it")]

use std::io::Write;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use rally_sim::{Latency, Sim, SimOptions};

const USAGE: &str = "\
Serves a simulated OpenStack on 127.0.0.1 until interrupted. Standard output is a shell script:

    rally-sim > openrc & sleep 1; . ./openrc; openstack server list

Usage: rally-sim [OPTION VALUE]...
  --port N               port to listen on; a free one if not given
  --boot-latency-ms N    median time until a server is ACTIVE (250)
  --delete-latency-ms N  median time until a deleted server is gone (120)
  --api-latency-ms N     longest time before an answer (2)
  --servers-quota N      servers that one project may have; -1 for no limit (10)
  --boot-errors SHARE    share of boots that end in ERROR, 0 to 1 (0)
  --token-ttl-s N        how long a token is valid (3600)
  --seed N               repeat the ids and latencies of an earlier run with this number
  --help                 this text";

/// The options that the arguments spell out; None asks for help.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<SimOptions>, String> {
    let mut options = SimOptions::default();
    while let Some(name) = arguments.next() {
        if name == "--help" || name == "-h" {
            return Ok(None);
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let millis = || number(&name, &value).map(Duration::from_millis);
        options = match name.as_str() {
            "--port" => options.with_port(number(&name, &value)?),
            "--boot-latency-ms" => options.with_boot(Latency::lognormal(millis()?, 0.25)),
            "--delete-latency-ms" => options.with_delete(Latency::lognormal(millis()?, 0.25)),
            "--api-latency-ms" => options.with_api(Latency::uniform(Duration::ZERO, millis()?)),
            "--servers-quota" => options.with_servers_quota(number(&name, &value)?),
            "--boot-errors" => options.with_boot_errors(number(&name, &value)?),
            "--token-ttl-s" => options.with_token_ttl(Duration::from_secs(number(&name, &value)?)),
            "--seed" => options.with_seed(number(&name, &value)?),
            _ => return Err(format!("there is no option {name}")),
        };
    }
    Ok(Some(options))
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} takes a number and not {value:?}"))
}

/// Writes to standard output, which may have been closed.
fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rally-sim: cannot write to standard output: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            return say(&format!("{USAGE}\n"));
        }
        Err(problem) => {
            eprintln!("rally-sim: {problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let sim = match Sim::start(options).await {
        Ok(sim) => sim,
        Err(error) => {
            let reason =
                std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            eprintln!("rally-sim: {error}{reason}");
            return ExitCode::FAILURE;
        }
    };
    // In single quotes nothing is special but the quote itself.
    let line =
        |(name, value): (String, String)| format!("export {name}='{}'\n", value.replace('\'', r"'\''"));
    let openrc: String = sim.openrc().into_iter().map(line).collect();
    if say(&openrc) != ExitCode::SUCCESS {
        return ExitCode::FAILURE;
    }
    eprintln!("rally-sim: serving at {}; interrupt to end", sim.url());
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("rally-sim: cannot wait for an interrupt: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
