//! The hook `sys_call`.

use std::io;
use std::process::Stdio;

use rally_core::{Failure, Fired, Hook, Meta, Output, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::words::{NotWords, split};

/// How much of what a command writes is kept of each of its two streams; the rest is read and forgotten.
const KEPT: u64 = 1 << 20;

/// Run a command on the machine that Rally runs on.
///
/// It is split into words as a shell does it, by spaces, quotes and backslashes, but no shell runs it: where one is
/// needed, write `sh -c '…'`. A command that ends with another status than 0 is a hook that failed.
///
/// When it writes JSON with the keys `additive` and `complete`, lists of charts, these are shown in the report.
/// Anything else is shown as text, its first megabyte at most. A command has as much time as it takes, and the report
/// waits for it: `timeout 30 …` limits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("minLength" = 1, "examples" = ["echo a hook ran"]))]
pub struct SysCall {
    command: String,
    words: Vec<String>,
}

impl SysCall {
    /// This command. An error when it cannot be split into words.
    pub fn new(command: impl Into<String>) -> Result<Self, NotWords> {
        let command = command.into();
        let words = split(&command)?;
        Ok(Self { command, words })
    }
}

impl TryFrom<String> for SysCall {
    type Error = NotWords;

    fn try_from(command: String) -> Result<Self, NotWords> {
        Self::new(command)
    }
}

impl From<SysCall> for String {
    fn from(call: SysCall) -> Self {
        call.command
    }
}

impl Hook for SysCall {
    const META: Meta = Meta::new("sys_call");

    async fn run(&self, _fired: Fired) -> Result<Vec<Output>> {
        let [program, arguments @ ..] = self.words.as_slice() else { return Err(NotWords::Empty.into()) };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Whoever drops the run wants it to end.
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::from(error).context(format!("run `{program}`")))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (stdout, stderr, status) = tokio::join!(text(stdout), text(stderr), child.wait());
        let (stdout, stderr, status) = (stdout?, stderr?, status?);
        if !status.success() {
            let returned = status.code().map_or_else(|| status.to_string(), |code| code.to_string());
            let details = if stderr.is_empty() { format!("stdout: {}", or_empty(&stdout)) } else { stderr };
            let mut failure = Failure::new("ExitStatus", format!("subprocess returned {returned}"));
            failure.chain = vec![details];
            return Err(failure);
        }
        let charts = serde_json::from_str::<Value>(&stdout).ok();
        if let Some(outputs) = charts.as_ref().and_then(Output::from_script) {
            return Ok(outputs?);
        }
        let lines = [
            "RetCode: 0".to_owned(),
            format!("StdOut: {}", or_empty(&stdout)),
            format!("StdErr: {}", or_empty(&stderr)),
        ];
        Ok(vec![Output::text("System call", lines).description(format!("Args: {}", self.command))])
    }
}

register!(hook: SysCall);

fn or_empty(text: &str) -> &str {
    if text.is_empty() { "(empty)" } else { text }
}

/// All that a command writes to one of its streams, up to a limit; what is beyond is read, so that it need not wait.
async fn text(stream: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let Some(mut stream) = stream else { return Ok(String::new()) };
    let mut kept = Vec::new();
    (&mut stream).take(KEPT).read_to_end(&mut kept).await?;
    let beyond = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    let text = String::from_utf8_lossy(&kept);
    Ok(if beyond > 0 { format!("{text}… ({beyond} bytes more)") } else { text.into_owned() })
}
