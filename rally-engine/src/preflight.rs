//! What can be known to fail is said before anything is created.

use rally_core::{Phase, Problem, Registry, World};

use crate::plan::{Plan, Workload};
use crate::resolve;

/// Everything that the plugins' own checks of this phase have against the plan, over all its workloads.
///
/// [`Plan::build`] has made those of [`Phase::Syntax`] already.
pub async fn preflight(plan: &Plan, phase: Phase, world: &World) -> Vec<Problem> {
    let mut problems = Vec::new();
    for each in &plan.workloads {
        problems.extend(workload(each, phase, world).await);
    }
    plan.lines.add_to(&mut problems);
    problems
}

/// Everything that the checks of this phase have against one workload. Two plugins may share a check; what it finds is
/// told once.
pub(crate) async fn workload(workload: &Workload, phase: Phase, world: &World) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for (spec, (scenario, _)) in workload.specs().iter().zip(workload.scenario.each()) {
        for part in scenario.parts().chain(workload.parts_around()) {
            for validator in part.registration.meta().validators.iter().filter(|check| check.phase() == phase)
            {
                for problem in validator.check(spec, world).await {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    problems
}

/// Every resource that some workload names and the cloud does not have, except those that a context of the workload
/// will create.
///
/// Asks the cloud, and creates nothing.
pub async fn check_resources(plan: &Plan, registry: &Registry, world: &World) -> Vec<Problem> {
    let mut problems = Vec::new();
    for workload in &plan.workloads {
        let created: Vec<&str> =
            workload.contexts.iter().flat_map(|part| part.registration.meta().provides).copied().collect();
        for part in workload.parts() {
            let (_, missing) = resolve::resolve_except(part, &created, registry, world).await;
            problems.extend(missing);
        }
    }
    plan.lines.add_to(&mut problems);
    problems
}
