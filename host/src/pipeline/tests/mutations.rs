//! No text makes loading panic, and every mistake lies within the text.

use proptest::prelude::*;

use super::{load, plans::WHOLE, traffic::TRAFFIC};
use crate::pipeline::load::UNEXPLAINED;

/// A small change to a text.
#[derive(Clone, Debug)]
enum Change {
    DeleteChar(usize),
    RepeatChar(usize),
    ReplaceChar(usize, char),
    DeleteLine(usize),
    RepeatLine(usize),
    SwapLines(usize, usize),
    /// Puts the value of one line behind the key of another.
    MixLines(usize, usize),
    Truncate(usize),
}

impl Change {
    fn apply(&self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if chars.is_empty() || lines.is_empty() {
            return text.to_owned();
        }
        let (last_char, last_line) = (chars.len(), lines.len());
        match *self {
            Self::DeleteChar(at) => drop(chars.remove(at % last_char)),
            Self::RepeatChar(at) => chars.insert(at % last_char, chars[at % last_char]),
            Self::ReplaceChar(at, char) => chars[at % last_char] = char,
            Self::Truncate(at) => chars.truncate(at % last_char),
            Self::DeleteLine(at) => drop(lines.remove(at % last_line)),
            Self::RepeatLine(at) => lines.insert(at % last_line, lines[at % last_line].clone()),
            Self::SwapLines(at, other) => lines.swap(at % last_line, other % last_line),
            Self::MixLines(at, other) => {
                let value = lines[other % last_line]
                    .split_once('=')
                    .map(|(_, value)| value.to_owned());
                let key = lines[at % last_line]
                    .split_once('=')
                    .map(|(key, _)| key.to_owned());
                if let (Some(key), Some(value)) = (key, value) {
                    lines[at % last_line] = format!("{key}={value}");
                }
            }
        }
        match self {
            Self::DeleteChar(_)
            | Self::RepeatChar(_)
            | Self::ReplaceChar(..)
            | Self::Truncate(_) => chars.into_iter().collect(),
            _ => lines.join("\n"),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<usize>;
    let char = prop_oneof![
        any::<char>(),
        prop::sample::select("\"'[]{}=#$\n\r\t\0.,0a é".chars().collect::<Vec<_>>()),
    ];
    prop_oneof![
        place().prop_map(Change::DeleteChar),
        place().prop_map(Change::RepeatChar),
        (place(), char).prop_map(|(at, char)| Change::ReplaceChar(at, char)),
        place().prop_map(Change::DeleteLine),
        place().prop_map(Change::RepeatLine),
        (place(), place()).prop_map(|(at, other)| Change::SwapLines(at, other)),
        (place(), place()).prop_map(|(at, other)| Change::MixLines(at, other)),
        place().prop_map(Change::Truncate),
    ]
}

fn check(text: &str) {
    match load(text) {
        Ok(plan) => assert!(!plan.to_string().is_empty()),
        Err(mistakes) => {
            assert!(
                !mistakes.list().is_empty(),
                "a plan is missing without a reason"
            );
            for mistake in mistakes.list() {
                assert_ne!(mistake.message, UNEXPLAINED);
                let spans = mistake.secondary.iter().map(|(span, _)| *span);
                for span in spans.chain([mistake.span]) {
                    assert!(text.get(span.start..span.end).is_some(), "{mistake:?}");
                }
            }
            mistakes.render(true);
        }
    }
}

proptest! {
    #[test]
    fn changed_files_never_panic(changes in prop::collection::vec(change(), 1..6)) {
        let text = changes.iter().fold(WHOLE.to_owned(), |text, change| change.apply(&text));
        check(&text);
    }

    #[test]
    fn changed_files_with_joins_never_panic(changes in prop::collection::vec(change(), 1..6)) {
        let text = changes.iter().fold(TRAFFIC.to_owned(), |text, change| change.apply(&text));
        check(&text);
    }

    #[test]
    fn any_text_never_panics(text in "\\PC{0,60}") {
        check(&text);
    }
}
