//! A failure is data: what went wrong in an iteration, a context or a hook can be stored, grouped and shown.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The result of everything that a plugin does.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// An error as data.
///
/// Any [`std::error::Error`] becomes one by `?`. It keeps the name of the error's type, its message and the
/// messages of its sources, outermost first. It is deliberately not an `Error` itself, as `anyhow::Error` is not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the error's type, without its path: `ApiError`, `Timeout`, `Panic`.
    pub kind: String,
    /// What happened, as a lower-case fragment that fits after "failed to …".
    pub message: String,
    /// The messages of the sources, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
}

impl Failure {
    /// A failure of this kind with this message.
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into(), chain: Vec::new() }
    }

    /// A failure that a plugin states in its own words; its kind is `Failure`.
    pub fn msg(message: impl Into<String>) -> Self {
        Self::new("Failure", message)
    }

    /// The same failure with a sentence of context in front; the message that stood there joins the chain.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.message, context.into());
        self.chain.insert(0, inner);
        self
    }
}

impl fmt::Display for Failure {
    /// The message and its chain, joined by colons; a source that the message already quotes is not repeated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.message.clone();
        for source in &self.chain {
            if !said.contains(source.as_str()) {
                said.push_str(": ");
                said.push_str(source);
            }
        }
        f.write_str(&said)
    }
}

impl fmt::Debug for Failure {
    /// The kind and all that [`Display`](fmt::Display) says: what a `main` that returns an error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.kind)
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut chain = Vec::new();
        let mut source = error.source();
        while let Some(inner) = source {
            chain.push(inner.to_string());
            source = inner.source();
        }
        Self { kind: short_type_name::<E>(), message: error.to_string(), chain }
    }
}

/// The name of a type without the modules it lives in: `Vec<Cow<str>>`, not `alloc::vec::Vec<…>`.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    let full = std::any::type_name::<T>();
    let mut short = String::with_capacity(full.len());
    let mut segment = 0;
    for c in full.chars() {
        if c == ':' {
            short.truncate(segment);
        } else {
            short.push(c);
            if !(c.is_alphanumeric() || c == '_') {
                segment = short.len();
            }
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no answer from {host}")]
    struct Unreachable {
        host: &'static str,
        source: std::io::Error,
    }

    #[test]
    fn an_error_keeps_its_type_and_its_sources() {
        let error = Unreachable { host: "keystone", source: std::io::Error::other("refused") };
        let failure = Failure::from(error);
        assert_eq!(failure.kind, "Unreachable");
        assert_eq!(failure.to_string(), "no answer from keystone: refused");
        let outer = failure.context("list the flavors");
        assert_eq!(outer.to_string(), "list the flavors: no answer from keystone: refused");
    }

    #[test]
    fn a_source_that_the_message_quotes_is_said_once() {
        let failure = Failure { kind: "E".into(), message: "a: b".into(), chain: vec!["b".into()] };
        assert_eq!(failure.to_string(), "a: b");
    }

    #[test]
    fn type_names_lose_their_paths_only() {
        assert_eq!(short_type_name::<Failure>(), "Failure");
        assert_eq!(short_type_name::<Vec<std::io::Error>>(), "Vec<Error>");
    }
}
