//! One workload, from its first setup to its last cleanup.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rally_core::erased::{AnyRunner, AnyScenario};
use rally_core::registry::Parsed;
use rally_core::report::{ActionRow, HookReport, SlaResult};
use rally_core::{
    Event, Failure, Load, LoadBuilder, Problem, Result, Stage, Stop, Verdict, WorkloadReport, World,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::client_cost::Reading;
use super::collector::{Collected, Collector, Seen};
use super::engine::Engine;
use super::hooks::Hooks;
use super::stage::{Contexts, all_cleaned, no_panic, send};
use super::stopper::Stopper;
use super::together::Place;
use crate::plan::{Part, Plan, ScenarioPart, Workload};
use crate::resolve::resolve;

/// Runs one workload in a world within `base`. With a place, its load begins when those of all other places do.
pub(super) async fn run(
    engine: &Engine,
    plan: &Plan,
    workload: &Workload,
    base: &Arc<World>,
    place: Option<Place>,
) -> WorkloadReport {
    let mut report = blank(plan, workload);
    if let Some(reason) = engine.stopper.reason() {
        report.stopped = Some(reason);
        return report;
    }
    let began = Instant::now();
    if let Err(failure) = attempt(engine, workload, base, place, &mut report).await {
        report.crash.get_or_insert(failure);
    }
    report.full_duration = began.elapsed().as_secs_f64();
    report
}

fn blank(plan: &Plan, workload: &Workload) -> WorkloadReport {
    let subtask = plan.subtasks.get(workload.subtask).map_or("", |subtask| subtask.title.as_str());
    let mut report =
        WorkloadReport::empty(Uuid::new_v4(), subtask, workload.position, workload.scenario.name());
    report.description.clone_from(&workload.description);
    report.config = plan.workload_v2(workload);
    report
}

/// The workload's plugins, all with their configurations.
struct Parts {
    contexts: Vec<Box<dyn rally_core::erased::AnyContext>>,
    runner: Box<dyn AnyRunner>,
    collector: Collector,
}

async fn attempt(
    engine: &Engine,
    workload: &Workload,
    base: &Arc<World>,
    place: Option<Place>,
    report: &mut WorkloadReport,
) -> Result {
    let mut world = World::within(base, report.id);
    let finished_world = Arc::new(OnceLock::new());
    let Parts { contexts, runner, collector } = parts(engine, workload, Arc::clone(&finished_world))?;
    let (events, collected) = collector.start()?;
    let mut contexts = Contexts::new(contexts, events.clone());

    let ready = match contexts.setup(&mut world, &engine.stopper).await {
        Ok(()) if engine.stopper.is_stopped() => Ok(None),
        Ok(()) => scenarios(engine, workload, &world).await.map(Some),
        Err(failure) => Err(failure),
    };
    let world = Arc::new(world);
    // Set once, here, and read by hooks only.
    let _first = finished_world.set(Arc::clone(&world));
    if let Some(place) = place {
        place.together().await;
    }
    match ready {
        Ok(Some(scenarios)) => {
            if let Err(failure) = load(engine, &*runner, scenarios, &world, &events, report).await {
                report.crash = Some(failure);
            }
        }
        Ok(None) => (),
        Err(failure) => report.crash = Some(failure),
    }
    report.contexts = contexts.cleanup(&world, engine.cleanup_limit).await;
    report.cleaned = all_cleaned(&report.contexts, &world);
    report.stopped = engine.stopper.reason();
    // The last sender: the collector reads what is left and ends.
    drop(events);
    let collected = collected.await.map_err(|_| Failure::new("Panic", "a reader of the events panicked"))?;
    fill(report, collected, &engine.stopper).await;
    Ok(())
}

fn parts(engine: &Engine, workload: &Workload, world: Arc<OnceLock<Arc<World>>>) -> Result<Parts> {
    let mut contexts = Vec::new();
    for part in &workload.contexts {
        contexts.push(parse(
            part,
            |parsed| if let Parsed::Context(context) = parsed { Some(context) } else { None },
        )?);
    }
    let runner =
        parse(
            &workload.runner,
            |parsed| if let Parsed::Runner(runner) = parsed { Some(runner) } else { None },
        )?;
    let mut slas = Vec::new();
    for part in &workload.slas {
        slas.push(parse(part, |parsed| if let Parsed::Sla(sla) = parsed { Some(sla) } else { None })?);
    }
    let mut hooks = Hooks::new(world);
    for hook in &workload.hooks {
        let action =
            parse(&hook.action, |parsed| if let Parsed::Hook(hook) = parsed { Some(hook) } else { None })?;
        let trigger =
            parse(
                &hook.trigger,
                |parsed| if let Parsed::Trigger(trigger) = parsed { Some(trigger) } else { None },
            )?;
        let description = hook.description.clone().unwrap_or_default();
        let report = HookReport::new(
            hook.action.registration.meta().name,
            hook.trigger.registration.meta().name,
            description,
        );
        hooks.add(action, trigger, report);
    }
    let reporters = engine.readers.iter().map(|reader| reader(workload)).collect();
    let collector = Collector::new(slas, reporters, hooks, engine.stopper.clone(), engine.abort_on_sla);
    Ok(Parts { contexts, runner, collector })
}

/// The plugin of a part. That it parses was checked when the plan was made; that it still does is not taken on trust.
fn parse<T>(part: &Part, pick: impl Fn(Parsed) -> Option<T>) -> Result<T> {
    let parsed = part.parse().map_err(|problem| as_failure(&[problem]))?;
    pick(parsed).ok_or_else(|| {
        let message = format!("{}: {:?} is not what the plan took it for", part.at, part.registration);
        Failure::new("WrongKind", message)
    })
}

/// The scenarios with their weights, with every resource that their arguments name looked up.
async fn scenarios(engine: &Engine, workload: &Workload, world: &World) -> Result<Vec<(AnyScenario, u64)>> {
    let mut scenarios = Vec::new();
    for (part, weight) in workload.scenario.each() {
        scenarios.push((scenario(engine, part, world).await?, weight));
    }
    Ok(scenarios)
}

async fn scenario(engine: &Engine, part: &ScenarioPart, world: &World) -> Result<AnyScenario> {
    match part {
        ScenarioPart::Given(scenario) => Ok(scenario.clone()),
        ScenarioPart::Named(part) => {
            let (args, problems) = resolve(part, &engine.registry, world).await;
            if !problems.is_empty() {
                return Err(as_failure(&problems));
            }
            match part.parse_with(args).map_err(|problem| as_failure(&[problem]))? {
                Parsed::Scenario(scenario) => Ok(scenario),
                _ => Err(Failure::new("WrongKind", format!("{}: is not a scenario", part.at))),
            }
        }
        ScenarioPart::Mix(mix) => Err(Failure::new("WrongKind", format!("`{}` is a mix in a mix", mix.name))),
    }
}

fn as_failure(problems: &[Problem]) -> Failure {
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::new("Problem", text.join("; "))
}

async fn load(
    engine: &Engine,
    runner: &dyn AnyRunner,
    scenarios: Vec<(AnyScenario, u64)>,
    world: &Arc<World>,
    events: &mpsc::Sender<Event>,
    report: &mut WorkloadReport,
) -> Result {
    let stage = Stage::Load { planned: runner.planned() };
    send(events, Event::Entered { stage: stage.clone() }).await;
    let cost = Reading::now();
    let began = Instant::now();
    let (stop, abort) = engine.stopper.tokens();
    let mut scenarios = scenarios.into_iter();
    let Some((first, weight)) = scenarios.next() else {
        return Err(Failure::new("WrongKind", "a mix of no scenario"));
    };
    let builder = LoadBuilder::new(first, Arc::clone(world)).weight(weight);
    let load = scenarios
        .fold(builder, |builder, (scenario, weight)| builder.mix(scenario, weight))
        .seed(engine.seed)
        .tokens(stop, abort)
        .events(events.clone())
        .build();
    report.started_at = Some(load.epoch_wall());
    let result = tokio::select! {
        result = no_panic(runner.run(&load)) => result,
        never = beside(engine, &load, events) => never,
    };
    report.client = Reading::now().since(&cost);
    let failure = result.as_ref().err().cloned().map(Arc::new);
    send(events, Event::Left { stage, took: began.elapsed(), failure }).await;
    result
}

/// What goes on beside the runner: seconds are told, and a stop turns into an abort after its grace. Never ends.
async fn beside(engine: &Engine, load: &Load, events: &mpsc::Sender<Event>) -> Result {
    let ticks = async {
        for second in 1_u64.. {
            tokio::time::sleep_until(load.epoch() + Duration::from_secs(second)).await;
            // A reader that is behind by a thousand events can do without a second.
            let _full = events.try_send(Event::Tick { second });
        }
    };
    let grace = async {
        engine.stopper.abort_after_grace().await;
        std::future::pending::<()>().await;
    };
    tokio::join!(ticks, grace);
    Ok(())
}

/// Turns what was collected into the report's chapters; SLAs and reporters have the last word.
async fn fill(report: &mut WorkloadReport, collected: Collected, stopper: &Stopper) {
    let Collected { seen, mut slas, reporters, hooks } = collected;
    let Seen { counts, rows, failures, lag, latency, outputs, span } = seen;
    report.counts = counts;
    let (actions, total): (Vec<ActionRow>, ActionRow) = rows.finish();
    (report.actions, report.total) = (actions, total);
    report.failures = failures.finish();
    (report.lag, report.latency) = (lag.summary(), latency.summary());
    report.outputs = outputs;
    report.load_duration = span.map_or(0.0, |(first, last)| last.saturating_sub(first).as_secs_f64());
    report.hooks = hooks.finish(stopper).await;
    for sla in &mut slas {
        sla.finish(report);
        report.sla.push(SlaResult::new(sla.meta().name, sla.verdict()));
    }
    match &report.stopped {
        Some(Stop::Sla(detail)) => {
            report.sla.push(SlaResult::new("aborted_on_sla", Verdict::new(false, detail.clone())));
        }
        Some(Stop::Requested | Stop::Aborted) => {
            let verdict = Verdict::new(false, "the run was stopped before its runner was done");
            report.sla.push(SlaResult::new("aborted_manually", verdict));
        }
        _ => (),
    }
    if let Some(crash) = &report.crash {
        report.sla.push(SlaResult::new("something_went_wrong", Verdict::new(false, crash.to_string())));
    }
    for reporter in reporters {
        reporter.finish(report);
    }
}
