//! Checks that ask the cloud before anything is created.

use async_trait::async_trait;
use rally_core::{Kind, Phase, Problem, ProblemKind, Resource, ResourceType, Validator, WorkloadSpec, World};
use serde_json::Value;

use crate::cloud::Account;
use crate::resources::{GlanceImage, NovaFlavor, viewer};

/// An administrator is needed.
pub const ADMIN: Admin = Admin;
/// Compute is needed.
pub const NOVA: Services = Services(&["compute"]);
/// Images are needed.
pub const GLANCE: Services = Services(&["image"]);
/// Networks are needed.
pub const NEUTRON: Services = Services(&["network"]);
/// The arguments `image` and `flavor` must go together.
pub const IMAGE_FITS: ImageFits = ImageFits::new("image", "flavor");

/// The environment must name an administrator.
#[derive(Debug)]
pub struct Admin;

/// The catalogue must have services of these types.
#[derive(Debug)]
pub struct Services(pub &'static [&'static str]);

/// A flavor must be large enough for an image.
#[derive(Debug)]
pub struct ImageFits {
    image: &'static str,
    flavor: &'static str,
    disk: bool,
}

impl ImageFits {
    /// The flavor and the image of the arguments of these names.
    pub const fn new(image: &'static str, flavor: &'static str) -> Self {
        Self { image, flavor, disk: true }
    }

    /// Only the memory: the disk is a volume.
    #[must_use]
    pub const fn memory_only(mut self) -> Self {
        self.disk = false;
        self
    }
}

#[async_trait]
impl Validator for Admin {
    fn phase(&self) -> Phase {
        Phase::Semantic
    }

    async fn check(&self, workload: &WorkloadSpec, world: &World) -> Vec<Problem> {
        match Account::admin(world) {
            Ok(_) => Vec::new(),
            Err(_) => vec![
                Problem::new(
                    ProblemKind::Resource,
                    &workload.at,
                    format!("{} needs an administrator", workload.scenario),
                )
                .hint("the environment names none: add `admin` to its specification"),
            ],
        }
    }
}

#[async_trait]
impl Validator for Services {
    fn phase(&self) -> Phase {
        Phase::Semantic
    }

    async fn check(&self, workload: &WorkloadSpec, world: &World) -> Vec<Problem> {
        let Ok(account) = viewer(world).await else { return Vec::new() };
        let missing = self.0.iter().filter_map(|service| account.service(service).err());
        missing.map(|error| Problem::new(ProblemKind::Resource, &workload.at, error.to_string())).collect()
    }
}

#[async_trait]
impl Validator for ImageFits {
    fn phase(&self) -> Phase {
        Phase::Semantic
    }

    async fn check(&self, workload: &WorkloadSpec, world: &World) -> Vec<Problem> {
        // What a context will create cannot be looked at yet, and what is not there at all is said elsewhere.
        let (Some(image), Some(flavor)) = (
            argument::<GlanceImage>(workload, self.image, world).await,
            argument::<NovaFlavor>(workload, self.flavor, world).await,
        ) else {
            return Vec::new();
        };
        let name = image.name.as_deref().unwrap_or(&image.id);
        let mut problems = Vec::new();
        let mut say = |what: &str, has: String, needs: String| {
            let text = format!("flavor {} has {what} {has}, but image {name} needs {needs}", flavor.name);
            problems.push(Problem::argument(format!("{}.{}", workload.args_at, self.flavor), text));
        };
        if flavor.ram < image.min_ram {
            say("memory of", format!("{} MiB", flavor.ram), format!("{} MiB", image.min_ram));
        }
        // A flavor without a disk takes the size of the image.
        if self.disk && flavor.disk > 0 {
            let size = image.size.unwrap_or_default();
            if flavor.disk < image.min_disk {
                say("a disk of", format!("{} GiB", flavor.disk), format!("{} GiB", image.min_disk));
            } else if flavor.disk << 30 < size {
                say("a disk of", format!("{} GiB", flavor.disk), format!("{size} bytes"));
            }
        }
        problems
    }
}

/// What an argument of the workload names, if it names something that can be found now.
async fn argument<R: ResourceType>(workload: &WorkloadSpec, name: &str, world: &World) -> Option<R::Value> {
    let created = workload.contexts.iter().any(|(context, _)| {
        let context = world.registry().find(Kind::Context, context);
        context.is_ok_and(|context| context.meta().provides.contains(&R::NAME))
    });
    let given: Value = workload.args.get(name).filter(|_| !created)?.clone();
    match serde_json::from_value::<Resource<R>>(given).ok()? {
        Resource::Value(value) => Some(value),
        Resource::Spec(spec) => R::resolve(spec, world).await.ok(),
    }
}
