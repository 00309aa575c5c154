# What people and machines do with this repository, by name. `make help` lists it.

BIN     := bin/surgicase
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINT    := go tool -modfile=tools/go.mod golangci-lint

# Per cent of the statements in domain/ that the tests of their own package run.
DOMAIN_COVERAGE := 95

# How long each parser is fuzzed.
FUZZ_TIME := 5m

# SQLite is C. Without this, Go builds a program that fails at its first query
# when there is no C compiler; with it, the build says so.
export CGO_ENABLED := 1
# Go would ask git for a version of its own, and git refuses in a checkout that
# belongs to somebody else. VERSION does without.
export GOFLAGS += -buildvcs=false

# Tests commit thousands of times and wait for the disk at each: in memory that costs nothing.
ON_TEMPORARY := $(shell test -w /dev/shm && ! grep -q ' /dev/shm .*noexec' /proc/mounts && echo TMPDIR=/dev/shm)

.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: help build run test race lint vet fmt docs verify fuzz bench soak chaos clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## the program, into bin/
	@command -v go >/dev/null || { echo "no Go here: https://go.dev/dl/ has 1.26" >&2; exit 1; }
	@set -- $$(go env CC) && command -v "$$1" >/dev/null || { echo "no C compiler here, and SQLite is C: apt-get install gcc libc6-dev" >&2; exit 1; }
	go build -trimpath -ldflags "-X surgicase/bootstrap.version=$(VERSION)" -o $(BIN) .

run: build ## the program with demo data, offline; any caller may claim to be any user
	AUTH_MODE=trusted ./$(BIN) serve --demo

# Tests of test/api in which requests meet. `make test` runs these with the race detector; `make race` and `make verify`
# run all of them, and those of bootstrap, which take three times as long with it.
MEETING := Twenty|AtTheSameTime|Overlapping|AtOnce|BodyIsOnTheWay|EndsWithItsCaller|IdleUploads|TheirTurn|Killed|Twice|AreMadeOnce|Failover|NoEndlessQueue|StoredPairs|MoveInFewStatements

# Those that take longest begin first, so that none of them is left alone at the end.
LONGEST := test/contract|test/backup|test/chaos|test/once|test/walk

test: lint vet ## lint, vet, all tests, nearly all with the race detector, coverage of domain/; what takes longer is in verify
	@PATH="$$PATH:/usr/sbin" command -v mariadbd >/dev/null || test -n "$$DATABASE_TEST_MYSQL" || \
		echo "note: no mariadbd here (apt-get install mariadb-server): its tests will be skipped, or fail if CI=true"
	@mkdir -p bin
	$(ON_TEMPORARY) go test -race -shuffle=on -timeout 20m $$(go list ./... | grep -E '/($(LONGEST))$$') \
		$$(go list ./... | grep -vE '/($(LONGEST)|bootstrap|test/api|test/bench)$$')
	$(ON_TEMPORARY) go test -race -shuffle=on -timeout 20m -run '$(MEETING)' ./test/api
	$(ON_TEMPORARY) go test -shuffle=on -timeout 20m ./test/api ./bootstrap ./test/bench
	TZ=Pacific/Auckland go test ./domain/... >/dev/null
	TZ=America/Los_Angeles go test -coverprofile=bin/domain.out ./domain/... >/dev/null
	@go tool cover -func=bin/domain.out | awk -v least=$(DOMAIN_COVERAGE) '/^total:/ { got = $$NF + 0 } \
		END { printf "domain coverage: %.1f %% (at least %d %%)\n", got, least; exit (got < least) }'

lint: ## everything .golangci.yml asks for; the first run builds the linter
	$(LINT) run ./...

vet: ## what the Go team asks for
	go vet ./...

fmt: ## formats all Go files
	$(LINT) fmt ./...

docs: ## writes the generated pages in docs/
	go test ./test/docs -run 'Generated|OpenAPI_keeps' -args -write

race: ## all tests with the race detector, those of the API, too
	$(ON_TEMPORARY) go test -race -shuffle=on -timeout 40m $$(go list ./... | grep -v /test/bench)

# Distributions put servers where an ordinary user does not look.
verify: export PATH := $(PATH):/usr/sbin:/sbin
verify: ## programs nobody here wrote judge what we make, everything is tried and fuzzed; installs them first, takes an hour
	test/verify/tools.sh
	$(ON_TEMPORARY) go test -race -shuffle=on -timeout 40m ./test/api ./bootstrap
	$(ON_TEMPORARY) go test ./test/api -run 'NoInputBreaks|InEveryMode' -count=1 -timeout 40m -args -exhaustive
	$(ON_TEMPORARY) go test ./test/verify/... -count=1 -v -timeout 60m -args -verify
	$(ON_TEMPORARY) go test ./test/chaos -run TestTheProgramBefore -count=1 -v -timeout 20m -args -before
	$(ON_TEMPORARY) go test ./test/mutants -count=1 -v -timeout 60m -args -mutants
	$(ON_TEMPORARY) go test ./test/api -run TestRandomRequests -count=1 -v -timeout 60m -args -requests 50000
	tools/fuzz.sh $(FUZZ_TIME)

fuzz: ## every parser for FUZZ_TIME each
	tools/fuzz.sh $(FUZZ_TIME)

bench: ## what the product promises about its speed, in full, into docs/benchmarks.md; takes a quarter of an hour
	go test ./test/bench -v -count=1 -timeout 30m -args -full -write

soak: ## twenty minutes of mixed load with kills on two instances; nothing may grow or be lost
	$(ON_TEMPORARY) go test ./test/chaos -run TestSoak -v -count=1 -timeout 40m -args -soak 20m

chaos: ## faults under load, and a table of what they cost; takes minutes
	$(ON_TEMPORARY) go test ./test/chaos -run 'TestFaults|TestARollingUpdate' -count=1 -v -timeout 20m -args -faults
	$(ON_TEMPORARY) go test ./test/once -v -count=1 -timeout 60m -args -rounds 100
	$(ON_TEMPORARY) go test ./test/walk -v -count=1 -timeout 60m -rapid.checks=1000
	$(ON_TEMPORARY) go test ./test/walk -run Together -v -count=1 -timeout 60m -rapid.checks=3200

clean: ## removes what was built, never data
	rm -rf bin
