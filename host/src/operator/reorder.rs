//! Puts the rows of windows that several subtasks have made into one order.

use std::sync::Arc;

use anyhow::{Context, ensure};
use arrow::{
    array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, RecordBatchOptions},
    datatypes::{DataType, Field, Int64Type, Schema as ArrowSchema, TimestampMicrosecondType},
};

use super::{Operator, Outbox, Progress, Side};
use crate::{
    batch::{Batch, KeyEncoder, Origin, Schema},
    state::{Share, Snapshot},
    time::{Timestamp, Watermark},
};

/// Holds the rows of windows back until every subtask has fired them, and hands them on in the
/// order of window end, then key: the same at any parallelism. Corrections of windows that have been
/// handed on go out at once.
pub struct Reorder {
    /// The place of the window's end; `None` for global windows, which end with the input.
    end: Option<usize>,
    /// The places of the window's end, if there is one, and of the key, in that order.
    order: Vec<usize>,
    encoder: KeyEncoder,
    held: Vec<Batch>,
    watermark: Watermark,
    /// Whether rows come from one subtask, and so in order.
    alone: bool,
}

impl Reorder {
    /// Orders rows of `schema` by the window's end at the place `end`, if windows have one, then by
    /// the columns at the places `key`. Rows that are equal in those stay in the order in which they
    /// come.
    ///
    /// # Errors
    ///
    /// If a column cannot be ordered.
    pub fn new(schema: &Schema, end: Option<usize>, key: &[usize]) -> anyhow::Result<Self> {
        let order: Vec<usize> = end.into_iter().chain(key.iter().copied()).collect();
        let types = order
            .iter()
            .map(|&place| schema.fields()[place].data_type.to_arrow());
        Ok(Self {
            encoder: KeyEncoder::new(types)?,
            end,
            order,
            held: Vec::new(),
            watermark: Watermark::START,
            alone: false,
        })
    }

    /// For the rows of one subtask, which hands them on in order.
    #[must_use]
    pub fn of_one_input(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    /// Hands on the rows of complete windows in `batches`, in their order, and keeps the others.
    fn release(&mut self, batches: Vec<Batch>, out: &mut Outbox) -> anyhow::Result<()> {
        let mut complete = Vec::with_capacity(batches.len());
        for rows in batches {
            let parts = self.split(rows)?;
            complete.extend(parts.complete);
            self.held.extend(parts.open);
        }
        if let Some(complete) = Batch::concat(complete)? {
            out.push(self.sorted(complete)?);
        }
        Ok(())
    }

    /// Most often all rows of a batch are of one window, and none of them is copied.
    fn split(&self, rows: Batch) -> anyhow::Result<Parts> {
        let ends = self
            .end
            .map(|end| rows.column(end).as_primitive::<TimestampMicrosecondType>());
        let is_complete = |row: usize| match ends {
            None => self.watermark == Watermark::END,
            Some(ends) => {
                let end = Timestamp::from_micros(ends.value(row));
                ends.is_null(row) || self.watermark.closes(end)
            }
        };
        let count = (0..rows.rows()).filter(|&row| is_complete(row)).count();
        if count == 0 {
            return Ok(Parts {
                complete: None,
                open: Some(rows),
            });
        }
        if count == rows.rows() {
            return Ok(Parts {
                complete: Some(rows),
                open: None,
            });
        }
        let all = 0..rows.rows() as u32;
        let (complete, open): (Vec<u32>, Vec<u32>) =
            all.partition(|&row| is_complete(row as usize));
        Ok(Parts {
            complete: Some(rows.take(&complete)?),
            open: Some(rows.take(&open)?),
        })
    }

    fn sorted(&self, batch: Batch) -> anyhow::Result<Batch> {
        let columns: Vec<ArrayRef> = self
            .order
            .iter()
            .map(|&place| Arc::clone(batch.column(place)))
            .collect();
        let order = self.encoder.order(&columns, batch.rows())?;
        Ok(match order.is_sorted() {
            true => batch,
            false => batch.take(&order)?,
        })
    }
}

/// The rows of a batch, by whether their windows are complete.
struct Parts {
    complete: Option<Batch>,
    open: Option<Batch>,
}

impl Operator for Reorder {
    fn process(&mut self, _: Side, batch: Batch, out: &mut Outbox) -> anyhow::Result<()> {
        // What was held back before a restore goes first.
        if self.alone && self.held.is_empty() {
            out.push(batch);
            return Ok(());
        }
        // A window that the watermark has passed is complete already: this is a correction.
        self.release(vec![batch], out)
    }

