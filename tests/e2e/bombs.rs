//! Input that is small and means much, or that never ends: the job stays small, and says what it was.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use arrow::array::{ArrayRef, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
};

use crate::support::{Run, Workspace, wait_until};

/// What a job may take at most, in MiB: a row of the greatest length takes it several times.
const MOST: u64 = 512;

const MIB: usize = 1 << 20;

/// Reads `path` as columns `n` and `s`; bad rows go to `dead`.
fn pipeline(path: &str, format: &str) -> String {
    let columns = match format {
        "lines" => "",
        _ => "columns = { n = \"int64\", s = \"utf8\" }",
    };
    format!(
        r#"
name = "bombs"
parallelism = 1
[source.bomb]
connector = "file"
path = "{path}"
format = "{format}"
{columns}
[sink.nowhere]
from = "bomb"
connector = "blackhole"
[dead_letters]
connector = "file"
path = "dead"
"#
    )
}

/// Runs a pipeline, and looks at the most memory it has ever had, in MiB, until it ends.
fn run_and_measure(workspace: &Workspace, pipeline: &str) -> (Run, u64) {
    workspace.write("pipeline.toml", pipeline);
    let mut command = workspace.tidemill(&["run", "pipeline.toml"]);
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let child = command.stderr(Stdio::piped()).spawn().expect("it runs");
    let status = format!("/proc/{}/status", child.id());
    let watcher = thread::spawn(move || {
        let mut most = 0;
        // A process that has ended, but has not been waited for, has no memory.
        while let Some(now) = peak(&fs::read_to_string(&status).unwrap_or_default()) {
            most = most.max(now);
            thread::sleep(Duration::from_millis(2));
        }
        most
    });
    let run = Run::of(child.wait_with_output().expect("an end"));
    (run, watcher.join().expect("it watches") / 1024)
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs a pipeline that must succeed with little memory.
#[track_caller]
fn survive(workspace: &Workspace, path: &str, format: &str) -> Run {
    let (run, most) = run_and_measure(workspace, &pipeline(path, format));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(most > 10, "{most} MiB, so it was not measured");
    assert!(most < MOST, "{path}: {most} MiB");
    run
}

/// Writes a file: a beginning, a piece as often as it is wanted, an end.
fn write(
    workspace: &Workspace,
    name: &str,
    (start, piece, times, end): (&str, &[u8], usize, &str),
) {
    let file = BufWriter::new(File::create(workspace.path(name)).expect("a file"));
    let fill = |out: &mut dyn Write| {
        out.write_all(start.as_bytes()).expect("written");
        for _ in 0..times {
            out.write_all(piece).expect("written");
        }
        out.write_all(end.as_bytes()).expect("written");
    };
    if name.ends_with(".gz") {
        let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        fill(&mut out);
        out.finish().expect("written");
    } else {
        let mut out = zstd::Encoder::new(file, 1).expect("an encoder");
        fill(&mut out);
        out.finish().expect("written");
    }
}

#[test]
fn a_line_of_a_gigabyte_is_one_bad_row() {
    let workspace = Workspace::new();
    let zeros = vec![0; MIB];
    let letters = vec![b'x'; MIB];
    for (name, format, start, piece) in [
        ("zeros.json.gz", "json", "{\"n\":1}\n", &zeros),
        ("text.json.zst", "json", "{\"n\":1}\n{\"s\":\"", &letters),
        ("field.csv.zst", "csv", "n,s\n1,a\n2,\"", &letters),
        ("line.txt.zst", "lines", "first\n", &letters),
    ] {
        let end = match format {
            "json" => "\n{\"n\":2}\n",
            "csv" => "\n3,c\n",
            _ => "\nlast\n",
        };
        write(&workspace, name, (start, piece, 1024, end));
        assert!(fs::metadata(workspace.path(name)).expect("a file").len() < 16 * MIB as u64);
        let run = survive(&workspace, name, format);
        assert_eq!(run.count("bomb", "dead letters"), 1, "{}", run.stderr);
        assert_eq!(run.count("nowhere", "rows"), 2, "{}", run.stderr);
        let letters = workspace.json_lines("dead");
        assert_eq!(letters[0]["reason"], "the row is longer than 16 MiB");
        assert_eq!(letters[0]["source"], name);
        assert!(letters[0]["row"].as_str().expect("a row").len() <= 1024);
    }
}

#[test]
fn quotes_that_every_row_opens_take_neither_time_nor_memory() {
    let workspace = Workspace::new();
    let rows = "a\"a,\"\n".repeat(1000);
    write(
        &workspace,
        "open.csv.zst",
        ("n,s\n", rows.as_bytes(), 300, "1,b\n"),
    );
    let text = format!(
        "max_dead_letters = 100_000_000{}",
        pipeline("open.csv.zst", "csv")
    );
    let text = text.replace(
        "connector = \"file\"\npath = \"dead\"",
        "connector = \"blackhole\"",
    );
    let (run, most) = run_and_measure(&workspace, &text);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(most < MOST, "{most} MiB");
    assert_eq!(run.count("bomb", "dead letters"), 300_000, "{}", run.stderr);
    assert_eq!(run.count("nowhere", "rows"), 1, "{}", run.stderr);
}

#[test]
fn rows_that_are_almost_too_long_are_rows() {
    let workspace = Workspace::new();
    let numbers = format!("[0{}]", ",0".repeat(7 * MIB));
    let rows = [
        format!("{{\"n\":1,\"other\":{numbers}}}\n"),
        format!("{{\"n\":2,\"s\":{numbers}}}\n"),
        format!("{{\"n\":3,\"s\":\"{}\"}}\n", "x".repeat(15 * MIB)),
    ];
    workspace.write("large.json", rows.concat().repeat(3));
    let run = survive(&workspace, "large.json", "json");
    assert_eq!(run.count("nowhere", "rows"), 6, "{}", run.stderr);
    // Nor do they take more when others could be decoded beside them.
    let text = pipeline("large.json", "json").replace("parallelism = 1", "parallelism = 4");
    let (run, most) = run_and_measure(&workspace, &text);
    assert_eq!(run.count("nowhere", "rows"), 6, "{}", run.stderr);
    assert!(most < MOST, "{most} MiB");
    for letter in workspace.json_lines("dead") {
        assert_eq!(letter["reason"], "column `s`: expected utf8, found a list");
    }
}

#[test]
fn a_header_of_many_columns_needs_no_room_for_all_batches() {
    let workspace = Workspace::new();
    let columns = 60_000;
    let header: String = (0..columns).map(|column| format!("c{column},")).collect();
    let row = format!("{}1,a\n", ",".repeat(columns));
    workspace.write("wide.csv", format!("{header}n,s\n{}", row.repeat(200)));
    let run = survive(&workspace, "wide.csv", "csv");
    assert_eq!(run.count("nowhere", "rows"), 200, "{}", run.stderr);
}

/// Writes a Parquet file with a page for each value, and as little on the disk as can be.
fn write_parquet(workspace: &Workspace, name: &str, rows: &[RecordBatch]) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_data_page_row_count_limit(1)
        .set_write_batch_size(1);
    let file = File::create(workspace.path(name)).expect("a file");
    let mut writer =
        ArrowWriter::try_new(file, rows[0].schema(), Some(properties.build())).expect("a writer");
    for row in rows {
        writer.write(row).expect("written");
    }
    writer.close().expect("written");
    assert!(fs::metadata(workspace.path(name)).expect("a file").len() < MIB as u64);
}

