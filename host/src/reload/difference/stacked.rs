//! Rows that differ, for narrow terminals: the old values above the new.

use unicode_width::UnicodeWidthStr;

use super::{
    Cells, Change,
    render::{Paint, clipped, clipped_pair, wrapped},
};

/// What stands before every line.
const MARGIN: usize = 2;

/// The rows, a few lines each, of at most `width` columns.
pub(super) fn render(columns: &[String], rows: &[Change], width: usize, colour: bool) -> String {
    // A line may end with a comma.
    let room = width.saturating_sub(MARGIN + 1).max(8);
    let all: Vec<usize> = (0..columns.len()).collect();
    let pieces = |cells: &Cells, places: &[usize]| {
        let piece =
            |place: &usize| clipped(&format!("{}: {}", columns[*place], cells[*place]), room);
        places.iter().map(piece).collect::<Vec<_>>()
    };
    let mut text = String::new();
    for row in rows {
        match row {
            Change::Removed(cells) => {
                text.push_str(&lines("-", pieces(cells, &all), room, Paint::Old, colour));
            }
            Change::Added(cells) => {
                text.push_str(&lines("+", pieces(cells, &all), room, Paint::New, colour));
            }
            Change::Changed { old, new } => {
                let differs = |place: &usize| old[*place] != new[*place];
                let (other, same): (Vec<usize>, Vec<usize>) =
                    all.iter().partition(|&place| differs(place));
                if !same.is_empty() {
                    let same = pieces(old, &same);
                    text.push_str(&lines("~", same, room, Paint::Plain, colour));
                }
                let pairs = other.iter().map(|&place| {
                    let name = clipped(&columns[place], room / 2);
                    let value = room.saturating_sub(2 + name.width());
                    let (old, new) = clipped_pair(&old[place], &new[place], value);
                    (format!("{name}: {old}"), format!("{name}: {new}"))
                });
                let (old, new): (Vec<String>, Vec<String>) = pairs.unzip();
                text.push_str(&lines("-", old, room, Paint::Old, colour));
                text.push_str(&lines("+", new, room, Paint::New, colour));
            }
        }
    }
    text
}

/// Pieces in lines after `sign`.
fn lines(sign: &str, pieces: Vec<String>, room: usize, paint: Paint, colour: bool) -> String {
    let text = wrapped(pieces.into_iter(), ", ", room + 1);
    let mut sign = sign;
    let mut painted = String::new();
    for line in text.lines() {
        painted.push_str(&paint.on(&format!("{sign} {line}"), colour));
        painted.push('\n');
        sign = " ";
    }
    painted
}
