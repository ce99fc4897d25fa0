//! What must come out, computed the slow and obvious way: every window has a list of its rows, and every
//! row is looked at for every window.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::{Value, json};

use super::random::Random;

/// A row that goes in. Times are microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) time: i64,
    pub(crate) fields: Value,
}

/// A row that comes out.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    pub(crate) time: i64,
    pub(crate) fields: Value,
}

/// When rows come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emission {
    Final,
    Update,
    /// In milliseconds.
    Every(i64),
}

/// The windows of a stage, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) enum Windows {
    /// Windows that are the same for all keys, as `start`, `end` of those that hold an instant.
    Sliced {
        text: String,
        size: i64,
        slide: i64,
        offset: i64,
        /// The windows share their start and grow by the slide.
        grow: bool,
    },
    Session {
        gap: i64,
    },
    Global,
    Count(i64),
    RollingRows {
        rows: i64,
        following: i64,
    },
    Rolling {
        span: i64,
    },
}

impl Windows {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let size = 1 + random.below(30);
        match random.below(9) {
            0 => Self::tumbling_from(size, random.below(size)),
            1 | 2 => {
                let slide = 1 + random.below(20);
                let offset = random.below(slide);
                Self::Sliced {
                    text: format!(
                        "{{ sliding = \"{size}ms\", slide = \"{slide}ms\", offset = \"{offset}ms\" }}"
                    ),
                    size,
                    slide,
                    offset,
                    grow: false,
                }
            }
            3 => {
                let step = 1 + random.below(10);
                let size = step * (1 + random.below(9));
                let offset = random.below(size);
                Self::Sliced {
                    text: format!(
                        "{{ cumulate = \"{size}ms\", step = \"{step}ms\", offset = \"{offset}ms\" }}"
                    ),
                    size,
                    slide: step,
                    offset,
                    grow: true,
                }
            }
            4 | 5 => Self::Session {
                gap: 1 + random.below(12),
            },
            6 => Self::Global,
            7 => Self::Count(1 + random.below(5)),
            _ if random.below(2) == 0 => Self::Rolling { span: size },
            _ => Self::RollingRows {
                rows: 1 + random.below(5),
                following: random.below(3),
            },
        }
    }

    pub(crate) fn tumbling(size: i64) -> Self {
        Self::tumbling_from(size, 0)
    }

    fn tumbling_from(size: i64, offset: i64) -> Self {
        Self::Sliced {
            text: format!("{{ tumbling = \"{size}ms\", offset = \"{offset}ms\" }}"),
            size,
            slide: size,
            offset,
            grow: false,
        }
    }

    pub(crate) const fn has_late_rows(&self) -> bool {
        !matches!(self, Self::Global | Self::Count(_))
    }

    /// The windows that hold an instant, in microseconds.
    fn holding(&self, time: i64) -> Vec<(i64, i64)> {
        let Self::Sliced {
            size,
            slide,
            offset,
            grow,
            ..
        } = self
        else {
            return vec![(i64::MIN, i64::MAX)];
        };
        let (size, slide, offset) = (size * 1000, slide * 1000, offset * 1000);
        let mut windows = Vec::new();
        let distance = if *grow { size } else { slide };
        // From far enough before to just after.
        let mut start = (time - size - offset).div_euclid(distance) * distance + offset - distance;
        while start <= time {
            let ends: Vec<i64> = match grow {
                false => vec![start + size],
                true => (1..=size / slide)
                    .map(|step| start + step * slide)
                    .collect(),
            };
            windows.extend(ends.into_iter().map(|end| (start, end)));
            start += distance;
        }
        windows.retain(|(start, end)| *start <= time && time < *end);
        windows
    }
}

/// As in a pipeline.
impl fmt::Display for Windows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sliced { text, .. } => formatter.write_str(text),
            Self::Session { gap } => write!(formatter, "{{ session = \"{gap}ms\" }}"),
            Self::Global => formatter.write_str("{ global = true }"),
            Self::Count(rows) => write!(formatter, "{{ count = {rows} }}"),
            Self::RollingRows { rows, following } => write!(
                formatter,
                "{{ rolling_rows = {rows}, following = {following} }}"
            ),
            Self::Rolling { span } => write!(formatter, "{{ rolling = \"{span}ms\" }}"),
        }
    }
}

type Key = Vec<String>;

/// A window of a key.
#[derive(Clone, Debug, Default)]
struct Window {
    rows: Vec<Row>,
    fired: bool,
}

