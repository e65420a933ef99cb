//! Runs the program and remembers what it said.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rally::sim::Sim;
use regex::Regex;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest that any test waits for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program in a folder of its own, which is its home and its working directory.
pub(crate) struct Program {
    folder: TempDir,
    vars: Vec<(String, String)>,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), vars: Vec::new() }
    }

    /// With the `OS_*` variables of this cloud's administrator.
    pub(crate) fn measuring(sim: &Sim) -> Self {
        let mut program = Self::new();
        program.vars = sim.openrc();
        program
    }

    /// With this variable instead of the one of the same name.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.retain(|(other, _)| other != name);
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this file in its folder.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Starts it with these arguments, separated by blanks.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rally"));
        command
            .args(arguments.split_whitespace())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.folder.path())
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let stdout = tokio::spawn(async move {
            let mut text = String::new();
            stdout.read_to_string(&mut text).await.unwrap();
            text
        });
        let (said, heard) = watch::channel(String::new());
        let talk = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let count = stderr.read(&mut buffer).await.unwrap();
                if count == 0 {
                    break;
                }
                said.send_modify(|text| text.push_str(&String::from_utf8_lossy(&buffer[..count])));
            }
        });
        Running { child, stdout, talk, heard }
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &str) -> Ended {
        self.start(arguments).end().await
    }
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    stdout: JoinHandle<String>,
    talk: JoinHandle<()>,
    heard: watch::Receiver<String>,
}

impl Running {
    /// Sends a signal: `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it still runs").to_string();
        let status = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it has said this on standard error.
    pub(crate) async fn says(&mut self, text: &str) {
        let waiting = self.heard.wait_for(|heard| heard.contains(text));
        let heard = tokio::time::timeout(PATIENCE, waiting).await.ok().and_then(Result::ok).is_some();
        assert!(heard, "`{text}` was never said, but: {}", *self.heard.borrow());
    }

    /// Writes to its standard input and closes it.
    pub(crate) async fn input(&mut self, text: &str) {
        let mut stdin = self.child.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).await.unwrap();
    }

    pub(crate) async fn end(mut self) -> Ended {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        let stdout = self.stdout.await.unwrap();
        self.talk.await.unwrap();
        let stderr = self.heard.borrow().clone();
        Ended { code: status.code(), stdout, stderr }
    }
}

/// The program after its end.
pub(crate) struct Ended {
    /// None when a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Standard error and the code, with what differs from run to run left out.
    pub(crate) fn error(&self) -> String {
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        steady(&format!("{}exit code {code}", self.stderr))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--- stdout\n{}\n--- stderr\n{}\n", self.stdout, self.stderr)
    }
}

/// A text with ids, ports, times and figures replaced by their kinds.
pub(crate) fn steady(text: &str) -> String {
    let rules = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
        (r"\b[0-9a-f]{32}\b", "[id]"),
        (r"req-\[id\]", "[request]"),
        (r"_rally_[0-9a-f]{8}_", "_rally_[workload]_"),
        (r"127\.0\.0\.1:\d{2,5}\b", "127.0.0.1:[port]"),
        (r"\b\d+\.\d s\b", "[time] s"),
        (r", \d+\.\d/s", ", [rate]/s"),
        (r"duration: \d+\.\d+", "duration: [time]"),
        (r"\d+\.\d{3} ", "[s]   "),
    ];
    rules.iter().fold(text.to_owned(), |text, (pattern, kind)| {
        Regex::new(pattern).unwrap().replace_all(&text, *kind).into_owned()
    })
}
