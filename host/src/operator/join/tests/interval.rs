//! Joins of rows that are near in time, against a loop over all pairs.

use super::*;

/// A row that the model keeps.
#[derive(Clone, Copy, Debug)]
struct Kept {
    row: Row,
    side: Side,
    matched: bool,
}

/// What a join does, said as simply as possible.
struct Model {
    before: i64,
    after: i64,
    kind: JoinKind,
    watermark: i64,
    kept: Vec<Kept>,
    late: Vec<(Side, i64)>,
}

impl Model {
    /// The last instant at which a row could come that meets this one.
    fn last(&self, side: Side, row: &Row) -> i128 {
        let reach = match side {
            Side::Left => self.after,
            Side::Right => self.before,
        };
        i128::from(row.time) + i128::from(reach)
    }

    fn feed(&mut self, side: Side, rows: &[Row]) -> Vec<Joined> {
        let mut joined = Vec::new();
        for &row in rows {
            if self.last(side, &row) < i128::from(self.watermark) {
                self.late.push((side, row.id));
                continue;
            }
            let mut matched = false;
            for other in self.kept.iter_mut().filter(|other| other.side != side) {
                let (left, right) = match side {
                    Side::Left => (row, other.row),
                    Side::Right => (other.row, row),
                };
                let distance = i128::from(right.time) - i128::from(left.time);
                let is_near = -i128::from(self.before) <= distance && distance <= self.after.into();
                if is_near && row.key.is_some() && row.key == other.row.key {
                    (matched, other.matched) = (true, true);
                    joined.push(Joined {
                        window: None,
                        key: row.key,
                        left: Some(left.id),
                        right: Some(right.id),
                        time: Some(left.time.max(right.time)),
                    });
                }
            }
            self.kept.push(Kept { row, side, matched });
        }
        joined
    }

    /// The rows that leave alone, in their order.
    fn advance(&mut self, watermark: i64) -> Vec<Joined> {
        self.watermark = watermark;
        let is_over = |kept: &Kept| {
            watermark == i64::MAX || self.last(kept.side, &kept.row) < watermark.into()
        };
        let (over, kept): (Vec<Kept>, Vec<Kept>) = self.kept.iter().partition(|kept| is_over(kept));
        let mut over: Vec<Kept> = over
            .into_iter()
            .filter(|kept| self.kind.keeps(kept.side) && !kept.matched)
            .collect();
        self.kept = kept;
        over.sort_by_key(|kept| (kept.row.time, kept.row.key, kept.side == Side::Right));
        let lone = over.iter().map(|kept| {
            let id = |side| (kept.side == side).then_some(kept.row.id);
            Joined {
                window: None,
                key: kept.row.key,
                left: id(Side::Left),
                right: id(Side::Right),
                time: Some(kept.row.time),
            }
        });
        lone.collect()
    }
}

fn check(before: i64, after: i64, kind: JoinKind, subtasks: usize, steps: &[Step]) {
    let bound = JoinBound::Within {
        before: micros(before),
        after: micros(after),
    };
    let mut join = Subtasks::new(bound, kind, subtasks);
    let mut model = Model {
        before,
        after,
        kind,
        watermark: i64::MIN,
        kept: Vec::new(),
        late: Vec::new(),
    };
    for step in steps.iter().chain([&Step::Watermark(i64::MAX)]) {
        match step {
            Step::Rows(side, rows) => {
                let late = model.late.len();
                let found = join.feed(*side, rows, true);
                check_same(found.rows, model.feed(*side, rows));
                let late = model.late[late..]
                    .iter()
                    .filter(|late| late.0 == Side::Left);
                let mut late: Vec<i64> = late.map(|late| late.1).collect();
                let mut found = found.late;
                late.sort_unstable();
                found.sort_unstable();
                assert_eq!(found, late);
            }
            Step::Watermark(watermark) => {
                let found = join.advance(at(*watermark));
                let expected = model.advance(*watermark);
                if join.operators.len() == 1 {
                    assert_eq!(found.rows, expected);
                } else {
                    check_same(found.rows, expected);
                }
                let held = match *watermark {
                    i64::MAX => i64::MAX,
                    watermark => watermark.saturating_sub(before.max(after)),
                };
                assert_eq!(found.reached, Some(at(held)));
            }
            Step::Restart(subtasks) => join.restart(*subtasks),
        }
    }
    join.check_counts(model.late.len(), 0);
}

proptest! {
    #[test]
    fn rows_meet_as_in_a_loop_over_all_pairs(
        before in prop_oneof![4 => 0_i64..20, 1 => Just(i64::MAX)],
        after in prop_oneof![4 => 0_i64..20, 1 => Just(i64::MAX)],
        kind in kind(),
        subtasks in 1_usize..4,
        steps in steps(),
    ) {
        check(before, after, kind, subtasks, &steps);
    }
}

const fn plain(time: i64, key: i64, id: i64) -> Row {
    Row {
        time,
        key: Some(key),
        id,
        window: None,
    }
}

#[test]
fn a_row_is_late_when_none_could_come_that_it_meets() {
    let steps = [
        Step::Watermark(100),
        // The left one meets rows up to 10 later, the right one rows up to 5 later.
        Step::Rows(Side::Left, vec![plain(89, 1, 0), plain(90, 1, 1)]),
        Step::Rows(Side::Right, vec![plain(94, 1, 2), plain(95, 1, 3)]),
    ];
    check(5, 10, JoinKind::Full, 1, &steps);
    let bound = JoinBound::Within {
        before: micros(5),
        after: micros(10),
    };
    let mut join = Subtasks::new(bound, JoinKind::Inner, 1);
    join.advance(at(100));
    let late = join.feed(Side::Left, &[plain(89, 1, 0), plain(90, 1, 1)], true);
    assert_eq!(late.late, [0]);
    let late = join.feed(Side::Right, &[plain(94, 1, 2), plain(95, 1, 3)], true);
    assert!(
        late.late.is_empty(),
        "late rows of the right are only counted"
    );
    assert_eq!(late.rows.len(), 1);
    assert_eq!(join.metrics.late.get(), 2);
}
