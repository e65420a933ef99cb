//! How each way of not fitting a schema is said.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Error;
use rally_core::resource::RESOURCE_KEY;
use rally_core::{Problem, did_you_mean};
use serde_json::Value;

use super::shape::{
    branches, constants, few, follow, is_null, names, one_of, only_constants, range, required, shape,
};
use super::{Checked, called};
use crate::problems::MOST;
use crate::resolve::is_resolved;
use crate::task::words::{concealed, described, key, listed};

impl Checked<'_> {
    /// Adds what an error says, which may be several things.
    pub(super) fn put(&self, error: &ValidationError<'_>, problems: &mut Vec<Problem>) {
        // What a program has looked up by itself is no longer what the schema describes.
        if is_resolved(error.instance()) {
            return;
        }
        match error.kind() {
            Error::AdditionalProperties { unexpected } => {
                problems.extend(unexpected.iter().take(MOST).map(|name| self.unknown(error, name)));
            }
            Error::UnevaluatedProperties { unexpected } => {
                // When an alternative does not fit, its keys count as unknown; what is wrong with it is said already.
                let known = names(self.schema_of(error), self.schema);
                let unknown = unexpected.iter().filter(|name| !known.contains(&name.as_str()));
                problems.extend(unknown.take(MOST).map(|name| self.unknown(error, name)));
            }
            Error::AnyOf { context } | Error::OneOfNotValid { context } => {
                self.put_branches(error, context, problems);
            }
            Error::Required { property } => problems.push(self.missing(error, property)),
            _ => problems.push(self.one(error)),
        }
    }

    /// Of several shapes, the one that was meant says what is wrong; when that cannot be told, all are named.
    fn put_branches(
        &self,
        error: &ValidationError<'_>,
        context: &[Vec<ValidationError<'static>>],
        problems: &mut Vec<Problem>,
    ) {
        let schema = self.schema_of(error);
        if let Some(choices) = only_constants(schema, self.schema) {
            problems.push(self.choice(error, &choices));
            return;
        }
        let branches: &[Value] = branches(schema).map_or(&[], Vec::as_slice);
        let real = |number: usize| branches.get(number).is_none_or(|branch| !is_null(branch));
        let real: Vec<&[ValidationError<'_>]> = context
            .iter()
            .enumerate()
            .filter(|(number, _)| real(*number))
            .map(|(_, errors)| &errors[..])
            .collect();
        let meant: Vec<&[ValidationError<'_>]> =
            real.iter().copied().filter(|errors| !is_another_shape(error, errors)).collect();
        let complete: Vec<&[ValidationError<'_>]> =
            meant.iter().copied().filter(|errors| !lacks_a_key(error, errors)).collect();
        match (real.as_slice(), meant.as_slice(), complete.as_slice()) {
            ([only], ..) | (_, [only], _) | (.., [only]) => {
                only.iter().for_each(|inner| self.put(inner, problems));
            }
            _ => problems.push(self.mismatch(error, schema)),
        }
    }

    fn one(&self, error: &ValidationError<'_>) -> Problem {
        let schema = self.schema_of(error);
        let expected = match error.kind() {
            Error::Type { .. } => return self.mismatch(error, schema),
            Error::Enum { options } => {
                return self.choice(error, options.as_array().map_or(&[], Vec::as_slice));
            }
            Error::Constant { expected_value } => {
                return self.choice(error, std::slice::from_ref(expected_value.as_ref()));
            }
            Error::Minimum { .. }
            | Error::Maximum { .. }
            | Error::ExclusiveMinimum { .. }
            | Error::ExclusiveMaximum { .. } => range(schema).unwrap_or_else(|| "another number".into()),
            Error::MinItems { limit: 1 } | Error::MinProperties { limit: 1 } => "at least one element".into(),
            Error::MinItems { limit } | Error::MinProperties { limit } => {
                format!("at least {limit} elements")
            }
            Error::MaxItems { limit } | Error::MaxProperties { limit } => format!("at most {limit} elements"),
            Error::AdditionalItems { limit } => format!("at most {limit} elements"),
            Error::MinLength { limit: 1 } => "a text that is not empty".into(),
            Error::MinLength { limit } => format!("at least {limit} characters"),
            Error::MaxLength { limit } => format!("at most {limit} characters"),
            Error::Pattern { pattern } => format!("a text that matches `{pattern}`"),
            Error::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
            Error::Format { format } => format!("a text in the format `{format}`"),
            Error::UniqueItems => "every element only once".into(),
            Error::FalseSchema => "nothing here".into(),
            Error::OneOfMultipleValid { .. } => return self.excluding(error, schema),
            // What no schema of ours says; the library's own words, without the value.
            _ => return Problem::argument(self.path(error), error.masked().to_string()),
        };
        self.expected(error, &expected)
    }

    fn expected(&self, error: &ValidationError<'_>, expected: &str) -> Problem {
        let found =
            if Self::secret(error) { concealed(error.instance()) } else { described(error.instance()) };
        Problem::argument(self.path(error), format!("expected {expected}, not {found}"))
    }

    fn mismatch(&self, error: &ValidationError<'_>, schema: &Value) -> Problem {
        let expected = shape(schema, self.schema).unwrap_or_else(|| "something else".into());
        let is_resource = schema.get(RESOURCE_KEY).is_some();
        let hint =
            error.instance().as_str().filter(|_| is_resource).map(|name| format!("write `{{name: {name}}}`"));
        let hint = hint.or_else(|| Self::near(error, &constants(schema, self.schema)));
        self.expected(error, &expected).maybe_hint(hint)
    }

    /// Several alternatives fit at once.
    fn excluding(&self, error: &ValidationError<'_>, schema: &Value) -> Problem {
        let alternatives = branches(schema).map_or(&[][..], Vec::as_slice).iter();
        let keys = alternatives.flat_map(|branch| required(follow(branch, self.schema)));
        let there: Vec<String> =
            keys.filter(|key| error.instance().get(key).is_some()).map(|key| format!("`{key}`")).collect();
        if there.len() < 2 {
            return self.expected(error, "a value of one shape only");
        }
        Problem::argument(self.path(error), format!("{} exclude each other", listed(&there, "and")))
    }

    fn choice(&self, error: &ValidationError<'_>, choices: &[Value]) -> Problem {
        self.expected(error, &one_of(choices)).maybe_hint(Self::near(error, choices))
    }

    /// The choice that the value may have meant.
    fn near(error: &ValidationError<'_>, choices: &[Value]) -> Option<String> {
        let wrong = error.instance().as_str().filter(|_| !Self::secret(error))?;
        did_you_mean(wrong, choices.iter().filter_map(Value::as_str))
    }

    fn unknown(&self, error: &ValidationError<'_>, name: &str) -> Problem {
        let names = names(self.schema_of(error), self.schema);
        let what = if error.instance_path().is_empty() {
            format!("{} takes no `{name}`", called(self.plugin))
        } else {
            format!("there is no key `{name}` in this mapping")
        };
        let hint = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| match names.len() {
            0 => "it takes nothing".into(),
            _ => format!("it takes {}", few(names.iter().map(|name| format!("`{name}`")).collect())),
        });
        Problem::argument(key(&self.path(error), name), what).hint(hint)
    }

    fn missing(&self, error: &ValidationError<'_>, property: &Value) -> Problem {
        let name = property.as_str().unwrap_or_default();
        let what = if error.instance_path().is_empty() {
            format!("{} needs `{name}`", called(self.plugin))
        } else {
            format!("this mapping needs `{name}`")
        };
        let schema = self.schema_of(error).get("properties").and_then(|properties| properties.get(name));
        let shape = schema.and_then(|schema| shape(follow(schema, self.schema), self.schema));
        Problem::argument(self.path(error), what)
            .maybe_hint(shape.map(|shape| format!("{shape} is expected")))
    }
}

/// Whether the errors of one of several shapes show that this shape was not meant.
fn is_another_shape(parent: &ValidationError<'_>, errors: &[ValidationError<'_>]) -> bool {
    let root = parent.instance_path().iter().count();
    let has = |test: &dyn Fn(&ValidationError<'_>, usize) -> bool| {
        errors.iter().any(|error| test(error, error.instance_path().iter().count() - root))
    };
    let refused = has(&|error, depth| depth == 0 && matches!(error.kind(), Error::Type { .. }));
    // The tag of an enum: the value itself, or one of its keys.
    let tagged = has(&|error, depth| {
        depth <= 1 && matches!(error.kind(), Error::Constant { .. } | Error::Enum { .. })
    });
    // The tag is the only key.
    let unknown =
        has(&|error, depth| depth == 0 && matches!(error.kind(), Error::AdditionalProperties { .. }));
    refused || tagged || (unknown && lacks_a_key(parent, errors))
}

/// Whether a key is missing in the value itself.
fn lacks_a_key(parent: &ValidationError<'_>, errors: &[ValidationError<'_>]) -> bool {
    let here = parent.instance_path();
    errors.iter().any(|error| matches!(error.kind(), Error::Required { .. }) && error.instance_path() == here)
}
