//! What the user may have meant.

/// The names nearest to a misspelt one, best first, at most three; empty when nothing is near.
///
/// Letter case does not count, and a name that holds the misspelt one (or the other way round) is near.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // No name is that long, and comparing would take its time.
    if wrong.len() > 200 {
        return Vec::new();
    }
    let lower = wrong.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let candidate = name.to_lowercase();
            let mut score = strsim::jaro_winkler(&lower, &candidate);
            if lower.len() >= 3 && (candidate.contains(&lower) || lower.contains(&candidate)) {
                score += 0.1;
            }
            (score >= 0.8).then_some((score, name))
        })
        .collect();
    near.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.cmp(right)));
    near.dedup_by_key(|(_, name)| *name);
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// `did you mean a, b or c?`, or nothing when nothing is near.
pub fn did_you_mean<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near: Vec<String> = nearest(wrong, names).into_iter().map(|name| format!("`{name}`")).collect();
    match near.as_slice() {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        [first @ .., last] => Some(format!("did you mean {} or {last}?", first.join(", "))),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_best_first_and_strangers_not_at_all() {
        let names = ["NovaServers.boot_server", "NovaServers.boot_and_delete_server", "Dummy.dummy"];
        assert_eq!(nearest("NovaServers.boot_and_delet_server", names)[0], names[1]);
        assert_eq!(nearest("dummy", names), ["Dummy.dummy"]);
        assert!(nearest("Zaqar.list_queues", ["Dummy.dummy"]).is_empty());
        assert_eq!(did_you_mean("constnat", ["constant", "serial"]).unwrap(), "did you mean `constant`?");
    }
}
