//! The scripted cases of stages.

use crate::support::{Workspace, root};

#[test]
fn cases_of_stages_are_as_they_should_be_at_any_width_and_with_restarts() {
    let folder = root().join("tests/cases").display().to_string();
    let run = Workspace::new().output(&[
        "test",
        &folder,
        "--parallelism",
        "1,3",
        "--restart-everywhere",
    ]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
}
