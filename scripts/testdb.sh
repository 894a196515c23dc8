#!/bin/sh
# Starts and stops a throw-away PostgreSQL for tests: fsync off, 300 connections, random loopback port, gone afterwards.
#
#   testdb.sh start        prints shell lines that export HANDRAIL_TEST_DATABASE_URL and name the folder
#   testdb.sh stop FOLDER  stops the server of that folder and removes it
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)

# as_owner COMMAND...: runs as a user that PostgreSQL accepts: not as root.
as_owner() {
	if [ "$(id -u)" != 0 ]; then
		"$@"
	elif command -v setpriv >/dev/null; then
		setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups "$@"
	else
		echo "testdb.sh: PostgreSQL refuses to run as root, and setpriv (package util-linux) is missing" >&2
		exit 1
	fi
}

if id postgres >/dev/null 2>&1; then owner=postgres; else owner=nobody; fi

initdb() {
	as_owner "$bin/initdb" -D "$dir/server/data" -U postgres -A password --pwfile="$dir/server/password" -E UTF8 \
		--locale="$1" --no-sync --no-instructions
}

start() {
	bin=$(sh "$here/postgres.sh")
	dir=$(mktemp -d "${TMPDIR:-/tmp}/handrail-testdb.XXXXXX")
	trap 'stop "$dir"' EXIT
	trap 'exit 130' HUP INT TERM
	chmod 755 "$dir"
	echo "$bin" >"$dir/bin"
	mkdir "$dir/server"
	password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
	echo "$password" >"$dir/server/password"
	if [ "$(id -u)" = 0 ]; then
		chown -R "$owner" "$dir/server"
	fi
	cd "$dir/server"
	chmod 600 password
	# Some systems lack the locale C.UTF-8.
	initdb C.UTF-8 >initdb.log 2>&1 || initdb C >initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 20000))
		if as_owner "$bin/pg_ctl" -D "$dir/server/data" -w -t 30 -l "$dir/server/log" -o "-p $port \
			-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c full_page_writes=off \
			-c synchronous_commit=off -c max_connections=300 -c max_parallel_maintenance_workers=0 -c jit=off \
			-c max_wal_size=4GB -c timezone=GMT" start >/dev/null 2>&1; then
			trap - EXIT
			echo "export HANDRAIL_TEST_DATABASE_URL='postgres://postgres:$password@127.0.0.1:$port/postgres?sslmode=disable'"
			echo "export HANDRAIL_TEST_DATABASE_DIR='$dir'"
			echo "# stop it with: sh $0 stop $dir"
			return
		fi
	done
	cat log >&2
	echo "testdb.sh: the test database does not start" >&2
	exit 1
}

stop() {
	[ -f "$1/bin" ] || { echo "testdb.sh: $1 is no folder of a test database" >&2; exit 1; }
	as_owner "$(cat "$1/bin")/pg_ctl" -D "$1/server/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$1"
}

case ${1:-} in
start) start ;;
stop) stop "${2:?which folder?}" ;;
*)
	sed -n '2,6s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