/// A stage.
pub(crate) struct Model {
    windows: Windows,
    emission: Emission,
    /// In microseconds.
    lateness: i64,
    keys: Vec<&'static str>,
    watermark: i64,
    /// By end, start and key.
    open: BTreeMap<(i64, i64, Key), Window>,
    /// What changed since early results came out.
    unsent: BTreeSet<(i64, i64, Key)>,
    due: Option<i64>,
    /// For rolling and counting windows: all rows of a key, and how many have come out.
    streams: BTreeMap<Key, (Vec<Row>, usize)>,
}

impl Model {
    pub(crate) fn new(
        windows: Windows,
        emission: Emission,
        lateness: i64,
        keys: Vec<&'static str>,
    ) -> Self {
        Self {
            windows,
            emission,
            lateness,
            keys,
            watermark: i64::MIN,
            open: BTreeMap::new(),
            unsent: BTreeSet::new(),
            due: None,
            streams: BTreeMap::new(),
        }
    }

    /// What comes out at once of a batch that is judged against `watermark`, and its late rows.
    pub(crate) fn batch(&mut self, rows: &[Row], watermark: i64, now: i64) -> (Vec<Out>, Vec<Row>) {
        let (mut late, mut changed) = (Vec::new(), BTreeSet::new());
        for row in rows {
            let key = self.key(row);
            let is_late = match self.windows {
                Windows::Sliced { .. } | Windows::Global => {
                    self.assign(row, &key, watermark, &mut changed)
                }
                Windows::Session { gap } => {
                    self.merge(row, &key, gap * 1000, watermark, &mut changed)
                }
                Windows::Count(_) => {
                    self.streams.entry(key).or_default().0.push(row.clone());
                    false
                }
                Windows::RollingRows { .. } | Windows::Rolling { .. } => {
                    if row.time >= watermark {
                        self.streams.entry(key).or_default().0.push(row.clone());
                    }
                    row.time < watermark
                }
            };
            if is_late {
                late.push(row.clone());
            }
        }
        if let Windows::Count(rows) = self.windows {
            return (self.count(rows as usize, false), late);
        }
        let mut out = Vec::new();
        for window in changed {
            let is_closed = window.0 <= watermark && window.0 != i64::MAX;
            match self.emission {
                _ if is_closed => out.push(self.result(&window)),
                Emission::Final => {}
                Emission::Update => out.push(self.result(&window)),
                Emission::Every(interval) => {
                    let interval = interval * 1000;
                    self.due.get_or_insert((now / interval + 1) * interval);
                    self.unsent.insert(window);
                }
            }
        }
        (out, late)
    }

    /// What comes out when the watermark moves.
    pub(crate) fn advance(&mut self, to: i64) -> Vec<Out> {
        let mut out = Vec::new();
        match self.windows {
            Windows::Count(rows) if to == i64::MAX => return self.count(rows as usize, true),
            Windows::Count(_) => return out,
            Windows::RollingRows { rows, following } => {
                return self.roll(to, following as usize, |rows_of, at, end| {
                    let from = (at + 1).saturating_sub(rows as usize);
                    rows_of[from..end].to_vec()
                });
            }
            Windows::Rolling { span } => {
                return self.roll(to, 0, |rows_of, at, end| {
                    let oldest = rows_of[at].time - span * 1000;
                    let frame = rows_of[..end].iter();
                    frame.filter(|row| row.time > oldest).cloned().collect()
                });
            }
            _ => {}
        }
        let due: Vec<_> = self
            .open
            .iter()
            .filter(|((end, ..), window)| *end <= to && !window.fired)
            .map(|(window, _)| window.clone())
            .collect();
        for window in due {
            let is_sent = match self.emission {
                Emission::Final => true,
                Emission::Update => false,
                Emission::Every(_) => self.unsent.remove(&window),
            };
            if is_sent {
                out.push(self.result(&window));
            }
            if let Some(window) = self.open.get_mut(&window) {
                window.fired = true;
            }
        }
        self.unsent.retain(|(end, ..)| *end > to);
        if self.unsent.is_empty() {
            self.due = None;
        }
        let lateness = self.lateness;
        self.open
            .retain(|(end, ..), _| end.saturating_add(lateness) > to);
        self.watermark = self.watermark.max(to);
        out
    }