#[test]
fn long_texts_of_a_small_parquet_file_come_one_after_the_other() {
    let workspace = Workspace::new();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(16 * MIB)]));
    let row = RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("s", text),
    ]);
    let row = row.expect("columns");
    write_parquet(&workspace, "long.parquet", &vec![row; 100]);
    let run = survive(&workspace, "long.parquet", "parquet");
    assert_eq!(run.count("nowhere", "rows"), 100, "{}", run.stderr);
}

#[test]
fn nulls_of_many_wide_columns_come_a_few_rows_at_a_time() {
    let workspace = Workspace::new();
    let nulls: ArrayRef = Arc::new(FixedSizeBinaryArray::new_null(2048, 8192));
    let columns = (0..500).map(|column| (format!("c{column}"), Arc::clone(&nulls), true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).expect("columns");
    let file = File::create(workspace.path("nulls.parquet")).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("written");
    writer.close().expect("written");
    let text = pipeline("nulls.parquet", "parquet");
    let text = text.replace("columns = { n = \"int64\", s = \"utf8\" }\n", "");
    let (run, most) = run_and_measure(&workspace, &text);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(most < MOST, "{most} MiB");
    assert_eq!(run.count("nowhere", "rows"), 8192, "{}", run.stderr);
}

#[test]
fn of_a_long_row_that_nobody_keeps_the_beginning_is_told() {
    let workspace = Workspace::new();
    workspace.write("long.json", format!("{{\"n\":1,{}\n", "x".repeat(8 * MIB)));
    let text = pipeline("long.json", "json");
    let run = workspace.run(text.split("[dead_letters]").next().expect("the job"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("a row is left out") && run.stderr.contains("xxx…"));
    assert!(run.stderr.len() < 64 * 1024, "{} bytes", run.stderr.len());
}

#[test]
fn a_file_that_breaks_off_names_the_line() {
    let workspace = Workspace::new();
    let row = b"{\"n\":1,\"s\":\"a\"}\n";
    for name in ["cut.json.gz", "cut.json.zst"] {
        write(&workspace, name, ("", row, 100_000, ""));
        let whole = fs::read(workspace.path(name)).expect("a file");
        workspace.write(name, &whole[..whole.len() / 2]);
        let run = workspace.run(&pipeline(name, "json"));
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(
            run.stderr.contains("the input breaks off in line "),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains(&format!("cannot read `{name}`")),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("ends in the middle of its"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_job_that_reads_something_without_an_end_can_be_stopped() {
    let workspace = Workspace::new();
    let mut child = workspace.start(&pipeline("/dev/zero", "lines"));
    drop(child.stdin.take());
    let status = format!("/proc/{}/status", child.id());
    let io = format!("/proc/{}/io", child.id());
    // It has read more than it may remember.
    wait_until(|| {
        let io = fs::read_to_string(&io).unwrap_or_default();
        let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
        read.and_then(|read| read.parse::<usize>().ok()) > Some(1024 * MIB)
    });
    let most = peak(&fs::read_to_string(status).expect("it runs")).expect("its memory") / 1024;
    assert!(most < MOST, "{most} MiB");
    let pid = child.id().to_string();
    let signal = Command::new("kill").args(["-INT", &pid]).status();
    assert!(signal.expect("kill runs").success());
    let run = Run::of(child.wait_with_output().expect("an end"));
    assert_eq!(run.status, 130, "{}", run.stderr);
}
