//! Rows on their way: Arrow record batches with event times and a note of where they come from.
//!
//! Pure: nothing here reads, writes or waits.

mod gather;
mod key_ids;
mod key_memo;
mod key_words;
mod keys;
mod origin;
mod part;
mod record;
mod row_order;
mod schema;
mod value;
mod visible;
mod weight;

pub use key_ids::{KeyIds, KeyIssuer};
pub use key_memo::KeyMemo;
pub use keys::{KeyEncoder, KeyHash, Keys, rows_without_nulls};
pub use origin::{Origin, Position};
pub use part::Part;
pub use record::Batch;
pub use schema::{DataType, Field, Schema};
pub use value::Value;
pub(crate) use value::shown;
pub(crate) use visible::{is_visible, visible, visible_line};
pub use weight::{RowBytes, RowWeights, weight};
