#!/bin/sh
# Obtains what the tests need, runs every stage, goes on after a failure, and ends with a summary. Exits 1 if any failed.
#
# HANDRAIL_TEST_DATABASE_URL names a server to use instead of a throw-away one; its role must be a superuser.
# CHROMIUM and HANDRAIL_PG_BIN name a browser and a PostgreSQL to use instead of those found or obtained.
# STAGES="vet go" runs only the stages whose names are given, after the set-up.
set -u
cd "$(dirname "$0")/.." || exit 1
logs=${TMPDIR:-/tmp}/handrail-test.$$
mkdir -p "$logs"
: >"$logs/summary"
passed=0 failed=0 dir=

clean_up() {
	[ -z "$dir" ] || sh scripts/testdb.sh stop "$dir"
	[ "$failed" -gt 0 ] || rm -rf "$logs"
}
trap clean_up EXIT
trap 'failed=$((failed + 1)); exit 130' HUP INT TERM

# stage NAME COMMAND...: runs one stage, quietly unless it fails.
stage() {
	name=$1
	shift
	case " ${STAGES:-$name} setup-${name#setup-} " in
	*" $name "*) ;;
	*) return ;;
	esac
	began=$(date +%s)
	if "$@" >"$logs/$name.log" 2>&1; then
		verdict=ok passed=$((passed + 1))
	else
		verdict=FAIL failed=$((failed + 1))
		echo "--- $name failed; the end of $logs/$name.log:"
		tail -n 40 "$logs/$name.log"
		echo "---"
	fi
	printf '%-5s %-18s %4d s\n' "$verdict" "$name" $(($(date +%s) - began)) | tee -a "$logs/summary"
}

# A stage whose command prints a value for the later ones leaves it in a file.
into() {
	file=$1
	shift
	"$@" >"$file.new" && mv "$file.new" "$file"
}

c_compiler() {
	command -v cc >/dev/null && return
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends gcc libc6-dev
		return
	fi
	echo "the race detector needs a C compiler: apt-get install gcc libc6-dev, or on macOS xcode-select --install"
	return 1
}

database() {
	if [ -z "${HANDRAIL_TEST_DATABASE_URL:-}" ]; then
		sh scripts/testdb.sh start
	fi
}

# fresh NAME: makes an empty database and prints its URL.
fresh() {
	PGOPTIONS="-c client_min_messages=warning" "$HANDRAIL_PG_BIN/psql" -q -v ON_ERROR_STOP=1 -d "$HANDRAIL_TEST_DATABASE_URL" \
		-c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1" &&
		echo "$HANDRAIL_TEST_DATABASE_URL" | sed "s|\(//[^/]*\)/[^?]*|\1/$1|"
}

formatted() {
	unformatted=$(find . -name node_modules -prune -o -name '*.go' -print | xargs gofmt -l) || return 1
	[ -z "$unformatted" ] || { echo "run make fmt; not formatted:" "$unformatted"; return 1; }
}

npm_run() { (cd web && npm run --silent "$1"); }

# The throw-away server has fsync off, which the server accepts only when told.
with_database() {
	DATABASE_URL=$(fresh "handrail_$1") || return 1
	export DATABASE_URL HANDRAIL_ALLOW_UNSAFE_DATABASE=true
	shift
	"$@"
	status=$?
	unset DATABASE_URL HANDRAIL_ALLOW_UNSAFE_DATABASE
	return $status
}

# Every story has a database of its own: the servers make their keys and accounts themselves.
browser_stories() {
	for story in story knowledge evals desk; do
		with_database "e2e_$story" browser_story "$story" || return 1
	done
}

browser_story() {
	(cd web && HANDRAIL_BIN=$OLDPWD/bin/handrail CHROMIUM=$(cat "$logs/chromium") node "../e2e/$1.mjs")
}

eval_gate() { bin/handrail eval run sample --gate --baseline evals/baseline.json; }

export NO_COLOR=1
start=$(date +%s)
unset DATABASE_URL
stage setup-postgres into "$logs/pg" sh scripts/postgres.sh
HANDRAIL_PG_BIN=$(cat "$logs/pg" 2>/dev/null)
export HANDRAIL_PG_BIN
stage setup-database into "$logs/database" database
if [ -s "$logs/database" ]; then
	. "$logs/database"
	dir=$HANDRAIL_TEST_DATABASE_DIR
fi
stage setup-compiler c_compiler
stage setup-chromium into "$logs/chromium" sh scripts/chromium.sh
stage setup-go go mod download
stage setup-npm sh scripts/web.sh packages
stage setup-pages sh scripts/web.sh build

stage format formatted
# With -trimpath, vet compiles the libraries as the build does, once for both.
stage vet go vet -trimpath ./...
stage go go test -race -count=1 -timeout 25m ./...
stage web npm_run test
stage types npm_run check
stage build sh scripts/build.sh
stage browser browser_stories
stage evals with_database evals eval_gate

echo
echo "Summary ($(($(date +%s) - start)) s)"
cat "$logs/summary"
[ "$failed" = 0 ] || echo "logs: $logs"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
