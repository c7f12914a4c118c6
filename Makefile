# libmaxim. Run `make` for the list of targets.

SHELL      := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PREFIX     ?= /usr/local
DESTDIR    ?=
CC         ?= cc
FUZZ_SECONDS ?= 60
VERSION    := $(shell sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
SOVERSION  := $(basename $(VERSION))
BUILD      := build
LIB        := $(BUILD)/lib
BIN        := $(BUILD)/bin
RUST_SOURCES := $(shell find src tools/abi/src -name '*.rs') src/ffi/entities.shapes Cargo.toml Cargo.lock build.rs
SERVER_SOURCES := $(shell find dev-server/src dev-server/data -type f) dev-server/Cargo.toml Cargo.lock \
	src/delivery/answer.rs src/delivery/policy.rs src/delivery/http/retry_after.rs src/spool/format.rs \
	$(shell find src/otlp -name '*.rs')

.DEFAULT_GOAL := help
.PHONY: msrv mutate coverage mutants interop fleet windows phoenix abidiff deny help lib header demo test check bench install clean tools server hooks torture sanitize fuzz fresh browser corpus \
	uninstall dist dist-test version

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lib: $(LIB)/libmaxim.so $(LIB)/libmaxim.a $(LIB)/pkgconfig/maxim.pc $(BUILD)/include/maxim.h ## Build the release library, shared and static, and the header, into build/

demo: lib server ## Build everything, log an agent's conversation to a local server, show what arrived
	scripts/demo.sh

# The release library is linked on one core for more than a minute, in which the other can build for the tests.
test: tools ## Run everything that must hold; installs missing tools when root
	$(MAKE) -j3 lib server hooks
	$(MAKE) check
	scripts/test.sh

check: ## Format, lints, header, documentation, spelling, files that are named, and the compiler's view of another platform; runs nothing
	cargo fmt --all --check
	MAXIM_HEADER=verify cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo clippy --test interop -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace --document-private-items
	scripts/check-spelling.sh
	scripts/check-paths.py
	scripts/check-platforms.sh

msrv: ## Check that the oldest compiler that Cargo.toml promises builds it: this machine's, rustup's, or Debian's, unpacked into build/tools
	scripts/check-msrv.sh

coverage: server ## Say which lines of src the tests run (installs cargo-llvm-cov and, as root, LLVM's tools; TESTS="otlp purge": only those)
	scripts/tools.sh coverage
	scripts/coverage.sh $(TESTS)

mutants: ## Break FILES="src/delivery/schedule.rs ..." line by line, and say what no test beside the code notices (hours for a room)
	scripts/tools.sh mutants
	nice $(BUILD)/tools/bin/cargo-mutants mutants $(foreach file,$(or $(FILES),src/spool/** src/delivery/** src/ffi/**),-f '$(file)') -o $(BUILD)

deny: ## Check licences, sources and yanked versions of all crates (builds cargo-deny into build/tools)
	[ -x $(BUILD)/tools/bin/cargo-deny ] || cargo install --locked --root $(BUILD)/tools cargo-deny
	$(BUILD)/tools/bin/cargo-deny --workspace check bans licenses sources

bench: lib server ## Measure calls and throughput (QUICK=1: under a minute)
	scripts/bench.sh

torture: lib server ## Attack the promise that nothing is lost, at full size (about 10 minutes), and print one table
	scripts/torture.sh

sanitize: lib server hooks ## Run the tests of the C ABI with AddressSanitizer, ThreadSanitizer and valgrind
	scripts/sanitize.sh

interop: lib server ## Send through a real OpenTelemetry Collector, built once outside the tree, and compare what comes back
	scripts/interop.sh

fleet: lib server ## Kill relay and Collector under a fleet of programs, and send structured logs into VictoriaLogs
	PROCESSES=5 TRACES=50 examples/fleet/run.sh
	examples/fleet/victorialogs.sh

windows: server ## Build the library for Windows and have it keep its promises under Wine (needs gcc-mingw-w64-x86-64 and wine)
	packaging/test-windows.sh

phoenix: lib ## Send to Arize Phoenix (from PyPI, outside the tree) in a network namespace of its own, and ask it what it has
	scripts/phoenix.sh

fuzz: server hooks ## Make calls, texts and damage by chance for FUZZ_SECONDS (60)
	scripts/fuzz.sh $(FUZZ_SECONDS)

abidiff: ## Compare the ABI with that of a release or commit: make abidiff BASE=v0.1.0
	scripts/abi-diff.sh $(BASE)

corpus: lib ## Run the library over providers' answers: CORPUS=folder, and MUTATIONS=number of damaged ones
	cargo run -q --example corpus -- $(CORPUS) $(MUTATIONS)

mutate: ## Mutate the fixtures of providers' answers MUTATIONS (1000000) times: no panic, no refusal
	cargo run -q --example corpus -- --fixtures $(or $(MUTATIONS),1000000)

header: ## Write include/maxim.h and all else that is generated from src/ffi
	MAXIM_HEADER=write cargo check --lib

install: lib server ## Install library, headers, pkg-config and CMake files, licences and maxim-dev below PREFIX (/usr/local; LIBDIR=lib64: not into its lib)
	DESTDIR=$(DESTDIR) LIBDIR=$(LIBDIR) scripts/install.sh $(BUILD) $(PREFIX)

uninstall: ## Remove what make install put below PREFIX
	scripts/uninstall.sh $(DESTDIR)$(PREFIX)

dist: ## Build the release archives and packages of every platform into build/dist (PLATFORMS: see packaging/platforms)
	packaging/dist.sh $(PLATFORMS)

dist-test: ## Test what make dist has built, each where nothing else is (SHORT=1: this machine's platform only)
	packaging/test.sh $(PLATFORMS)

version: ## Set the version everywhere: make version TO=0.2.0
	scripts/version.sh $(TO)

.PHONY: release
release: ## Set the version, build and test all archives and packages, write the notes: make release TO=0.2.0
	scripts/release.sh $(TO) $(PLATFORMS)

fresh: ## Run make demo and make test on a Debian made from nothing (as root; STEPS: user tools demo test)
	scripts/fresh.sh $(STEPS)

browser: lib server ## Use maxim-dev's pages in a headless Chromium (installs it and its driver)
	scripts/browser.sh

clean: ## Remove everything that was built
	rm -rf $(BUILD)
	cargo clean

tools: ## Install the tools that the tests need (as root), or name the ones that are missing
	scripts/tools.sh

server: $(BIN)/maxim-dev

hooks: $(BUILD)/hooks/libmaxim.so

# Without the rlib, which would switch link-time optimisation off. The linker's script gives the exports their version.
$(BUILD)/.release: $(RUST_SOURCES) maxim.map scripts/versioned-link.sh
	cargo rustc --release --lib --crate-type cdylib,staticlib -- -C linker=$(CURDIR)/scripts/versioned-link.sh
	install -d $(BUILD)
	touch $@

$(LIB)/libmaxim.so: $(BUILD)/.release
	install -d $(LIB)
	strip --strip-unneeded -o $(LIB)/libmaxim.so.$(VERSION) target/release/libmaxim.so
	ln -sf libmaxim.so.$(VERSION) $(LIB)/libmaxim.so.$(SOVERSION)
	ln -sf libmaxim.so.$(SOVERSION) $@
	touch $(LIB)/libmaxim.so.$(VERSION)

$(LIB)/libmaxim.a: $(BUILD)/.release scripts/static-archive.sh maxim.symbols
	install -d $(LIB)
	scripts/static-archive.sh target/release/libmaxim.a $@

$(BUILD)/include/maxim.h: include/maxim.h
	install -D -m 644 $< $@

$(LIB)/pkgconfig/maxim.pc: scripts/maxim.pc.in
	install -d $(@D)
	sed 's|@PREFIX@|$${pcfiledir}/../..|; s|@LIBDIR@|lib|; s|@VERSION@|$(VERSION)|' $< > $@

$(BIN)/maxim-dev: $(SERVER_SOURCES)
	cargo build --release -p maxim-dev
	install -D target/release/maxim-dev $@

# The library with a hook that lets a test panic inside any call. Built as scripts/test.sh has it, tests and all,
# so that nothing is built twice.
$(BUILD)/hooks/libmaxim.so: $(RUST_SOURCES)
	cargo test --workspace --features maxim/test-hooks --no-run
	install -D target/debug/deps/libmaxim.so $@
	ln -sf libmaxim.so $(BUILD)/hooks/libmaxim.so.$(SOVERSION)
