//! The scenarios `Dummy.*`: they try out Rally itself.

use std::time::Duration;

use rally_core::{Chart, Failure, Iteration, Meta, Output, Result, Scenario, atomic, register};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Sleep inside two nested actions.
///
/// With no sleep at all it measures what Rally itself costs per iteration. Arguments that it does not know are
/// accepted and do nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dummy {
    /// How long, in seconds.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub sleep: f64,
    /// Whatever else a task file says.
    #[serde(flatten)]
    pub kwargs: Map<String, Value>,
}

impl Scenario for Dummy {
    const META: Meta = Meta::new("Dummy.dummy");

    async fn run(&self, _it: &Iteration) -> Result {
        atomic("foo", atomic("bar", sleep(self.sleep))).await
    }
}

/// Sleep, and fail in some of the iterations.
///
/// From one number to another, every so many iterations fail; the defaults let all of them pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyFailure {
    /// How long, in seconds.
    #[schemars(range(min = 0))]
    pub sleep: f64,
    /// The first iteration that may fail.
    pub from_iteration: u64,
    /// The last iteration that may fail.
    pub to_iteration: u64,
    /// Those fail whose number is a multiple of this; 0 is none.
    pub each: u64,
}

impl Default for DummyFailure {
    fn default() -> Self {
        Self { sleep: 0.1, from_iteration: 0, to_iteration: 0, each: 1 }
    }
}

impl Scenario for DummyFailure {
    const META: Meta = Meta::new("Dummy.failure");

    async fn run(&self, it: &Iteration) -> Result {
        sleep(self.sleep).await?;
        let number = it.number();
        let chosen = (self.from_iteration..=self.to_iteration).contains(&number);
        if chosen && self.each > 0 && number.is_multiple_of(self.each) {
            return Err(failure(format!("iteration {number} was told to fail")));
        }
        Ok(())
    }
}

/// Sleep, and fail always.
///
/// Shows what a run makes of failures with messages of any text and length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyException {
    /// The length of the message, when none is given.
    #[schemars(range(min = 1))]
    pub size_of_message: usize,
    /// How long, in seconds.
    #[schemars(range(min = 0))]
    pub sleep: f64,
    /// The message of the failure.
    pub message: String,
}

impl Default for DummyException {
    fn default() -> Self {
        Self { size_of_message: 1, sleep: 1.0, message: String::new() }
    }
}

impl Scenario for DummyException {
    const META: Meta = Meta::new("Dummy.dummy_exception");

    async fn run(&self, _it: &Iteration) -> Result {
        sleep(self.sleep).await?;
        Err(failure(if self.message.is_empty() {
            "M".repeat(self.size_of_message)
        } else {
            self.message.clone()
        }))
    }
}

/// Fail with a given probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyExceptionProbability {
    /// How likely a failure is: 0 is never, 1 is always.
    #[schemars(range(min = 0, max = 1))]
    pub exception_probability: f64,
}

impl Default for DummyExceptionProbability {
    fn default() -> Self {
        Self { exception_probability: 0.5 }
    }
}

impl Scenario for DummyExceptionProbability {
    const META: Meta = Meta::new("Dummy.dummy_exception_probability");

    async fn run(&self, it: &Iteration) -> Result {
        // Not the draw itself: failures of one cause should have one message.
        roulette(
            &mut chance(it),
            self.exception_probability,
            format!("failed with a probability of {}", self.exception_probability),
        )
    }
}

/// Fail with a given probability inside one of four nested actions.
///
/// Shows what a run makes of actions that fail, and of those around them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyRandomFailInAtomic {
    /// How likely a failure is: 0 is never, 1 is always, and any other is divided among four places.
    #[schemars(range(min = 0, max = 1))]
    pub exception_probability: f64,
}

impl Default for DummyRandomFailInAtomic {
    fn default() -> Self {
        Self { exception_probability: 0.5 }
    }
}

impl Scenario for DummyRandomFailInAtomic {
    const META: Meta = Meta::new("Dummy.dummy_random_fail_in_atomic");

    async fn run(&self, it: &Iteration) -> Result {
        let mut chance = chance(it);
        let all = self.exception_probability;
        let each = if all < 1.0 { all / 4.0 } else { all };
        for _ in 0..2 {
            atomic("dummy_fail_test", async {
                roulette(&mut chance, each, "failed before the inner action")?;
                let inner = async { roulette(&mut chance, each, "failed in the inner action") };
                atomic("dummy_fail_inner_test", inner).await
            })
            .await?;
        }
        Ok(())
    }
}

/// Sleep for a random time in each of several actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyRandomAction {
    /// How many actions: `action_0`, `action_1` and so on.
    pub actions_num: u64,
    /// For at least so many seconds in each.
    #[schemars(range(min = 0))]
    pub sleep_min: f64,
    /// For at most so many seconds in each.
    #[schemars(range(min = 0))]
    pub sleep_max: f64,
}

impl Default for DummyRandomAction {
    fn default() -> Self {
        Self { actions_num: 5, sleep_min: 0.0, sleep_max: 0.0 }
    }
}

impl Scenario for DummyRandomAction {
    const META: Meta = Meta::new("Dummy.dummy_random_action");

    async fn run(&self, it: &Iteration) -> Result {
        let mut chance = chance(it);
        for index in 0..self.actions_num {
            let time = self.sleep_min + (self.sleep_max - self.sleep_min) * chance.random::<f64>();
            atomic(format!("action_{index}"), sleep(time)).await?;
        }
        Ok(())
    }
}

