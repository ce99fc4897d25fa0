//! The same functions in every language: the same rows, and state that goes from one to the other.
//!
//! A language whose compiler is not here is skipped, and said to be missing. `make toolchains` installs them all.

mod component;
mod language;
mod new;
mod suite;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use self::language::{LANGUAGES, Language};

/// What is tested of each language.
type Test = fn(&'static Language);

const TESTS: [(&str, Test); 4] = [
    ("has_the_rows_of_all_others", suite::rows),
    ("says_what_its_functions_are", suite::signatures),
    ("goes_on_where_another_has_stopped", suite::twins),
    ("is_begun_built_and_run", new::runs),
];

/// Of an SDK with tests of its own.
const SDK_TEST: (&str, Test) = ("has_an_sdk_whose_tests_pass", new::sdk);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for language in LANGUAGES {
        let missing = language.missing();
        if let Some(tool) = missing
            && !arguments.list
        {
            tell(language, tool);
        }
        let has_tests = language.sdk_tests.is_some().then_some(SDK_TEST);
        for (name, test) in TESTS.into_iter().chain(has_tests) {
            let trial = Trial::test(format!("{}::{name}", language.name), move || {
                test(language);
                Ok(())
            });
            trials.push(trial.with_ignored_flag(missing.is_some()));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[expect(clippy::print_stderr, reason = "for whoever runs the tests")]
fn tell(language: &Language, tool: &str) {
    eprintln!("missing: {}, for want of `{tool}`", language.name);
}
