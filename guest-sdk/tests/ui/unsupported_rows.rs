use tidemill_sdk::prelude::*;

#[table]
fn letters(line: &str) -> impl Iterator<Item = char> {
    line.chars()
}

#[table]
fn length(line: &str) -> i64 {
    line.len() as i64
}

#[derive(Row)]
struct Letter {
    letter: char,
}

struct Word<'a>(&'a str);

#[table]
fn words(line: &str) -> Vec<Word<'_>> {
    line.split(' ').map(Word).collect()
}

fn main() {}
