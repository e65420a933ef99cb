//! `rally task …`.

mod input;
mod schema;
mod start;
mod validate;

pub(super) use self::input::in_words;
pub(super) use self::schema::schema;
pub(super) use self::start::start;
pub(super) use self::validate::validate;

/// A title as Rally's console has it; scripts look for these lines.
fn boxed(title: &str) -> String {
    let line = "-".repeat(80);
    format!("{line}\n{title}\n{line}\n")
}
