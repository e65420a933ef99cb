//! A draft is a workload in typed values, and becomes the same plan that a file gives.

use rally_core::erased::AnyScenario;
use rally_core::{Context, Hook, Plugin, Registration, Runner, Scenario, Sla, Trigger};
use serde_json::Value;

use super::IN_CODE;

/// A workload that a program states.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(super) description: Option<String>,
    /// With their weights; several are a mix.
    pub(super) scenarios: Vec<(DraftScenario, u64)>,
    pub(super) contexts: Vec<DraftPart>,
    pub(super) runner: Option<DraftPart>,
    pub(super) slas: Vec<DraftPart>,
    pub(super) default_sla: bool,
    pub(super) hooks: Vec<(DraftPart, DraftPart)>,
}

#[derive(Clone, Debug)]
pub(super) enum DraftScenario {
    Named(DraftPart),
    Given(AnyScenario),
}

impl DraftScenario {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(part) => part.registration.meta().name,
            Self::Given(scenario) => scenario.name(),
        }
    }
}

/// A plugin and its configuration, or why the configuration cannot be written as JSON.
#[derive(Clone, Debug)]
pub(super) struct DraftPart {
    pub(super) registration: Registration,
    pub(super) config: Result<Value, String>,
}

fn part(registration: Registration, plugin: &impl Plugin) -> DraftPart {
    DraftPart { registration, config: plugin.__config().map_err(|error| error.to_string()) }
}

impl Draft {
    /// A workload of this scenario.
    pub fn new<S: Scenario>(scenario: &S) -> Self {
        Self::of(DraftScenario::Named(part(Registration::scenario::<S>(IN_CODE), scenario)))
    }

    /// A workload of a closure.
    pub fn given(scenario: AnyScenario) -> Self {
        Self::of(DraftScenario::Given(scenario))
    }

    fn of(scenario: DraftScenario) -> Self {
        Self {
            description: None,
            scenarios: vec![(scenario, 1)],
            contexts: Vec::new(),
            runner: None,
            slas: Vec::new(),
            default_sla: true,
            hooks: Vec::new(),
        }
    }

    /// What it is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// With one more context.
    #[must_use]
    pub fn context<C: Context>(mut self, context: &C) -> Self {
        self.contexts.push(part(Registration::context::<C>(IN_CODE), context));
        self
    }

    /// With this runner instead of `serial`.
    #[must_use]
    pub fn runner<R: Runner>(mut self, runner: &R) -> Self {
        self.runner = Some(part(Registration::runner::<R>(IN_CODE), runner));
        self
    }

    /// With one more scenario in the same load: each iteration runs one of them, by their weights. The first one has
    /// the weight 1 unless [`weight`](Self::weight) says otherwise.
    #[must_use]
    pub fn mix<S: Scenario>(mut self, scenario: &S, weight: u64) -> Self {
        let scenario = DraftScenario::Named(part(Registration::scenario::<S>(IN_CODE), scenario));
        self.scenarios.push((scenario, weight));
        self
    }

    /// With a closure as one more scenario in the same load.
    #[must_use]
    pub fn mix_given(mut self, scenario: AnyScenario, weight: u64) -> Self {
        self.scenarios.push((DraftScenario::Given(scenario), weight));
        self
    }

    /// With this weight of the first scenario.
    #[must_use]
    pub fn weight(mut self, weight: u64) -> Self {
        if let Some((_, first)) = self.scenarios.first_mut() {
            *first = weight;
        }
        self
    }

    /// Without the SLA that is there by default, which allows no failure.
    #[must_use]
    pub fn without_default_sla(mut self) -> Self {
        self.default_sla = false;
        self
    }

    /// With one more SLA. The default, which allows no failure, stays beside it, unless this is `failure_rate` itself
    /// or the draft is [`without_default_sla`](Self::without_default_sla).
    #[must_use]
    pub fn sla<S: Sla>(mut self, sla: &S) -> Self {
        self.slas.push(part(Registration::sla::<S>(IN_CODE), sla));
        self
    }

    /// With one more hook, taken when the trigger says so.
    #[must_use]
    pub fn hook<H: Hook, T: Trigger>(mut self, action: &H, trigger: &T) -> Self {
        let hook = (
            part(Registration::hook::<H>(IN_CODE), action),
            part(Registration::trigger::<T>(IN_CODE), trigger),
        );
        self.hooks.push(hook);
        self
    }
}
