//! Standard output: rows as JSON lines or CSV.
//!
//! Rows are at least once: what has been printed stays printed, whatever becomes of the job. If it is killed
//! and goes on from a checkpoint, the rows since that checkpoint are printed again; before each checkpoint,
//! all rows are printed, so none is missing.

use std::io::{self, Write};

use anyhow::Context as _;

use super::{Format, Sink, SinkClosed, format::TextEncoder};
use crate::batch::{Batch, Schema};

/// Rows are gathered until there are this many bytes of them, or a flush.
const BUFFER_BYTES: usize = 64 * 1024;

/// Writes rows as text.
pub(super) struct TextSink<W> {
    encoder: TextEncoder,
    buffer: Vec<u8>,
    output: W,
}

/// The sink that writes to standard output.
pub(super) fn open(format: Format, schema: &Schema) -> anyhow::Result<TextSink<io::Stdout>> {
    TextSink::new(format, schema, io::stdout())
}

impl<W: Write> TextSink<W> {
    fn new(format: Format, schema: &Schema, output: W) -> anyhow::Result<Self> {
        Ok(Self {
            encoder: TextEncoder::new(format, schema)?,
            buffer: Vec::new(),
            output,
        })
    }

    fn write_out(&mut self) -> anyhow::Result<()> {
        let written = self
            .output
            .write_all(&self.buffer)
            .and_then(|()| self.output.flush());
        self.buffer.clear();
        match written {
            // Whoever read the output has seen enough: `tidemill run … | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(SinkClosed.into()),
            written => written.context("cannot write to standard output"),
        }
    }
}

impl<W: Write + Send> Sink for TextSink<W> {
    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        self.encoder.encode(batch.record(), &mut self.buffer)?;
        if self.buffer.len() >= BUFFER_BYTES {
            self.write_out()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.write_out()
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        self.encoder.begin(&mut self.buffer);
        self.write_out()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, TimestampMicrosecondArray};

    use super::*;
    use crate::{
        batch::Origin,
        connector::harness::{rows_of_every_type, schema},
    };

    #[track_caller]
    fn check(format: Format, schema: &Schema, batches: &[&Batch], expected: &str) {
        let mut output = Vec::new();
        let mut sink = Box::new(TextSink::new(format, schema, &mut output).expect("a sink"));
        for batch in batches {
            sink.write(batch).expect("rows");
        }
        sink.finish().expect("the end");
        assert_eq!(String::from_utf8(output).expect("text"), expected);
    }

    #[test]
    fn json_has_explicit_nulls() {
        let (schema, batch) = rows_of_every_type();
        check(
            Format::Json,
            &schema,
            &[&batch.slice(0, 2), &batch.slice(2, 1)],
            concat!(
                r#"{"b":true,"i":2147483647,"n":9223372036854775807,"f":0.1,"x":0.1,"t":"1970-01-01T00:00:00Z","s":"a","y":"00ff"}"#,
                "\n",
                r#"{"b":null,"i":null,"n":null,"f":null,"x":null,"t":null,"s":null,"y":null}"#,
                "\n",
                r#"{"b":false,"i":-2147483648,"n":-9223372036854775808,"f":-1.0e-30,"x":-1.0e-300,"t":"1969-12-31T23:59:59.999999Z","s":"ä,\"\n\r","y":"61"}"#,
                "\n",
            ),
        );
    }

    #[test]
    fn csv_has_a_header_and_empty_fields_for_nulls() {
        let (schema, batch) = rows_of_every_type();
        check(
            Format::Csv,
            &schema,
            &[&batch.slice(0, 2), &batch.slice(2, 1)],
            concat!(
                "b,i,n,f,x,t,s,y\n",
                "true,2147483647,9223372036854775807,0.1,0.1,1970-01-01T00:00:00Z,a,00ff\n",
                ",,,,,,,\n",
                "false,-2147483648,-9223372036854775808,-1e-30,-1e-300,1969-12-31T23:59:59.999999Z,\"ä,\"\"\n\r\",61\n",
            ),
        );
        check(Format::Csv, &schema, &[], "b,i,n,f,x,t,s,y\n");
        check(Format::Json, &schema, &[], "");
    }

    #[test]
    fn what_json_cannot_express_is_null_and_far_times_are_long() {
        let schema = schema("x: float64, t: timestamp");
        let times = TimestampMicrosecondArray::from(vec![i64::MIN, 0, i64::MAX]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, -0.0])),
            Arc::new(times.with_timezone("UTC")),
        ];
        let batch = Batch::new(schema.to_arrow(), columns, 3, None, Origin::Derived).expect("rows");
        check(
            Format::Json,
            &schema,
            &[&batch],
            "{\"x\":null,\"t\":\"-290308-12-21T19:59:05.224192Z\"}\n\
             {\"x\":null,\"t\":\"1970-01-01T00:00:00Z\"}\n\
             {\"x\":-0.0,\"t\":\"+294247-01-10T04:00:54.775807Z\"}\n",
        );
        check(
            Format::Csv,
            &schema,
            &[&batch],
            "x,t\n\
             NaN,-290308-12-21T19:59:05.224192Z\n\
             inf,1970-01-01T00:00:00Z\n\
             -0.0,+294247-01-10T04:00:54.775807Z\n",
        );
    }

    /// An output that nobody reads.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_broken_pipe_is_recognised() {
        let (schema, batch) = rows_of_every_type();
        for format in [Format::Json, Format::Csv] {
            let output = Broken(io::ErrorKind::BrokenPipe);
            let mut sink = TextSink::new(format, &schema, output).expect("a sink");
            sink.write(&batch).expect("room for a few rows");
            let error = sink.flush().expect_err("an error");
            assert_eq!(error.downcast_ref(), Some(&SinkClosed));
            sink.flush().expect("nothing left to write");
        }
    }

    #[test]
    fn other_errors_are_errors() {
        let (schema, batch) = rows_of_every_type();
        let output = Broken(io::ErrorKind::StorageFull);
        let mut sink = TextSink::new(Format::Json, &schema, output).expect("a sink");
        sink.write(&batch).expect("room for a few rows");
        let error = sink.flush().expect_err("an error");
        assert_eq!(error.downcast_ref::<SinkClosed>(), None);
        assert_eq!(error.to_string(), "cannot write to standard output");
    }

    #[test]
    fn only_texts_go_to_standard_output() {
        let (schema, _) = rows_of_every_type();
        let error = open(Format::Parquet, &schema).err().expect("an error");
        assert_eq!(error.to_string(), "rows can be written as json or csv here");
    }
}
