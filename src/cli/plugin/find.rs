//! Which plugins a person means.

use rally_core::{Kind, Registration, Registry, did_you_mean};

use crate::cli::error::Error;
use crate::cli::exit;

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// A name or a part of one, with (`users@openstack`) or without a platform.
    pub(super) name: Option<&'a str>,
    pub(super) kind: Option<Kind>,
    pub(super) platform: Option<&'a str>,
    /// Whether those count that a task file cannot name.
    pub(super) hidden: bool,
}

impl Wanted<'_> {
    /// With the platform that the name itself tells.
    pub(super) fn split(mut self) -> Self {
        if let Some((name, platform)) = self.name.and_then(|name| name.split_once('@')) {
            self.name = Some(name);
            // An option that says something else leaves nothing, and the message names both.
            self.platform = self.platform.or(Some(platform));
        }
        self
    }

    /// All that fit: names that hold the name, whatever the letter case.
    pub(super) fn all(self, registry: &Registry) -> Result<Vec<&Registration>, Error> {
        let found: Vec<_> = self.among(registry).filter(|plugin| self.holds(plugin)).collect();
        if found.is_empty() { Err(self.nothing(registry)) } else { Ok(found) }
    }

    /// The one that fits: the one of exactly this name, else the only one whose name holds it.
    pub(super) fn one(self, registry: &Registry) -> Result<&Registration, Error> {
        let name = self.name.unwrap_or_default();
        let all: Vec<_> = Self { hidden: true, ..self }.among(registry).collect();
        let exact = |same: &dyn Fn(&str) -> bool| -> Vec<&Registration> {
            all.iter().filter(|plugin| same(plugin.meta().name)).copied().collect()
        };
        let ways: [Vec<&Registration>; 3] = [
            exact(&|other| other == name),
            exact(&|other| other.eq_ignore_ascii_case(name)),
            all.iter().filter(|plugin| !plugin.meta().hidden && self.holds(plugin)).copied().collect(),
        ];
        match ways.iter().find(|found| !found.is_empty()).map(Vec::as_slice) {
            Some([one]) => Ok(one),
            Some(several) => Err(self.several(several)),
            None => Err(self.nothing(registry)),
        }
    }

    fn among(self, registry: &Registry) -> impl Iterator<Item = &Registration> {
        registry.iter().filter(move |plugin| {
            self.kind.is_none_or(|kind| kind == plugin.kind())
                && self.platform.is_none_or(|platform| platform == plugin.meta().platform)
                && (self.hidden || !plugin.meta().hidden)
        })
    }

    fn holds(self, plugin: &Registration) -> bool {
        let name = self.name.unwrap_or_default().to_lowercase();
        plugin.meta().name.to_lowercase().contains(&name)
    }

    /// ``scenario `x` on the platform `y` ``.
    fn said(self) -> String {
        let kind = self.kind.map_or_else(|| "plugin".to_owned(), |kind| kind.to_string());
        let name = self.name.map(|name| format!(" `{name}`")).unwrap_or_default();
        let platform = self.platform.map(|platform| format!(" on the platform `{platform}`"));
        format!("{kind}{name}{}", platform.unwrap_or_default())
    }

    fn nothing(self, registry: &Registry) -> Error {
        let mut hints = Vec::new();
        let wider = Wanted { platform: None, kind: None, hidden: true, ..self };
        if let Some(name) = self.name {
            let visible: Vec<&str> = self.among(registry).map(|plugin| plugin.meta().name).collect();
            hints.extend(did_you_mean(name, visible));
            // It is there, but not where it was looked for.
            let elsewhere =
                wider.among(registry).filter(|plugin| plugin.meta().name.eq_ignore_ascii_case(name));
            hints.extend(elsewhere.map(|plugin| format!("what there is: {}", in_a_line(plugin))));
        }
        if let Some(platform) = self.platform {
            let mut platforms: Vec<&str> = registry.iter().map(|plugin| plugin.meta().platform).collect();
            platforms.sort_unstable();
            platforms.dedup();
            if !platforms.contains(&platform) {
                hints.push(format!("the platforms are {}", platforms.join(", ")));
            }
        }
        if hints.is_empty() {
            hints.push("`rally plugin list` shows all of them".into());
        }
        Error::new(exit::UNKNOWN_PLUGIN, format!("there is no {}", self.said())).details(hints)
    }

    fn several(self, plugins: &[&Registration]) -> Error {
        let name = self.name.unwrap_or_default();
        let what = format!("there are {} plugins like `{name}`; name one of them:", plugins.len());
        // Those that share a name are told apart by the options that follow it.
        let line = |plugin: &&Registration| {
            let same = plugins.iter().filter(|other| other.meta().name == plugin.meta().name);
            let (mut kind, mut platform) = (String::new(), String::new());
            for other in same {
                if other.kind() != plugin.kind() {
                    kind = format!(" --kind {}", option(plugin.kind()));
                }
                if other.meta().platform != plugin.meta().platform {
                    platform = format!(" --platform {}", plugin.meta().platform);
                }
            }
            format!("{}{kind}{platform}", plugin.meta().name)
        };
        Error::new(exit::AMBIGUOUS, what).details(plugins.iter().map(line))
    }
}

/// ``context `users` of the platform `openstack` ``.
fn in_a_line(plugin: &Registration) -> String {
    let meta = plugin.meta();
    format!("{} `{}` on the platform `{}`", plugin.kind(), meta.name, meta.platform)
}

/// A kind as an option names it: `resource-type`.
pub(super) fn option(kind: Kind) -> String {
    kind.to_string().to_lowercase().replace(' ', "-")
}
