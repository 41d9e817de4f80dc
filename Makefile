# Two commands are all a newcomer needs: `make run` and `make test`.
# Build flags are the same everywhere (a changed flag rebuilds the world).
export CGO_ENABLED := 0
GO ?= go
ARGS ?=
DEVSERVER := platform/devserver

.PHONY: run try test test-long check bench bench-smoke build lint vet race workflowcheck tidy vuln clean help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

run: ## start the product with everything embedded (ARGS="--erp tryton" for a real ERP)
	@scripts/install.sh run
	$(GO) build -o bin/countersign .
	bin/countersign dev $(ARGS)

try: ## walk the reference flow against a running `make run`
	$(GO) build -o bin/countersign .
	bin/countersign try $(ARGS)

build: ## build the product
	$(GO) build -o bin/countersign .

test: ## run every test, installing what is missing
	@scripts/install.sh test
	$(GO) build ./...
	$(GO) run . find-temporal
	[ "$$COUNTERSIGN_TRYTON" = off ] || $(GO) run . find-tryton
	cd $(DEVSERVER) && $(GO) vet ./...
	# The longest first.
	$(GO) test -timeout 35m ./tests/nemesis ./tests/browser ./tests/... ./...
	cd $(DEVSERVER) && $(GO) test -timeout 15m ./...

test-long: ## the long forms of the fault and property tests
	@scripts/install.sh test
	$(GO) run . find-temporal
	[ "$$COUNTERSIGN_TRYTON" = off ] || $(GO) run . find-tryton
	COUNTERSIGN_LONG=1 $(GO) test -count 1 -timeout 120m ./tests/... ./domain/... ./adapters/... ./store/... ./bench/...

bench: ## Countersign beside the bare Temporal floor, in one run
	@scripts/install.sh run
	$(GO) build -o bin/countersign .
	bin/countersign bench $(ARGS)

bench-smoke: ## the same, short, so that it cannot rot
	$(GO) build -o bin/countersign .
	bin/countersign bench --documents 20 --clients 10 --rounds 2 --warm 10
	bin/countersign bench notices --tasks 400 --people 8 --over 5s --gather 1s --steady 5s

check: lint vet workflowcheck tidy race vuln ## everything a change must pass besides `make test`

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt -w on these'; exit 1; }
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

vet:
	$(GO) vet ./...
	cd $(DEVSERVER) && $(GO) vet ./...

workflowcheck: ## nothing non-deterministic in workflow code
	$(GO) build -modfile=tools/go.mod -o bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck
	bin/workflowcheck -config workflows/workflowcheck.yml ./workflows/...

tidy: ## go.mod and go.sum say what the code says
	$(GO) mod tidy -diff
	cd $(DEVSERVER) && $(GO) mod tidy -diff

race: ## the core, the workflows and the gateway under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./domain/... ./policy/... ./workflows/... ./activities/... ./gateway/... ./relay/...

vuln: ## known vulnerabilities, where the database can be reached
	@$(GO) build -modfile=tools/go.mod -o bin/govulncheck golang.org/x/vuln/cmd/govulncheck
	@if curl -fsS -m 5 -o /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then bin/govulncheck ./...; \
	else echo 'govulncheck: NOT RUN, its database cannot be reached from here'; fi

clean: ## remove what was built and the development data
	rm -rf bin .countersign
