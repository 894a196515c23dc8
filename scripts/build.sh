#!/bin/sh
# Builds bin/handrail with the version of the checkout.
set -eu
cd "$(dirname "$0")/.."
version=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
exec go build -trimpath -ldflags "-s -w -X main.version=$version" -o bin/handrail ./cmd/handrail
