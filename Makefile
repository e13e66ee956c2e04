# Rostrum. `make help` lists the targets.

SHELL := /bin/bash
# hraban/opus would otherwise want libopusfile, which nothing here uses.
export GOFLAGS := -tags=nolibopusfile
# build/pkgconfig/opus.pc links libopus statically, so that the binary is one file.
export PKG_CONFIG_PATH := $(CURDIR)/build/pkgconfig
export CGO_ENABLED := 1

# Builds images.
ENGINE ?= docker

BENCH_PACKAGES := ./mediaedge/... ./services/listenerstate/...

.PHONY: help deps deps-run deps-test build run cluster cluster-stop shoot check smoke test image image-proof generate bench fuzz

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what building and testing need (as root; otherwise print the command)
	@scripts/deps run test

deps-run:
	@scripts/deps run

deps-test:
	@scripts/deps run test

build: deps-run ## build bin/rostrum
	go build -trimpath -o bin/rostrum ./cmd/rostrum

run: build ## everything in one process, a demo room already talking
	bin/rostrum dev $(ARGS)

cluster: build deps-test ## every role as a process of its own, two SFUs and two edges, real Redis and dynalite
	@go run ./test/cluster/run up

cluster-stop: ## stop what `make cluster` started
	@go run ./test/cluster/run down

shoot: build ## kill each process of `make cluster` in turn, under load
	@go run ./test/cluster/run shoot $(ARGS)

check: deps-test ## under two minutes: build, vet, staticcheck, import rules, drift, unit tests
	scripts/check

smoke: build ## under 30 s: start the system, speak a clip, compare what a listener decodes
	ROSTRUM_BINARY=$(CURDIR)/bin/rostrum go test -count=1 -run 'TestSmoke' ./test/

test: deps-test ## all of it
	scripts/test

image: ## build the container image `rostrum`, with ENGINE=docker or podman
	$(ENGINE) build -t rostrum --build-arg REVISION=$$(git describe --always --dirty) .

image-proof: ## build it from nothing where no engine runs, and run it (root, Debian, a few minutes)
	scripts/image-proof

generate: ## protos and the web page
	go run ./proto/gen
	go run ./web/build

bench: deps-run ## benchmarks, with allocations
	go test -run '^$$' -bench . -benchmem $(BENCH_PACKAGES)

fuzz: deps-run ## every fuzz target for 20 s each
	scripts/fuzz 20s
