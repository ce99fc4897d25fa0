//! Chance for made-up data: the same seed always throws the same. Not a library of functions itself;
//! the example libraries make their data with it.

/// A source of numbers that look random and depend on nothing but a seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that throw what `seed` says.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice that throw what a reading of the `generator` says: its two measures are random numbers,
    /// of which other ones can be made.
    pub const fn of_reading(temperature: f64, humidity: f64) -> Self {
        Self(mix(temperature.to_bits()).wrapping_add(humidity.to_bits()))
    }

    /// 64 random bits.
    // SplitMix64 (Steele, Lea and Flood, 2014).
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 up to but not 1, all equally likely.
    pub const fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub const fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A number below `limit`, all equally likely; 0 if the limit is 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        ((self.bits() as u128 * limit as u128) >> 64) as u64
    }

    /// A number below `limit`, small ones more often: half of the throws are in the first eighth.
    pub fn skewed_below(&mut self, limit: u64) -> u64 {
        let fraction = self.fraction();
        (fraction * fraction * fraction * limit as f64) as u64
    }

    /// A number around 0, as often above as below, seldom beyond 2 and never beyond 6.
    // The sum of twelve uniform numbers has a variance of 1 and needs no logarithm, which would not be
    // the same to the last bit everywhere.
    pub fn around_zero(&mut self) -> f64 {
        (0..12).map(|_| self.fraction()).sum::<f64>() - 6.0
    }
}

/// The finalizer of SplitMix64: every bit of the result depends on every bit of the argument.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reading_throws_the_same() {
        let mut dice = Dice::of_reading(20.5, 60.0);
        let mut again = Dice::of_reading(20.5, 60.0);
        let mut other = Dice::of_reading(60.0, 20.5);
        let first = dice.bits();
        assert_eq!(first, again.bits());
        assert_ne!(first, other.bits());
        assert_ne!(first, dice.bits());
    }

    #[test]
    fn throws_are_spread_as_promised() {
        let mut dice = Dice::new(1);
        let mut share = |test: &mut dyn FnMut(&mut Dice) -> bool| {
            (0..10_000).filter(|_| test(&mut dice)).count() as f64 / 10_000.0
        };
        let near = |found: f64, expected: f64| (found - expected).abs() < 0.02;
        assert!(near(share(&mut |dice| dice.chance(0.3)), 0.3));
        assert!(near(share(&mut |dice| dice.below(4) == 3), 0.25));
        assert!(near(share(&mut |dice| dice.skewed_below(80) < 10), 0.5));
        assert!(near(share(&mut |dice| dice.around_zero() > 0.0), 0.5));
        assert!(near(
            share(&mut |dice| dice.around_zero().abs() > 2.0),
            0.046
        ));
    }

    #[test]
    fn nothing_is_below_zero() {
        assert_eq!(Dice::new(1).below(0), 0);
        assert_eq!(Dice::new(1).skewed_below(0), 0);
    }
}
