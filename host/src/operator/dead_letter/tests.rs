//! Dead letters come back from what is written of them.

use super::*;

fn letter() -> DeadLetter {
    DeadLetter {
        stage: "hot".into(),
        kind: LetterKind::Window,
        component: Some("ab".into()),
        function: Some("is_hot".into()),
        position: Some(Position {
            partition: "a.jsonl".into(),
            number: 7,
        }),
        event_time: Some(Timestamp::from_micros(-1)),
        reason: "too hot".to_owned(),
        backtrace: Some("inner\nouter".to_owned()),
        log: Some("hello".to_owned()),
        row: "{\"n\":1}".to_owned(),
        columns: Some("{\"n\":\"int64\"}".into()),
        raw: Some(vec![0, 255]),
    }
}

fn poor_letter() -> DeadLetter {
    let position = None;
    DeadLetter {
        stage: "cold".into(),
        ..DeadLetter::of_call(&Cause::default(), position, "row".to_owned())
    }
}

#[test]
fn letters_come_back_from_a_table() {
    let letters = [letter(), poor_letter()];
    let batch = DeadLetter::to_batch(&letters);
    let back = DeadLetter::of_record(batch.record()).expect("letters");
    assert_eq!(back, letters);
}

#[test]
fn letters_with_a_long_header_do_not_share_a_batch() {
    let long = DeadLetter {
        columns: Some("x".repeat(5 << 20).into()),
        ..letter()
    };
    let letters = [vec![letter(), poor_letter()], vec![long; 7], vec![letter()]].concat();
    let batches: Vec<_> = DeadLetter::to_batches(&letters).collect();
    let rows: Vec<_> = batches.iter().map(crate::batch::Batch::rows).collect();
    assert_eq!(rows, [5, 3, 2]);
    let back = batches
        .iter()
        .map(|batch| DeadLetter::of_record(batch.record()));
    let back: Result<Vec<_>, _> = back.collect();
    assert_eq!(back.expect("letters").concat(), letters);
    let huge = DeadLetter {
        row: "x".repeat(20 << 20),
        ..letter()
    };
    let batches = DeadLetter::to_batches(&[huge.clone(), huge]).collect::<Vec<_>>();
    assert_eq!(batches.len(), 2);
    assert_eq!(DeadLetter::to_batches(&[]).count(), 0);
}

#[test]
fn letters_of_the_first_version_are_understood() {
    let batch = DeadLetter::to_batch(&[letter()]);
    let places: Vec<usize> = (0..DeadLetter::first_columns().len()).collect();
    let first = batch.record().project(&places).expect("the first columns");
    let back = DeadLetter::of_record(&first).expect("letters");
    let expected = DeadLetter {
        kind: LetterKind::Row,
        function: None,
        event_time: None,
        backtrace: None,
        log: None,
        columns: None,
        raw: None,
        ..letter()
    };
    assert_eq!(back, [expected]);
}

#[test]
fn what_is_no_letter_is_refused() {
    let batch = DeadLetter::to_batch(&[letter()]);
    let row_only = batch.record().project(&[5]).expect("a column");
    let error = DeadLetter::of_record(&row_only).expect_err("no stage");
    assert_eq!(error.to_string(), "it has no `stage`");
}

#[test]
fn columns_are_kept_with_their_types() {
    let fields = DataType::ALL.map(|kind| Field::nullable(format!("a \"{kind}\""), kind));
    let schema = Schema::new(fields.to_vec()).expect("the names differ");
    let text = columns_to_json(&schema);
    let back = columns_of_json(&text).expect("columns");
    for field in schema.fields() {
        let found = back.find(&field.name).map(|(_, field)| field);
        assert_eq!(found, Some(field), "{text}");
    }
    assert_eq!(back.fields().len(), schema.fields().len());
    for text in ["ts,n", "{\"n\":\"int128\"}", "{\"n\":1}"] {
        assert!(columns_of_json(text).is_err(), "{text}");
    }
}
