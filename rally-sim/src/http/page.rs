//! Lists end after a page, and the page says where the next one begins.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Call;

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// Id of the last row, if more may follow.
    pub(crate) next: Option<String>,
}

/// Why there is no page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadPage {
    /// No row has this id.
    Marker(String),
    /// Not a number.
    Limit(String),
}

/// The page that a call asks for with `marker` and `limit`, from rows in the order of the list.
///
/// `visible` picks the rows of the list itself: a marker may be a row that a filter leaves out.
pub(crate) fn page<T>(
    call: &Call,
    most: usize,
    rows: impl IntoIterator<Item = T>,
    id: impl Fn(&T) -> &str,
    visible: impl Fn(&T) -> bool,
) -> Result<Page<T>, BadPage> {
    let limit = match call.asked("limit") {
        None => most,
        Some(text) => match text.parse::<usize>() {
            Ok(0) => most,
            Ok(limit) => limit.min(most),
            Err(_) => return Err(BadPage::Limit(text.to_owned())),
        },
    };
    let mut rows = rows.into_iter();
    if let Some(marker) = call.asked("marker")
        && !rows.any(|row| id(&row) == marker)
    {
        return Err(BadPage::Marker(marker.to_owned()));
    }
    let rows: Vec<T> = rows.filter(visible).take(limit).collect();
    // A full page is taken for one that others follow, even if it happens to be the last.
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| id(row).to_owned());
    Ok(Page { rows, next })
}

/// What stays as it is in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The query of a call without its marker.
pub(crate) fn query(call: &Call) -> String {
    let write = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let others = call.query.iter().filter(|(key, _)| key != "marker");
    others.map(|(key, value)| format!("{}={}", write(key), write(value))).collect::<Vec<_>>().join("&")
}

/// The query of the next page: the same with another marker.
pub(crate) fn query_from(call: &Call, marker: &str) -> String {
    let query = query(call);
    let and = if query.is_empty() { "" } else { "&" };
    format!("{query}{and}marker={marker}")
}
