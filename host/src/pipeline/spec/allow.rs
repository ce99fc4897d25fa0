//! What `allow` says: what the functions of a stage may do beside computing.

use crate::{
    pipeline::{
        Diagnostic,
        reader::{Table, Value, variable},
        suggestion::did_you_mean,
    },
    wasm::{Allow, Variable},
};

/// What stands before the name of a variable.
const VARIABLE: &str = "env:";

/// Reads `allow`; nothing is allowed if it is not there.
pub(super) fn allow(table: &Table<'_>) -> Allow {
    let what = "a list such as `[\"clock\", \"random\", \"env:NAME\"]`";
    let words = table.get("allow").and_then(|value| value.list(what));
    let mut allow = Allow::default();
    for word in words.unwrap_or_default() {
        read(&word, &mut allow);
    }
    allow
        .variables
        .sort_by(|one, other| one.name.cmp(&other.name));
    allow
        .variables
        .dedup_by(|one, other| one.name == other.name);
    allow
}

/// Reads one word.
fn read(word: &Value<'_>, allow: &mut Allow) {
    let Some(name) = word.name("`clock`, `random` or `env:NAME`") else {
        return;
    };
    match (&*name.value, name.value.strip_prefix(VARIABLE)) {
        ("clock", _) => allow.clock = true,
        ("random", _) => allow.random = true,
        (_, Some(variable)) => allow
            .variables
            .extend(read_variable(word, &name.value, variable)),
        (unknown, None) => {
            let message = format!("nobody can be allowed `{unknown}`");
            let known = ["clock", "random", "env:NAME"];
            word.context
                .report(Diagnostic::new(word.span, message).help(did_you_mean(
                    unknown,
                    "there are",
                    known,
                )));
        }
    }
}

fn read_variable(word: &Value<'_>, text: &str, name: &str) -> Option<Variable> {
    let context = word.context;
    let place = context.inside(word.span, text, VARIABLE.len(), text.len());
    Some(Variable {
        name: name.to_owned(),
        value: variable(context, name, place)?,
    })
}
