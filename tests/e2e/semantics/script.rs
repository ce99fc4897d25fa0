//! Random scripts: a pipeline, and what is fed to it, with what must come out.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    model::{Emission, Model, Out, Row, Windows},
    random::Random,
};

/// A scripted case.
pub(crate) struct Script {
    /// The pipeline file.
    pub(crate) pipeline: String,
    /// The steps, one a line.
    pub(crate) steps: String,
}

/// What is drawn for a script.
struct Draw {
    windows: Windows,
    emission: Emission,
    lateness: i64,
    keys: Vec<&'static str>,
    /// By source.
    delays: Vec<i64>,
    /// Watermarks are steps of the script, not made of rows.
    by_hand: bool,
    /// The length of the windows of a second stage.
    second: Option<i64>,
    start: i64,
    /// Whether a function asks for every value, beside those with accumulators.
    collects: bool,
}

/// The script of a seed, the same at any time.
pub(crate) fn script(seed: u64) -> Script {
    let mut random = Random::new(seed);
    let draw = Draw::new(&mut random);
    Writer::new(&draw).write(&mut random)
}

impl Draw {
    fn new(random: &mut Random) -> Self {
        let windows = Windows::draw(random);
        let emission = match windows {
            Windows::Sliced { .. } | Windows::Global => match random.below(4) {
                0 => Emission::Update,
                1 => Emission::Every(1 + random.below(20)),
                _ => Emission::Final,
            },
            _ => Emission::Final,
        };
        let is_late = matches!(windows, Windows::Sliced { .. } | Windows::Session { .. });
        let lateness = match random.below(3) {
            0 if is_late => 1 + random.below(30),
            _ => 0,
        };
        let chains = lateness == 0
            && emission == Emission::Final
            && matches!(windows, Windows::Sliced { .. } | Windows::Session { .. });
        Self {
            keys: [&[][..], &["k"], &["k"], &["k", "j"]][random.below(4) as usize].to_vec(),
            delays: (0..1 + random.below(2)).map(|_| random.below(15)).collect(),
            by_hand: random.below(5) == 0,
            second: (chains && random.below(2) == 0).then(|| 1 + random.below(40)),
            start: [0, -100, 1_700_000_000_000, -5_000_000_000][random.below(4) as usize],
            collects: random.below(2) == 0,
            windows,
            emission,
            lateness,
        }
    }

    fn pipeline(&self) -> String {
        let mut text = "name = \"script\"\n".to_owned();
        let mut names = Vec::new();
        for (source, delay) in self.delays.iter().enumerate() {
            let _ = writeln!(
                text,
                "[source.s{source}]\nconnector = \"test\"\n\
                 columns = {{ ts = \"timestamp\", k = \"utf8\", j = \"int64\", v = \"int64\" }}\n\
                 event_time = {{ column = \"ts\", unit = \"ms\" }}\n\
                 watermark = {{ delay = \"{delay}ms\" }}"
            );
            names.push(format!("s{source}"));
        }
        let from = serde_json::to_string(&names).expect("names are text");
        let keys = serde_json::to_string(&self.keys).expect("names are text");
        let _ = writeln!(
            text,
            "[stage.first]\nfrom = {from}\nkey = {keys}\nwindow = {}\naggregate = [\n\
             {{ call = \"std#count\", args = [], as = \"n\" }},\n\
             {{ call = \"std#sum\", args = [\"v\"], as = \"total\" }},\n\
             {{ call = \"std#min\", args = [\"v\"], as = \"least\" }},\n\
             {{ call = \"std#max\", args = [\"v\"], as = \"most\" }},\n\
             {}]",
            self.windows,
            if self.collects {
                "{ call = \"std#collect\", args = [\"v\"], as = \"values\" },\n"
            } else {
                ""
            }
        );
        match self.emission {
            Emission::Final => {}
            Emission::Update => text.push_str("emit = \"update\"\n"),
            Emission::Every(interval) => {
                let _ = writeln!(text, "emit = {{ every = \"{interval}ms\" }}");
            }
        }
        if self.lateness > 0 {
            let _ = writeln!(text, "allowed_lateness = \"{}ms\"", self.lateness);
        }
        if self.windows.has_late_rows() {
            text.push_str("late = \"late\"\n[sink.late]\nconnector = \"test\"\n");
        }
        text.push_str("[sink.out]\nfrom = \"first\"\nconnector = \"test\"\n");
        if let Some(size) = self.second {
            let _ = writeln!(
                text,
                "[stage.second]\nfrom = \"first\"\nwindow = {{ tumbling = \"{size}ms\" }}\naggregate = [\n\
                 {{ call = \"std#count\", args = [], as = \"n\" }},\n\
                 {{ call = \"std#sum\", args = [\"n\"], as = \"total\" }},\n]\n\
                 [sink.chained]\nfrom = \"second\"\nconnector = \"test\""
            );
        }
        text
    }
}

/// Plays the script to the model, step by step, and writes it down.
struct Writer<'a> {
    draw: &'a Draw,
    model: Model,
    second: Option<Model>,
    /// By source, in microseconds.
    watermarks: Vec<i64>,
    clock: i64,
    steps: String,
}

