//! A plugin of every kind that is not ours.

pub mod routers;

use std::time::Duration;

use rally::{
    Artifacts, Chart, Cleaned, Context, Exporter, Fired, Hook, Iteration, IterationResult, Load, Meta,
    Output, Platform, Report, Resource, ResourceType, Result, Runner, Scenario, Sla, Trigger, Unit, Verdict,
    World, atomic, register,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the platform is: a kitchen with so many stoves.
pub struct Stoves(pub u32);

/// Reach a kitchen.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Kitchen {
    /// How many stoves it has.
    pub stoves: u32,
}

impl Platform for Kitchen {
    const META: Meta = Meta::new("existing").platform("kitchen");

    async fn connect(&self, world: &mut World) -> Result {
        world.insert(Stoves(self.stoves))?;
        world.fact("stoves", self.stoves.to_string());
        Ok(())
    }
}

/// What the context prepares.
pub struct Beans(pub u32);

/// Buy beans.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Shopping {
    /// How many bags.
    pub bags: u32,
}

impl Context for Shopping {
    const META: Meta = Meta::new("shopping").platform("kitchen");
    const ORDER: u32 = 10;

    async fn setup(&self, world: &mut World) -> Result {
        world.insert(Beans(self.bags))?;
        Ok(())
    }

    async fn cleanup(&self, _world: &World) -> Cleaned {
        let mut cleaned = Cleaned::nothing();
        cleaned.deleted("kitchen.bag");
        cleaned
    }
}

/// The pot of a stove.
pub struct Pot;

/// How a task names a pot.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct PotSpec {
    /// The number of its stove, counted from 1.
    pub stove: u32,
}

impl ResourceType for Pot {
    const NAME: &'static str = "kitchen_pot";
    type Spec = PotSpec;
    type Value = u32;

    async fn resolve(spec: PotSpec, world: &World) -> Result<u32> {
        let stoves = world.get::<Stoves>()?.0;
        if spec.stove > stoves {
            return Err(rally::Failure::msg(format!(
                "there are {stoves} stoves and no number {}",
                spec.stove
            )));
        }
        Ok(spec.stove)
    }
}

/// Brew coffee.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Brew {
    /// In which pot.
    pub pot: Resource<Pot>,
}

impl Scenario for Brew {
    const META: Meta =
        Meta::new("Kitchen.brew").platform("kitchen").contexts(&[("shopping@kitchen", r#"{"bags": 1}"#)]);

    async fn run(&self, it: &Iteration) -> Result {
        let stove = *self.pot.get()?;
        it.world().get::<Beans>()?;
        it.output(Output::additive("Stove", Chart::StackedArea, [("number", f64::from(stove))])?);
        atomic("kitchen.brew", async { Ok(tokio::time::sleep(Duration::from_millis(1)).await) }).await
    }
}

/// Start two iterations, then two more.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Twice {}

impl Runner for Twice {
    const META: Meta = Meta::new("twice");

    async fn run(&self, load: &Load) -> Result {
        for pair in [[1, 2], [3, 4]] {
            let running = pair.map(|number| tokio::spawn(load.iterate(number, None)));
            for iteration in running {
                iteration.await?;
            }
        }
        Ok(())
    }
}

/// Want so many cups.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Cups {
    /// At least.
    pub min: u64,
    #[serde(skip)]
    seen: u64,
}

impl Sla for Cups {
    const META: Meta = Meta::new("cups");

    fn observe(&mut self, result: &IterationResult) {
        self.seen += u64::from(result.passed());
    }

    fn verdict(&self) -> Verdict {
        Verdict::new(self.seen >= self.min, format!("{} of {} cups", self.seen, self.min))
    }
}

/// Fire at one iteration.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Once {
    /// Its number.
    pub at: u64,
}

impl Trigger for Once {
    const META: Meta = Meta::new("once");

    fn unit(&self) -> Unit {
        Unit::Iteration
    }

    fn fires(&self, at: u64) -> bool {
        at == self.at
    }
}

/// Open a window.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Window {}

impl Hook for Window {
    const META: Meta = Meta::new("window");

    async fn run(&self, fired: Fired) -> Result<Vec<Output>> {
        let stoves = fired.world().get::<Stoves>()?.0;
        Ok(vec![Output::text("Air", [format!("{stoves} stoves")])])
    }
}

/// Write the number of cups.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Bill {}

impl Exporter for Bill {
    const META: Meta = Meta::new("bill");

    async fn export(&self, reports: &[Report]) -> Result<Artifacts> {
        let cups: u64 = reports.iter().flat_map(|r| &r.workloads).map(|w| w.counts.passed).sum();
        Ok(Artifacts::text(format!("{cups} cups")))
    }
}

register!(platform: Kitchen);
register!(context: Shopping);
register!(resource: Pot);
register!(scenario: Brew);
register!(runner: Twice);
register!(sla: Cups);
register!(trigger: Once);
register!(hook: Window);
register!(exporter: Bill);
