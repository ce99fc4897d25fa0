# `make demo` shows what Tidemill does, `make test` shows that it does it right. Both install what
# they need and nothing else.

TARGET := wasm32-unknown-unknown
TIDEMILL := target/release/tidemill
DEMO := target/demo
NEXTEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo yes)

# The examples: their libraries, their jobs (data first), and folders of what comes out.
LIBRARIES := toll trading web
JOBS := toll/data toll/warehouse toll/balance toll/traffic \
	trading/data trading/spread trading/swing \
	web/data web/top web/running web/visits web/errors
RESULTS := toll/balance toll/traffic trading/spread trading/swing \
	web/top web/leaders web/visits web/errors

.PHONY: help demo examples test languages conformance fuzz lint bench peers setup toolchains

help:
	@echo "make demo         build everything, make a million readings, run the main job on them"
	@echo "make examples     make data for all examples, run their jobs and their cases"
	@echo "make test         run all tests"
	@echo "make languages    install the compilers of all languages, and run the tests of libraries in them"
	@echo "make conformance  run the known answers of other engines, if they are at hand"
	@echo "make fuzz         feed anything to whatever reads something, FUZZ_SECONDS each"
	@echo "make lint         check formatting, lints and documentation"
	@echo "make bench        measure the boundary between host and guest, whole jobs, and latency"
	@echo "make peers        measure it beside the Wasm runtime of arrow-udf"

setup:
	@rustup target list --installed 2>/dev/null | grep -qx $(TARGET) || rustup target add $(TARGET)

demo: setup
	cargo build --release --package tidemill
	$(TIDEMILL) build udfs/weather
	@test -e $(DEMO)/readings || $(TIDEMILL) run udfs/weather/readings.toml
	$(TIDEMILL) check udfs/weather/averages.toml
	$(TIDEMILL) run udfs/weather/averages.toml
	@echo "the first windows:"
	@$(TIDEMILL) run udfs/weather/show.toml 2>/dev/null | head -n 9

examples: setup
	cargo build --release --package tidemill
	@for library in $(LIBRARIES); do $(TIDEMILL) build udfs/$$library || exit 1; done
	@for job in $(JOBS); do $(TIDEMILL) run udfs/$$job.toml || exit 1; done
	@$(TIDEMILL) run udfs/toll/show.toml 2>/dev/null | (echo; echo "toll/warehouse:"; head -n 4)
	@for result in $(RESULTS); do echo; echo "$$result:"; head -n 4 $(DEMO)/$$result/part-*; done
	@echo
	$(TIDEMILL) test $(LIBRARIES:%=udfs/%/cases)

# The compilers of all languages that libraries can be written in, from the registries of Python and Node.
toolchains:
	@tests/languages/toolchains/install.sh target/toolchains

languages: setup toolchains
	cargo test --package tidemill --test languages

test: setup toolchains
ifeq ($(NEXTEST),yes)
	cargo nextest run --workspace --no-fail-fast
	cargo test --workspace --doc
else
	cargo test --workspace --no-fail-fast
endif

# `make conformance ANSWERS=FOLDER` for answers that are elsewhere.
conformance: setup
	cargo run --quiet --package tidemill --example conformance -- $(ANSWERS)

# Needs `cargo install cargo-fuzz`. It needs no nightly compiler without a sanitizer, and safe code needs none.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= text parquet pipeline checkpoint guest

fuzz: setup
	cp Cargo.lock tests/fuzz/Cargo.lock
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz-corpus/$$target && \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none --target-dir target/fuzz $$target \
			target/fuzz-corpus/$$target tests/fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
			|| exit 1; \
	done

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

bench: setup
	cargo bench --package tidemill

# In a target directory of its own, for it brings another wasmtime.
peers: setup
	@rustup target list --installed 2>/dev/null | grep -qx wasm32-wasip1 || rustup target add wasm32-wasip1
	CARGO_TARGET_DIR=target/peers cargo run --release --manifest-path host/benches/peers/Cargo.toml
