# Every target that needs a PostgreSQL finds or starts one by itself:
# TEST_DATABASE_URL or DATABASE_URL, local server binaries, Docker, a download.
SHELL := /bin/bash
GO ?= go
TOOL := $(GO) tool -modfile=tools/go.mod
# It runs in the folder cmd/sqlkeel, a module of its own.
KEEL := $(GO) -C cmd/sqlkeel run .
PKGS ?= ./...
COUNT ?= 1
# What make test runs with: another Go toolchain (go1.25.0 is the lowest), and the
# newest dependencies in place of go.mod's, which are the lowest; see .ci/newest.sh.
# NEWEST is a folder to write their go.mod files in.
TEST_GO ?=
NEWEST ?=
# A full run of make soundness; see cmd/sqlkeel/internal/gen/soundness.
SCHEMAS ?= 2000
PLACES ?= 10000
# A full run of make histories; see internal/history.
TXNS ?= 200000
SEED ?= 1
# A full run of make texts; see txn/control_server_test.go.
TEXTS ?= 100000
# A full run of make faults; see txn/faults_test.go.
FAULTS ?= 10000
# A full run of make reads-proof; READS is below.
SCRIPTS ?= 10000
# A full run of make cache-proof; see .ci/cache-proof.
HISTORIES ?= 10000
REAL ?= 1000
READS ?= 10000000
CACHED ?= 500
# A full run of make variants-proof: PROJECT is one or more sqlc.yaml, those of this
# repository by default; see cmd/sqlkeel/internal/gen/variants/rows. ROUNDS is below.
PROJECT ?=
STATEMENTS ?= 5000
PAIRS ?= 1000
# A part of make mutants: MUTANTS is a regular expression over package/name, and FOR
# the time after which no other is begun, such as 110s.
MUTANTS ?=
FOR ?=
# make variants-proof: how many arguments each variant gets. make bench-contention: how
# often every arm runs and for how long. FLAGS is for the rest, such as -verdict, which
# judges the outcome; see bench/cmd/contention.
ROUNDS ?= 9
DURATION ?= 2s
FLAGS ?=
# The modules that have tests. A choice of packages is one in the library's; for
# another module, make test MODULES=cmd/sqlkeel.
MODULES := . cmd/sqlkeel pgtest/container internal/demo otel bench
TESTED = $(if $(filter ./...,$(PKGS)),$(MODULES),$(firstword $(MODULES)))
# each runs a command for each $$module of a list, and fails when one of them did.
each = failed=0; for module in $(1); do $(2) || failed=1; done; exit $$failed
# The race detector needs a C compiler; without one the tests still run. The packages of
# the generator, which starts no goroutine, are tested without it: see .ci/test.
RACE ?= $(if $(shell command -v $$($(GO) env CC)),-race)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Show the data layer at work on a real PostgreSQL
	$(GO) -C internal/demo run ./cmd

.PHONY: test
test: ## Run all tests with one PostgreSQL, under the race detector where goroutines run (see .ci/test)
	@$(if $(RACE),,echo "make test: without the race detector (RACE is empty, or there is no C compiler)" >&2)
	@PATH=$$PATH:/usr/sbin; [ -n "$$SQLKEEL_PGBOUNCER" ] || command -v pgbouncer >/dev/null || \
		echo "make test: without the tests behind a PgBouncer, which is not installed (.ci/pgbouncer.sh brings it)" >&2
	GO="$(GO)" RACE="$(RACE)" COUNT="$(COUNT)" PKGS="$(PKGS)" NEWEST="$(NEWEST)" $(if $(TEST_GO),GOTOOLCHAIN=$(TEST_GO)) \
		$(KEEL) pg run -- $(CURDIR)/.ci/test $(TESTED)

.PHONY: soundness
soundness: ## Try the generator on SCHEMAS random schemas and PLACES places of expressions; SEED chooses them
	SQLKEEL_FUZZ_SCHEMAS=$(SCHEMAS) SQLKEEL_FUZZ_PLACES=$(PLACES) SQLKEEL_FUZZ_SEED=$(SEED) $(KEEL) pg run -- \
		$(GO) -C $(CURDIR)/cmd/sqlkeel test -count=1 -timeout 2h -run '^(TestEveryChangeWasForetold|TestWhatIsSaidOfAnExpressionIsSaidInEveryPlace)$$' -v ./internal/gen/soundness

.PHONY: faults
faults: ## Commit FAULTS increments in each mode over a network that loses COMMITs; SEED chooses which
	SQLKEEL_FAULTS_COUNT=$(FAULTS) SQLKEEL_FAULTS_SEED=$(SEED) $(KEEL) pg run -- \
		$(GO) -C $(CURDIR) test -count=1 -timeout 2h -run '^TestInAStormOfLostCommits' -v ./txn

.PHONY: texts
texts: ## Ask the server how it reads TEXTS random texts, and compare; SEED chooses them
	SQLKEEL_TEXTS_COUNT=$(TEXTS) SQLKEEL_TEXTS_SEED=$(SEED) $(KEEL) pg run -- \
		$(GO) -C $(CURDIR) test -count=1 -timeout 2h -run '^TestTheServerReadsEveryTextAsWeDo$$' -v ./txn

.PHONY: histories
histories: ## Try TXNS transactions under faults and check that they are serializable; SEED chooses them
	SQLKEEL_HISTORY_TXNS=$(TXNS) SQLKEEL_HISTORY_SEED=$(SEED) $(KEEL) pg run -- \
		$(GO) -C $(CURDIR) test -count=1 -timeout 6h -run '^TestHistoriesUnderFaultsAreSerializable$$' -v ./internal/history

