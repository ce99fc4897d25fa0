//! What a user may have meant by a name that nobody knows.

/// The name nearest to `name`, if one is near enough to be meant.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let tolerated = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let same = candidate.eq_ignore_ascii_case(name);
            let distance = if same {
                0
            } else {
                strsim::damerau_levenshtein(name, candidate)
            };
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            // All letters changed is not a typing mistake, however short the name.
            *distance <= tolerated && *distance < candidate.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Points to the name nearest to `name`, or lists all there are after `what`.
pub(super) fn did_you_mean<'a>(
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    if candidates.is_empty() {
        return None;
    }
    Some(format!("{what} {}", list(candidates)))
}

/// Names in backquotes, separated by commas.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognised() {
        for (name, expected) in [
            ("formt", Some("format")),
            ("fromat", Some("format")),
            ("FORMAT", Some("format")),
            ("pth", Some("path")),
            ("banana", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, ["path", "format"]), expected, "{name}");
        }
    }
}
