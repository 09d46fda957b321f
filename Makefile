# Go, GNU make, git and a POSIX shell are all these goals need, but for those that say more. CI (.ci/run) runs them.
.DEFAULT_GOAL := help
.PHONY: help test test-dynamodb test-faults test-browser screenshots lint vulnerabilities sbom fuzz bench bench-guard compare simulate demo evaluate evaluate-small golden e2e verify-aws build build-ProcessorFunction install clean

# sam build sets it; a plain make build leaves the binary here.
ARTIFACTS_DIR ?= build
# The end-to-end tests run the function on this machine, and set its processor.
FUNCTION_ARCH ?= arm64
PYTHON ?= python3
# Below .aws-sam, because sam build copies every other folder to build in.
VENV := .aws-sam/venv
DYNAMODB_LOCAL := .aws-sam/dynamodb-local
AXE := .aws-sam/axe
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
NO_CHROMIUM = there is no chromium, chromium-browser or google-chrome: apt-get install chromium, or make $@ CHROMIUM=/path/to/it
FUZZTIME ?= 20s
RUNS ?= 1000
SEED ?= 1
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# CycloneDX's own tool. From the binary, which says what was linked into it: a source tree has tests' modules, too.
CYCLONEDX := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
# The race detector needs cgo on Linux, and so a C compiler, which a machine with only Go lacks.
RACE = $(shell go list -race unsafe >/dev/null 2>&1 && echo -race)
# An input that reaches new code is made smaller for a minute by default, in which nothing else is tried.
# go test -list prints a package's targets and then its "ok" line; go test -fuzz takes one target at a time.
FUZZ_COMMANDS := /^Fuzz/ { name[n++] = $$1 } \
	$$1 == "ok" { for (i = 0; i < n; i++) print "go test -run=^$$ -fuzz=^" name[i] "$$ -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x " $$2; n = 0 }

help:
	@awk -F ':.*## ' '/^[a-zA-Z0-9-]+:.*## / { printf "make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# -count=1, because some tests build and start the real binary, which Go's test cache knows nothing of.
test: ## run every test, under the race detector where there is a C compiler
	$(if $(RACE),,@echo "note: no race detector here, it needs a C compiler")
	go test $(RACE) -count=1 ./...

$(DYNAMODB_LOCAL)/installed: internal/dynamodblocal/pom.xml
	rm -rf $(@D) && mvn -q -B -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$(CURDIR)/$(@D)" && touch $@

test-dynamodb: $(DYNAMODB_LOCAL)/installed ## test against DynamoDB Local (needs Java 17 and Maven; its licence wants an AWS account)
	BUCKETWATCH_DYNAMODB_LOCAL="$(CURDIR)/$(DYNAMODB_LOCAL)" go test $(RACE) -count=1 -run DynamoDB ./internal/dynamodblocal ./internal/faults ./cmd/bucketwatch ./pkg/...

test-faults: ## kill the function, fail its services and cut its calls, in RUNS seeded runs (1000) from SEED (1)
	go test -count=1 -timeout 0 -v ./internal/faults -runs $(RUNS) -seed $(SEED) -all

# axe-core finds what makes a page hard to use for people who can't see it or can't use a mouse: https://github.com/dequelabs/axe-core
$(AXE)/node_modules/axe-core/axe.min.js:
	npm install --silent --no-save --no-audit --no-fund --prefix $(AXE) axe-core@4.14.1 && touch $@

test-browser: $(AXE)/node_modules/axe-core/axe.min.js ## test the HTML report in a real Chromium (needs it, and npm for a checker of accessibility)
	$(if $(CHROMIUM),,$(error $(NO_CHROMIUM)))
	BUCKETWATCH_CHROMIUM="$(CHROMIUM)" BUCKETWATCH_AXE="$(CURDIR)/$<" go test -count=1 -timeout 30m -run Browser ./internal/chromium ./pkg/report

screenshots: ## take README's pictures of the HTML report anew (needs Chromium)
	$(if $(CHROMIUM),,$(error $(NO_CHROMIUM)))
	BUCKETWATCH_CHROMIUM="$(CHROMIUM)" go test -count=1 -run BrowserScreenshots ./pkg/report -screenshots

# staticcheck must be built with the Go that checks this module, or it refuses the module's language version.
lint: ## check formatting, go vet, staticcheck, go.mod and go.sum
	"$$(go env GOROOT)/bin/gofmt" -d .
	go vet ./... && GOTOOLCHAIN="$$(go env GOVERSION)" go run $(STATICCHECK) ./...
	go mod verify && go mod tidy -diff

