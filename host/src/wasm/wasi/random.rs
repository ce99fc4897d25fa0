//! `wasi:random`: bytes that follow from what a call is given, unless the guest may have those of the host.

use std::sync::Arc;

use wasmtime::component::HasData;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use super::super::given::Given;

/// Bytes that a guest may draw at once.
const MAX_DRAWN: u64 = 1 << 20;

/// Where the random bytes of a guest come from.
#[derive(Debug)]
pub(in super::super) enum Chance {
    /// The operating system.
    Host,
    /// The call that is being made.
    Call {
        /// The stage.
        stage: Arc<str>,
        given: Given,
        /// What is left of its bytes, once some were drawn.
        bytes: Option<Box<blake3::OutputReader>>,
    },
}

impl Chance {
    /// The bytes of the host, or of the calls that are made for `stage`.
    pub(in super::super) fn new(of_host: bool, stage: Arc<str>) -> Self {
        match of_host {
            true => Self::Host,
            false => Self::Call {
                stage,
                given: Given::new("start", ""),
                bytes: None,
            },
        }
    }

    /// Begins a call.
    pub(in super::super) fn begin_call(&mut self, call: impl FnOnce() -> Given) {
        if let Self::Call { given, bytes, .. } = self {
            *given = call();
            *bytes = None;
        }
    }

    fn fill(&mut self, drawn: &mut [u8]) -> wasmtime::Result<()> {
        match self {
            Self::Host => getrandom::fill(drawn)
                .map_err(|error| wasmtime::format_err!("the host has no random bytes: {error}")),
            Self::Call {
                stage,
                given,
                bytes,
            } => {
                let begin = || Box::new(given.bytes(stage));
                bytes.get_or_insert_with(begin).fill(drawn);
                Ok(())
            }
        }
    }

    fn draw(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        if count > MAX_DRAWN {
            wasmtime::bail!("{count} random bytes requested at once, {MAX_DRAWN} allowed");
        }
        let mut drawn = vec![0; count as usize];
        self.fill(&mut drawn)?;
        Ok(drawn)
    }

    fn draw_number(&mut self) -> wasmtime::Result<u64> {
        let mut drawn = [0; 8];
        self.fill(&mut drawn)?;
        Ok(u64::from_le_bytes(drawn))
    }
}

impl HasData for Chance {
    type Data<'a> = &'a mut Self;
}

impl random::Host for Chance {
    fn get_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.draw(count)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.draw_number()
    }
}

impl insecure::Host for Chance {
    fn get_insecure_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        self.draw(count)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.draw_number()
    }
}

impl insecure_seed::Host for Chance {
    /// The seed of hash tables, which instances keep: the same in whichever call it is asked for.
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        match self {
            Self::Host => Ok((self.draw_number()?, self.draw_number()?)),
            Self::Call { stage, .. } => {
                let mut of_stage = Self::new(false, Arc::clone(stage));
                Ok((of_stage.draw_number()?, of_stage.draw_number()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &'static str) -> impl FnOnce() -> Given {
        move || Given::new("scalar", name)
    }

    #[test]
    fn bytes_begin_anew_with_each_call() {
        let mut chance = Chance::new(false, "hot".into());
        chance.begin_call(call("f"));
        let first = chance.draw(32).expect("bytes");
        let seed = insecure_seed::Host::insecure_seed(&mut chance).expect("a seed");
        assert_ne!(chance.draw(32).expect("bytes"), first);
        chance.begin_call(call("g"));
        assert_ne!(chance.draw(32).expect("bytes"), first);
        chance.begin_call(call("f"));
        assert_eq!(chance.draw(16).expect("bytes"), first[..16]);
        assert_eq!(chance.draw(16).expect("bytes"), first[16..]);
        let later = insecure_seed::Host::insecure_seed(&mut chance).expect("a seed");
        assert_eq!(later, seed);
    }

    #[test]
    fn bytes_of_the_host_do_not_repeat() {
        let mut chance = Chance::new(true, "hot".into());
        let first = chance.draw(16).expect("bytes");
        chance.begin_call(call("f"));
        assert_ne!(chance.draw(16).expect("bytes"), first);
    }

    #[test]
    fn what_is_drawn_at_once_is_limited() {
        let mut chance = Chance::new(false, "hot".into());
        assert_eq!(chance.draw(MAX_DRAWN).expect("bytes").len(), 1 << 20);
        let error = chance.draw(MAX_DRAWN + 1).expect_err("too many");
        assert_eq!(
            error.to_string(),
            "1048577 random bytes requested at once, 1048576 allowed"
        );
    }
}