    fn advance(&mut self, watermark: Watermark, out: &mut Outbox) -> anyhow::Result<Progress> {
        self.watermark = self.watermark.max(watermark);
        let held = std::mem::take(&mut self.held);
        self.release(held, out)?;
        Ok(Progress::Done(watermark))
    }

    /// One table: an empty key, the event time, and the columns of the rows that are held back.
    fn snapshot(&mut self) -> anyhow::Result<Vec<Snapshot>> {
        let held = Batch::concat(std::mem::take(&mut self.held))?;
        let tables = held.iter().map(to_table).collect::<anyhow::Result<_>>()?;
        self.held.extend(held);
        Ok(vec![Snapshot {
            watermark: self.watermark,
            tables,
        }])
    }

    fn restore(&mut self, snapshots: &[Snapshot], share: Share) -> anyhow::Result<()> {
        ensure!(share.owns(&[]), "rows are put in order by one subtask");
        for snapshot in snapshots {
            self.watermark = self.watermark.max(snapshot.watermark);
            self.held.extend(held_rows(snapshot)?);
        }
        Ok(())
    }
}

/// The rows that were held back when `snapshot` was made.
///
/// # Errors
///
/// If it is not a snapshot of a [`Reorder`].
pub fn held_rows(snapshot: &Snapshot) -> anyhow::Result<Vec<Batch>> {
    snapshot.tables.iter().map(from_table).collect()
}

/// What stands before the columns of a row in a table.
fn leading_fields() -> [Field; 2] {
    [
        Field::new("key", DataType::Binary, false),
        Field::new("event time", DataType::Int64, true),
    ]
}

fn to_table(batch: &Batch) -> anyhow::Result<RecordBatch> {
    let key = BinaryArray::from_iter_values(std::iter::repeat_n([], batch.rows()));
    let times = match batch.times() {
        Some(times) => Int64Array::new(times.clone(), None),
        None => Int64Array::new_null(batch.rows()),
    };
    let leading: [ArrayRef; 2] = [Arc::new(key), Arc::new(times)];
    let columns = leading.iter().chain(batch.record().columns()).cloned();
    let schema = batch.record().schema();
    let leading = leading_fields().map(Arc::new);
    let fields: Vec<_> = leading.iter().chain(schema.fields()).cloned().collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.rows()));
    let schema = Arc::new(ArrowSchema::new(fields));
    Ok(RecordBatch::try_new_with_options(
        schema,
        columns.collect(),
        &options,
    )?)
}

fn from_table(table: &RecordBatch) -> anyhow::Result<Batch> {
    let leading = leading_fields().len();
    let times = table.columns().get(1);
    let times = times.and_then(|times| times.as_primitive_opt::<Int64Type>());
    let times = times.context("rows that are held back have no event time")?;
    let columns = table.columns()[leading..].to_vec();
    let fields = table.schema().fields()[leading..].to_vec();
    Ok(Batch::new(
        Arc::new(ArrowSchema::new(fields)),
        columns,
        table.num_rows(),
        (times.null_count() == 0).then(|| times.values().clone()),
        Origin::Derived,
    )?)
}

#[cfg(test)]
mod tests {
    use arrow::array::{StringArray, TimestampMicrosecondArray};

    use super::*;
    use crate::batch::{DataType, Field};

