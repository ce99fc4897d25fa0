//! Numbers for sensors, in the order in which they are first seen.

use arrow::array::StringArray;
use hashbrown::HashMap;

#[derive(Default)]
pub(super) struct Sensors {
    numbers: HashMap<Box<str>, usize>,
    names: Vec<Box<str>>,
}

impl Sensors {
    pub(super) fn number(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len();
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    pub(super) fn names(&self, numbers: &[usize]) -> StringArray {
        let names = numbers.iter().map(|&number| &*self.names[number]);
        StringArray::from_iter_values(names)
    }
}
