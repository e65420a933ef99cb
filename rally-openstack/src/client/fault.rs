//! Each service says in a shape of its own why it refuses; this finds the words in all of them.

use serde_json::Value;

/// The longest explanation that is kept, in characters: enough for a sentence, too little for a stack trace.
const LONGEST: usize = 600;

/// The service's name for the error, and its explanation as plain text on one line.
pub(crate) fn read(content_type: &str, body: &[u8]) -> (Option<String>, String) {
    let (code, message) = if let Ok(value) = serde_json::from_slice::<Value>(body) {
        from_json(&value)
    } else {
        let text = String::from_utf8_lossy(body);
        let is_html = content_type.contains("html") || text.trim_start().starts_with('<');
        (None, if is_html { from_html(&text) } else { text.into_owned() })
    };
    let message = one_line(&message);
    (code, if message.is_empty() { "it gave no explanation".to_owned() } else { message })
}

fn from_json(value: &Value) -> (Option<String>, String) {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    match value {
        Value::String(text) => return (None, text.clone()),
        Value::Object(_) => {}
        other => return (None, other.to_string()),
    }
    // Ironic wraps a fault, at times as JSON inside a string.
    if let Some(inner) = value.get("error_message") {
        return match inner.as_str().map(serde_json::from_str::<Value>) {
            Some(Ok(parsed)) => from_json(&parsed),
            Some(Err(_)) | None => from_json(inner),
        };
    }
    if let Some(fault) = text(value, "faultstring") {
        return (text(value, "faultcode"), fault);
    }
    // Placement and magnum send a list.
    if let Some(first) = value.get("errors").and_then(Value::as_array).and_then(|all| all.first()) {
        let code = text(first, "code").filter(|code| !code.is_empty()).or_else(|| text(first, "title"));
        return (code, text(first, "detail").unwrap_or_else(|| first.to_string()));
    }
    if let Some(error) = value.get("NeutronError") {
        let message = text(error, "message").or_else(|| error.as_str().map(str::to_owned));
        let mut message = message.unwrap_or_else(|| error.to_string());
        if let Some(detail) = text(error, "detail").filter(|detail| !detail.is_empty()) {
            message = format!("{message} {detail}");
        }
        return (text(error, "type"), message);
    }
    // Keystone and heat; heat's names the exception.
    if let Some(error) = value.get("error") {
        let code = text(error, "type").or_else(|| text(error, "title")).or_else(|| text(value, "title"));
        let message = text(error, "message").or_else(|| error.as_str().map(str::to_owned));
        return (code, message.unwrap_or_else(|| error.to_string()));
    }
    // Designate, barbican, zaqar, mistral: all at the top.
    let flat = ["message", "description", "explanation"].iter().find_map(|key| text(value, key));
    if let Some(message) = flat {
        return (text(value, "type").or_else(|| text(value, "title")), message);
    }
    // Nova, cinder, manila: one key that names the kind.
    if let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next())
        && let Some(message) = text(inner, "message")
    {
        return (Some(kind.clone()), message);
    }
    (None, value.to_string())
}

/// The text between the tags, without the headings that only repeat the status.
fn from_html(page: &str) -> String {
    let body = without_element(&without_element(&without_element(page, "head"), "title"), "h1");
    let text = plain(&body);
    if text.trim().is_empty() { plain(page) } else { text }
}

/// The page without the first element of this name.
fn without_element(page: &str, name: &str) -> String {
    // ASCII lower case keeps every byte's place, so the positions fit the original too.
    let lower = page.to_ascii_lowercase();
    let end = format!("</{name}>");
    match (lower.find(&format!("<{name}>")), lower.find(&end)) {
        (Some(from), Some(to)) if from < to => format!("{} {}", &page[..from], &page[to + end.len()..]),
        _ => page.to_owned(),
    }
}

fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, c)| text.replace(entity, c))
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> (String, String) {
        let (code, message) = read("application/json", body.as_bytes());
        (code.unwrap_or_default(), message)
    }

    #[test]
    fn every_service_is_understood() {
        let cases = [
            // nova, cinder, manila
            (
                r#"{"itemNotFound": {"code": 404, "message": "Instance x could not be found."}}"#,
                "itemNotFound",
            ),
            // neutron
            (
                r#"{"NeutronError": {"type": "NetworkNotFound", "message": "Network x could not be found.", "detail": ""}}"#,
                "NetworkNotFound",
            ),
            // keystone
            (
                r#"{"error":{"code":404,"message":"Could not find user: x.","title":"Not Found"}}"#,
                "Not Found",
            ),
            // heat
            (
                r#"{"code": 404, "error": {"message": "The Stack (x) could not be found.", "traceback": null, "type": "EntityNotFound"}, "explanation": "The resource could not be found.", "title": "Not Found"}"#,
                "EntityNotFound",
            ),
            // placement, magnum
            (
                r#"{"errors": [{"status": 404, "title": "Not Found", "detail": "It could not be found.\n\n No provider  ", "request_id": "req-1"}]}"#,
                "Not Found",
            ),
            // octavia
            (
                r#"{"faultcode": "Client", "faultstring": "Load balancer x could not be found.", "debuginfo": null}"#,
                "Client",
            ),
            // designate
            (
                r#"{"code": 404, "type": "zone_not_found", "message": "Could not find Zone", "request_id": "req-1"}"#,
                "zone_not_found",
            ),
            // barbican
            (
                r#"{"code": 404, "title": "Not Found", "description": "Secret could not be found."}"#,
                "Not Found",
            ),
        ];
        for (body, code) in cases {
            let (found, message) = json(body);
            assert_eq!(found, code, "{body}");
            assert!(message.contains("ould not") && !message.contains(['{', '\n']), "{message}");
        }
    }

    #[test]
    fn ironic_hides_json_in_a_string() {
        let (code, message) = json(
            r#"{"error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"Node x is locked\"}"}"#,
        );
        assert_eq!((code.as_str(), message.as_str()), ("Client", "Node x is locked"));
    }

    #[test]
    fn glance_answers_in_html() {
        let page = "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  \
                    No image found with ID &quot;x&quot;<br /><br />\n\n\n\n </body>\n</html>";
        assert_eq!(read("text/html", page.as_bytes()), (None, "No image found with ID \"x\"".to_owned()));
        let bare = "<html><head><title>503 Service Unavailable</title></head></html>";
        assert_eq!(read("text/html", bare.as_bytes()).1, "503 Service Unavailable");
    }

    #[test]
    fn whatever_else_comes_is_shown_in_short() {
        assert_eq!(read("text/plain", b"").1, "it gave no explanation");
        assert_eq!(read("text/plain", b" upstream\n timed out ").1, "upstream timed out");
        assert_eq!(read("application/json", b"[1]").1, "[1]");
        let long = read("text/plain", "ä".repeat(5000).as_bytes()).1;
        assert_eq!(long.chars().count(), LONGEST + 1);
    }
}
