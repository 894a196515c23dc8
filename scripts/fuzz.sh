#!/bin/sh
# Fuzzes every parser of strangers' files, two at a time, each for FUZZTIME (default 20s). FUZZ names some of them only.
# What breaks a parser is left below ingest/testdata/fuzz, where `go test` runs it from then on. `make test` runs those
# and the seeds but searches for no new ones: what it finds would be chance, and the same commit must pass every time.
set -u
cd "$(dirname "$0")/.." || exit 1
targets=${FUZZ:-$(go test -list '^Fuzz' ./ingest | grep '^Fuzz')} || exit 1
printf '%s\n' $targets | xargs -P 2 -I TARGET sh -c '
	out=$(go test -run "^\$" -fuzz "^TARGET\$" -fuzztime "${FUZZTIME:-20s}" -fuzzminimizetime 100x -parallel 1 ./ingest 2>&1)
	status=$?
	echo "$out" | grep -v "^fuzz: elapsed" | sed "s/^/TARGET: /"
	echo "$out" | grep "^fuzz: elapsed" | tail -n 1 | sed "s/^/TARGET: /"
	exit $status'
