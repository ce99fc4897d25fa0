//! Made-up crossings, with what goes wrong in a day: devices that repeat themselves, clocks that are not
//! set, plates in many spellings, one lane that is closed and one road that takes the traffic of
//! another. The reading of the `generator` decides everything.

use dice::Dice;
use tidemill_sdk::prelude::*;

use crate::traffic::segment;

/// The stations, and how much of the traffic of the busiest each has.
const STATIONS: [(&str, f64); 6] = [
    ("N1", 1.0),
    ("N2", 0.8),
    ("E1", 0.6),
    ("S1", 0.7),
    ("W1", 0.9),
    ("W2", 0.4),
];
const CUSTOMERS: u64 = 20_000;
const MINUTE: i64 = 60_000_000;

/// A crossing as a device sends it.
#[derive(Clone, Debug, PartialEq, Row)]
pub(crate) struct Crossing {
    /// RFC 3339.
    pub(crate) ts: String,
    pub(crate) crossing: String,
    pub(crate) station: &'static str,
    pub(crate) plate: String,
    pub(crate) axles: i64,
    /// What the driver paid in at the station, in cents.
    pub(crate) top_up: Option<i64>,
}

/// The crossings that a reading stands for: none, one, or the same one twice. The number of its sensor is
/// that of the station, of which there are six.
#[table]
pub(crate) fn crossings(
    ts: Timestamp,
    sensor: &str,
    temperature: f64,
    humidity: f64,
) -> Vec<Crossing> {
    let mut dice = Dice::of_reading(temperature, humidity);
    let number: usize = sensor.trim_start_matches('s').parse().unwrap_or_default();
    let (station, weight) = STATIONS[number % STATIONS.len()];
    if !dice.chance(weight * share_of_the_peak(ts, station)) {
        return Vec::new();
    }
    // One in two thousand was kept by a device without a connection, and comes up to an hour late.
    let kept = match dice.chance(0.0005) {
        true => MINUTE * (20 + dice.below(40).cast_signed()),
        false => 0,
    };
    let crossing = Crossing {
        ts: match dice.chance(0.0005) {
            true => "0000-00-00T00:00:00Z".to_owned(),
            false => Timestamp(ts.micros() - kept).to_string(),
        },
        crossing: format!("{station}-{:012x}", dice.bits() >> 16),
        station: match dice.chance(0.0005) {
            true => "X9",
            false => station,
        },
        plate: plate(&mut dice),
        axles: axles(&mut dice),
        top_up: dice
            .chance(0.15)
            .then(|| 2_000 + 1_000 * dice.below(4).cast_signed()),
    };
    match dice.chance(0.005) {
        true => vec![crossing.clone(), crossing],
        false => vec![crossing],
    }
}

/// How much traffic there is compared with the hours of the morning.
fn share_of_the_peak(ts: Timestamp, station: &str) -> f64 {
    let usual = match segment(ts) {
        "night" => 0.3,
        "morning" => 1.0,
        "midday" => 0.6,
        "evening" => 0.9,
        _ => 0.3,
    };
    let minute = ts.micros().div_euclid(MINUTE).rem_euclid(24 * 60);
    match (station, minute) {
        // From 16:30 to 17:30 all lanes but one are closed.
        ("E1", 990..1050) => usual * 0.3,
        // From 12:00 to 13:00 the road takes the traffic of another one.
        ("W1", 720..780) => usual * 1.8,
        _ => usual,
    }
}

/// The plate of one of the customers, a few of whom drive a lot; a fifth in another spelling, some
/// not readable.
fn plate(dice: &mut Dice) -> String {
    let customer = dice.skewed_below(CUSTOMERS);
    let letter = |place: u64| char::from(b'A' + (place % 26) as u8);
    let letters = [letter(customer / 26), letter(customer)];
    let [first, second] = letters;
    let digits = 1_000 + customer * 7 % 9_000;
    match dice.below(1_000) {
        0 => "?".to_owned(),
        1..100 => format!(
            "{}{}-{digits}",
            first.to_ascii_lowercase(),
            second.to_ascii_lowercase()
        ),
        100..200 => format!("{first}{second}{digits} "),
        _ => format!("{first}{second} {digits}"),
    }
}

/// Two for most, up to six for trucks, and 0 when the device missed them.
fn axles(dice: &mut Dice) -> i64 {
    match dice.below(1_000) {
        0 => 0,
        1..850 => 2,
        850..900 => 3,
        900..930 => 4,
        930..980 => 5,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean::clean;

    /// The crossings of a million readings in one hour of the day, as few of each as there are.
    fn crossings_of(hour: i64, sensor: &str, readings: u64) -> Vec<Crossing> {
        (0..readings)
            .flat_map(|reading| {
                let mut dice = Dice::new(reading);
                let measures = [0, 1].map(|_| 100.0 * dice.fraction());
                let ts = Timestamp(hour * 60 * MINUTE + reading.cast_signed());
                crossings(ts, sensor, measures[0], measures[1])
            })
            .collect()
    }

    #[test]
    fn traffic_follows_the_day_and_the_station() {
        let near = |hour, sensor, expected: f64| {
            let found = crossings_of(hour, sensor, 10_000).len() as f64 / 10_000.0;
            assert!((found - expected).abs() < 0.02, "{found} is not {expected}");
        };
        near(7, "s000", 1.0);
        near(2, "s000", 0.3);
        near(7, "s005", 0.4);
        near(12, "s004", 0.9 * 0.6 * 1.8);
    }

    #[test]
    fn some_crossings_are_bad_and_some_are_there_twice() {
        let all = crossings_of(7, "s000", 50_000);
        let bad = all.iter().filter(|row| {
            let (crossing, plate) = (Some(row.crossing.as_str()), Some(row.plate.as_str()));
            clean(crossing, Some(row.station), plate, Some(row.axles)).is_err()
        });
        assert!((50..150).contains(&bad.count()), "two in a thousand");
        let twice = all.windows(2).filter(|pair| pair[0] == pair[1]);
        assert!((200..300).contains(&twice.count()), "five in a thousand");
        assert!(all.iter().any(|row| row.ts.starts_with("0000")));
        assert!(all.iter().any(|row| row.station == "X9"));
    }

    #[test]
    fn plates_are_of_customers() {
        let mut plates: Vec<String> = crossings_of(7, "s000", 50_000)
            .iter()
            .filter_map(|row| clean(Some("c"), Some("N1"), Some(&row.plate), Some(2)).ok())
            .collect();
        plates.sort();
        plates.dedup();
        assert!((10_000..20_000).contains(&plates.len()), "{}", plates.len());
    }
}
