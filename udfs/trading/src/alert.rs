//! From rows that deviate to alerts: one for each time that something happens, not one for each row.

use tidemill_sdk::prelude::*;

use crate::Config;

/// Is the deviation more than `percent` (10 if not given), up or down?
#[scalar]
pub(crate) fn exceeds(config: &Config, deviation: f64) -> bool {
    deviation.abs() > config.percent
}

/// What is known of the alerts of a pair.
#[derive(Debug, Default, State)]
pub(crate) struct Alerts {
    /// When the latest row came that is part of an alert.
    latest: Option<Timestamp>,
    opened: i64,
}

/// Opens an alert when none of the key is open, and gives its number, from 1. An alert stays open until
/// `quiet_seconds` (60 if not given) pass without a row.
#[process(result = "alert")]
pub(crate) fn open_alert(config: &Config, alerts: &mut Alerts, at: Timestamp) -> Option<i64> {
    let quiet = i64::from(config.quiet_seconds) * 1_000_000;
    let is_open = alerts
        .latest
        .is_some_and(|latest| at.micros_since(latest) <= quiet);
    // A row that comes out of order does not close an alert early.
    alerts.latest = alerts.latest.max(Some(at));
    if is_open {
        return None;
    }
    alerts.opened += 1;
    Some(alerts.opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_follow_each_other_are_one_alert() {
        let config = Config::default();
        let mut alerts = Alerts::default();
        let opened: Vec<i64> = [0, 30, 20, 90, 151, 152]
            .iter()
            .filter_map(|&seconds| {
                open_alert(
                    &config,
                    &mut alerts,
                    Timestamp::from_millis(seconds * 1_000),
                )
            })
            .collect();
        assert_eq!(opened, [1, 2], "at 0 and, 61 s after the latest, at 151");
    }

    #[test]
    fn both_directions_exceed() {
        let config = Config::default();
        assert!(exceeds(&config, 10.1));
        assert!(exceeds(&config, -10.1));
        assert!(!exceeds(&config, 10.0));
    }
}
