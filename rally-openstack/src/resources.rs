//! Arguments that name an image or a flavor are looked up once, before the load.
//!
//! They are looked for as the administrator, where there is one, else as the first user of the workload.

use std::sync::Arc;

use rally_core::{ByName, Failure, Resource, ResourceType, Result, World, did_you_mean, register};
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cloud::Account;
use crate::contexts::UserPool;
use crate::platform::OpenStack;
use crate::services::{self, nova};

/// An image of the cloud, as an argument: `{name: cirros}`, `{regex: …}` or `{id: …}`.
pub type Image = Resource<GlanceImage>;

/// A flavor of the cloud, as an argument: `{name: m1.tiny}`, `{regex: …}` or `{id: …}`.
pub type Flavor = Resource<NovaFlavor>;

/// Finds images.
#[derive(Debug)]
pub enum GlanceImage {}

/// Finds flavors.
#[derive(Debug)]
pub enum NovaFlavor {}

/// How a task names an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImageSpec {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its exact name; when no image has it, a regular expression for its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A regular expression for its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Whether a regular expression that several names match is an error (default: no, the last in the order of
    /// names is taken).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub accurate: bool,
    /// Glance's own filters for the images that are looked at, such as `owner` or `visibility`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_kwargs: Option<Map<String, Value>>,
}

impl From<ByName> for ImageSpec {
    fn from(spec: ByName) -> Self {
        Self { id: spec.id, name: spec.name, regex: spec.regex, ..Self::default() }
    }
}

impl ResourceType for GlanceImage {
    const NAME: &'static str = "glance_image";
    type Spec = ImageSpec;
    type Value = services::Image;

    async fn resolve(spec: ImageSpec, world: &World) -> Result<services::Image> {
        let glance = viewer(world).await?.glance();
        if let Some(id) = &spec.id {
            let found = glance.get_image(id).await;
            return found.map_err(|error| {
                Failure::from(error).context(format!("there is no image with the id {id}"))
            });
        }
        let given = spec.list_kwargs.iter().flatten();
        let given: Vec<(&str, String)> = given.map(|(key, value)| (key.as_str(), text(value))).collect();
        let mut filters: Vec<(&str, &str)> =
            given.iter().map(|(key, value)| (*key, value.as_str())).collect();
        if !filters.iter().any(|(key, _)| *key == "status") {
            filters.push(("status", "active"));
        }
        if let Some(name) = &spec.name {
            // One short answer in place of all images of the cloud, most of the time.
            let narrowed: Vec<_> = filters.iter().copied().chain([("name", name.as_str())]).collect();
            let mut exact = glance.images(&narrowed).await?;
            exact.retain(|image| image.name.as_ref() == Some(name));
            if !exact.is_empty() {
                return Search::named("image", name).only(exact, |image| image.id.clone());
            }
        }
        let search = Search::new("image", spec.name.as_deref(), spec.regex.as_deref())?;
        let images = glance.images(&filters).await?;
        let mut found = search.filter(images, |image| image.name.as_deref().unwrap_or_default())?;
        if spec.accurate {
            return search.only(found, |image| image.name.clone().unwrap_or_default());
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.pop().ok_or_else(|| Failure::msg("no image"))
    }
}

impl ResourceType for NovaFlavor {
    const NAME: &'static str = "nova_flavor";
    type Spec = ByName;
    type Value = nova::Flavor;

    async fn resolve(spec: ByName, world: &World) -> Result<nova::Flavor> {
        let nova = viewer(world).await?.nova();
        if let Some(id) = &spec.id {
            let found = nova.get_flavor(id).await;
            return found.map_err(|error| {
                Failure::from(error).context(format!("there is no flavor with the id {id}"))
            });
        }
        let search = Search::new("flavor", spec.name.as_deref(), spec.regex.as_deref())?;
        let flavors = nova.list_flavors(true, &[]).await?;
        if let Some(name) = &spec.name {
            let exact: Vec<_> = flavors.iter().filter(|flavor| flavor.name == *name).cloned().collect();
            if !exact.is_empty() {
                return search.only(exact, |flavor| flavor.id.clone());
            }
        }
        let found = search.filter(flavors, |flavor| &flavor.name)?;
        search.only(found, |flavor| flavor.name.clone())
    }
}

register!(resource: GlanceImage, NovaFlavor);

/// Through whose eyes the cloud is seen.
pub(crate) async fn viewer(world: &World) -> Result<Account> {
    if let Ok(admin) = Account::admin(world) {
        return Ok(admin);
    }
    if let Some(user) = world.find::<UserPool>().and_then(|pool| pool.users().next()) {
        return Ok(user.account.clone());
    }
    let cloud = world.get::<OpenStack>()?;
    let user =
        cloud.users().first().ok_or_else(|| Failure::new("NoUsers", "nobody is there to look for it"))?;
    let session = cloud.connection().login(user.clone()).await?;
    Ok(Account::new(world, session, Arc::clone(cloud.waits())))
}

/// What is looked for: a text that is meant as a name, and as a regular expression where no name is the same.
struct Search<'a> {
    what: &'static str,
    wanted: &'a str,
    regex: Option<Regex>,
}

