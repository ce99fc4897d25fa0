//! Tests of lookups, with a table that changes.

use arrow::{
    array::{Array, AsArray, Float64Array, StringArray},
    datatypes::{Float64Type, Int64Type},
};

use super::*;
use crate::{
    batch::{DataType, Field, Origin, Position, Schema},
    connector::{Decoding, Format, Table, TableConfig},
    operator::{self, Guests, OnError, OutputColumn, Work},
    time::{Clock, ManualClock, Timestamp},
};

/// A table of heights by place and floor, and the stage that adds them to readings.
struct World {
    table: Arc<Table>,
    stage: Box<dyn Operator>,
    metrics: Arc<NodeMetrics>,
}

fn field(name: &str, kind: DataType) -> Field {
    Field::nullable(name, kind)
}

impl World {
    fn new(miss: Miss) -> Self {
        Self::of(DataType::Int64, miss)
    }

    /// Heights are of this type.
    fn of(height: DataType, miss: Miss) -> Self {
        let heights = Schema::new(vec![
            field("floor", DataType::Int64),
            field("place", DataType::Utf8),
            field("height", height),
        ]);
        let config = TableConfig::Test {
            decoding: Decoding {
                format: Format::Json,
                schema: heights.expect("different names"),
                event_time: None,
                max_ahead: None,
                batch_rows: 10,
            },
        };
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::EPOCH));
        let key = vec![1, 0];
        let table = Table::open("heights", &config, vec![key.clone()], &clock).expect("a table");
        let table = Arc::new(table);
        let fields = [
            field("value", DataType::Float64),
            field("place", DataType::Utf8),
            field("floor", DataType::Int64),
        ];
        let output = vec![field("height", height), fields[0].clone()];
        let spec = StageSpec {
            name: "with_height".into(),
            input: Schema::new(fields.to_vec()).expect("different names"),
            right: Schema::default(),
            output: Schema::new(output).expect("different names"),
            work: Work::Lookup(LookupWork {
                table: 0,
                input_key: vec![1, 2],
                table_key: key,
                columns: vec![2],
                output: vec![OutputColumn::Result(0), OutputColumn::Input(0)],
                miss,
            }),
            on_error: OnError::DeadLetter,
            max_dead_letters: 0,
            late: None,
        };
        let metrics = Arc::new(NodeMetrics::default());
        let resources = Resources {
            guests: Guests::new(operator::Version::default()),
            metrics: Arc::clone(&metrics),
            clock,
            tables: [Arc::clone(&table)].into(),
        };
        Self {
            table,
            stage: operator::open(&spec, resources).expect("a lookup"),
            metrics,
        }
    }

    fn upsert(&self, place: &str, floor: i64, height: &str) {
        let row = format!(r#"{{"place": "{place}", "floor": {floor}, "height": {height}}}"#);
        self.table.upsert(&row).expect("a row");
    }

    /// Sends rows of a place and a floor; their values are 0, 1, … and their times alike.
    fn look_up(&mut self, rows: &[(Option<&str>, Option<i64>)]) -> Batch {
        self.process(Self::batch(rows)).0
    }

    /// What comes of the first rows of a batch, and the rest of it.
    fn process(&mut self, batch: Batch) -> (Batch, Option<Batch>) {
        let mut out = Outbox::default();
        self.stage
            .process(Side::Left, batch, &mut out)
            .expect("rows");
        (out.batches.pop().expect("a batch"), out.rest)
    }

    fn batch(rows: &[(Option<&str>, Option<i64>)]) -> Batch {
        let schema = Schema::new(vec![
            field("value", DataType::Float64),
            field("place", DataType::Utf8),
            field("floor", DataType::Int64),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Float64Array::from_iter_values(
                (0..rows.len()).map(|row| row as f64),
            )),
            Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>()),
            Arc::new(
                rows.iter()
                    .map(|row| row.1)
                    .collect::<arrow::array::Int64Array>(),
            ),
        ];
        let schema = schema.expect("different names").to_arrow();
        let times = Some((0..rows.len() as i64).collect());
        let origin = Origin::consecutive("in".into(), 1);
        Batch::new(schema, columns, rows.len(), times, origin).expect("a batch")
    }
}

