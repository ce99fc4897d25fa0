//! `deduplicate`.

use tidemill_sdk::prelude::*;

/// Whether a key has had a row.
#[derive(Debug, Default, State)]
pub(crate) struct Seen {
    seen: bool,
}

/// Lets the first row of each key pass.
#[process]
pub(crate) fn deduplicate(seen: &mut Seen) -> bool {
    !std::mem::replace(&mut seen.seen, true)
}

#[cfg(test)]
mod tests {
    use crate::Library;
    use tidemill_sdk::testing::{Tester, batch};

    #[test]
    fn the_first_row_of_a_key_passes() {
        let library = Tester::<Library>::new("{}").expect("no configuration is needed");
        let state = library.init_process("deduplicate", 2).expect("it is there");
        let passed = library.process("deduplicate", state, &[0, 1, 0, 1], batch(4, []));
        let passed = passed.expect("the batch fits");
        assert_eq!(passed.parents, [0, 1]);
        assert!(passed.columns.is_empty());
        let again = library.process("deduplicate", passed.state, &[1, 0], batch(2, []));
        assert!(again.expect("the batch fits").parents.is_empty());
    }
}
