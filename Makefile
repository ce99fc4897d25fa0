# `make demo` shows what Tidemill does, `make test` shows that it does it right. Both install what
# they need and nothing else.

TARGET := wasm32-unknown-unknown
TIDEMILL := target/release/tidemill
DEMO := target/demo
NEXTEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help demo test conformance lint bench setup

help:
	@echo "make demo         build everything, make a million readings, run the main job on them"
	@echo "make test         run all tests"
	@echo "make conformance  run the known answers of other engines, if they are at hand"
	@echo "make lint         check formatting, lints and documentation"
	@echo "make bench        measure the boundary between host and guest, and whole jobs"

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

test: setup
ifeq ($(NEXTEST),yes)
	cargo nextest run --workspace --no-fail-fast
	cargo test --workspace --doc
else
	cargo test --workspace --no-fail-fast
endif

# `make conformance ANSWERS=FOLDER` for answers that are elsewhere.
conformance: setup
	cargo run --quiet --package tidemill --example conformance -- $(ANSWERS)

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

bench: setup
	cargo bench --package tidemill
