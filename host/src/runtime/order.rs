//! In which order the subtasks of a job take turns.

/// In which order the subtasks of a job that is driven step by step take turns.
#[derive(Clone, Debug, Default)]
pub enum Order {
    /// Always the same.
    #[default]
    Fixed,
    /// Another one each round; the same state gives the same orders.
    Drawn(u64),
}

impl Order {
    /// Orders that are drawn from `seed`.
    pub const fn drawn(seed: u64) -> Self {
        // The state must not be zero.
        Self::Drawn(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The order of the next round of `subtasks` subtasks.
    pub(super) fn next_round(&mut self, subtasks: usize) -> Vec<usize> {
        let mut round: Vec<usize> = (0..subtasks).collect();
        if let Self::Drawn(state) = self {
            // Fisher and Yates.
            for last in (1..subtasks).rev() {
                round.swap(last, below(state, last + 1));
            }
        }
        round
    }
}

/// A number below `limit`, by xorshift64* (Vigna, 2014).
fn below(state: &mut u64, limit: usize) -> usize {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    let drawn = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
    ((drawn * limit as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_has_all_subtasks_and_a_seed_gives_the_same_rounds() {
        let (mut one, mut same) = (Order::drawn(7), Order::drawn(7));
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let round = one.next_round(3);
            assert_eq!(round, same.next_round(3));
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
            seen.insert(round);
        }
        assert_eq!(seen.len(), 6);
    }
}
