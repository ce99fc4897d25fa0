//! What a sender calls the keys of its rows, so that those who get them need not look at the keys again.

use std::sync::Arc;

use arrow::{buffer::ScalarBuffer, error::ArrowError};

/// The names of the keys of a batch's rows, as the one who has sent them calls them.
#[derive(Clone, Debug)]
pub struct KeyIds {
    issuer: Arc<()>,
    /// The places of the key's columns.
    places: Arc<[usize]>,
    /// By row. Rows with the same id have the same key; rows with the same key most often have the same id.
    ids: ScalarBuffer<u32>,
}

/// Gives ids to keys: small numbers, one after the other.
#[derive(Debug)]
pub struct KeyIssuer {
    itself: Arc<()>,
    places: Arc<[usize]>,
}

/// What the ids of some issuers stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Translations(Vec<Translation>);

#[derive(Clone, Debug)]
struct Translation {
    issuer: Arc<()>,
    /// By id.
    numbers: Vec<u32>,
}

/// Stands for nothing.
const UNKNOWN: u32 = u32::MAX;

/// More issuers than subtasks that send to one.
const MAX_ISSUERS: usize = 64;

impl KeyIssuer {
    /// An issuer of ids for keys in the columns at `places`.
    pub fn new(places: &[usize]) -> Self {
        Self {
            itself: Arc::default(),
            places: places.into(),
        }
    }

    /// The ids of the rows of a batch.
    pub fn ids(&self, ids: Vec<u32>) -> KeyIds {
        KeyIds {
            issuer: Arc::clone(&self.itself),
            places: Arc::clone(&self.places),
            ids: ids.into(),
        }
    }
}

impl KeyIds {
    /// Whether they are those of keys in the columns at `places`.
    pub(super) fn are_of(&self, places: &[usize]) -> bool {
        *self.places == *places
    }

    /// Those of some of the rows.
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        let ids = rows.iter().map(|&row| self.ids[row as usize]);
        Self {
            issuer: Arc::clone(&self.issuer),
            places: Arc::clone(&self.places),
            ids: ids.collect(),
        }
    }
}

impl Translations {
    /// The numbers that the ids stand for. Asks `find` for those of the rows whose ids are new, and keeps them.
    pub(super) fn numbers<E: From<ArrowError>>(
        &mut self,
        ids: &KeyIds,
        find: impl FnOnce(&[u32]) -> Result<Vec<u32>, E>,
    ) -> Result<Vec<u32>, E> {
        let known = &mut self.of(&ids.issuer).numbers;
        let number = |id: &u32| known.get(*id as usize).copied().unwrap_or(UNKNOWN);
        let mut numbers: Vec<u32> = ids.ids.iter().map(number).collect();
        if !numbers.contains(&UNKNOWN) {
            return Ok(numbers);
        }
        let unknown = (0..)
            .zip(&numbers)
            .filter(|(_, number)| **number == UNKNOWN);
        let unknown: Vec<u32> = unknown.map(|(row, _)| row).collect();
        for (&row, number) in unknown.iter().zip(find(&unknown)?) {
            numbers[row as usize] = number;
            let id = ids.ids[row as usize] as usize;
            if id >= known.len() {
                known.resize(id + 1, UNKNOWN);
            }
            known[id] = number;
        }
        Ok(numbers)
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn of(&mut self, issuer: &Arc<()>) -> &mut Translation {
        let mut places = self.0.iter();
        let found = places.position(|known| Arc::ptr_eq(&known.issuer, issuer));
        let place = found.unwrap_or_else(|| {
            if self.0.len() >= MAX_ISSUERS {
                self.0.remove(0);
            }
            self.0.push(Translation {
                issuer: Arc::clone(issuer),
                numbers: Vec::new(),
            });
            self.0.len() - 1
        });
        &mut self.0[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of ids, and the rows that were asked for.
    fn numbers(known: &mut Translations, ids: &KeyIds, found: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let mut asked = Vec::new();
        let numbers = known.numbers(ids, |rows| {
            asked.extend_from_slice(rows);
            Ok::<_, ArrowError>(found.to_vec())
        });
        (numbers.expect("nothing fails"), asked)
    }

    #[test]
    fn each_issuer_has_ids_of_its_own() {
        let (one, other) = (KeyIssuer::new(&[1]), KeyIssuer::new(&[1]));
        let mut known = Translations::default();
        let ids = one.ids(vec![0, 5, 0]);
        assert_eq!(
            numbers(&mut known, &ids, &[7, 8, 7]),
            (vec![7, 8, 7], vec![0, 1, 2])
        );
        let ids = one.ids(vec![5, 2, 0]);
        assert_eq!(numbers(&mut known, &ids, &[9]), (vec![8, 9, 7], vec![1]));
        let ids = other.ids(vec![5]);
        assert_eq!(numbers(&mut known, &ids, &[1]), (vec![1], vec![0]));
        known.clear();
        let ids = one.ids(vec![5]);
        assert_eq!(numbers(&mut known, &ids, &[3]), (vec![3], vec![0]));
    }

    #[test]
    fn no_more_is_known_than_of_those_who_may_send() {
        let mut known = Translations::default();
        for _ in 0..2 * MAX_ISSUERS {
            numbers(&mut known, &KeyIssuer::new(&[]).ids(vec![0]), &[1]);
        }
        assert_eq!(known.0.len(), MAX_ISSUERS);
    }
}
