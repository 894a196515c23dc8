# `make demo` and `make test` do all their set-up by themselves. The work is in scripts/.

GO_FILES = $$(find . -name node_modules -prune -o -name '*.go' -print)

.PHONY: help demo test build web lint fmt testdb eval bench-knowledge bench-chat fuzz clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 16

demo: ## Set up everything, load the sample shop, and start on loopback
	@exec sh scripts/demo.sh

test: ## Set up everything, run every test, check and gate, and sum up
	@exec sh scripts/test.sh

build: web ## Build bin/handrail, with the web pages in it
	@sh scripts/build.sh

web: ## Build the widget and the console, if their sources have changed
	@sh scripts/web.sh build

lint: ## Check formatting and types, run go vet, and golangci-lint where it is installed
	@test -z "$$(gofmt -l $(GO_FILES))" || { echo "run make fmt; not formatted:"; gofmt -l $(GO_FILES); exit 1; }
	go vet ./...
	@sh scripts/web.sh packages
	cd web && npm run --silent check
	@if command -v golangci-lint >/dev/null; then golangci-lint run; fi

fmt: ## Format the Go files
	@gofmt -w $(GO_FILES)

testdb: ## Start a throw-away PostgreSQL for a bare `go test`; prints what to export and how to stop it
	@sh scripts/testdb.sh start

eval: build ## Run the evaluation suite of the sample shop against the committed baseline
	@HANDRAIL_PG_BIN=$${HANDRAIL_PG_BIN:-$$(sh scripts/postgres.sh)} bin/handrail eval run sample --gate --baseline evals/baseline.json

bench-knowledge: ## Measure search and ingest beside full text, a bare HNSW query and COPY (BENCH_PASSAGES=100000)
	@HANDRAIL_PG_BIN=$${HANDRAIL_PG_BIN:-$$(sh scripts/postgres.sh)} go run ./cmd/handrail-bench knowledge --passages $${BENCH_PASSAGES:-100000}
	@HANDRAIL_PG_BIN=$${HANDRAIL_PG_BIN:-$$(sh scripts/postgres.sh)} go run ./cmd/handrail-bench ingest

bench-chat: build ## Load the chat beside bare servers on the same database (BENCH="--only=paced,idle" selects parts)
	@HANDRAIL_PG_BIN=$${HANDRAIL_PG_BIN:-$$(sh scripts/postgres.sh)} && export HANDRAIL_PG_BIN && \
		go build -o bin/handrail-load ./cmd/handrail-load && exec bin/handrail-load --json bin/bench-chat.json $${BENCH:-}

fuzz: ## Fuzz every parser, FUZZTIME each (default 2m), two at a time; FUZZ="FuzzPDF FuzzZip" names some
	@FUZZTIME=$${FUZZTIME:-2m} sh scripts/fuzz.sh

clean: ## Remove what was built; caches and data folders stay
	@rm -rf bin web/node_modules/.handrail-build
	@find web/console/dist web/widget/dist -mindepth 1 ! -name .keep -delete 2>/dev/null || true
