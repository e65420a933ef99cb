//! What a template says about names, read from its tags: the template crate tells which names it lacks, and this tells
//! which of them are meant to be absent.

use std::collections::{HashMap, HashSet};

use super::limits::{MAX_CHAIN, chain};

/// What one template says about names and other templates.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Names that the template sets for all that comes after: `set`, `macro`, `import`.
    pub(super) set: HashSet<String>,
    /// Names that exist in a part of it: of loops, `with`, arguments of macros.
    pub(super) inner: HashSet<String>,
    /// Names that it can do without: with a default, or asked for before use.
    pub(super) optional: HashSet<String>,
    /// The line where each name stands first.
    pub(super) lines: HashMap<String, u32>,
    /// The templates that it names by a constant: includes, imports, parents.
    pub(super) others: Vec<String>,
    /// Variables that name other templates.
    pub(super) other_names: Vec<String>,
    /// Names that are set to a namespace.
    pub(super) namespaces: HashSet<String>,
    /// Where a namespace is made, and where it is made in another way than that.
    pub(super) makes_namespace: Option<u32>,
    pub(super) namespace_misused: Option<u32>,
    /// Names that stand for their whole value, rather than for an attribute of it or a place to put one.
    pub(super) bare: HashMap<String, u32>,
    /// Where a chain is too long.
    pub(super) too_long: Option<u32>,
    /// How many `elif` each open `if` has.
    branches: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Text(&'a str),
    Sign(char),
}

/// One tag: whether it is a statement, and its tokens with their lines.
pub(super) type Tag<'a> = (bool, Vec<(Token<'a>, u32)>);

/// Whether a text has any tag at all.
pub(super) fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

pub(super) fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    for tag in Tags::new(text) {
        if chain(&tag) > MAX_CHAIN {
            scan.refuse_chain(tag.1.first().map_or(1, |(_, line)| *line));
        }
        scan.tag(tag.0, &tag.1);
    }
    scan
}

