//! A host that breaks the contract gets an error, not a trap.

use tidemill_sdk::testing::{Tester, batch, column};
use tidemill_sdk::types::{Buffer, Column, VarBytes};

use crate::fixture::{Library, tester};

#[track_caller]
fn refused<T>(result: Result<T, String>, message: &str) {
    match result {
        Ok(_) => panic!("this should be refused: {message}"),
        Err(error) => assert_eq!(error, message),
    }
}

fn text(offsets: &[u32], data: &[u8]) -> Column {
    Column {
        buffer: Buffer::Utf8(VarBytes {
            offsets: offsets.to_vec(),
            data: data.to_vec(),
        }),
        validity: None,
    }
}

#[test]
fn functions_are_found_by_place_and_kind() {
    let tester = tester();
    refused(
        tester.scalar("nothing", batch(0, [])),
        "function 4294967295 of a library that has 22",
    );
    refused(
        tester.scalar("words", batch(0, [])),
        "function 9 is not of the kind scalar",
    );
    refused(
        tester.finish("is_hot", batch(0, [])),
        "function 0 is not of the kind aggregate",
    );
}

#[test]
fn a_library_must_be_configured() {
    let tester: Tester<Library> = tester();
    <Library as tidemill_sdk::Library>::configuration().take();
    refused(
        tester.scalar("is_hot", batch(0, [])),
        "the library is not configured",
    );
}

#[test]
fn columns_must_be_those_of_the_catalog() {
    let call = |columns: Vec<Column>| tester().scalar("checked_div", batch(2, columns));
    refused(call(vec![]), "0 arguments where the function takes 2");
    refused(
        call(vec![column([1, 2]), column([1_i64, 2])]),
        "argument 1: expected int32, got int64",
    );
    refused(
        call(vec![column([1, 2, 3]), column([1, 2])]),
        "argument 0: 3 values for 2 rows",
    );
    let short = Column {
        validity: Some(vec![]),
        ..column([1, 2])
    };
    refused(
        call(vec![short, column([1, 2])]),
        "argument 0: 0 bytes of bits for 2 rows",
    );
}

#[test]
fn text_must_be_text() {
    let call = |column: Column| tester().scalar("trimmed", batch(1, [column]));
    refused(
        call(text(&[0], b"")),
        "argument 0: 1 offsets, or not from 0 and up, for 1 rows",
    );
    refused(
        call(text(&[1, 0], b"a")),
        "argument 0: 2 offsets, or not from 0 and up, for 1 rows",
    );
    refused(
        call(text(&[0, 2], b"a")),
        "argument 0: offsets up to 2 into 1 bytes",
    );
    refused(
        call(text(&[0, 1], &[0xff])),
        "argument 0: invalid utf-8 sequence of 1 bytes from index 0",
    );
    let halves = tester().scalar("trimmed", batch(2, [text(&[0, 1, 2], "ä".as_bytes())]));
    refused(
        halves,
        "argument 0: an offset of utf8 is inside a character",
    );
}

#[test]
fn groups_must_exist() {
    let tester = tester();
    let update = |groups: &[u32]| {
        let start = tester.init("mean", 2).expect("known");
        tester.update("mean", start, groups, batch(2, [column([1.0, 2.0])]))
    };
    refused(update(&[0]), "1 groups for 2 rows");
    refused(update(&[0, 2]), "group 2 where there are 2");
    let start = tester.init_process("alert", 1).expect("known");
    refused(
        tester.process("alert", start, &[1], batch(1, [column([1.0])])),
        "group 1 where there are 1",
    );
}

#[test]
fn states_must_be_those_of_the_catalog() {
    let tester = tester();
    refused(
        tester.finish("mean", batch(1, [column([1.0])])),
        "1 columns of state where there are 2",
    );
    refused(
        tester.finish("mean", batch(1, [column([1.0]), column([None::<i64>])])),
        "state `count`: a null where there can be none",
    );
    refused(
        tester.finish("mean", batch(1, [column([1.0]), column([1])])),
        "state `count`: expected int64, got int32",
    );
}