# Without its database it can say nothing, which is no fault of the project's: then it says that.
vulnerabilities: ## look for known vulnerabilities in what is called (needs https://vuln.go.dev)
	@found=$$(GOTOOLCHAIN="$$(go env GOVERSION)" go run $(GOVULNCHECK) ./... 2>&1); code=$$?; echo "$$found"; \
	case $$found in *"fetching vulnerabilities: "*) echo "skipped: nothing was looked for, since the database can't be reached" ;; *) exit $$code ;; esac

sbom: build ## list what is in the Lambda's binary, to build/sbom.cdx.json (CycloneDX)
	go run $(CYCLONEDX) bin -json -std -short-purls -noserial -notimestamp -output build/sbom.cdx.json build/bootstrap

fuzz: ## run every fuzz target for FUZZTIME (20s; 50000x counts inputs instead)
	@targets=$$(go test -list '^Fuzz' ./...) || { echo "$$targets"; exit 1; }; \
	commands=$$(echo "$$targets" | awk '$(FUZZ_COMMANDS)'); \
	test -n "$$commands" || { echo "no fuzz target found"; exit 1; }; sh -exc "$$commands" </dev/null

# Compare two of its outputs with golang.org/x/perf/cmd/benchstat. Times say something of one machine and hour: the ratio
# of one line to another is what holds.
bench: ## run the benchmarks of a log file's way (ARGS='-count=10 -bench=Read' for benchstat)
	go test -run '^$$' -bench . $(ARGS) ./pkg/pipeline ./pkg/cloudtrail ./pkg/emf ./functions/processor

bench-guard: ## fail if reading and counting costs over 2.2 times inflating, or 0.1 allocations a record
	go test -count=1 -v -run '^TestGuard$$' ./pkg/pipeline -guard

compare: ## what unpacking, this reader, encoding/json, zcat and jq cost on one file (ARGS=-busy for another)
	go run ./cmd/compare $(ARGS)

simulate: ## run many functions against one table with DynamoDB's limits, at three rates, in a few minutes (ARGS=-help)
	go run ./cmd/simulate $(ARGS)

demo: ## see the real binary find who deletes images, without AWS
	go run ./cmd/demo

# Another SEED is only printed. Those of the file were not used for tuning, and never are.
evaluate: ## measure how good the detectors are, and write docs/EVALUATION.md (SEED=7: another seed, printed; ANOTHER=102: both)
	go run ./cmd/evaluate $(if $(SEED),-seed $(SEED),$(if $(ANOTHER),-another $(ANOTHER)) -write docs/EVALUATION.md)

evaluate-small: ## the same with fewer buckets, in a minute or two; fails if the quality is below a floor
	go run ./cmd/evaluate -seed $(or $(SEED),1) -buckets 4 -fleet 0 -weeks 8 -check

golden: ## rewrite the golden files; read the diff before you commit it
	go test $$(grep -rl --include='*_test.go' '"update"' . | xargs -n1 dirname | sort -u) -update

$(VENV)/installed: e2e/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r e2e/requirements.txt && touch $@

e2e: $(VENV)/installed ## deploy with the real SAM CLI against an emulated AWS, and follow log files to metrics
	$(VENV)/bin/python -m pytest e2e $(ARGS)

verify-aws: $(VENV)/installed ## check in your own AWS account what no test can see; tells its cost first (ARGS=--help)
	PYTHONPATH=e2e $(VENV)/bin/python -m verify_aws $(ARGS)

build: build-ProcessorFunction ## build the Lambda's binary to build/bootstrap

# sam build calls this goal in a copy without .git: -buildvcs=false makes both ways give the same bytes. The check runs
# here, whatever the machine is that is built for; it comes first, so that a bad line is the last thing to be read.
build-ProcessorFunction:
	GOOS= GOARCH= go run -buildvcs=false ./cmd/expected-deletes expected-deletes.yaml
	CGO_ENABLED=0 GOOS=linux GOARCH=$(FUNCTION_ARCH) go build -tags lambda.norpc,grpcnotrace -trimpath -buildvcs=false -ldflags "-s -w" \
		-o "$(ARTIFACTS_DIR)/bootstrap" ./functions/processor && cp expected-deletes.yaml "$(ARTIFACTS_DIR)/"

install: ## build the operator's command, bucketwatch, into GOBIN
	go install ./cmd/bucketwatch

clean: ## remove what build and sam build made
	rm -rf build .aws-sam
