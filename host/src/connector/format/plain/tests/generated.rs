//! Rows of all kinds, most of them plain, some damaged.

use proptest::{prelude::*, sample::Index};

use super::{HEADER, compare};
use crate::connector::{EventTimeUnit, Format};

/// A value, as likely as not one of its column.
fn json_value(column: &str) -> BoxedStrategy<String> {
    let plain = match column {
        "ts" | "n" => any::<i64>().prop_map(|number| number.to_string()).boxed(),
        "b" => any::<bool>().prop_map(|value| value.to_string()).boxed(),
        "i" => any::<i32>().prop_map(|number| number.to_string()).boxed(),
        "f" | "x" => prop_oneof![
            "-?[0-9]{1,3}(\\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?",
            any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        ]
        .boxed(),
        "t" => "\"[12][09][0-9]{2}-[01][0-9]-[0-3][0-9][T ][012][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|[+-][01][0-9]:[0-5][0-9])?\"".boxed(),
        "y" => "\"[0-9a-f]{0,6}\"".boxed(),
        _ => "\"[a-zäß ]{0,12}\"".boxed(),
    };
    prop_oneof![9 => plain, 1 => any_json()].boxed()
}

/// A value of any kind, or none.
fn any_json() -> impl Strategy<Value = String> {
    const OTHERS: [&str; 28] = [
        "null",
        "TRUE",
        "nul",
        "-",
        "1.",
        ".5",
        "1.0",
        "1.5",
        "1e3",
        "-0",
        "007",
        "+1",
        "[1]",
        "{\"n\":1}",
        "\"NaN\"",
        "\"1.5\"",
        "\" 7 \"",
        "\"\\ud800\"",
        "9223372036854775807",
        "-9223372036854775808",
        "-9223372036854775809",
        "2147483648",
        "1e400",
        "1e15",
        "9007199254740993.0",
        "-9223372036854775808.0",
        "9.223372036854775808e18",
        "",
    ];
    prop_oneof![
        proptest::sample::select(&OTHERS[..]).prop_map(str::to_owned),
        "-?[0-9]{1,21}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?",
        ".{0,12}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "\"-?[0-9]{1,12}(\\.[0-9]{1,3})?\"",
    ]
}

/// A line: most columns in order, sometimes others, sometimes spaces.
fn json_line() -> impl Strategy<Value = String> {
    const NAMES: [&str; 9] = ["ts", "b", "i", "n", "f", "x", "t", "s", "y"];
    let field = |name: &'static str| {
        let value = json_value(name).prop_map(move |value| (name, value));
        proptest::option::weighted(0.9, value)
    };
    let fields = NAMES.map(field);
    let others = proptest::collection::vec(
        (
            any::<Index>(),
            proptest::sample::select(&["other", "n", "s", "", "ä", "\\u006e"][..]),
            any_json(),
        ),
        0..2,
    );
    let spaces = prop_oneof![
        6 => Just(["", "", "", "", ""]),
        2 => Just(["", "", " ", " ", ""]),
        1 => Just([" ", "\t", " ", "\t ", " "]),
        1 => Just(["", "\r", "", "\r", ""]),
    ];
    (fields.to_vec(), others, spaces, any::<Index>(), 0..20).prop_map(
        |(fields, others, [before, first, colon, comma, last], turn, order)| {
            let mut fields: Vec<_> = fields.into_iter().flatten().collect();
            for (place, name, value) in others {
                fields.insert(place.index(fields.len() + 1), (name, value));
            }
            if order == 0 && !fields.is_empty() {
                let turn = turn.index(fields.len());
                fields.rotate_left(turn);
            }
            let fields = fields
                .iter()
                .map(|(name, value)| format!("\"{name}\":{colon}{value}"));
            let fields: Vec<_> = fields.collect();
            format!(
                "{before}{{{first}{}{last}}}{last}",
                fields.join(&format!(",{comma}"))
            )
        },
    )
}

/// A field of CSV, as likely as not one of its column.
fn csv_row() -> impl Strategy<Value = String> {
    let field = |column: &'static str| {
        let unquoted = json_value(column).prop_map(|value| match value.strip_prefix('"') {
            Some(text) => text.trim_end_matches('"').to_owned(),
            None => value,
        });
        prop_oneof![
            20 => unquoted,
            2 => Just(String::new()),
            1 => "\"[a-z,\n\r ]{0,6}\"",
            1 => "[ -~äß]{0,8}",
        ]
    };
    let fields: Vec<_> = HEADER.split(',').map(field).collect();
    (fields, 0..30, prop_oneof![9 => Just(""), 1 => Just("\r")]).prop_map(
        |(mut fields, fault, end)| {
            match fault {
                0 => fields.truncate(9),
                1 => fields.push("more".to_owned()),
                _ => {}
            }
            fields.join(",") + end
        },
    )
}

/// A text of such rows in which some bytes are others.
fn damaged(row: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => proptest::sample::select(&b"\"\\,{}[]:. \t\r\n-+eE019nul"[..]),
        1 => any::<u8>(),
    ];
    let damage = (any::<Index>(), 0..3_u8, byte);
    let rows = proptest::collection::vec(row, 0..30);
    (rows, proptest::collection::vec(damage, 0..4)).prop_map(|(rows, damages)| {
        let mut text = rows.join("\n").into_bytes();
        for (place, how, byte) in damages {
            let place = place.index(text.len() + 1);
            match how {
                0 if place < text.len() => text[place] = byte,
                1 if place < text.len() => drop(text.remove(place)),
                _ => text.insert(place, byte),
            }
        }
        text
    })
}

fn unit() -> impl Strategy<Value = EventTimeUnit> {
    prop_oneof![Just(EventTimeUnit::Millis), Just(EventTimeUnit::Rfc3339)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn json_is_decoded_as_by_the_other_decoder(
        unit in unit(),
        texts in proptest::collection::vec(damaged(json_line()), 1..4),
    ) {
        compare(Format::Json, unit, &texts)?;
    }

    #[test]
    fn csv_is_decoded_as_by_the_other_decoder(
        unit in unit(),
        texts in proptest::collection::vec(damaged(csv_row()), 1..4),
    ) {
        compare(Format::Csv, unit, &texts)?;
    }
}
