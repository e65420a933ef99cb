//! A command line as a shell splits it, without a shell: quotes and backslashes, and nothing else.

use thiserror::Error;

/// A text that is no command line.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotWords {
    /// There is no word in it.
    #[error("the command is empty")]
    Empty,
    /// A quote has no end.
    #[error("the quote {0} is not closed")]
    Open(char),
    /// It ends in a backslash.
    #[error("nothing follows the backslash at the end")]
    Backslash,
}

/// The words of a command line.
///
/// Between single quotes every character is meant as it stands. Between double quotes a backslash takes the meaning of
/// a double quote and of another backslash, elsewhere of any character. All else is text: `;`, `>`, `$` and `#` too.
pub(super) fn split(text: &str) -> Result<Vec<String>, NotWords> {
    let mut words = Vec::new();
    // A word of its own even when it is empty, as '' is.
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(NotWords::Open('\''))? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(NotWords::Open('"'))? {
                        '"' => break,
                        '\\' => {
                            let next = chars.next().ok_or(NotWords::Open('"'))?;
                            if !matches!(next, '"' | '\\') {
                                word.push('\\');
                            }
                            word.push(next);
                        }
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(NotWords::Backslash)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if words.is_empty() { Err(NotWords::Empty) } else { Ok(words) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does_it() {
        for (text, words) in [
            ("  /bin/echo  iteration\thook\n", &["/bin/echo", "iteration", "hook"][..]),
            ("echo a; exit 3 > x # y $HOME", &["echo", "a;", "exit", "3", ">", "x", "#", "y", "$HOME"]),
            (r#"printf '%s' '{"a": [1, 2]}'"#, &["printf", "%s", r#"{"a": [1, 2]}"#]),
            (r#"echo {"a": "b c"}"#, &["echo", "{a:", "b c}"]),
            (r#"a"b"'c'd '' """#, &["abcd", "", ""]),
            (r#""a\"b\\c\d\$" 'a\"'"#, &[r#"a"b\c\d\$"#, r#"a\""#]),
            (r"a\ b \\ \'", &["a b", r"\", "'"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
    }

    #[test]
    fn what_is_no_command_line_is_refused() {
        for text in ["", "  \n"] {
            assert_eq!(split(text), Err(NotWords::Empty));
        }
        assert_eq!(split("echo 'a"), Err(NotWords::Open('\'')));
        for text in ["echo \"a", "echo \"a\\"] {
            assert_eq!(split(text), Err(NotWords::Open('"')));
        }
        assert_eq!(split("echo a\\"), Err(NotWords::Backslash));
    }
}