    /// What comes out when the clock moves.
    pub(crate) fn tick(&mut self, now: i64) -> Vec<Out> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.due = None;
        let windows = std::mem::take(&mut self.unsent);
        windows.iter().map(|window| self.result(window)).collect()
    }

    fn key(&self, row: &Row) -> Key {
        self.keys
            .iter()
            .map(|key| row.fields[key].to_string())
            .collect()
    }

    /// Puts a row into each of its windows. Says whether it is late for all of them.
    fn assign(
        &mut self,
        row: &Row,
        key: &Key,
        watermark: i64,
        changed: &mut BTreeSet<(i64, i64, Key)>,
    ) -> bool {
        let windows = self.windows.holding(row.time);
        let mut late = 0;
        for (start, end) in &windows {
            if end.saturating_add(self.lateness) <= watermark {
                late += 1;
                continue;
            }
            let window = (*end, *start, key.clone());
            let held = self.open.entry(window.clone()).or_default();
            held.rows.push(row.clone());
            held.fired = *end <= watermark;
            changed.insert(window);
        }
        !windows.is_empty() && late == windows.len()
    }

    /// Puts a row into its session. Says whether it is late.
    fn merge(
        &mut self,
        row: &Row,
        key: &Key,
        gap: i64,
        watermark: i64,
        changed: &mut BTreeSet<(i64, i64, Key)>,
    ) -> bool {
        let (mut start, mut end) = (row.time, row.time + gap);
        let touching: Vec<_> = self
            .open
            .keys()
            .filter(|(its_end, its_start, its_key)| {
                its_key == key && *its_start <= row.time + gap && row.time <= *its_end
            })
            .cloned()
            .collect();
        for (its_end, its_start, _) in &touching {
            (start, end) = (start.min(*its_start), end.max(*its_end));
        }
        if end.saturating_add(self.lateness) <= watermark {
            return true;
        }
        let mut rows = Vec::new();
        for window in touching {
            changed.remove(&window);
            rows.extend(self.open.remove(&window).unwrap_or_default().rows);
        }
        rows.push(row.clone());
        let window = (end, start, key.clone());
        let fired = end <= watermark;
        self.open.insert(window.clone(), Window { rows, fired });
        changed.insert(window);
        false
    }

    fn count(&mut self, every: usize, all: bool) -> Vec<Out> {
        let mut out = Vec::new();
        for (rows, done) in self.streams.values_mut() {
            while rows.len() - *done >= every || (all && *done < rows.len()) {
                let end = rows.len().min(*done + every);
                let window = &rows[*done..end];
                *done = end;
                out.push((window[0].clone(), window.to_vec()));
            }
        }
        out.into_iter()
            .map(|(first, rows)| Out {
                time: 0,
                fields: self.summary(&first, None, &rows),
            })
            .collect()
    }

    /// What comes out of windows that are one for each row: those below the watermark, if the rows that
    /// follow them are.
    fn roll(
        &mut self,
        to: i64,
        following: usize,
        frame: impl Fn(&[Row], usize, usize) -> Vec<Row>,
    ) -> Vec<Out> {
        let mut found = Vec::new();
        for (rows, done) in self.streams.values_mut() {
            rows.sort_by_key(|row| row.time);
            let settled = rows
                .iter()
                .filter(|row| row.time < to || to == i64::MAX)
                .count();
            while *done < settled && (to == i64::MAX || *done + following < settled) {
                let end = settled.min(*done + following + 1);
                found.push((rows[*done].clone(), frame(rows, *done, end)));
                *done += 1;
            }
        }
        let mut out = Vec::new();
        for (row, frame) in found {
            let mut fields = self.summary(&row, None, &frame);
            for column in ["ts", "k", "j", "v"] {
                fields[column] = row.fields[column].clone();
            }
            out.push(Out {
                time: row.time,
                fields,
            });
        }
        out
    }

    fn result(&self, window: &(i64, i64, Key)) -> Out {
        let (end, start, _) = window;
        let rows = &self.open[window].rows;
        let bounds = (*end != i64::MAX).then_some((*start, *end));
        Out {
            time: end - 1,
            fields: self.summary(&rows[0], bounds, rows),
        }
    }

    /// The fields of the row that `rows` come to.
    fn summary(&self, key: &Row, bounds: Option<(i64, i64)>, rows: &[Row]) -> Value {
        let mut rows = rows.to_vec();
        rows.sort_by_key(|row| row.time);
        let values = rows.iter().filter_map(|row| row.fields["v"].as_i64());
        let values: Vec<i64> = values.collect();
        let mut fields = json!({
            "n": rows.len(),
            "total": if values.is_empty() { None } else { Some(values.iter().sum::<i64>()) },
            "least": values.iter().min(),
            "most": values.iter().max(),
            "values": values,
        });
        for name in &self.keys {
            fields[*name] = key.fields[*name].clone();
        }
        if let Some((start, end)) = bounds {
            fields["window_start"] = json!(start / 1000);
            fields["window_end"] = json!(end / 1000);
        }
        fields
    }
}