impl<'a> Writer<'a> {
    fn new(draw: &'a Draw) -> Self {
        let second = draw.second.map(|size| {
            let windows = Windows::tumbling(size);
            Model::new(windows, Emission::Final, 0, Vec::new())
        });
        Self {
            model: Model::new(
                draw.windows.clone(),
                draw.emission,
                draw.lateness * 1000,
                draw.keys.clone(),
            ),
            second,
            watermarks: vec![i64::MIN; draw.delays.len()],
            clock: 0,
            steps: String::new(),
            draw,
        }
    }

    fn write(mut self, random: &mut Random) -> Script {
        let mut now = self.draw.start;
        if self.draw.by_hand {
            // From its first watermark by hand on, a source makes none of its rows.
            for source in 0..self.draw.delays.len() {
                self.watermark(source, now - 1000);
            }
        }
        for _ in 0..3 + random.below(10) {
            let source = random.below(self.draw.delays.len() as i64) as usize;
            match random.below(10) {
                0 => self.step(&json!({ "op": "restart" })),
                1 | 2 => self.advance_clock(1 + random.below(12)),
                3 if self.draw.by_hand => self.watermark(source, now - random.below(20)),
                _ => {
                    let rows = (0..1 + random.below(6)).map(|_| {
                        now += random.below(8);
                        self.row(now, random)
                    });
                    let rows: Vec<Row> = rows.collect();
                    self.batch(source, &rows);
                }
            }
        }
        self.step(&json!({ "op": "end" }));
        self.watermarks.fill(i64::MAX);
        let out = self.model.advance(i64::MAX);
        self.expect(&out, &[], i64::MIN);
        Script {
            pipeline: self.draw.pipeline(),
            steps: self.steps,
        }
    }

    fn row(&self, now: i64, random: &mut Random) -> Row {
        let ts = match random.below(4) {
            0 => now - random.below(40),
            _ => now - random.below(5),
        };
        let value = json!(random.below(100) - 50);
        Row {
            time: ts * 1000,
            fields: json!({
                "ts": ts,
                "k": random.choose(&[json!("a"), json!("b"), json!("c"), Value::Null]),
                "j": random.choose(&[json!(1), json!(2), Value::Null]),
                "v": random.choose(&[value, Value::Null]),
            }),
        }
    }

    fn batch(&mut self, source: usize, rows: &[Row]) {
        for row in rows {
            let stream = format!("s{source}");
            self.step(&json!({ "op": "row", "stream": stream, "data": row.fields }));
        }
        self.step(&json!({ "op": "flush" }));
        let before = self.watermark_of_all();
        let (mut out, late) = self.model.batch(rows, before, self.clock);
        if !self.draw.by_hand {
            let latest = rows.iter().map(|row| row.time).max().unwrap_or(i64::MIN);
            let reached = latest - self.draw.delays[source] * 1000;
            let mark = &mut self.watermarks[source];
            *mark = reached.max(*mark);
        }
        out.extend(self.model.advance(self.watermark_of_all()));
        self.expect(&out, &late, before);
    }

    fn watermark(&mut self, source: usize, to: i64) {
        let before = self.watermark_of_all();
        let stream = format!("s{source}");
        self.step(&json!({ "op": "watermark", "stream": stream, "ts": to }));
        let mark = &mut self.watermarks[source];
        *mark = (to * 1000).max(*mark);
        let out = self.model.advance(self.watermark_of_all());
        self.expect(&out, &[], before);
    }

    fn advance_clock(&mut self, ms: i64) {
        self.step(&json!({ "op": "advance_clock", "ms": ms }));
        self.clock += ms * 1000;
        let before = self.watermark_of_all();
        let out = self.model.tick(self.clock);
        self.expect(&out, &[], before);
    }

    fn watermark_of_all(&self) -> i64 {
        self.watermarks.iter().copied().min().unwrap_or(i64::MIN)
    }

    /// Writes down what must have come out since the watermark `before`.
    fn expect(&mut self, out: &[Out], late: &[Row], before: i64) {
        let mut rows: Vec<Value> = out.iter().map(|out| out.fields.clone()).collect();
        if !self.draw.collects {
            let fields = rows.iter_mut().filter_map(Value::as_object_mut);
            fields.for_each(|fields| drop(fields.remove("values")));
        }
        self.step(&json!({ "op": "expect_new", "sink": "out", "rows": rows }));
        if self.draw.windows.has_late_rows() {
            let late: Vec<&Value> = late.iter().map(|row| &row.fields).collect();
            self.step(&json!({ "op": "expect_side_output", "sink": "late", "rows": late }));
        }
        let to = self.watermark_of_all();
        let Some(second) = &mut self.second else {
            return;
        };
        let rows: Vec<Row> = out
            .iter()
            .map(|out| Row {
                time: out.time,
                fields: json!({ "v": out.fields["n"] }),
            })
            .collect();
        let (mut rows, _) = second.batch(&rows, before, 0);
        rows.extend(second.advance(to));
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|row| {
                json!({
                    "window_start": row.fields["window_start"],
                    "window_end": row.fields["window_end"],
                    "n": row.fields["n"],
                    "total": row.fields["total"],
                })
            })
            .collect();
        self.step(&json!({ "op": "expect_new", "sink": "chained", "rows": rows }));
    }

    fn step(&mut self, step: &Value) {
        let _ = writeln!(self.steps, "{step}");
    }
}
