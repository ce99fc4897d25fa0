//! Made-up sensor readings.

/// A reading of a sensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Milliseconds since the Unix epoch.
    pub ts: i64,
    pub sensor: String,
    pub temperature: f64,
    pub humidity: f64,
}

/// `count` readings of 20 sensors, 50 ms apart, one in twenty up to 5 s out of order. The same seed
/// gives the same readings.
pub fn readings(seed: u64, count: usize) -> Vec<Reading> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut reading = |index: usize| {
        let late = if random.below(20) == 0 {
            random.below(5000)
        } else {
            0
        };
        Reading {
            ts: 1_700_000_003_210 + index as i64 * 50 - late as i64,
            sensor: format!("s{:02}", random.below(20)),
            temperature: random.below(100_000_000) as f64 / 1e6,
            humidity: random.below(100_000_000) as f64 / 1e6,
        }
    };
    (0..count).map(&mut reading).collect()
}

impl Reading {
    pub fn json(&self) -> String {
        format!(
            r#"{{"ts":{},"sensor":"{}","temperature":{},"humidity":{}}}"#,
            self.ts, self.sensor, self.temperature, self.humidity
        )
    }

    pub fn csv(&self) -> String {
        format!(
            "{},{},{},{}",
            self.ts, self.sensor, self.temperature, self.humidity
        )
    }
}

/// A small generator of numbers (xorshift64*), so that tests do not change when a library does.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) * bound) >> 32
    }
}
