//! What measuring costs: iterations per second of a scenario that does nothing, an action, a request.
//!
//! ```console
//! $ cargo bench --bench overhead                 # all of it
//! $ cargo bench --bench overhead -- iterations   # one group
//! $ cargo bench --bench overhead -- memory       # 5,000,000 iterations in one run: rate and peak memory
//! ```
//!
//! Figures of a shared machine differ by half from run to run, so read them as ratios within one run: concurrency 50 to
//! concurrency 1, three actions to none, a request through the gate to the bare exchange with the same server. What is
//! aimed at, on two cores: 100,000 empty iterations per second at concurrency 50, and less than 150 MB at the end of
//! 5,000,000, since memory must not grow with iterations.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]
#![expect(clippy::print_stdout, reason = "a bench is a program")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use rally::openstack::client::{Connection, Endpoint, HttpOptions};
use rally::openstack::config::CloudConfig;
use rally::runners::Constant;
use rally::sim::{Sim, SimOptions};
use rally::{Env, Report, Workload, atomic};
use tokio::runtime::Runtime;

/// So many iterations that setting up a run does not count.
const ITERATIONS: u64 = 10_000;

/// As many as a weekend's soak test has.
const MANY: u64 = 5_000_000;

fn main() {
    let runtime = Runtime::new().unwrap();
    if std::env::args().any(|argument| argument == "memory") {
        memory(&runtime);
        return;
    }
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    iterations(&mut criterion, &runtime);
    actions(&mut criterion, &runtime);
    requests(&mut criterion, &runtime);
    criterion.final_summary();
}

/// A whole run, from plan to report, of iterations with so many actions.
async fn run(times: u64, concurrency: u64, actions: usize) -> Report {
    let scenario = move |_| async move {
        for _ in 0..actions {
            atomic("bench.nothing", async { Ok::<_, rally::Failure>(()) }).await?;
        }
        Ok(())
    };
    let report = Workload::from_fn("Bench.nothing", scenario)
        .runner(Constant { times, concurrency, ..Constant::default() })
        .run(&Env::none())
        .await
        .unwrap();
    assert_eq!(report.workloads[0].counts.passed, times, "{}", report.why());
    report
}

fn iterations(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("iterations");
    group.throughput(Throughput::Elements(ITERATIONS));
    for concurrency in [1, 50] {
        group.bench_function(format!("concurrency {concurrency}"), |bench| {
            bench.to_async(runtime).iter(|| run(ITERATIONS, concurrency, 0));
        });
    }
    group.finish();
}

fn actions(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("actions");
    group.throughput(Throughput::Elements(ITERATIONS));
    for actions in [0, 3] {
        group.bench_function(format!("{actions} in an iteration"), |bench| {
            bench.to_async(runtime).iter(|| run(ITERATIONS, 50, actions));
        });
    }
    group.finish();
}

fn requests(criterion: &mut Criterion, runtime: &Runtime) {
    // Its own threads: what the server needs is in both figures, and competes with neither client for a worker.
    let servers = Runtime::new().unwrap();
    let sim = servers.block_on(Sim::start(SimOptions::instant())).unwrap();
    let nova = runtime.block_on(compute(&sim));
    let mut group = criterion.benchmark_group("a request");
    group.bench_function("bare exchange", |bench| {
        let mut server = Bare::log_in(&sim);
        bench.iter(|| server.exchange("GET", "/compute/v2.1/flavors/42", ""));
    });
    group.bench_function("through the gate", |bench| {
        bench.to_async(runtime).iter(|| async { nova.get("/flavors/{id}", &["42"]).done().await.unwrap() });
    });
    group.finish();
}

async fn compute(sim: &Sim) -> Endpoint {
    let config = CloudConfig::from_vars(sim.openrc()).unwrap();
    let connection = Connection::new(&config.site, &HttpOptions::default()).unwrap();
    connection.login(config.admin.unwrap()).await.unwrap().service("compute").unwrap()
}

/// The least that a request and its answer can cost: one socket, no task, no parsing beyond the length.
struct Bare {
    socket: BufReader<TcpStream>,
    headers: String,
}

impl Bare {
    fn log_in(sim: &Sim) -> Self {
        let url = sim.url();
        let address = url.strip_prefix("http://").unwrap();
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut bare = Self { socket: BufReader::new(socket), headers: format!("host: {address}\r\n") };
        let login = r#"{"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "admin", "domain": {"name": "Default"}, "password": "password"}}},
            "scope": {"project": {"name": "admin", "domain": {"name": "Default"}}}}}"#;
        let token = bare.exchange("POST", "/identity/v3/auth/tokens", login).unwrap();
        bare.headers.extend(["x-auth-token: ", &token, "\r\n"]);
        bare
    }

    /// Sends a request, reads the answer to its end, and gives the token in its head, if there is one.
    fn exchange(&mut self, method: &str, path: &str, body: &str) -> Option<String> {
        let Self { socket, headers } = self;
        let head = format!("{method} {path} HTTP/1.1\r\n{headers}content-type: application/json\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        socket.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length, mut token) = (String::new(), 0, None);
        socket.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 2"), "{line}");
        while !line.trim().is_empty() {
            line.clear();
            socket.read_line(&mut line).unwrap();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(("x-subject-token", value)) => token = Some(value.trim().to_owned()),
                _ => (),
            }
        }
        socket.read_exact(&mut vec![0; length]).unwrap();
        token
    }
}

/// One long run: how fast it is, and how much memory this process ever had.
fn memory(runtime: &Runtime) {
    for (times, actions) in [(MANY / 50, 0), (MANY, 0), (MANY / 5, 3)] {
        let began = Instant::now();
        let report = runtime.block_on(run(times, 50, actions));
        let seconds = began.elapsed().as_secs_f64();
        let peak = report.workloads[0].client.peak_memory.unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no exact digits")]
        let rate = times as f64 / seconds;
        println!(
            "{times} iterations with {actions} actions, 50 at a time: {rate:.0} per second, peak memory {} MB",
            peak / 1_000_000
        );
    }
}