impl<'a> Search<'a> {
    fn new(what: &'static str, name: Option<&'a str>, regex: Option<&'a str>) -> Result<Self> {
        let Some(wanted) = name.or(regex) else {
            return Err(Failure::new(
                "Unnamed",
                format!("no {what} is named: give its `name`, `regex` or `id`"),
            ));
        };
        let bad = |error| Failure::from(error).context(format!("`{wanted}` is no regular expression"));
        // A name with a stray bracket is a name that nothing has, not a mistake of its own.
        let regex = match Regex::new(wanted) {
            Err(error) if regex.is_some() => return Err(bad(error)),
            compiled => compiled.ok(),
        };
        Ok(Self { what, wanted, regex })
    }

    fn named(what: &'static str, wanted: &'a str) -> Self {
        Self { what, wanted, regex: None }
    }

    /// Those that match; when nothing does, an error with the near names.
    fn filter<T>(&self, all: Vec<T>, name: impl Fn(&T) -> &str) -> Result<Vec<T>> {
        let matches = |item: &T| self.regex.as_ref().is_some_and(|regex| regex.is_match(name(item)));
        let (found, others): (Vec<T>, Vec<T>) = all.into_iter().partition(|item| matches(item));
        if !found.is_empty() {
            return Ok(found);
        }
        let (what, wanted) = (self.what, self.wanted);
        let mut names: Vec<&str> = others.iter().map(name).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        let hint = did_you_mean(wanted, names.iter().copied()).unwrap_or_else(|| match names.as_slice() {
            [] => format!("there is no {what} at all"),
            [few @ .., _] if few.len() < SHOWN => format!("there are {}", names.join(", ")),
            many => format!("there are {} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
        });
        Err(Failure::new("NotFound", format!("there is no {what} `{wanted}`; {hint}")))
    }

    /// The one that there is; of several, none.
    fn only<T>(&self, mut found: Vec<T>, label: impl Fn(&T) -> String) -> Result<T> {
        match found.len() {
            1 => Ok(found.swap_remove(0)),
            several => {
                let labels: Vec<String> = found.iter().take(SHOWN).map(label).collect();
                let (what, wanted) = (self.what, self.wanted);
                let message =
                    format!("`{wanted}` means {several} {what}s ({}): give the id of one", labels.join(", "));
                Err(Failure::new("Ambiguous", message))
            }
        }
    }
}

/// How many names an error shows.
const SHOWN: usize = 6;

/// A value of a task file as glance wants it in a query.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["cirros", "cirros-0.6.2-x86_64-disk", "debian"];

    fn filter(name: Option<&str>, regex: Option<&str>) -> Result<Vec<&'static str>> {
        Search::new("image", name, regex)?.filter(NAMES.to_vec(), |name| name)
    }

    #[test]
    fn a_name_that_nothing_has_is_a_regular_expression() {
        assert_eq!(filter(Some("^cirros.*-disk$"), None).unwrap(), [NAMES[1]]);
        assert_eq!(filter(None, Some("rr")).unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_there_is_answered_with_near_names() {
        let error = filter(Some("ciros"), None).unwrap_err().to_string();
        assert!(error.contains("no image `ciros`; did you mean `cirros`"), "{error}");
        let error = filter(Some("zzz"), None).unwrap_err().to_string();
        assert!(error.contains("there are cirros, cirros-0.6.2-x86_64-disk, debian"), "{error}");
        assert!(
            filter(Some("cirros("), None).unwrap_err().to_string().contains("no image"),
            "a bracket is no mistake"
        );
        assert!(filter(None, Some("(")).unwrap_err().to_string().contains("regular expression"));
        assert!(filter(None, None).unwrap_err().to_string().contains("give its `name`"));
    }

    #[test]
    fn several_are_as_bad_as_none() {
        let search = Search::named("flavor", "m1");
        let error =
            search.only(vec!["m1.tiny", "m1.small"], |name| (*name).to_owned()).unwrap_err().to_string();
        assert!(error.contains("means 2 flavors (m1.tiny, m1.small)"), "{error}");
    }
}
