//! A task file is a Jinja2 template first: it is rendered here, with the arguments that the user gives.
//!
//! As in Rally, templates see `min`, `max`, `ceil` and `round` (half to even) besides what Jinja2 has, and the methods
//! of Python's values. Nothing is escaped. Lists, mappings and `None` are written as JSON, so that YAML reads them as
//! what they are. `include`, `import` and `extends` find files in the folder of the task file and below it, as
//! Jinja2's own loader does; a symbolic link may lead elsewhere. An imported file sees the variables of the file that
//! imports it.
//!
//! The crate behind it is minijinja, which nothing outside of this module knows.

mod args;
mod engine;
mod files;
mod limits;
mod scan;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::thread::ScopedJoinHandle;

use minijinja::value::Serde;
use minijinja::{Environment, Value};
use rally_core::{Problem, ProblemKind, did_you_mean};

pub use self::args::Args;
use self::files::Files;
use self::scan::{Scan, is_template, scan};
use crate::problems::MOST;

/// A template that has been rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rendered {
    /// The text of the task; lines in later problems are lines of this text.
    pub text: String,
    /// Whether there was anything to render.
    pub is_template: bool,
    /// What is allowed and may be a mistake: arguments that the template does not use.
    pub warnings: Vec<Problem>,
}

/// Renders the text of a task file with these arguments.
///
/// `folder` is the folder of the file, from which it may include others; a text without one includes nothing. A text
/// without any tag stays as it is.
///
/// Otherwise every argument that is missing, each in a [`Problem`] of its own with the name in backticks and the
/// [`line`](Problem::line) of its first use, or the one place that cannot be rendered. Templates are bounded: what runs
/// on or writes more than 10 MB is refused.
///
/// ```
/// use rally_engine::template::{Args, render};
///
/// let text = "title: {{ title }}\ntimes: {{ times | default(3) }}\nload: {{ ceil(rate * hours) }}";
/// let problems = render(text, None, &Args::new().with("titel", "x")).unwrap_err();
/// let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
/// assert_eq!(
///     told,
///     [
///         "line 1: the template needs the argument `title` (you gave `titel`)",
///         "line 3: the template needs the argument `hours` (give it a value, or write `{{ hours | default(…) }}`)",
///         "line 3: the template needs the argument `rate` (give it a value, or write `{{ rate | default(…) }}`)",
///     ]
/// );
/// let args = Args::new().with("title", "x").with("rate", 0.4).with("hours", 8);
/// assert_eq!(render(text, None, &args).unwrap().text, "title: x\ntimes: 3\nload: 4");
/// ```
pub fn render(text: &str, folder: Option<&Path>, args: &Args) -> Result<Rendered, Vec<Problem>> {
    if text.len() > engine::MAX_BYTES {
        let what = "the text has more than 10 MB, and more is not read";
        return Err(vec![Problem::new(ProblemKind::Text, "", what)]);
    }
    if !is_template(text) {
        let warnings = unused(args, &HashSet::new());
        return Ok(Rendered { text: text.to_owned(), is_template: false, warnings });
    }
    let mut own = scan(text);
    if args.get("namespace").is_some() {
        own.forget_namespaces();
    }
    if let Some((line, why)) = limits::refusal(&own, &own.namespaces, true) {
        return Err(vec![words::at("", Some(line), format!("the template is refused: {why}"))]);
    }
    let namespaces = args.get("namespace").is_none().then_some(own.namespaces);
    let files = Files::new(folder, namespaces);
    // On a thread of its own: what the bounds allow may need more stack than the caller has.
    let answer = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("template".into()).stack_size(STACK);
        thread.spawn_scoped(scope, || rendered(text, &files, args)).map(ScopedJoinHandle::join)
    });
    match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panic)) => {
            Err(vec![words::at("", None, "the template makes the template engine fail".into())])
        }
        Err(error) => {
            Err(vec![words::at("", None, format!("no thread can be had to render the template: {error}"))])
        }
    }
}

/// How much address space the stack has. Of it, a template at its limits uses less than a third, and others next to
/// nothing.
const STACK: usize = if cfg!(target_pointer_width = "64") { 1 << 30 } else { 1 << 26 };

