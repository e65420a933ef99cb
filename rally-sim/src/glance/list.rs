//! A list of images is filtered, sorted and cut into pages by what the query says.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::sees;
use crate::http::call::is_yes;
use crate::http::page::{BadPage, page, query, query_from};
use crate::http::{Answer, Call, Object, Problem, Reply, Route, is, route, text};
use crate::state::State;

const SORTABLE: [&str; 8] =
    ["name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"];
/// Keys of a query that are no attributes.
const NOT_ATTRIBUTES: [&str; 8] =
    ["limit", "marker", "sort", "sort_key", "sort_dir", "visibility", "member_status", "os_hidden"];

pub(super) fn routes() -> Vec<Route> {
    vec![route("GET", "/v2/images", list)]
}

fn list(state: &mut State, call: &Call) -> Answer {
    let order = order(call)?;
    // Newest first, and so among equals.
    let mut rows: Vec<&Object> = state.glance.images.iter().rev().collect();
    rows.sort_by(|a, b| compare(&order, a, b));
    let visible =
        |row: &&Object| sees(state, &call.actor, row) && listed(state, call, row) && wanted(call, row);
    let page =
        page(call, state.options.page_limit, rows, |row| text(row, "id"), visible).map_err(|bad| match bad {
            BadPage::Marker(marker) => super::no_such(&marker).message,
            BadPage::Limit(_) => "limit param must be an integer".into(),
        });
    let page = page.map_err(Problem::bad_request)?;
    let first = query(call);
    let first = if first.is_empty() { "/v2/images".to_owned() } else { format!("/v2/images?{first}") };
    let mut body = json!({"images": page.rows, "first": first, "schema": "/v2/schemas/images"});
    if let Some(marker) = page.next {
        body["next"] = json!(format!("/v2/images?{}", query_from(call, &marker)));
    }
    Ok(Reply::json(200, &body))
}

/// What stands in a list is less than what one may see by its id.
fn listed(state: &State, call: &Call, row: &Object) -> bool {
    let visibility = text(row, "visibility");
    if call.asked("visibility").is_some_and(|asked| asked != visibility && asked != "all") {
        return false;
    }
    let hidden = row.get("os_hidden") == Some(&Value::Bool(true));
    if hidden != call.asked("os_hidden").is_some_and(is_yes) {
        return false;
    }
    let own = text(row, "owner") == call.actor.project() || call.actor.is_admin();
    let accepted = || {
        let members = state.glance.members.get(text(row, "id"));
        members.and_then(|members| members.get(call.actor.project())).is_some_and(|status| {
            call.asked("member_status")
                .map_or(status == "accepted", |asked| asked == "all" || asked == status)
        })
    };
    match visibility {
        "community" => own || call.asked("visibility").is_some(),
        "shared" => own || accepted(),
        _ => true,
    }
}

/// Whether every attribute in the query has that value.
fn wanted(call: &Call, row: &Object) -> bool {
    let attributes = call.query.iter().filter(|(key, _)| !NOT_ATTRIBUTES.contains(&key.as_str()));
    attributes.into_iter().all(|(key, asked)| {
        let number = |key: &str| row.get(key).and_then(Value::as_i64).unwrap_or(0);
        match key.as_str() {
            "size_min" => asked.parse().is_ok_and(|least: i64| number("size") >= least),
            "size_max" => asked.parse().is_ok_and(|most: i64| number("size") <= most),
            "tag" => row
                .get("tags")
                .and_then(Value::as_array)
                .is_some_and(|tags| tags.iter().any(|tag| tag == asked)),
            key => row.get(key).is_some_and(|value| same(value, asked)),
        }
    })
}

fn same(value: &Value, asked: &str) -> bool {
    match value {
        Value::String(text) => match asked.strip_prefix("in:") {
            Some(words) => words.split(',').any(|word| word.trim_matches('"') == text),
            None => text == asked.strip_prefix("eq:").unwrap_or(asked),
        },
        other => is(other, asked),
    }
}

/// The keys to sort by, and whether downwards.
fn order(call: &Call) -> Result<Vec<(String, bool)>, Problem> {
    let order: Vec<(String, bool)> = if let Some(sort) = call.asked("sort") {
        sort.split(',')
            .map(|part| {
                let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
                (key.trim().to_owned(), direction.trim() != "asc")
            })
            .collect()
    } else {
        let mut directions = call.asked_all("sort_dir");
        call.asked_all("sort_key").map(|key| (key.to_owned(), directions.next() != Some("asc"))).collect()
    };
    match order.iter().find(|(key, _)| !SORTABLE.contains(&key.as_str())) {
        Some((key, _)) => {
            let known = SORTABLE.join(", ");
            Err(Problem::bad_request(format!(
                "Invalid sort key: {key}. It must be one of the following: {known}."
            )))
        }
        None => Ok(order),
    }
}

fn compare(order: &[(String, bool)], a: &Object, b: &Object) -> Ordering {
    let by = |(key, down): &(String, bool)| {
        let ordering = match (a.get(key), b.get(key)) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_i64().cmp(&b.as_i64()),
            _ => text(a, key).cmp(text(b, key)),
        };
        if *down { ordering.reverse() } else { ordering }
    };
    order.iter().map(by).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}
