# `make up`, `make demo` and `make test` work on a fresh Debian 12 machine, as root or with sudo: scripts/setup installs what is missing.
SHELL := /bin/bash
# Outside the checkout, so that a clean checkout need not build the dependencies again.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/neuroops/target
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
NEUROOPS := $(CARGO_TARGET_DIR)/release/neuroops

.PHONY: up demo test bench clients lint fmt setup build

## Run the whole platform here; Ctrl-C stops all of it.
up: build
	@exec $(NEUROOPS) up

## Run the main job once on the sample data and say what happens.
demo: build
	@exec $(NEUROOPS) demo

## Everything a fresh machine needs, then all tests.
test:
	@scripts/setup --tests
	cargo xtask test

## Measure against peers and limits; prints a table and writes .neuroops/bench.json. `make bench ONLY=commands` runs a part.
bench: setup
	cargo build --release --package bench
	cargo xtask bench $(ONLY)

## Describe the HTTP interface anew, and write the clients from that.
clients:
	cargo xtask schemas
	python3 clients/generate.py

## What a change must pass besides the tests.
lint: setup
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings

fmt:
	cargo fmt

build: setup
	@echo "Building the binary (about ten minutes the first time, seconds later) …"
	@cargo build --release --quiet --package cli

setup:
	@scripts/setup
