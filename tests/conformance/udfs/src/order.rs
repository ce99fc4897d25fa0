//! Changes of a table of orders, as Debezium tells them.

use tidemill_sdk::prelude::*;

/// A row of the table that has come (`sign` 1) or gone (`sign` -1).
#[derive(Debug, PartialEq, Row)]
pub(crate) struct Change {
    /// What is grouped by.
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) sign: i64,
    /// The quantity and five more, with the sign.
    pub(crate) quantity: i64,
}

/// Takes a change apart: the row before it goes, the row after it comes. A sum over the signs is then a
/// count of the rows that are there, and a sum over signed values one over their values.
#[table]
pub(crate) fn changes(
    before_product: Option<&str>,
    before_customer: Option<&str>,
    before_quantity: Option<i64>,
    after_product: Option<&str>,
    after_customer: Option<&str>,
    after_quantity: Option<i64>,
) -> impl Iterator<Item = Change> {
    let gone = change(-1, before_product, before_customer, before_quantity);
    let come = change(1, after_product, after_customer, after_quantity);
    gone.into_iter().chain(come)
}

/// A row that has come or gone; `None` if there is none.
fn change(
    sign: i64,
    product: Option<&str>,
    customer: Option<&str>,
    quantity: Option<i64>,
) -> Option<Change> {
    Some(Change {
        id: format!("p_{}", product?),
        customer: customer?.to_owned(),
        sign,
        quantity: sign * (quantity? + 5),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_takes_one_row_and_gives_one() {
        let product = Some("a");
        let found = changes(product, Some("x"), Some(1), product, Some("y"), Some(3));
        let found: Vec<_> = found
            .map(|row| (row.customer, row.sign, row.quantity))
            .collect();
        assert_eq!(found, [("x".to_owned(), -1, -6), ("y".to_owned(), 1, 8)]);
    }

    #[test]
    fn a_new_row_takes_none() {
        let found: Vec<_> = changes(None, None, None, Some("a"), Some("x"), Some(1)).collect();
        let expected = Change {
            id: "p_a".to_owned(),
            customer: "x".to_owned(),
            sign: 1,
            quantity: 6,
        };
        assert_eq!(found, [expected]);
    }
}
