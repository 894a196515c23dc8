#!/bin/sh
# Sets up whatever the demo needs, builds Handrail and starts it. Arguments go to `handrail demo`.
set -eu
cd "$(dirname "$0")/.."
step() { echo "==> $*" >&2; }

command -v go >/dev/null || {
	echo "demo.sh: Go 1.26 or later is needed: see https://go.dev/dl/" >&2
	exit 1
}
if [ -z "${DATABASE_URL:-}" ]; then
	step "PostgreSQL with pgvector"
	HANDRAIL_PG_BIN=$(sh scripts/postgres.sh)
	export HANDRAIL_PG_BIN
fi
step "Go modules"
go mod download
step "web pages"
sh scripts/web.sh build
step "bin/handrail"
sh scripts/build.sh
exec bin/handrail demo "$@"
