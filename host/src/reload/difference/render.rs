//! A difference for people: a sentence, then the rows.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use super::{Difference, stacked, table::Table};

/// How a row, or a value, is coloured on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Faint,
    Old,
    New,
}

impl Paint {
    /// `text` in this colour.
    pub(super) fn on(self, text: &str, colour: bool) -> String {
        let code = match self {
            _ if !colour || text.is_empty() => return text.to_owned(),
            Self::Plain => return text.to_owned(),
            Self::Faint => "2",
            Self::Old => "31",
            Self::New => "32",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// One line, without the rows: `4 rows in; 3 out before, 4 after: 1 changed, 1 added`.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in; ", rows(self.rows_in))?;
        match self.rows_old == self.rows_new {
            true => write!(formatter, "{} out before and after: ", self.rows_old)?,
            false => write!(
                formatter,
                "{} out before, {} after: ",
                self.rows_old, self.rows_new
            )?,
        }
        let counts = [
            (self.changed, "changed"),
            (self.added, "added"),
            (self.removed, "removed"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match counts.is_empty() {
            true => formatter.write_str("no difference")?,
            false => formatter.write_str(&counts.join(", "))?,
        }
        if self.compared != (self.rows_old, self.rows_new) {
            let (old, new) = self.compared;
            write!(
                formatter,
                " ({old} rows of before compared with {new} of after)"
            )?;
        }
        match (self.not_tried, self.is_whole) {
            (0, true) => {}
            (0, false) => {
                formatter.write_str(" (it takes too long to try the end of the input)")?
            }
            (more, _) => write!(
                formatter,
                " ({more} more were not tried: it takes too long)"
            )?,
        }
        Ok(())
    }
}

impl Difference {
    /// The difference for a terminal that is `width` columns wide, in colours if `colour` is set: a
    /// table with the old and the new values side by side where there is room for it, otherwise the
    /// old row above the new. Values that are too long are cut, around what differs. Every line ends
    /// with a line break.
    pub fn render(&self, width: usize, colour: bool) -> String {
        let mut text = wrapped(self.to_string().split(' ').map(str::to_owned), " ", width);
        if self.shown.is_empty() {
            return text;
        }
        match Table::of(&self.columns, &self.shown, width) {
            Some(table) => text.push_str(&table.render(colour)),
            None => text.push_str(&stacked::render(&self.columns, &self.shown, width, colour)),
        }
        let more = self.added + self.removed + self.changed - self.shown.len();
        if more > 0 {
            text.push_str(&format!("… and {more} more\n"));
        }
        text
    }
}

fn rows(count: usize) -> String {
    match count {
        1 => "1 row".to_owned(),
        _ => format!("{count} rows"),
    }
}

/// Lines of at most `width` columns of `pieces` with `between` between them.
pub(super) fn wrapped(pieces: impl Iterator<Item = String>, between: &str, width: usize) -> String {
    let end = between.trim_end();
    let room = width.saturating_sub(end.width());
    let mut text = String::new();
    let mut line = String::new();
    for piece in pieces {
        if line.is_empty() {
            line = piece;
        } else if line.width() + between.width() + piece.width() <= room {
            line.push_str(between);
            line.push_str(&piece);
        } else {
            text.push_str(&format!("{line}{end}\n"));
            line = piece;
        }
    }
    text.push_str(&line);
    text.push('\n');
    text
}

/// `text` in at most `width` columns.
pub(super) fn clipped(text: &str, width: usize) -> String {
    clipped_from(text, 0, width)
}

/// Two texts that differ in at most `width` columns each, so that the first difference is seen.
pub(super) fn clipped_pair(old: &str, new: &str, width: usize) -> (String, String) {
    if fits(old, width) && fits(new, width) {
        return (old.to_owned(), new.to_owned());
    }
    let same = old.chars().zip(new.chars());
    let same = same.take_while(|(one, other)| one == other).count();
    // Some of what is the same tells where it is.
    let start = match same < width / 2 {
        true => 0,
        false => same - width / 3,
    };
    (
        clipped_from(old, start, width),
        clipped_from(new, start, width),
    )
}

/// `text` from its character `start` on in at most `width` columns, with dots where something is left
/// out.
fn clipped_from(text: &str, start: usize, width: usize) -> String {
    if start == 0 && fits(text, width) {
        return text.to_owned();
    }
    // What has no width must not flood a terminal either, nor take long to look at.
    let most = start.saturating_add(most_letters(width));
    let end = text.char_indices().nth(most).map(|(end, _)| end);
    let is_cut = end.is_some();
    let text = &text[..end.unwrap_or(text.len())];
    let mut clipped = String::from(if start > 0 { "…" } else { "" });
    let mut rest = text.chars().skip(start).peekable();
    while let Some(letter) = rest.next() {
        clipped.push(letter);
        // The last place is for the dots, if anything comes after it.
        let dots = usize::from(rest.peek().is_some() || is_cut);
        if clipped.width() + dots > width {
            clipped.pop();
            clipped.push('…');
            return clipped;
        }
    }
    if is_cut {
        clipped.push('…');
    }
    clipped
}

/// Whether a text may stand in a column of this width as it is.
fn fits(text: &str, width: usize) -> bool {
    text.chars().nth(most_letters(width)).is_none() && text.width() <= width
}

/// How many letters a column of this width may have: some have no width.
const fn most_letters(width: usize) -> usize {
    2 * width + 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_is_seen_however_long_the_texts_are() {
        let (old, new) = (
            format!("{}1 and so on", "x".repeat(50)),
            "x".repeat(50) + "2",
        );
        let (old, new) = clipped_pair(&old, &new, 12);
        assert_eq!((old.as_str(), new.as_str()), ("…xxxx1 and …", "…xxxx2"));
        let (old, new) = clipped_pair("hot and sunny weather", "cold", 8);
        assert_eq!((old.as_str(), new.as_str()), ("hot and…", "cold"));
    }

    #[test]
    fn letters_without_a_width_are_cut_too() {
        let marks = format!("a{}", "\u{301}".repeat(2_000_000));
        let clip = clipped(&marks, 10);
        assert!(clip.chars().count() <= 30 && clip.ends_with('…'), "{clip}");
        let (old, new) = clipped_pair(&marks, &(marks.clone() + "b"), 10);
        assert!(old.chars().count() <= 30 && new.chars().count() <= 30);
        assert!(clipped("e\u{301}te\u{301}", 10) == "e\u{301}te\u{301}");
    }

    proptest! {
        #[test]
        fn clipped_texts_fit(text in "\\PC{0,30}", other in "\\PC{0,30}", width in 3..20_usize) {
            prop_assert!(clipped(&text, width).width() <= width);
            let (old, new) = clipped_pair(&text, &other, width);
            prop_assert!(old.width() <= width && new.width() <= width);
        }
    }
}