.PHONY: cache-proof
cache-proof: ## Look for an old result in HISTORIES simulated and REAL real histories, READS reads and CACHED schemas; SEED chooses them
	SQLKEEL_CACHE_HISTORIES=$(HISTORIES) SQLKEEL_CACHE_REAL=$(REAL) SQLKEEL_CACHE_READS=$(READS) SQLKEEL_CACHE_SEED=$(SEED) \
		SQLKEEL_FUZZ_CACHED=$(CACHED) SQLKEEL_FUZZ_SEED=$(SEED) GO="$(GO)" $(KEEL) pg run -- $(CURDIR)/.ci/cache-proof

.PHONY: reads-proof
reads-proof: ## Look for a wrong row in READS reads that wait for connections, beside faults, and in SCRIPTS small scripts; SEED chooses them
	SQLKEEL_READS_READS=$(READS) SQLKEEL_READS_SCRIPTS=$(SCRIPTS) SQLKEEL_READS_SEED=$(SEED) $(KEEL) pg run -- \
		$(GO) -C $(CURDIR)/bench test $(RACE) -count=1 -parallel 1 -timeout 6h -v ./readsproof

.PHONY: variants-proof
variants-proof: ## Run the variants of PROJECT, each ROUNDS times, PAIRS variants of other states and STATEMENTS random statements; SEED chooses them
	SQLKEEL_ROWS_PROJECT="$(abspath $(PROJECT))" SQLKEEL_ROWS_ROUNDS=$(ROUNDS) SQLKEEL_ROWS_PAIRS=$(PAIRS) SQLKEEL_ROWS_SEED=$(SEED) \
		STATEMENTS=$(STATEMENTS) SEED=$(SEED) GO="$(GO)" $(KEEL) pg run -- $(CURDIR)/.ci/variants-proof

.PHONY: mutants
mutants: ## Try the wrong variants in testdata/mutants, which tests must notice: MUTANTS chooses, SEED orders, FOR bounds
	$(KEEL) pg run -- $(GO) -C $(CURDIR) run ./internal/mutants/cmd -run '$(MUTANTS)' -seed $(SEED) $(if $(FOR),-for $(FOR))

.PHONY: bench
bench: ## Compare sqlkeel with other libraries, and write bench/RESULTS.md and its charts (an hour)
	$(KEEL) pg run -- $(GO) -C $(CURDIR)/bench run ./cmd/rivals -out $(CURDIR)/bench $(FLAGS)

.PHONY: bench-smoke
bench-smoke: ## Do each part of make bench and make bench-reads once, and check the results
	$(KEEL) pg run -- $(GO) -C $(CURDIR)/bench run ./cmd/rivals -smoke
	$(KEEL) pg run -- $(GO) -C $(CURDIR)/bench run ./cmd/reads -smoke

.PHONY: bench-reads
bench-reads: ## Compare shared reads with a bare pgxpool, and write bench/READS.md and its charts (8 minutes)
	$(KEEL) pg run -- $(GO) -C $(CURDIR)/bench run ./cmd/reads -out $(CURDIR)/bench $(FLAGS)

.PHONY: bench-models
bench-models: ## Make the code of bob for make bench anew (needs psql, and builds bob's generator)
	$(KEEL) pg run -- $(CURDIR)/bench/rivals/models/generate.sh

.PHONY: bench-go
bench-go: ## Run the benchmarks of PKGS (figures are ratios within one run)
	$(KEEL) pg run -- $(GO) -C $(CURDIR) test -run '^$$' -bench . -benchmem -count=$(COUNT) $(PKGS)

.PHONY: bench-cache
bench-cache: ## Compare a hit with the bare store, and measure the fence of a write
	$(GO) test -run '^$$' -bench 'BenchmarkHit|BenchmarkFence' -count=$(COUNT) ./cache

.PHONY: bench-contention
bench-contention: ## Compare transactions that collide, by sqlkeel and by others
	$(KEEL) pg run -- $(GO) -C $(CURDIR)/bench run ./cmd/contention -rounds $(ROUNDS) -duration $(DURATION) -seed $(SEED) $(FLAGS)

.PHONY: generate
generate: ## Write the generated code anew from migrations/ and queries/
	$(GO) generate ./...
	$(GO) -C bench generate ./...

.PHONY: verify
verify: ## Fail when generated code, go.mod or the formatting is not what it would be made anew, or a user needs more modules
	@.ci/verify

.PHONY: lint
lint: ## Run go vet and staticcheck
	$(call each,$(MODULES),$(GO) -C $$module vet ./...)
	$(call each,$(MODULES),$(GO) -C $$module tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./...)

.PHONY: ci
ci: verify lint test ## What CI runs

.PHONY: migrate
migrate: ## Apply the migrations to DATABASE_URL
	@if [ -z "$(DATABASE_URL)" ]; then \
		echo "make migrate: set DATABASE_URL, e.g. make migrate DATABASE_URL=postgres://user@localhost:5432/bookstore" >&2; exit 2; fi
	@DATABASE_URL="$(DATABASE_URL)" $(KEEL) migrate --dir $(CURDIR)/migrations up

.PHONY: tools
tools: ## Build the pinned tools (about 3 minutes the first time)
	$(GO) build -modfile=tools/go.mod -o /dev/null github.com/sqlc-dev/sqlc/cmd/sqlc
	$(GO) build -modfile=tools/go.mod -o /dev/null honnef.co/go/tools/cmd/staticcheck
