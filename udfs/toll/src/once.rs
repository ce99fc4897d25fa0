//! Crossings that a device sends twice.

use tidemill_sdk::prelude::*;

/// The crossing that a vehicle was last seen with.
#[derive(Debug, Default, State)]
pub(crate) struct Seen {
    crossing: Option<String>,
}

/// The crossing, if it is not the one that came last with the same key. A device that hears no answer
/// sends a crossing again before the next one of the vehicle, so the last one is all there is to
/// remember.
#[process(result = "crossing")]
pub(crate) fn once(seen: &mut Seen, crossing: &str) -> Option<String> {
    if seen.crossing.as_deref() == Some(crossing) {
        return None;
    }
    seen.crossing = Some(crossing.to_owned());
    seen.crossing.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_that_is_repeated_counts_once() {
        let mut seen = Seen::default();
        let passed: Vec<String> = ["c1", "c1", "c2", "c2", "c2", "c3"]
            .iter()
            .filter_map(|crossing| once(&mut seen, crossing))
            .collect();
        assert_eq!(passed, ["c1", "c2", "c3"]);
    }
}
