//! Which expected row is which row that has come.

/// Expected rows and rows that have come, put together as far as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matching {
    /// For each expected row, the one that it is.
    pub(super) found: Vec<Option<usize>>,
    /// The rows that are not expected.
    pub(super) unexpected: Vec<usize>,
}

impl Matching {
    /// Whether each row is expected and each expected row is there.
    pub(super) fn is_complete(&self) -> bool {
        self.unexpected.is_empty() && self.found.iter().all(Option::is_some)
    }

    /// The expected rows that are not there.
    pub(super) fn missing(&self) -> Vec<usize> {
        let places = (0..).zip(&self.found);
        let missing = places.filter(|(_, found)| found.is_none());
        missing.map(|(place, _)| place).collect()
    }

    fn new(found: Vec<Option<usize>>, rows: usize) -> Self {
        let mut taken = vec![false; rows];
        for &row in found.iter().flatten() {
            taken[row] = true;
        }
        let unexpected = (0..rows).filter(|&row| !taken[row]).collect();
        Self { found, unexpected }
    }
}

/// Puts `expected` rows and `rows` together in any order, as many as possible. An expected row may fit
/// several rows: Kuhn's algorithm finds out which one to take.
pub(super) fn in_any_order(
    expected: usize,
    rows: usize,
    is: impl Fn(usize, usize) -> bool,
) -> Matching {
    let mut owner: Vec<Option<usize>> = vec![None; rows];
    let mut waiting = Vec::new();
    // Most rows are where they are expected, or come next.
    let mut next = 0;
    for place in 0..expected {
        let free = (next..rows).find(|&row| owner[row].is_none() && is(place, row));
        match free {
            Some(row) => {
                owner[row] = Some(place);
                next = row + 1;
            }
            None => waiting.push(place),
        }
    }
    for place in waiting {
        let mut seen = vec![false; rows];
        place_row(place, &mut owner, &mut seen, &is);
    }
    let mut found = vec![None; expected];
    for (row, owner) in owner.iter().enumerate() {
        if let Some(owner) = owner {
            found[*owner] = Some(row);
        }
    }
    Matching::new(found, rows)
}

/// Finds a row for the expected one at `place`, moving others if need be.
fn place_row(
    place: usize,
    owner: &mut [Option<usize>],
    seen: &mut [bool],
    is: &impl Fn(usize, usize) -> bool,
) -> bool {
    for row in 0..owner.len() {
        if seen[row] || !is(place, row) {
            continue;
        }
        seen[row] = true;
        let is_free = match owner[row] {
            None => true,
            Some(other) => place_row(other, owner, seen, is),
        };
        if is_free {
            owner[row] = Some(place);
            return true;
        }
    }
    false
}

/// Puts `expected` rows and `rows` together in order, as many as possible (the longest common
/// subsequence).
pub(super) fn in_order(
    expected: usize,
    rows: usize,
    is: impl Fn(usize, usize) -> bool,
) -> Matching {
    // What is alike at the front needs no table.
    let front = (0..expected.min(rows)).take_while(|&place| is(place, place));
    let front = front.count();
    let width = rows - front + 1;
    let mut longest = vec![0_u32; (expected - front + 1) * width];
    for place in (front..expected).rev() {
        for row in (front..rows).rev() {
            let at = (place - front) * width + (row - front);
            longest[at] = if is(place, row) {
                longest[at + width + 1] + 1
            } else {
                longest[at + width].max(longest[at + 1])
            };
        }
    }
    let mut found: Vec<Option<usize>> = (0..front).map(Some).collect();
    let mut row = front;
    for place in front..expected {
        let at = |row: usize| (place - front) * width + (row - front);
        while row < rows && longest[at(row)] == longest[at(row + 1)] {
            row += 1;
        }
        let goes_on = row < rows && longest[at(row)] > longest[at(row) + width] && is(place, row);
        found.push(goes_on.then_some(row));
        row += usize::from(goes_on);
    }
    Matching::new(found, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(matching: &Matching, found: &[Option<usize>], unexpected: &[usize]) {
        assert_eq!(matching.found, found);
        assert_eq!(matching.unexpected, unexpected);
    }

    #[test]
    fn rows_are_found_in_any_order() {
        let (expected, rows) = ([1, 2, 3, 3], [3, 1, 4, 3]);
        let is = |place: usize, row: usize| expected[place] == rows[row];
        check(
            &in_any_order(4, 4, is),
            &[Some(1), None, Some(3), Some(0)],
            &[2],
        );
    }

    #[test]
    fn an_expected_row_that_fits_many_leaves_one_to_those_that_fit_one() {
        // The first fits both rows, the second only the first one.
        let is = |place: usize, row: usize| place == 0 || row == 0;
        let matching = in_any_order(2, 2, is);
        assert!(matching.is_complete());
        check(&matching, &[Some(1), Some(0)], &[]);
    }

    #[test]
    fn rows_are_found_in_order() {
        let (expected, rows) = ([1, 2, 3, 4], [1, 3, 2, 4]);
        let is = |place: usize, row: usize| expected[place] == rows[row];
        let matching = in_order(4, 4, is);
        assert!(!matching.is_complete());
        assert_eq!(matching.missing().len(), 1);
        assert_eq!(matching.unexpected.len(), 1);
        assert!(in_order(4, 4, |place, row| place == row).is_complete());
        check(&in_order(0, 2, |_, _| true), &[], &[0, 1]);
        check(&in_order(2, 0, |_, _| true), &[None, None], &[]);
    }
}
