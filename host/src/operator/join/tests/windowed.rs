//! Joins of rows in the same window, against a loop over all windows.

use super::*;

/// What a join does, said as simply as possible.
struct Model {
    window: WindowKind,
    kind: JoinKind,
    watermark: i64,
    kept: Vec<(Side, Row)>,
    late: Vec<(Side, i64)>,
    outside: usize,
}

/// The ends of the range, where windows are cut off.
fn clamp(time: i128) -> i64 {
    time.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

impl Model {
    /// The windows that a row is in, as start and end. They may reach beyond the range of instants.
    fn windows(&self, row: &Row) -> Vec<(i128, i128)> {
        // The last microsecond that there is counts as the one before it.
        let time = i128::from(row.time.min(i64::MAX - 1));
        let aligned = |length: i64, distance: i64, origin: i64| {
            let [length, distance, origin] = [length, distance, origin].map(i128::from);
            let last: i128 = (time - origin).div_euclid(distance);
            let starts = (0_i128..100).map(move |back| (last - back) * distance + origin);
            starts
                .take_while(move |start| time < start + length)
                .map(move |start| (start, start + length))
                .collect::<Vec<(i128, i128)>>()
        };
        match self.window {
            WindowKind::Global => vec![(i64::MIN.into(), i64::MAX.into())],
            WindowKind::Inherited => {
                let window = row.window.into_iter();
                window
                    .map(|(start, end)| (start.into(), end.into()))
                    .collect()
            }
            WindowKind::Tumbling { size, offset } => {
                aligned(size.as_micros(), size.as_micros(), offset.as_micros())
            }
            WindowKind::Sliding {
                size,
                slide,
                offset,
            } => aligned(size.as_micros(), slide.as_micros(), offset.as_micros()),
            WindowKind::Cumulate { size, step, offset } => {
                let longest = aligned(size.as_micros(), size.as_micros(), offset.as_micros());
                let start = longest[0].0;
                let steps = 1..=i128::from(size.as_micros() / step.as_micros());
                let ends = steps.map(|count| start + count * i128::from(step.as_micros()));
                ends.filter(|end| time < *end)
                    .map(|end| (start, end))
                    .collect()
            }
            _ => panic!("there is no join over such windows"),
        }
    }

    fn feed(&mut self, side: Side, rows: &[Row]) {
        for &row in rows {
            let windows = self.windows(&row);
            if windows.is_empty() {
                self.outside += 1;
            } else if windows
                .iter()
                .all(|window| clamp(window.1) <= self.watermark)
            {
                self.late.push((side, row.id));
            } else {
                self.kept.push((side, row));
            }
        }
    }

    /// The rows of the windows that close, in their order.
    fn advance(&mut self, watermark: i64) -> Vec<Joined> {
        let all = self.kept.iter().flat_map(|(_, row)| self.windows(row));
        let mut due: Vec<(i128, i128)> = all
            .filter(|(_, end)| self.watermark < clamp(*end) && clamp(*end) <= watermark)
            .map(|(start, end)| (end, start))
            .collect();
        due.sort_unstable();
        due.dedup();
        let mut joined = Vec::new();
        for (end, start) in due {
            self.close((start, end), &mut joined);
        }
        self.watermark = self.watermark.max(watermark);
        joined
    }

    fn close(&self, window: (i128, i128), joined: &mut Vec<Joined>) {
        let side = |side| -> Vec<Row> {
            let rows = self.kept.iter().filter(|(other, _)| *other == side);
            let rows = rows.filter(|(_, row)| self.windows(row).contains(&window));
            rows.map(|(_, row)| *row).collect()
        };
        let (left, right) = (side(Side::Left), side(Side::Right));
        let mut keys: Vec<Option<i64>> = left.iter().chain(&right).map(|row| row.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let bounds = (clamp(window.0), clamp(window.1));
        let is_timed = self.window != WindowKind::Global;
        for key in keys {
            let mut push = |left: Option<i64>, right: Option<i64>| {
                joined.push(Joined {
                    window: is_timed.then_some(bounds),
                    key,
                    left,
                    right,
                    time: is_timed.then(|| bounds.1 - 1),
                });
            };
            let of_key = |rows: &[Row]| -> Vec<i64> {
                let rows = rows.iter().filter(|row| row.key == key);
                rows.map(|row| row.id).collect()
            };
            let (left, right) = (of_key(&left), of_key(&right));
            if key.is_some() && !left.is_empty() && !right.is_empty() {
                for &left in &left {
                    right
                        .iter()
                        .for_each(|&right| push(Some(left), Some(right)));
                }
                continue;
            }
            if self.kind.keeps(Side::Left) {
                left.iter().for_each(|&left| push(Some(left), None));
            }
            if self.kind.keeps(Side::Right) {
                right.iter().for_each(|&right| push(None, Some(right)));
            }
        }
    }
}

fn check(window: WindowKind, kind: JoinKind, subtasks: usize, timed: bool, steps: &[Step]) {
    let mut join = Subtasks::new(JoinBound::Window(window), kind, subtasks);
    let mut model = Model {
        window,
        kind,
        watermark: i64::MIN,
        kept: Vec::new(),
        late: Vec::new(),
        outside: 0,
    };
    for step in steps.iter().chain([&Step::Watermark(i64::MAX)]) {
        match step {
            Step::Rows(side, rows) => {
                let late = model.late.len();
                let found = join.feed(*side, rows, timed);
                assert_eq!(found.rows, []);
                model.feed(*side, rows);
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
                assert_eq!(found.reached, Some(at(*watermark)));
            }
            Step::Restart(subtasks) => join.restart(*subtasks),
        }
    }
    join.check_counts(model.late.len(), model.outside);
}

fn window() -> impl Strategy<Value = WindowKind> {
    prop_oneof![
        (1_i64..30, 0_i64..30).prop_map(|(size, offset)| WindowKind::Tumbling {
            size: micros(size),
            offset: micros(offset % size),
        }),
        (1_i64..30, 1_i64..30, 0_i64..30).prop_map(|(size, slide, offset)| WindowKind::Sliding {
            size: micros(size),
            slide: micros(slide),
            offset: micros(offset % slide),
        }),
        (1_i64..10, 1_i64..5, 0_i64..30).prop_map(|(step, steps, offset)| WindowKind::Cumulate {
            size: micros(step * steps),
            step: micros(step),
            offset: micros(offset % (step * steps)),
        }),
        Just(WindowKind::Inherited),
        Just(WindowKind::Global),
    ]
}

#[test]
fn windows_close_once_whoever_was_ahead() {
    let window = WindowKind::Sliding {
        size: micros(60),
        slide: micros(10),
        offset: micros(0),
    };
    let row = |key, id| Row {
        time: 5,
        key: Some(key),
        id,
        window: None,
    };
    let rows: Vec<Row> = (0..8).map(|key| row(key, key)).collect();
    // Some of the keys are on both sides.
    let start = || {
        let mut join = Subtasks::new(JoinBound::Window(window), JoinKind::Full, 2);
        join.feed(Side::Left, &rows[..6], true);
        join.feed(Side::Right, &rows[2..], true);
        join
    };
    let expected = start().advance(Watermark::END).rows;
    for subtasks in 1..4 {
        let mut join = start();
        let mut found = join.advance_one(0, at(12)).rows;
        found.extend(join.advance_one(1, at(25)).rows);
        join.reached = at(25);
        join.restart(subtasks);
        let overdue = join.begin().rows;
        let ends: Vec<_> = overdue.iter().filter_map(|row| row.window).collect();
        assert!(!ends.is_empty() && ends.iter().all(|window| window.1 == 20));
        found.extend(overdue);
        // What the inputs say when they go on is behind that.
        found.extend(join.advance(at(12)).rows);
        found.extend(join.advance(Watermark::END).rows);
        check_same(found, expected.clone());
    }
}

proptest! {
    #[test]
    fn rows_meet_in_their_windows(
        window in window(),
        kind in kind(),
        subtasks in 1_usize..4,
        mut steps in steps(),
    ) {
        for step in &mut steps {
            if let Step::Rows(_, rows) = step {
                // The numbers of windows of a microsecond end where time does.
                let range = (i64::MIN + 100, i64::MAX - 100);
                rows.iter_mut().for_each(|row| row.time = row.time.clamp(range.0, range.1));
            }
        }
        check(window, kind, subtasks, true, &steps);
    }

    #[test]
    fn rows_without_time_meet_at_the_end(
        kind in kind(),
        subtasks in 1_usize..4,
        steps in steps(),
    ) {
        check(WindowKind::Global, kind, subtasks, false, &steps);
    }
}
