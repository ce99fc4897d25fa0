use tidemill_sdk::prelude::*;

#[derive(State, Default)]
struct Old {
    count: i32,
}

#[derive(State, Default)]
#[state(previous = Old)]
struct WithoutVersion {
    count: i64,
}

#[derive(State, Default)]
#[state(version = 2, previous = Old)]
struct WithoutFrom {
    count: i64,
}

#[derive(State, Default)]
#[state(migrate = from_old)]
struct Unknown {
    count: i64,
}

fn main() {}
