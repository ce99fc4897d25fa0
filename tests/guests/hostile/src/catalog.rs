//! What the library says it holds, true or not.

use crate::{
    Hostile, STATE_VERSION, UNLUCKY,
    bindings::{
        exports::tidemill::udf::catalog::{Function, Guest, Kind},
        tidemill::udf::types::{DataType, Field},
    },
    deed, deeds, wasi, wish,
};

fn field(name: &str, data_type: DataType) -> Field {
    Field {
        name: name.to_owned(),
        data_type,
        nullable: false,
    }
}

fn function(name: &str, kind: Kind, result: &str, data_type: DataType) -> Function {
    let state = match kind {
        Kind::Aggregate | Kind::Process => vec![field("state", DataType::Int64)],
        _ => Vec::new(),
    };
    Function {
        name: name.to_owned(),
        kind,
        doc: String::new(),
        parameters: vec![field("n", DataType::Int64)],
        results: vec![field(result, data_type)],
        state,
        state_version: STATE_VERSION.get().copied().unwrap_or(1),
    }
}

/// The truth.
fn functions() -> Vec<Function> {
    let number = DataType::Int64;
    vec![
        function("next", Kind::Scalar, "r", number),
        function("text", Kind::Scalar, "r", DataType::Utf8),
        function("twins", Kind::Table, "r", number),
        function("total", Kind::Aggregate, "r", number),
        function("running", Kind::Process, "r", number),
        function("largest", Kind::Holistic, "r", number),
    ]
}

impl Guest for Hostile {
    fn configure(config: String) -> Result<Vec<Function>, String> {
        wish(&config);
        let deed = deed("configure", &[UNLUCKY]);
        deeds::break_down(deed)?;
        let mut functions = functions();
        let next = &mut functions[0];
        match deed {
            "nothing" => functions.clear(),
            "ten-thousand" => functions = vec![functions[0].clone(); 10_000],
            "twice" => functions.push(functions[0].clone()),
            "empty-name" => next.name.clear(),
            "long-name" => next.name = "x".repeat(1 << 20),
            "control-name" => next.name = "ne\x1b[2Jxt".to_owned(),
            "control-column" => next.results[0].name = "r\nr".to_owned(),
            "empty-column" => next.results[0].name.clear(),
            "same-columns" => next.results.push(field("r", DataType::Int64)),
            "many-columns" => {
                let names = (0..513).map(|place| format!("c{place}"));
                next.results = names.map(|name| field(&name, DataType::Int64)).collect();
            }
            "no-results" => next.results.clear(),
            "state" => next.state.push(field("state", DataType::Int64)),
            "huge-doc" => next.doc = "x".repeat(1 << 20),
            "endless-doc" => next.doc = "x".repeat(33 << 20),
            "unseen-name" => next.name = "ne\u{202e}xt".to_owned(),
            "control-doc" => next.doc = "\x1b[2J".to_owned(),
            "unstable" => {
                let seed = wasi::wasi::random::insecure_seed::insecure_seed();
                next.doc = seed.0.to_string();
            }
            _ => {}
        }
        Ok(functions)
    }
}