fn rendered(text: &str, files: &Files, args: &Args) -> Result<Rendered, Vec<Problem>> {
    let engine = engine::engine(files.clone());
    let mut needs = Needs { engine: &engine, args, files, seen: BTreeMap::new(), unreadable: None };
    needs.read(text);
    if let Some(problem) = needs.unreadable {
        return Err(vec![problem]);
    }
    let missing = needs.missing();
    if !missing.is_empty() {
        return Err(missing);
    }
    match engine::render(&engine, text, Value::from(Serde(args))) {
        Ok(rendered) => {
            let used = needs.used();
            Ok(Rendered { text: rendered, is_template: true, warnings: unused(args, &used) })
        }
        Err(error) => Err(vec![words::problem(&error, text, files)]),
    }
}

/// What the templates of a task need, found before any is rendered.
struct Needs<'a> {
    engine: &'a Environment<'static>,
    args: &'a Args,
    files: &'a Files,
    /// Each template: what it says about names, and the names that it does not set before their use.
    seen: BTreeMap<String, (Scan, HashSet<String>)>,
    unreadable: Option<Problem>,
}

impl Needs<'_> {
    /// Reads the text and all that it names.
    fn read(&mut self, text: &str) {
        let mut left = vec![(String::new(), Arc::<str>::from(text))];
        while let Some((name, text)) = left.pop() {
            let template = match self.engine.template_from_named_str(&name, &text) {
                Ok(template) => template,
                Err(error) => {
                    self.unreadable.get_or_insert_with(|| words::problem(&error, &text, self.files));
                    continue;
                }
            };
            let mut lacking = template.undeclared_variables(false);
            let scan = scan(&text);
            lacking.extend(scan.other_names.iter().cloned());
            for other in &scan.others {
                // One that is not there may be optional, and is told of when it is rendered.
                if !self.seen.contains_key(other)
                    && let Ok(Some(text)) = self.files.get(other)
                {
                    left.push((other.clone(), text));
                }
            }
            self.seen.insert(name, (scan, lacking));
        }
    }

    /// Every argument that is needed and not there, in the order of use.
    fn missing(&self) -> Vec<Problem> {
        let globals: HashSet<&str> = self.engine.globals().map(|(name, _)| name).collect();
        let set: HashSet<&String> = self.seen.values().flat_map(|(scan, _)| &scan.set).collect();
        let inner: HashSet<&String> = self.seen.values().flat_map(|(scan, _)| &scan.inner).collect();
        let mut names = HashSet::new();
        let mut missing = Vec::new();
        for (file, (scan, lacking)) in &self.seen {
            let needed = lacking.iter().filter(|name| {
                self.args.get(name).is_none()
                    && !globals.contains(name.as_str())
                    && !set.contains(name)
                    && !scan.optional.contains(*name)
                    // An included file sees what is set around the place that includes it.
                    && (file.is_empty() || !inner.contains(name))
            });
            for name in needed {
                if names.insert(name) {
                    missing.push((file, scan.lines.get(name).copied(), name));
                }
            }
        }
        missing.sort_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)));
        let used = self.used();
        missing.into_iter().take(MOST).map(|(file, line, name)| self.lacks(file, line, name, &used)).collect()
    }

    fn lacks(&self, file: &str, line: Option<u32>, name: &str, used: &HashSet<String>) -> Problem {
        let given = self.args.iter().map(|(given, _)| given);
        // What the template uses as well is no misspelling.
        let misspelt = given.filter(|given| !used.contains(*given));
        let hint = match did_you_mean(name, misspelt) {
            Some(near) => near.replace("did you mean", "you gave").replace('?', ""),
            None => format!("give it a value, or write `{{{{ {name} | default(…) }}}}`"),
        };
        words::at(file, line, format!("the template needs the argument `{name}`")).hint(hint)
    }

    /// Every name in any tag.
    fn used(&self) -> HashSet<String> {
        self.seen.values().flat_map(|(scan, _)| scan.lines.keys().cloned()).collect()
    }
}

fn unused(args: &Args, used: &HashSet<String>) -> Vec<Problem> {
    let unused = args.iter().filter(|(name, _)| !used.contains(*name));
    let warnings = unused.map(|(name, _)| {
        let what = format!("the template does not use the argument `{name}`");
        Problem::new(ProblemKind::Text, "", what)
            .maybe_hint(did_you_mean(name, used.iter().map(String::as_str)))
    });
    warnings.collect()
}
