//! How far the traffic of a station is from what is usual at this time of the day.

use tidemill_sdk::prelude::*;

use crate::Config;

const HOUR: i64 = 3_600_000_000;

/// The segment of the day (UTC) that an instant lies in.
#[scalar(result = "segment")]
pub(crate) fn segment(at: Timestamp) -> &'static str {
    match at.micros().div_euclid(HOUR).rem_euclid(24) {
        0..6 => "night",
        6..9 => "morning",
        9..15 => "midday",
        15..19 => "evening",
        _ => "late",
    }
}

/// By how many percent a number differs from the usual one, to one decimal: -50 if it is half of it.
/// Null if nothing is usual.
#[scalar(result = "deviation")]
pub(crate) fn deviation(crossings: i64, usual: i64) -> Option<f64> {
    let tenths = 1_000.0 * (crossings - usual) as f64 / usual as f64;
    (usual > 0).then_some(tenths.round() / 10.0)
}

/// Is the deviation more than `percent` (40 if not given), up or down?
#[scalar]
pub(crate) fn is_unusual(config: &Config, deviation: f64) -> bool {
    deviation.abs() > config.percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_begin_at_full_hours() {
        let at = |hours: i64, micros: i64| segment(Timestamp(hours * HOUR + micros));
        assert_eq!(at(0, 0), "night");
        assert_eq!(at(6, -1), "night");
        assert_eq!(at(6, 0), "morning");
        assert_eq!(at(14, 0), "midday");
        assert_eq!(at(15, 0), "evening");
        assert_eq!(at(19, 0), "late");
        assert_eq!(at(-1, 0), "late", "before 1970 too");
    }

    #[test]
    fn deviations_are_relative_to_the_usual() {
        assert_eq!(deviation(150, 100), Some(50.0));
        assert_eq!(deviation(50, 100), Some(-50.0));
        assert_eq!(deviation(1, 3), Some(-66.7));
        assert_eq!(deviation(5, 0), None);
    }

    #[test]
    fn both_directions_are_unusual() {
        let config = Config::default();
        assert!(is_unusual(&config, 40.1));
        assert!(is_unusual(&config, -40.1));
        assert!(!is_unusual(&config, 40.0));
    }
}
