//! Checkpoints in words.

use crate::{
    checkpoint::{Listed, Overview, SourceSnapshot},
    pipeline::short_digest,
};

/// Partitions that are named of a source.
const NAMED: usize = 10;

/// Where the second column begins.
const INDENT: usize = 14;

/// All checkpoints, a paragraph each, for a terminal of this width if there is one.
pub(super) fn all(listed: &[Listed], width: Option<usize>) -> String {
    let texts = listed.iter().map(one);
    let texts = texts.map(|text| match width {
        Some(width) => text.lines().map(|line| folded(line, width)).collect(),
        None => text,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A line, or several that are no wider than `width` as far as its words allow.
fn folded(line: &str, width: usize) -> String {
    let (label, rest) = match line.char_indices().nth(INDENT) {
        Some((place, _)) if line.starts_with(' ') => line.split_at(place),
        _ => ("", line),
    };
    let (mut text, mut used) = (label.to_owned(), label.chars().count());
    for (place, word) in rest.split(' ').enumerate() {
        let wide = word.chars().count();
        if place > 0 && used + 1 + wide > width {
            text.push('\n');
            text.push_str(&" ".repeat(INDENT));
            used = INDENT;
        } else if place > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += wide;
    }
    text + "\n"
}

fn one(listed: &Listed) -> String {
    let number = listed.number;
    match &listed.contents {
        Ok(overview) => whole(number, overview),
        Err(reason) => format!(
            "checkpoint {number} does not count\n  {:<12}{reason}\n",
            "reason"
        ),
    }
}

fn whole(number: u64, overview: &Overview) -> String {
    let mut text = format!("checkpoint {number}\n");
    let mut line = |what: &str, how: &str| text.push_str(&format!("  {what:<12}{how}\n"));
    line("made at", &overview.created_at.to_string());
    let state = format!(
        "{}, of which {} were new",
        bytes(overview.bytes_total),
        bytes(overview.bytes_written)
    );
    line("state", &state);
    let sources = &overview.snapshot.sources;
    if let Some(watermark) = sources.values().map(|source| source.watermark).min() {
        line("event time", &watermark.to_string());
    }
    let input = match overview.is_complete {
        true => "has ended: there is nothing left to do",
        false => "goes on",
    };
    line("input", input);
    for (stage, used) in &overview.components {
        for component in used {
            let library = component.library.as_deref().unwrap_or("a component");
            let digest = short_digest(&component.digest);
            line("component", &format!("{stage}: {library} {digest}"));
        }
    }
    for (name, source) in sources {
        for place in places(source) {
            line("source", &format!("{name}: {place}"));
        }
    }
    text
}

/// Where a source was.
fn places(source: &SourceSnapshot) -> Vec<String> {
    let mut places = Vec::new();
    for partition in source.partitions.iter().take(NAMED) {
        places.push(match &partition.position {
            Some(position) => format!("{} at {}", partition.name, position.in_words()),
            None => format!("{}, which cannot be read again", partition.name),
        });
    }
    if let more @ 1.. = source.partitions.len().saturating_sub(NAMED) {
        places.push(format!("and {more} more"));
    }
    match &source.finished[..] {
        [] => {}
        [name] => places.push(format!("{name} was read to its end")),
        names => places.push(format!("{} partitions were read to their end", names.len())),
    }
    if places.is_empty() {
        places.push("nothing was read".to_owned());
    }
    places
}

/// A number of bytes for people.
fn bytes(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::{
        checkpoint::{JobSnapshot, PartitionSnapshot, UsedComponent},
        connector::ReadPosition,
        time::{Duration, PartitionProgress, Timestamp, Watermark},
    };

    #[test]
    fn a_checkpoint_is_told_in_words() {
        let partition = PartitionSnapshot {
            name: "a.csv".into(),
            progress: PartitionProgress {
                watermark: Watermark::START,
                told: false,
                idle: false,
                quiet: Duration::ZERO,
            },
            position: Some(ReadPosition(json!({
                "offset": 1700, "line": 7, "size": 9000, "digest": "d",
            }))),
        };
        let source = SourceSnapshot {
            watermark: Watermark::at(Timestamp::EPOCH),
            partitions: vec![partition],
            finished: vec!["b.csv".into(), "c.csv".into()],
        };
        let overview = Overview {
            created_at: Timestamp::from_micros(1_000_000),
            bytes_total: 3 << 20,
            bytes_written: 100,
            is_complete: false,
            components: BTreeMap::from([(
                "hot".into(),
                vec![UsedComponent {
                    library: Some("weather.wasm".to_owned()),
                    digest: "0123456789abcdef".to_owned(),
                }],
            )]),
            snapshot: JobSnapshot {
                sources: BTreeMap::from([("readings".into(), source)]),
                ..JobSnapshot::default()
            },
        };
        let listed = [
            Listed {
                number: 3,
                is_discarded: false,
                contents: Ok(overview),
            },
            Listed {
                number: 4,
                is_discarded: false,
                contents: Err("`checkpoint-0000000004.json` is cut off".to_owned()),
            },
        ];
        let expected = "\
checkpoint 3
  made at     1970-01-01T00:00:01Z
  state       3.0 MiB, of which 100 B were new
  event time  1970-01-01T00:00:00Z
  input       goes on
  component   hot: weather.wasm 0123456789ab
  source      readings: a.csv at line 7, byte 1,700
  source      readings: 2 partitions were read to their end

checkpoint 4 does not count
  reason      `checkpoint-0000000004.json` is cut off
";
        assert_eq!(all(&listed, None), expected);
        assert_eq!(all(&listed, Some(100)), expected);
        let narrow = all(&listed[..1], Some(36));
        let expected = "\
checkpoint 3
  made at     1970-01-01T00:00:01Z
  state       3.0 MiB, of which 100
              B were new
  event time  1970-01-01T00:00:00Z
  input       goes on
  component   hot: weather.wasm
              0123456789ab
  source      readings: a.csv at
              line 7, byte 1,700
  source      readings: 2 partitions
              were read to their end
";
        assert_eq!(narrow, expected);
    }
}
