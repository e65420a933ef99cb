//! What a template may not be, seen before the template crate is shown it.
//!
//! That crate goes down into expressions and values by recursion, and a program whose stack is full is killed. So chains
//! of operators are bounded, and an object that holds itself cannot be made: the only values of Jinja2 that change are
//! those of `namespace`, and they may not be put anywhere.

use std::collections::HashSet;

use super::scan::{Scan, Tag, Token};

/// The longest chain of operators and operands without a comma, and of `elif`s.
pub(super) const MAX_CHAIN: usize = 1_000;

/// A line of a template and why it is refused.
pub(super) type Refusal = (u32, String);

/// Why a template is refused. `namespaces` are those of the task file, which alone may have some.
pub(super) fn refusal(scan: &Scan, namespaces: &HashSet<String>, is_task: bool) -> Option<Refusal> {
    if let Some(line) = scan.too_long {
        return Some((line, format!("an expression or a chain of `elif` has more than {MAX_CHAIN} parts")));
    }
    if let Some(line) = scan.namespace_misused.or(scan.makes_namespace.filter(|_| !is_task)) {
        let what = "`namespace` makes an object that changes; it stands in `{% set NAME = namespace(…) %}`, in the \
                    task file itself";
        return Some((line, what.into()));
    }
    let used = scan.bare.iter().filter(|(name, _)| namespaces.contains(*name));
    used.min_by_key(|(name, line)| (**line, *name)).map(|(name, line)| {
        (*line, format!("`{name}` is a namespace, of which only attributes can be used: `{name}.…`"))
    })
}

/// The longest run of tokens in one pair of brackets without a comma.
pub(super) fn chain(tokens: &Tag<'_>) -> usize {
    let mut longest = 0;
    // Of the brackets around, and of those within which a token stands.
    let (mut around, mut here) = (Vec::new(), 0_usize);
    for (token, _) in &tokens.1 {
        here += 1;
        longest = longest.max(here);
        match token {
            Token::Sign('(' | '[' | '{') => around.push(std::mem::take(&mut here)),
            // The outermost level stays, whatever is closed.
            Token::Sign(')' | ']' | '}') => here = around.pop().unwrap_or(here),
            Token::Sign(',') => here = 0,
            _ => (),
        }
    }
    longest
}
