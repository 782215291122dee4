# Every target installs what it needs where it may (apt as root), or names what is missing and fails.
# CARGO_TARGET_DIR is honoured by cargo itself.

.PHONY: demo test bench sim storm acceptance fast lint-proto

## demo: a gateway and a day of a province's post, on embedded SQLite; ends by itself. Leaves ./trao-demo
demo: need-cargo need-cc
	cargo build --quiet --bin trao
	cargo run --quiet --bin trao -- demo --data ./trao-demo

## test: everything that is tested
test: need-cargo need-cc need-python3-venv need-postgres
	cargo test

## bench: how fast it is, in at most twenty minutes, the build included; writes target/bench/summary.json
bench: need-cargo need-cc need-postgres
	cargo bench --bench gateway

## sim: SEEDS worlds from FIRST on, or SEED alone with everything that happens in it; see docs/simulation.md
sim: need-cargo need-cc
	cargo test --quiet --release --test sim -- $(if $(SEED),--seed=$(SEED),--seeds=$(or $(SEEDS),500) --first=$(or $(FIRST),1))

## storm: three gateways on one database, and a killer; MINUTES=30 for a long one, SEED=… for the same choices again
storm: need-cargo need-cc need-postgres
	MINUTES=$(MINUTES) cargo test --quiet $(if $(MINUTES),--release) --test storm -- --storm

## acceptance: four years of a province's post replayed, its published figures to the digit, from SQLite and from PostgreSQL;
## SMALL=1 for a few seconds of the same; see docs/acceptance.md
acceptance: need-cargo need-cc need-postgres
	cargo test --quiet $(if $(SMALL),,--release) --test acceptance -- $(if $(SMALL),--small,--whole)

## fast: format and lints, warnings are errors
fast: need-cargo need-cc
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

## lint-proto: the contract's style and comments, and that it only grew since the last tag. buf comes through npm, pinned by proto/package-lock.json
lint-proto: proto/node_modules/.package-lock.json
	cd proto && node_modules/.bin/buf lint && node_modules/.bin/buf format --diff --exit-code
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null); if [ -z "$$tag" ]; then \
	  echo "no tag yet: there is no contract to break"; \
	else \
	  echo "against $$tag" && cd proto && node_modules/.bin/buf breaking --against "../.git#tag=$$tag,subdir=proto"; \
	fi

proto/node_modules/.package-lock.json: proto/package.json proto/package-lock.json | need-npm
	cd proto && npm ci --loglevel=error && touch node_modules/.package-lock.json

# --- what a machine needs -----------------------------------------------------

need-cargo:
	@command -v cargo >/dev/null || { echo "missing: the Rust toolchain (cargo), 1.94 or newer" >&2; exit 1; }

need-cc: ; @$(call need,command -v cc,gcc)
need-python3: ; @$(call need,command -v python3,python3)
# Debian keeps what makes an environment apart from the interpreter.
need-python3-venv: need-python3 ; @$(call need,python3 -c 'import ensurepip',python3-venv)
need-npm: ; @$(call need,command -v npm,npm)
# Tests and benches start servers of their own from its programs, which Debian keeps out of PATH.
need-postgres: ; @$(call need,ls /usr/lib/postgresql/*/bin/initdb || command -v initdb,postgresql)

# $(call need,COMMAND THAT SUCCEEDS WHERE IT IS,PACKAGE)
define need
$(1) >/dev/null 2>&1 || { \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2) >/dev/null; \
  fi; \
  $(1) >/dev/null 2>&1 || { echo "missing: package $(2)" >&2; exit 1; }; \
}
endef
.PHONY: need-cargo need-cc need-python3 need-python3-venv need-npm need-postgres
