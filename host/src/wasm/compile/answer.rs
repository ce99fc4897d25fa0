//! What a process that compiles sends to the one that has started it: one answer, whole or not at all.
//!
//! A kind, the length of the content, the content, and a digest of all that. Both ends are the same program.

use std::io::{self, Write};

/// Kind and length.
const HEADER: usize = 1 + 8;

const CODE: u8 = 1;
const INVALID: u8 = 2;

/// The longest text of a reason that is sent.
const MAX_REASON: usize = 64 << 10;

/// What has come of a component.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is compiled to this.
    Code(Vec<u8>),
    /// It is not a component, for this reason.
    Invalid(String),
}

/// What the bytes of an answer are that have come so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// More has to come: of the first so many bytes, if that is known already.
    Some(Option<usize>),
    /// All.
    Whole(Answer),
    /// The code is longer than it may be.
    TooLong,
    /// Something that is no answer.
    Odd,
}

impl Answer {
    pub(super) fn write(&self, mut to: impl Write) -> io::Result<()> {
        let (kind, content) = match self {
            Self::Code(code) => (CODE, code.as_slice()),
            Self::Invalid(reason) => {
                let end = reason.floor_char_boundary(MAX_REASON);
                (INVALID, &reason.as_bytes()[..end])
            }
        };
        let header = header(kind, content.len());
        to.write_all(&header)?;
        to.write_all(content)?;
        to.write_all(digest(&header, content).as_bytes())?;
        to.flush()
    }

    /// Takes what has come of an answer, whose code may have `most` bytes.
    pub(super) fn read(bytes: &mut Vec<u8>, most: u64) -> Part {
        let Some((&header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Part::Some(None);
        };
        let [kind, length @ ..] = header;
        let length = u64::from_le_bytes(length);
        match kind {
            CODE if length > most => return Part::TooLong,
            INVALID if length > MAX_REASON as u64 => return Part::Odd,
            CODE | INVALID => {}
            _ => return Part::Odd,
        }
        let Ok(length) = usize::try_from(length) else {
            return Part::TooLong;
        };
        let end = length.saturating_add(blake3::OUT_LEN);
        if rest.len() < end {
            return Part::Some(Some(end.saturating_add(HEADER)));
        }
        let (content, sent) = rest.split_at(length);
        if *digest(&header, content).as_bytes() != *sent {
            return Part::Odd;
        }
        let mut content = std::mem::take(bytes);
        content.truncate(HEADER + length);
        content.drain(..HEADER);
        Part::Whole(match kind {
            CODE => Self::Code(content),
            _ => Self::Invalid(String::from_utf8_lossy(&content).into_owned()),
        })
    }
}

fn header(kind: u8, length: usize) -> [u8; HEADER] {
    let mut header = [kind; HEADER];
    header[1..].copy_from_slice(&(length as u64).to_le_bytes());
    header
}

fn digest(header: &[u8], content: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header).update(content);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(answer: &Answer) -> Vec<u8> {
        let mut bytes = Vec::new();
        answer.write(&mut bytes).expect("written");
        bytes
    }

    #[test]
    fn an_answer_comes_as_it_was_sent_and_only_whole() {
        let code = || Answer::Code(vec![7; 100]);
        let invalid = || Answer::Invalid("unexpected end".to_owned());
        for answer in [code, invalid] {
            let whole = sent(&answer());
            for end in 0..whole.len() {
                let known = (end >= HEADER).then_some(whole.len());
                let part = Answer::read(&mut whole[..end].to_vec(), 100);
                assert_eq!(part, Part::Some(known), "{end} bytes");
            }
            assert_eq!(Answer::read(&mut whole.clone(), 100), Part::Whole(answer()));
        }
    }

    #[test]
    fn an_answer_that_was_changed_is_none() {
        let whole = sent(&Answer::Code(vec![7; 100]));
        for byte in [0, HEADER, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[byte] ^= 8;
            assert_eq!(Answer::read(&mut changed, 100), Part::Odd, "byte {byte}");
        }
        assert_eq!(Answer::read(&mut [whole, vec![0]].concat(), 100), Part::Odd);
    }

    #[test]
    fn code_that_is_too_long_is_not_waited_for() {
        let mut first = sent(&Answer::Code(vec![7; 100]));
        first.truncate(HEADER);
        assert_eq!(Answer::read(&mut first, 99), Part::TooLong);
    }

    #[test]
    fn a_reason_is_cut_where_a_letter_ends() {
        let long = Answer::Invalid("ä".repeat(MAX_REASON));
        let Part::Whole(Answer::Invalid(reason)) = Answer::read(&mut sent(&long), 0) else {
            panic!("a reason");
        };
        assert_eq!(reason, "ä".repeat(MAX_REASON / 2));
    }
}
