//! Jobs `B` and `C`: windows of event time for each sensor, made of slices as long as a slide.

use std::{collections::VecDeque, iter, sync::Arc};

use anyhow::Context as _;
use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, TimestampMillisecondArray},
    datatypes::{Float64Type, Int64Type},
};

use super::{input::Batches, measures::Measure, output::Output, sensors::Sensors};
use crate::totals::Totals;

/// How far the watermark stays behind, in milliseconds.
const DELAY: i64 = 60_000;

/// The windows that are still open.
pub(super) struct Windows<M, const N: usize> {
    /// From one window to the next, in milliseconds.
    slide: i64,
    /// How many slices a window has.
    parts: i64,
    sensors: Sensors,
    /// What the slices hold of each sensor, in the order of time.
    slices: VecDeque<Vec<M>>,
    /// The number of the first of them: it begins that many slides after 1970.
    first: i64,
    /// The slice that ends with the window which leaves next.
    next: i64,
    /// No row is expected from before.
    watermark: i64,
    late: u64,
}

impl<M: Measure<N>, const N: usize> Windows<M, N> {
    pub(super) fn new(slide: i64, size: i64) -> Self {
        Self {
            slide,
            parts: size / slide,
            sensors: Sensors::default(),
            slices: VecDeque::new(),
            first: 0,
            next: i64::MIN,
            watermark: i64::MIN,
            late: 0,
        }
    }

    pub(super) fn run(mut self, batches: Batches, mut output: Output) -> anyhow::Result<Totals> {
        let mut latest = i64::MIN;
        for batch in batches {
            latest = latest.max(self.update(&batch?)?);
            self.watermark = latest.saturating_sub(DELAY);
            self.fire(&mut output)?;
        }
        self.watermark = i64::MAX;
        self.fire(&mut output)?;
        Ok(output.end(self.late))
    }

    /// Puts readings into their slices, and tells the latest of their times.
    fn update(&mut self, batch: &RecordBatch) -> anyhow::Result<i64> {
        let column = |name| batch.column_by_name(name).context("a column is missing");
        let times = column("ts")?.as_primitive::<Int64Type>().values();
        let sensors = column("sensor")?.as_string::<i32>();
        let mut measures: [&[f64]; N] = [&[]; N];
        for (values, name) in measures.iter_mut().zip(M::COLUMNS) {
            *values = column(name)?.as_primitive::<Float64Type>().values();
        }
        let mut latest = i64::MIN;
        for (row, &ts) in times.iter().enumerate() {
            latest = latest.max(ts);
            let number = ts.div_euclid(self.slide);
            if (number + self.parts) * self.slide <= self.watermark {
                self.late += 1;
                continue;
            }
            let sensor = self.sensors.number(sensors.value(row));
            let slice = self.slice(number);
            if slice.len() <= sensor {
                slice.resize(sensor + 1, M::default());
            }
            slice[sensor].add(measures.map(|values| values[row]));
        }
        Ok(latest)
    }

    fn slice(&mut self, number: i64) -> &mut Vec<M> {
        if self.slices.is_empty() {
            self.first = number;
        }
        for _ in number..self.first {
            self.slices.push_front(Vec::new());
        }
        self.first = self.first.min(number);
        let place = (number - self.first) as usize;
        if place >= self.slices.len() {
            self.slices.resize(place + 1, Vec::new());
        }
        &mut self.slices[place]
    }

    /// Lets the windows leave that end at the watermark or before.
    fn fire(&mut self, output: &mut Output) -> anyhow::Result<()> {
        while !self.slices.is_empty() {
            // There is nothing in windows before that of the first slice alone.
            let window = self.next.max(self.first);
            if (window + 1) * self.slide > self.watermark {
                break;
            }
            self.next = window + 1;
            output.write(&self.window(window)?)?;
            while self.first <= self.next - self.parts && self.slices.pop_front().is_some() {
                self.first += 1;
            }
        }
        Ok(())
    }

    /// The results of the window that ends with slice `last`.
    fn window(&self, last: i64) -> anyhow::Result<RecordBatch> {
        let mut merged: Vec<M> = Vec::new();
        let held = (last + 1 - self.first) as usize;
        for slice in self.slices.iter().take(held) {
            if merged.len() < slice.len() {
                merged.resize(slice.len(), M::default());
            }
            for (all, one) in merged.iter_mut().zip(slice) {
                all.merge(one);
            }
        }
        let sensors: Vec<usize> = (0..merged.len())
            .filter(|&sensor| !merged[sensor].is_empty())
            .collect();
        merged.retain(|measure| !measure.is_empty());
        let end = (last + 1) * self.slide;
        let times = |time: i64| -> ArrayRef {
            let times = iter::repeat_n(time, sensors.len());
            Arc::new(TimestampMillisecondArray::from_iter_values(times))
        };
        let names: ArrayRef = Arc::new(self.sensors.names(&sensors));
        let mut columns = vec![
            ("sensor", names),
            ("window_start", times(end - self.parts * self.slide)),
            ("window_end", times(end)),
        ];
        columns.extend(M::results(&merged));
        Ok(RecordBatch::try_from_iter(columns)?)
    }
}
