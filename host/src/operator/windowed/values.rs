//! The rows that a holistic function will want to see, window by window.

use arrow::{array::ArrayRef, buffer::ScalarBuffer};

use crate::{
    batch::Field,
    state::{Columns, Slots, StateTable, TooLarge},
};

/// No row.
const NONE: u32 = u32::MAX;

/// Rows with their arguments, in a chain for each window. Two windows become one without a look at
/// their rows, and those of one window are found without a look at those of others.
pub(super) struct ValueStore {
    table: StateTable,
    /// By row: its event time.
    times: Vec<i64>,
    /// By row: the next one of its window.
    next: Vec<u32>,
    slots: Slots,
    /// By window: its first row and its last.
    chains: Vec<Chain>,
}

/// A row of some windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// The place of its window among them.
    pub(super) group: u32,
    place: u32,
}

#[derive(Clone, Copy)]
struct Chain {
    first: u32,
    last: u32,
}

const EMPTY: Chain = Chain {
    first: NONE,
    last: NONE,
};

impl ValueStore {
    /// A store without rows, for these arguments.
    pub(super) fn new(arguments: &[Field]) -> Self {
        Self {
            table: StateTable::new(arguments),
            times: Vec::new(),
            next: Vec::new(),
            slots: Slots::default(),
            chains: Vec::new(),
        }
    }

    /// Adds row `i` of the arguments to window `windows[i]`, which is below `bound`. Without event time,
    /// rows stay in the order of their coming.
    pub(super) fn append(
        &mut self,
        windows: &[u32],
        times: Option<&ScalarBuffer<i64>>,
        arguments: &[ArrayRef],
        bound: usize,
    ) {
        if self.chains.len() < bound {
            self.chains.resize(bound, EMPTY);
        }
        let known = self.table.rows();
        let places: Vec<u32> = windows.iter().map(|_| self.slots.take()).collect();
        // Places that are used again come first.
        let again = places.partition_point(|&place| (place as usize) < known);
        self.table.scatter(&places[..again], arguments, 0);
        let fresh = places.len() - again;
        let rest: Columns = arguments
            .iter()
            .map(|column| column.slice(again, fresh))
            .collect();
        self.table.append(fresh, &rest);
        self.times.resize(self.table.rows(), 0);
        self.next.resize(self.table.rows(), NONE);
        for (row, (&place, &window)) in places.iter().zip(windows).enumerate() {
            self.times[place as usize] = times.map_or(0, |times| times[row]);
            self.next[place as usize] = NONE;
            self.link(window, place, place);
        }
    }

    /// Adds the rows of window `from` to `into`, which is below `bound`.
    pub(super) fn join(&mut self, into: u32, from: u32) {
        let chain = self.chain(from);
        if chain.first != NONE {
            self.link(into, chain.first, chain.last);
            self.chains[from as usize] = EMPTY;
        }
    }

    /// Forgets the rows of windows.
    pub(super) fn release(&mut self, windows: &[u32]) {
        let places = self.rows(windows, |_, place| place);
        for &window in windows {
            if let Some(chain) = self.chains.get_mut(window as usize) {
                *chain = EMPTY;
            }
        }
        self.table.clear(&places);
        places
            .into_iter()
            .for_each(|place| self.slots.give_back(place));
        if let Some(rows) = self.slots.trim() {
            self.table.truncate(rows);
            self.table.shrink();
            self.times.truncate(rows);
            self.times.shrink_to_fit();
            self.next.truncate(rows);
            self.next.shrink_to_fit();
        }
    }

    /// Gives back the memory of windows from `bound` on, none of which has rows.
    pub(super) fn truncate(&mut self, bound: usize) {
        self.chains.truncate(bound);
        self.chains.shrink_to_fit();
    }