impl Scan {
    fn tag(&mut self, statement: bool, tokens: &[(Token<'_>, u32)]) {
        let at = |i: usize| tokens.get(i).map(|(token, _)| token);
        let word = |i: usize, word: &str| matches!(at(i), Some(Token::Name(name)) if *name == word);
        let sign = |i: usize, sign: char| at(i) == Some(&Token::Sign(sign));
        let target = targets(statement, tokens);
        let makes =
            statement && word(0, "set") && sign(2, '=') && word(3, "namespace") && is_one_call(&tokens[3..]);
        if let (true, Some(Token::Name(name))) = (makes, at(1)) {
            self.namespaces.insert((*name).to_owned());
            self.makes_namespace.get_or_insert(tokens[0].1);
        }
        for (i, (token, line)) in tokens.iter().enumerate() {
            let Token::Name(name) = token else { continue };
            if *name == "namespace" && !(makes && i == 3) {
                self.namespace_misused.get_or_insert(*line);
            }
            if i >= target && !sign(i + 1, '.') && !word(i + 1, "is") {
                self.bare.entry((*name).to_owned()).or_insert(*line);
            }
            if i > 0 && sign(i - 1, '.') {
                continue;
            }
            self.lines.entry((*name).to_owned()).or_insert(*line);
            let tested = if word(i + 2, "not") { i + 3 } else { i + 2 };
            let asked =
                word(i + 1, "is") && ["defined", "undefined", "none"].iter().any(|test| word(tested, test));
            let defaulted = sign(i + 1, '|') && (word(i + 2, "default") || word(i + 2, "d"));
            let either = word(i + 1, "or") || (word(i + 1, "if") && at(i + 2) == Some(token));
            if asked || defaulted || either {
                self.optional.insert((*name).to_owned());
            }
        }
        if statement {
            self.statement(tokens);
        }
    }

    fn statement(&mut self, tokens: &[(Token<'_>, u32)]) {
        let Some((Token::Name(kind), _)) = tokens.first() else { return };
        let rest = &tokens[1..];
        let until = |stop: &Token<'_>| rest.iter().position(|(token, _)| token == stop).unwrap_or(rest.len());
        match *kind {
            "if" => self.branches.push(0),
            "endif" => drop(self.branches.pop()),
            "elif" => {
                if let Some(count) = self.branches.last_mut() {
                    *count += 1;
                }
                if self.branches.last().is_some_and(|count| *count > MAX_CHAIN) {
                    self.refuse_chain(tokens[0].1);
                }
            }
            "set" => {
                let end = until(&Token::Sign('='));
                // A block with a filter: `{% set x | upper %}`.
                let end = end.min(until(&Token::Sign('|')));
                self.set.extend(plain_names(&rest[..end]));
            }
            "for" => self.inner.extend(plain_names(&rest[..until(&Token::Name("in"))])),
            "with" => {
                for pair in rest.windows(2) {
                    if let [(Token::Name(name), _), (Token::Sign('='), _)] = pair {
                        self.inner.insert((*name).to_owned());
                    }
                }
            }
            "macro" | "call" => {
                if let ("macro", Some((Token::Name(name), _))) = (*kind, rest.first()) {
                    self.set.insert((*name).to_owned());
                }
                self.inner.extend(plain_names(rest));
                self.inner.insert("caller".into());
            }
            "include" | "extends" => self.other(rest),
            "import" => {
                let end = until(&Token::Name("as"));
                self.other(&rest[..end]);
                self.set.extend(plain_names(rest.get(end + 1..).unwrap_or_default()));
            }
            "from" => {
                let end = until(&Token::Name("import"));
                self.other(&rest[..end]);
                self.set.extend(plain_names(rest.get(end + 1..).unwrap_or_default()));
            }
            _ => (),
        }
    }

    /// When an argument is called `namespace`, nothing makes one.
    pub(super) fn forget_namespaces(&mut self) {
        self.namespaces.clear();
        (self.makes_namespace, self.namespace_misused) = (None, None);
    }

    fn refuse_chain(&mut self, line: u32) {
        self.too_long.get_or_insert(line);
    }

    fn other(&mut self, tokens: &[(Token<'_>, u32)]) {
        for (i, (token, _)) in tokens.iter().enumerate() {
            match token {
                Token::Text(name) => self.others.push((*name).to_owned()),
                // `ignore missing`, `with context` and conditions follow the name.
                Token::Name(name) if i == 0 => self.other_names.push((*name).to_owned()),
                _ => (),
            }
        }
    }
}

/// How many tokens of a tag name what is set rather than what is used.
fn targets(statement: bool, tokens: &[(Token<'_>, u32)]) -> usize {
    let until = |stop: &Token<'_>| tokens.iter().position(|(token, _)| token == stop).unwrap_or(0);
    match tokens.first() {
        Some((Token::Name("set"), _)) if statement => until(&Token::Sign('=')),
        Some((Token::Name("for"), _)) if statement => until(&Token::Name("in")),
        _ => 0,
    }
}

/// Whether these tokens are `name(…)` and nothing else.
fn is_one_call(tokens: &[(Token<'_>, u32)]) -> bool {
    let mut depth = 0_usize;
    for (i, (token, _)) in tokens.iter().enumerate().skip(1) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => (),
        }
        if depth == 0 {
            // `-%}` takes the white space away.
            let rest = &tokens[i + 1..];
            return i > 1
                && rest.iter().all(|(token, _)| matches!(token, Token::Sign('-' | '+')))
                && rest.len() < 2;
        }
    }
    false
}

fn plain_names(tokens: &[(Token<'_>, u32)]) -> Vec<String> {
    let dot =
        |i: Option<usize>| i.and_then(|i| tokens.get(i)).is_some_and(|(token, _)| *token == Token::Sign('.'));
    let names = tokens.iter().enumerate().filter_map(|(i, (token, _))| match token {
        // `set a.b = 1` makes no name.
        Token::Name(name) if !dot(i.checked_sub(1)) && !dot(Some(i + 1)) => Some((*name).to_owned()),
        _ => None,
    });
    names.collect()
}

/// The tags of a text.
struct Tags<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Tags<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at(bytes);
        let lines = skipped.bytes().filter(|b| *b == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
        skipped
    }

    /// Skips what `{% raw %}` hides.
    fn skip_raw(&mut self) {
        while let Some(open) = self.rest.find("{%") {
            self.skip(open + 2);
            let inner = self.rest.trim_start_matches(['-', '+']).trim_start();
            if inner.starts_with("endraw") {
                return;
            }
        }
        self.skip(self.rest.len());
    }

    fn tokens(&mut self, statement: bool) -> Vec<(Token<'a>, u32)> {
        let mut tokens = Vec::new();
        let mut braces = 0_usize;
        while let Some(first) = self.rest.chars().next() {
            let line = self.line;
            match first {
                '%' if statement && self.rest.starts_with("%}") => break,
                '}' if !statement && braces == 0 && self.rest.starts_with("}}") => break,
                '"' | '\'' => {
                    self.skip(1);
                    let end = end_of_text(self.rest, first);
                    let text = self.skip(end);
                    tokens.push((Token::Text(text), line));
                    self.skip(usize::from(!self.rest.is_empty()));
                }
                c if c.is_alphanumeric() || c == '_' => {
                    let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                    let name = self.skip(end.unwrap_or(self.rest.len()));
                    if !c.is_ascii_digit() {
                        tokens.push((Token::Name(name), line));
                    }
                }
                c if c.is_whitespace() => {
                    self.skip(c.len_utf8());
                }
                '=' | '!' | '<' | '>' if self.rest[1..].starts_with('=') => {
                    self.skip(2);
                    tokens.push((Token::Sign('≟'), line));
                }
                c => {
                    match c {
                        '{' => braces += 1,
                        '}' => braces = braces.saturating_sub(1),
                        _ => (),
                    }
                    self.skip(c.len_utf8());
                    tokens.push((Token::Sign(c), line));
                }
            }
        }
        tokens
    }
}

fn end_of_text(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        if c == quote && !escaped {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let open = self.rest.find('{')?;
            self.skip(open + 1);
            let statement = match self.rest.bytes().next() {
                Some(b'{') => false,
                Some(b'%') => true,
                Some(b'#') => {
                    let end = self.rest.find("#}").unwrap_or(self.rest.len());
                    self.skip(end);
                    continue;
                }
                _ => continue,
            };
            self.skip(1);
            if self.rest.starts_with(['-', '+']) {
                self.skip(1);
            }
            let tokens = self.tokens(statement);
            if statement && matches!(tokens.first(), Some((Token::Name("raw"), _))) {
                self.skip_raw();
                continue;
            }
            return Some((statement, tokens));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &HashSet<String>) -> Vec<&str> {
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn names_are_told_by_what_is_done_with_them() {
        let scan = scan(
            "{# {{ hidden }} #}{% set a, b = 1, [x] %}{%- set ns.c = 1 -%}\n{% for k, v in all.items() %}{{ k }}{% endfor %}
             {% with d = e %}{% endwith %}{% macro f(g, h=i) %}{% endmacro %}{% import 'm' as j %}{% from \"n\" import o as p %}
             {{ q | default(r) }}{{ s is not defined }}{{ t or u }}{{ w if w else y }}{% raw %}{{ raw }}{% endraw %}{% if z == 1 %}{% endif %}
             {% include 'aa' if bb else 'cc' %}{% include dd ignore missing %}{{ {'a': {}} }}{{ ee }}",
        );
        assert_eq!(sorted(&scan.set), ["a", "as", "b", "f", "j", "o", "p"]);
        assert_eq!(sorted(&scan.inner), ["caller", "d", "f", "g", "h", "i", "k", "v"]);
        assert_eq!(sorted(&scan.optional), ["q", "s", "t", "w"]);
        assert_eq!((scan.lines["k"], scan.lines["ee"]), (2, 5));
        assert!(!scan.lines.contains_key("hidden") && !scan.lines.contains_key("raw"));
        assert_eq!(scan.others, ["m", "n", "aa", "cc"]);
        assert_eq!(scan.other_names, ["dd"]);
    }

    #[test]
    fn broken_tags_end_with_the_text() {
        for text in
            ["{{", "{% set", "{{ 'a", "{{ \"\\", "{#", "{% raw %}{%", "{", "{{ é", "{{ a }", "{% \u{1F600}"]
        {
            scan(text);
        }
    }
}
