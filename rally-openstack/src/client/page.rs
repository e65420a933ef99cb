//! A list is read to its end, whichever of their four ways a service uses to say that there is more.

use serde_json::Value;
use url::{Url, form_urlencoded};

use super::call::{Answer, Call};
use super::error::CloudError;

impl Call {
    /// Sends it, follows the pages, and gives all items of the list under `name`: `servers` of `{"servers": […]}`.
    ///
    /// A page's size is the query parameter `limit`, if the call has one. Each page is a request of its own.
    pub async fn list(self, name: &str) -> Result<Vec<Value>, CloudError> {
        self.list_at_most(name, usize::MAX).await
    }

    /// The same, but stops when there are `most` items; no more than these are given.
    pub async fn list_at_most(mut self, name: &str, most: usize) -> Result<Vec<Value>, CloudError> {
        let mut all: Vec<Value> = Vec::new();
        let limit = self.limit();
        loop {
            let answer = self.clone().answer().await?;
            let mut page = answer.json()?;
            let next = next_query(&page, name);
            let items = take_items(&answer, &mut page, name)?;
            let (count, marker) = (items.len(), items.last().and_then(marker_of));
            all.extend(items);
            if all.len() >= most {
                all.truncate(most);
                return Ok(all);
            }
            let next = match next {
                Next::Query(query) => query,
                // Services without links have more if the page was full, and continue behind its last item.
                Next::Unknown if limit == Some(count) && count > 0 => match marker {
                    Some(marker) => self.with_marker(&marker),
                    None => return Ok(all),
                },
                Next::End | Next::Unknown => return Ok(all),
            };
            // A service that ignores its own marker would be asked for ever.
            if count == 0 || self.query_string() == Some(next.as_str()) {
                return Ok(all);
            }
            self.set_query(&next);
        }
    }

    fn query_string(&self) -> Option<&str> {
        self.url.split_once('?').map(|(_, query)| query)
    }

    fn pairs(&self) -> form_urlencoded::Parse<'_> {
        form_urlencoded::parse(self.query_string().unwrap_or_default().as_bytes())
    }

    fn limit(&self) -> Option<usize> {
        self.pairs().find(|(key, _)| key == "limit").and_then(|(_, value)| value.parse().ok())
    }

    fn with_marker(&self, marker: &str) -> String {
        let others = self.pairs().filter(|(key, _)| key != "marker");
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("marker", marker)
            .finish()
    }

    fn set_query(&mut self, query: &str) {
        let path = self.url.find('?').unwrap_or(self.url.len());
        self.url.truncate(path);
        self.url.push('?');
        self.url.push_str(query);
    }
}

enum Next {
    /// The query string of the next page.
    Query(String),
    /// The service says that this was the last.
    End,
    /// The service has no links.
    Unknown,
}

/// The query of the link to the next page.
///
/// Only its query is used: behind a proxy the host, the scheme and even the path of a link may be the cloud's own.
fn next_query(page: &Value, name: &str) -> Next {
    let of_list = |links: &Value| match links.as_array() {
        Some(list) => {
            let next = list.iter().find(|link| link["rel"] == "next").and_then(|link| link["href"].as_str());
            next.map_or(Next::End, query_of)
        }
        None => Next::Unknown,
    };
    if page.is_array() {
        return Next::Unknown;
    }
    // nova, cinder, neutron, manila, octavia
    if let found @ Next::Query(_) = of_list(&page[format!("{name}_links")]) {
        return found;
    }
    // glance, ironic, magnum
    if let Some(href) = page["next"].as_str() {
        return query_of(href);
    }
    // keystone, designate; placement and others have lists of links here
    match (&page["links"]["next"], &page["links"]) {
        (Value::String(href), _) => query_of(href),
        (_, list @ Value::Array(_)) => of_list(list),
        (_, Value::Object(_)) => Next::End,
        _ => Next::Unknown,
    }
}

fn query_of(href: &str) -> Next {
    // A relative link needs some base to be read at all.
    let base = Url::parse("http://relative/").and_then(|base| base.join(href));
    match base.ok().as_ref().and_then(Url::query) {
        Some(query) if !query.is_empty() => Next::Query(query.to_owned()),
        _ => Next::End,
    }
}

fn take_items(answer: &Answer, page: &mut Value, name: &str) -> Result<Vec<Value>, CloudError> {
    let items = match page {
        // Swift's listings have no name.
        Value::Array(_) => page,
        Value::Object(_) => &mut page[name],
        _ if answer.body().is_empty() => return Ok(Vec::new()),
        _ => return Err(answer.bad_body("it is no list")),
    };
    match items.take() {
        Value::Array(items) => Ok(items),
        _ => Err(answer.bad_body(format_args!("it has no list `{name}`"))),
    }
}

/// By what a service continues behind an item.
fn marker_of(item: &Value) -> Option<String> {
    let keys = ["id", "uuid", "name"];
    keys.iter().find_map(|key| item[*key].as_str()).or_else(|| item.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn next(page: &Value, name: &str) -> Option<String> {
        match next_query(page, name) {
            Next::Query(query) => Some(query),
            Next::End | Next::Unknown => None,
        }
    }

    #[test]
    fn every_services_link_is_found() {
        let link = json!([{"rel": "next", "href": "http://inside:8774/v2.1/servers?limit=1&marker=a"}]);
        let expected = Some("limit=1&marker=a".to_owned());
        assert_eq!(next(&json!({"servers": [], "servers_links": link}), "servers"), expected);
        assert_eq!(next(&json!({"images": [], "next": "/v2/images?limit=1&marker=a"}), "images"), expected);
        let keystone =
            json!({"users": [], "links": {"next": "http://h/v3/users?limit=1&marker=a", "previous": null}});
        assert_eq!(next(&keystone, "users"), expected);
        let previous = json!([{"rel": "previous", "href": "http://h/x?marker=z"}]);
        assert_eq!(next(&json!({"networks": [], "networks_links": previous}), "networks"), None);
        assert_eq!(next(&json!({"users": [], "links": {"next": null}}), "users"), None);
        assert_eq!(next(&json!([]), "x"), None);
    }
}
