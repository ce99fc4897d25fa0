//! Guests that do nothing but call the host: their deadline ends them, and they do not fill its memory.

use super::{only_reason, run};

/// Runs the storm `of`, and expects it to be a dead letter for `reason`.
#[track_caller]
fn check(of: &str, reason: &str) {
    let lines =
        format!("{{\"ts\":1,\"n\":1,\"s\":\"{of}\"}}\n{{\"ts\":2,\"n\":2,\"s\":\"calm\"}}\n");
    let stage = "map = \"onlooker#storm\"\nlimits = { deadline = \"300ms\", memory = \"16MiB\" }";
    let (workspace, run) = run(&lines, &format!("{stage}\nargs = [\"s\"]"));
    let found = only_reason(&workspace);
    assert!(found.contains(reason), "{of}: {found}");
    assert_eq!(
        workspace.rows("out").len(),
        1,
        "{of}: the other row is fine"
    );
    // What it says is limited: a line is at most 2 KiB, and there are at most 100 in a second.
    assert!(
        run.stderr.len() < 1 << 20,
        "{of}: {} bytes",
        run.stderr.len()
    );
}

#[test]
fn a_storm_is_over_at_the_deadline() {
    for of in ["log", "errors", "clock", "random", "print"] {
        check(of, "took longer than 300ms (raise `limits.deadline`)");
    }
}

#[test]
fn what_is_taken_at_once_or_kept_is_limited() {
    check(
        "handles",
        "1025 handles requested, 1024 in use, 1024 allowed",
    );
    check(
        "much random",
        "1048577 random bytes requested at once, 1048576 allowed",
    );
    check("much print", "1048576 bytes written at once, 65536 allowed");
}

/// The peak of the memory of a run, in KiB.
#[cfg(target_os = "linux")]
fn peak(of: &str) -> u64 {
    use std::{fs, process::Stdio, thread, time::Duration};

    use super::pipeline;
    use crate::support::Workspace;

    let workspace = Workspace::new();
    let lines = format!("{{\"ts\":1,\"n\":1,\"s\":\"{of}\"}}\n");
    let stage = "map = \"onlooker#storm\"\nargs = [\"s\"]\nlimits = { deadline = \"1s\", memory = \"16MiB\" }";
    workspace.write("pipeline.toml", pipeline(&workspace, &lines, stage));
    let mut child = workspace
        .tidemill(&["run", "pipeline.toml"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(number.unwrap_or(0));
        thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("a child").success(), "{of}");
    peak
}

#[test]
#[cfg(target_os = "linux")]
fn a_storm_does_not_fill_the_memory_of_the_host() {
    let calm = peak("calm");
    assert!(calm > 0);
    for of in ["log", "print", "random"] {
        let most = peak(of);
        let more = most.saturating_sub(calm);
        assert!(more < 64 << 10, "{of}: {most} KiB, and {calm} KiB without");
    }
}