    /// The rows of `windows`: for each row the place of its window among them, never decreasing, and the
    /// arguments. The rows of a window come in the order of their event time, equal ones in the order
    /// of their coming.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    pub(super) fn rows_of(&self, windows: &[u32]) -> Result<(Vec<u32>, Columns), TooLarge> {
        let mut rows = self.rows(windows, |group, place| {
            (group, self.times[place as usize], place)
        });
        let in_order = |&(group, time, _): &(u32, i64, u32)| (group, time);
        if !rows.is_sorted_by_key(in_order) {
            rows.sort_by_key(in_order);
        }
        let groups = rows.iter().map(|row| row.0).collect();
        let places: Vec<u32> = rows.iter().map(|row| row.2).collect();
        Ok((groups, self.table.gather(&places)?))
    }

    /// The bytes that the rows of `windows` take, with the place of the window of each.
    pub(super) fn weight(&self, windows: &[u32]) -> usize {
        let places = self.rows(windows, |_, place| place);
        let weight = self.table.weight(&places);
        weight.saturating_add(size_of_val(&places[..]))
    }

    /// The rows of `windows` in the order in which they have come to each.
    pub(super) fn placed(&self, windows: &[u32]) -> Vec<Placed> {
        self.rows(windows, |group, place| Placed { group, place })
    }

    /// The bytes that the arguments of a row take.
    pub(super) fn weight_of(&self, row: &Placed) -> usize {
        self.table.weight_of(row.place)
    }

    /// The event times of rows, and their arguments.
    ///
    /// # Errors
    ///
    /// If they are more than an array holds.
    pub(super) fn write_down(&self, rows: &[Placed]) -> Result<(Vec<i64>, Columns), TooLarge> {
        let places: Vec<u32> = rows.iter().map(|row| row.place).collect();
        let times = places.iter().map(|&place| self.times[place as usize]);
        Ok((times.collect(), self.table.gather(&places)?))
    }

    /// What `look` makes of each row of `windows`, given the place of the window and that of the row.
    fn rows<T>(&self, windows: &[u32], look: impl Fn(u32, u32) -> T) -> Vec<T> {
        let mut rows = Vec::new();
        for (group, &window) in (0..).zip(windows) {
            let mut place = self.chain(window).first;
            while place != NONE {
                rows.push(look(group, place));
                place = self.next[place as usize];
            }
        }
        rows
    }

    fn chain(&self, window: u32) -> Chain {
        self.chains.get(window as usize).copied().unwrap_or(EMPTY)
    }

    /// Adds a chain of rows to that of a window.
    fn link(&mut self, window: u32, first: u32, last: u32) {
        let chain = &mut self.chains[window as usize];
        match chain.first {
            NONE => chain.first = first,
            _ => self.next[chain.last as usize] = first,
        }
        chain.last = last;
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use arrow::array::{AsArray, StringArray};
    use proptest::prelude::*;

    use super::*;
    use crate::batch::DataType;

    #[derive(Clone, Debug)]
    enum Step {
        Append(Vec<(u32, i64)>),
        Join(u32, u32),
        Release(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            prop::collection::vec((0_u32..5, 0_i64..9), 0..12).prop_map(Step::Append),
            (0_u32..5, 0_u32..5).prop_map(|(into, from)| Step::Join(into, from)),
            (0_u32..5).prop_map(Step::Release),
        ]
    }

    proptest! {
        /// A store does what a list of rows for each window does.
        #[test]
        fn rows_stay_with_their_windows(steps in prop::collection::vec(step(), 0..40)) {
            let mut store = ValueStore::new(&[Field::required("v", DataType::Utf8)]);
            let mut model: BTreeMap<u32, Vec<(i64, String)>> = BTreeMap::new();
            let mut name = 0;
            for step in steps {
                match step {
                    Step::Append(rows) => {
                        let windows: Vec<u32> = rows.iter().map(|row| row.0).collect();
                        let times: ScalarBuffer<i64> = rows.iter().map(|row| row.1).collect();
                        let mut texts = Vec::new();
                        for (window, time) in rows {
                            name += 1;
                            texts.push(format!("row {name}"));
                            model.entry(window).or_default().push((time, format!("row {name}")));
                        }
                        let texts: ArrayRef = Arc::new(StringArray::from(texts));
                        store.append(&windows, Some(&times), &[texts], 5);
                    }
                    Step::Join(into, from) if into != from => {
                        store.chains.resize(5, EMPTY);
                        store.join(into, from);
                        let rows = model.remove(&from).unwrap_or_default();
                        model.entry(into).or_default().extend(rows);
                    }
                    Step::Join(..) => {}
                    Step::Release(window) => {
                        store.release(&[window]);
                        model.remove(&window);
                    }
                }
            }
            let windows: Vec<u32> = (0..5).rev().collect();
            let (groups, columns) = store.rows_of(&windows).expect("little");
            let texts = columns[0].as_string::<i32>();
            let found: Vec<(u32, &str)> = groups
                .iter()
                .enumerate()
                .map(|(row, &group)| (windows[group as usize], texts.value(row)))
                .collect();
            let mut wanted = Vec::new();
            for (window, rows) in model.iter_mut().rev() {
                rows.sort_by_key(|row| row.0);
                wanted.extend(rows.iter().map(|row| (*window, &*row.1)));
            }
            prop_assert_eq!(store.slots.len(), wanted.len());
            prop_assert_eq!(found, wanted);
        }
    }
}