/// The rows of the output, as height and value.
fn rows(batch: &Batch) -> Vec<(Option<i64>, f64)> {
    let heights = batch.column(0).as_primitive::<Int64Type>();
    let values = batch.column(1).as_primitive::<Float64Type>();
    let height = |row| heights.is_valid(row).then(|| heights.value(row));
    (0..batch.rows())
        .map(|row| (height(row), values.value(row)))
        .collect()
}

const ASKED: [(Option<&str>, Option<i64>); 5] = [
    (Some("tower"), Some(2)),
    (Some("tower"), Some(3)),
    (None, Some(2)),
    (Some("hall"), Some(1)),
    (Some("tower"), None),
];

#[test]
fn rows_that_find_nothing_get_nulls() {
    let mut world = World::new(Miss::Null);
    world.upsert("tower", 2, "8");
    world.upsert("hall", 1, "null");
    let found = world.look_up(&ASKED);
    let expected = [
        (Some(8), 0.0),
        (None, 1.0),
        (None, 2.0),
        (None, 3.0),
        (None, 4.0),
    ];
    assert_eq!(rows(&found), expected);
    assert_eq!(world.metrics.filtered.get(), 0);
}

#[test]
fn rows_that_find_nothing_are_left_out() {
    let mut world = World::new(Miss::Drop);
    world.upsert("tower", 2, "8");
    world.upsert("hall", 1, "null");
    let found = world.look_up(&ASKED);
    assert_eq!(rows(&found), [(Some(8), 0.0), (None, 3.0)]);
    assert_eq!(found.times().map(|times| times.to_vec()), Some(vec![0, 3]));
    let position = Position {
        partition: "in".into(),
        number: 4,
    };
    assert_eq!(found.origin().position(1), Some(position));
    assert_eq!(world.metrics.filtered.get(), 3);
}

#[test]
fn a_batch_sees_the_table_as_it_is_when_it_comes() {
    let mut world = World::new(Miss::Null);
    let asked = [(Some("tower"), Some(2))];
    assert_eq!(rows(&world.look_up(&asked)), [(None, 0.0)]);
    world.upsert("tower", 2, "8");
    assert_eq!(rows(&world.look_up(&asked)), [(Some(8), 0.0)]);
    world.upsert("tower", 2, "9");
    assert_eq!(rows(&world.look_up(&asked)), [(Some(9), 0.0)]);
    let key = r#"{"place": "tower", "floor": 2}"#;
    world.table.delete(key).expect("a key");
    assert_eq!(rows(&world.look_up(&asked)), [(None, 0.0)]);
}

#[test]
fn a_long_row_that_many_find_is_handed_on_in_portions() {
    let mut world = World::of(DataType::Utf8, Miss::Drop);
    let text = |letter: &str| format!("\"{}\"", letter.repeat(9 << 20));
    world.upsert("tower", 2, &text("a"));
    world.upsert("hall", 1, "null");
    let asked = [[ASKED[0]; 3], [ASKED[3], ASKED[1], ASKED[0]]].concat();
    let mut rest = Some(World::batch(&asked));
    // The fourth row is short, and the fifth finds nothing.
    for values in [&[0.0, 1.0][..], &[2.0, 3.0, 5.0]] {
        let (found, behind) = world.process(rest.take().expect("there is more"));
        let found_values = found.column(1).as_primitive::<Float64Type>();
        assert_eq!(&found_values.values()[..], values);
        let texts = found.column(0).as_string::<i32>();
        let begins = texts.iter().flatten().map(|text| &text[..1]);
        assert!(begins.eq(vec!["a"; 2]));
        rest = behind;
        // Rows of the same batch see the same table.
        world.upsert("tower", 2, &text("b"));
    }
    assert!(rest.is_none());
    assert_eq!(world.metrics.filtered.get(), 1);
    let (found, _) = world.process(World::batch(&asked));
    let texts = found.column(0).as_string::<i32>();
    assert!(texts.value(0).starts_with('b'), "another batch");
}