    fn schema() -> Schema {
        Schema::new(vec![
            Field::required("key", DataType::Utf8),
            Field::required("window_end", DataType::Timestamp),
        ])
        .expect("different names")
    }

    fn batch(rows: &[(&str, i64)]) -> Batch {
        let keys = StringArray::from_iter_values(rows.iter().map(|(key, _)| key));
        let ends = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|(_, end)| *end));
        let columns: Vec<ArrayRef> = vec![Arc::new(keys), Arc::new(ends.with_timezone("UTC"))];
        let times = rows.iter().map(|(_, end)| end - 1).collect();
        let schema = schema().to_arrow();
        Batch::new(schema, columns, rows.len(), Some(times), Origin::Derived).expect("columns")
    }

    fn rows(out: &Outbox) -> Vec<(String, i64)> {
        let rows = |batch: &Batch| -> Vec<(String, i64)> {
            let keys = batch.column(0).as_string::<i32>().clone();
            let ends = batch.column(1).as_primitive::<TimestampMicrosecondType>();
            let ends = ends.values().clone();
            keys.iter()
                .zip(&ends)
                .map(|(key, &end)| (key.expect("a key").to_owned(), end))
                .collect()
        };
        out.batches.iter().flat_map(rows).collect()
    }

    fn at(micros: i64) -> Watermark {
        Watermark::at(Timestamp::from_micros(micros))
    }

    #[track_caller]
    fn check_rows(out: &Outbox, expected: &[(&str, i64)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|&(key, end)| (key.to_owned(), end))
            .collect();
        assert_eq!(rows(out), expected);
    }

    #[test]
    fn rows_wait_for_their_window_and_leave_in_order() -> anyhow::Result<()> {
        let mut reorder = Reorder::new(&schema(), Some(1), &[0])?;
        let mut out = Outbox::default();
        reorder.process(Side::Left, batch(&[("b", 10), ("b", 20)]), &mut out)?;
        reorder.process(Side::Left, batch(&[("a", 10), ("a", 20)]), &mut out)?;
        check_rows(&out, &[]);
        reorder.advance(at(10), &mut out)?;
        check_rows(&out, &[("a", 10), ("b", 10)]);
        let mut out = Outbox::default();
        reorder.advance(Watermark::END, &mut out)?;
        check_rows(&out, &[("a", 20), ("b", 20)]);
        Ok(())
    }

    #[test]
    fn corrections_leave_at_once_and_in_order() -> anyhow::Result<()> {
        let mut reorder = Reorder::new(&schema(), Some(1), &[0])?;
        let mut out = Outbox::default();
        reorder.advance(at(10), &mut out)?;
        reorder.process(
            Side::Left,
            batch(&[("b", 20), ("c", 10), ("a", 10), ("a", 5)]),
            &mut out,
        )?;
        check_rows(&out, &[("a", 5), ("a", 10), ("c", 10)]);
        Ok(())
    }

    #[test]
    fn rows_that_are_held_back_are_there_again_after_a_restart() -> anyhow::Result<()> {
        let mut before = Reorder::new(&schema(), Some(1), &[0])?;
        let mut out = Outbox::default();
        before.advance(at(10), &mut out)?;
        before.process(Side::Left, batch(&[("b", 20), ("a", 20)]), &mut out)?;
        let snapshots = before.snapshot()?;
        let mut after = Reorder::new(&schema(), Some(1), &[0])?;
        after.restore(&snapshots, Share::ALL)?;
        let mut out = Outbox::default();
        after.process(Side::Left, batch(&[("c", 10)]), &mut out)?;
        after.advance(at(20), &mut out)?;
        check_rows(&out, &[("c", 10), ("a", 20), ("b", 20)]);
        let times: Vec<_> = out.batches.iter().map(|batch| batch.latest()).collect();
        assert_eq!(times.len(), 2);
        assert_eq!(times[1], Some(Timestamp::from_micros(19)));
        Ok(())
    }
}