/// Sleep for a known time in each of several actions, longer in each than in the one before it.
///
/// The first one does not sleep. Shows whether criteria for single actions hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyTimedAtomicActions {
    /// How many actions: `action_0`, `action_1` and so on.
    pub number_of_actions: u32,
    /// By how many seconds an action takes longer than the one before it.
    #[schemars(range(min = 0))]
    pub sleep_factor: f64,
}

impl Default for DummyTimedAtomicActions {
    fn default() -> Self {
        Self { number_of_actions: 5, sleep_factor: 1.0 }
    }
}

impl Scenario for DummyTimedAtomicActions {
    const META: Meta = Meta::new("Dummy.dummy_timed_atomic_actions");

    async fn run(&self, _it: &Iteration) -> Result {
        for index in 0..self.number_of_actions {
            atomic(format!("action_{index}"), sleep(f64::from(index) * self.sleep_factor)).await?;
        }
        Ok(())
    }
}

/// Add one chart of each kind to the report, with random values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DummyOutput {
    /// The largest value; the smallest is 1.
    #[schemars(range(min = 1))]
    pub random_range: u32,
}

impl Default for DummyOutput {
    fn default() -> Self {
        Self { random_range: 25 }
    }
}

impl Scenario for DummyOutput {
    const META: Meta = Meta::new("Dummy.dummy_output");

    async fn run(&self, it: &Iteration) -> Result {
        let mut chance = chance(it);
        for output in self.additive(&mut chance)?.into_iter().chain(self.complete(&mut chance)?) {
            it.output(output);
        }
        Ok(())
    }
}

impl DummyOutput {
    fn value(&self, chance: &mut SmallRng) -> u32 {
        chance.random_range(1..=self.random_range.max(1))
    }

    /// Charts over all iterations, one of each kind that there is.
    fn additive(&self, chance: &mut SmallRng) -> Result<[Output; 4]> {
        let mut series = |names: &[&str]| -> Vec<(String, f64)> {
            names.iter().map(|name| ((*name).to_owned(), f64::from(self.value(chance)))).collect()
        };
        Ok([
            Output::additive(
                "Additive StatsTable",
                Chart::StatsTable,
                series(&["foo stat", "bar stat", "spam stat"]),
            )?
            .description("Three values, as a table over all iterations."),
            Output::additive(
                "Additive StackedArea (no description)",
                Chart::StackedArea,
                series(&["foo 1", "foo 2", "foo 3", "foo 4", "foo 5", "foo 6"]),
            )?
            .labels("Foo units", ""),
            Output::additive("Additive Lines", Chart::Lines, series(&["bar 1", "bar 2", "bar 3"]))?
                .description("Three values, as lines over all iterations.")
                .labels("Bar units", ""),
            Output::additive("Additive Pie", Chart::Pie, series(&["spam 1", "spam 2", "spam 3"]))?
                .description("Three values, as shares of their mean."),
        ])
    }

    /// Charts of this iteration alone, one of each kind that there is.
    fn complete(&self, chance: &mut SmallRng) -> Result<[Output; 5]> {
        let mut curves = |names: &[&str], xs: std::ops::Range<u32>| -> Value {
            let curve = |name: &&str, points: Vec<(u32, u32)>| json!([name, points]);
            names
                .iter()
                .map(|name| curve(name, xs.clone().map(|x| (x, self.value(chance))).collect()))
                .collect()
        };
        let lines = curves(&["Foo", "Bar", "Spam"], 1..8);
        let areas = curves(&["alpha", "beta", "gamma"], 0..50);
        let slices =
            ["delta", "epsilon", "zeta", "theta", "lambda", "omega"].map(|name| (name, self.value(chance)));
        let rows = ["iota", "nu", "rho", "phi", "psi"].map(|name| {
            let cells = [(); 4].map(|()| self.value(chance));
            json!([format!("{name} row"), cells[0], cells[1], cells[2], cells[3]])
        });
        let columns = ["mu column", "xi column", "pi column", "tau column", "chi column"];
        Ok([
            Output::complete("Complete Lines", Chart::Lines, lines)?
                .description("Three curves of seven points.")
                .labels("Some units", "Number of the point"),
            Output::complete("Complete StackedArea", Chart::StackedArea, areas)?
                .description("Three curves of fifty points, one on top of the other.")
                .labels("Other units", "Number of the point"),
            Output::text("Arbitrary Text", [TEXT; 4]),
            Output::complete("Complete Pie (no description)", Chart::Pie, json!(slices))?,
            Output::complete("Complete Table", Chart::Table, json!({"cols": columns, "rows": rows}))?
                .description("A table of five columns and five rows."),
        ])
    }
}

const TEXT: &str = "A text may have several paragraphs. This one is long enough to be broken into lines, so that the \
                    report shows how it does that, and it says nothing that anyone would want to know.";

register!(scenario:
    Dummy,
    DummyFailure,
    DummyException,
    DummyExceptionProbability,
    DummyRandomFailInAtomic,
    DummyRandomAction,
    DummyTimedAtomicActions,
    DummyOutput,
);

/// Sleeps so many seconds; at 0 it does not even look at the clock, whose grid is a millisecond.
async fn sleep(seconds: f64) -> Result {
    let time = Duration::try_from_secs_f64(seconds)?;
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
    Ok(())
}

/// Random numbers that are the same when the run is repeated with its seed.
fn chance(it: &Iteration) -> SmallRng {
    SmallRng::seed_from_u64(it.seed())
}

fn roulette(chance: &mut SmallRng, probability: f64, message: impl Into<String>) -> Result {
    if chance.random::<f64>() < probability { Err(failure(message)) } else { Ok(()) }
}

/// What the scenarios fail with: the name says that nobody's cloud is to blame.
fn failure(message: impl Into<String>) -> Failure {
    Failure::new("DummyError", message)
}
