#!/bin/sh
# Makes PostgreSQL 15 or later with pgvector 0.7 or later available and prints its bin folder.
#
# In this order: HANDRAIL_PG_BIN; the private tree of an earlier run; an installed server that has pgvector; on Debian
# and Ubuntu a private tree made from the distribution's own packages, which are unpacked but not installed; on macOS
# Homebrew. Nothing is started, and the system's packages are left alone, with one exception: where pgvector must be
# compiled and there is no C compiler, root installs gcc.
#
# The private tree is $XDG_CACHE_HOME/handrail/postgres/MAJOR, or below /var/cache (root) or ~/.cache. It appears in one
# step when it is complete. Remove the folder to have it made again.
set -eu
umask 022
unset CDPATH
export LC_ALL=C

say() { echo "postgres.sh: $*" >&2; }

die() {
	say "$1"
	cat >&2 <<-HELP
		Handrail needs PostgreSQL 15 or later with pgvector 0.7 or later. Either install them:
		  Debian 13, Ubuntu 25.04 or later   apt-get install postgresql-17 postgresql-17-pgvector
		  Debian 12, Ubuntu 24.04            apt-get install gcc libc6-dev    (then run this again)
		  Fedora                             dnf install postgresql-server pgvector
		  macOS                              brew install postgresql@17 pgvector
		or set HANDRAIL_PG_BIN to the bin folder of an installation that has both,
		or set DATABASE_URL to a server that has both.
	HELP
	exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# open_to_all FOLDER: whether every user may enter the folder. PostgreSQL refuses to run as root, and root's own folders
# are closed to the account that runs it instead.
open_to_all() { mkdir -p "$1" && setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$1" 2>/dev/null; }

if is_root; then
	cache=/var/cache/handrail
	if [ -n "${XDG_CACHE_HOME:-}" ] && open_to_all "$XDG_CACHE_HOME/handrail"; then
		cache=$XDG_CACHE_HOME/handrail
	fi
elif [ -n "${XDG_CACHE_HOME:-}" ]; then
	cache=$XDG_CACHE_HOME/handrail
else
	cache=${HOME:?is not set}/.cache/handrail
fi

# usable BIN: whether the folder holds a server of version 15 or later that runs here and has pgvector 0.7 or later.
usable() {
	[ -x "$1/initdb" ] && version=$("$1/postgres" --version 2>/dev/null) || return 1
	version=${version##*PostgreSQL) }
	[ "${version%%[!0-9]*}" -ge 15 ] || return 1
	share=$("$1/pg_config" --sharedir 2>/dev/null) || share=$1/../share/postgresql
	[ -r "$share/extension/vector.control" ] || return 1
	vector=$(sed -n "s/^default_version *= *'\([0-9.]*\)'.*/\1/p" "$share/extension/vector.control")
	recent_vector "$vector"
}

# recent_vector VERSION: whether a version of pgvector is 0.7 or later.
recent_vector() {
	case $1 in
	'' | 0.[0-6] | 0.[0-6].* | 0.[0-6][!0-9]*) return 1 ;;
	esac
}

# present: prints the first usable bin folder on the machine, the newest version of each place first.
present() {
	if [ -n "${HANDRAIL_PG_BIN:-}" ]; then
		usable "$HANDRAIL_PG_BIN" || die "HANDRAIL_PG_BIN=$HANDRAIL_PG_BIN has no PostgreSQL 15 with pgvector 0.7"
		echo "$HANDRAIL_PG_BIN"
		return
	fi
	for place in "$cache/postgres" /usr/lib/postgresql /usr /opt/homebrew/opt /usr/local/opt; do
		for major in 19 18 17 16 15; do
			for bin in "$place/$major/bin" "$place/pgsql-$major/bin" "$place/postgresql@$major/bin"; do
				if usable "$bin"; then
					echo "$bin"
					return
				fi
			done
		done
	done
	bin=$(command -v postgres) && bin=$(dirname "$bin") && usable "$bin" && echo "$bin"
}

# --- Debian and Ubuntu: a private tree ---------------------------------------------------------------------------------

# apt COMMAND...: apt-get or apt-cache with lists and caches of our own, so that neither root nor a recent
# `apt-get update` is needed, and a broken third-party source does no harm.
apt() {
	command=$1
	shift
	"$command" -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" \
		-o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root \
		-o Debug::NoLocking=1 -o APT::Install-Recommends=false "$@"
}

# sources: writes the machine's own package sources of its release, in either format, to $work/sources. A second set
# asks the same archive for the source packages of newer releases ($1), one file each, in $work/newer.
sources() {
	mkdir -p "$work/sources" "$work/newer" "$work/lists/partial" "$work/cache/archives/partial"
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -r "$file" ] || continue
		to=$(basename "$file")
		stanzas "$file" "" >"$work/sources/$to"
		for suite in $1; do
			stanzas "$file" "$suite" >"$work/newer/$suite-$to"
		done
	done
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null >"$work/classic" || true
	lines "$work/classic" "" >"$work/sources/classic.list"
	for suite in $1; do
		lines "$work/classic" "$suite" >"$work/newer/$suite-classic.list"
	done
}

# stanzas FILE SUITE: the deb822 stanzas of FILE for this release; with SUITE, turned into those of its source packages.
stanzas() {
	awk -v release="$VERSION_CODENAME" -v suite="$2" '
		BEGIN { RS = ""; FS = "\n"; ORS = "\n\n" }
		/(^|\n)Enabled: *(no|false)/ { next }
		{
			mine = exact = main = 0; out = ""
			for (i = 1; i <= NF; i++) {
				line = $i
				if (line ~ /^#/) continue
				if (line ~ /^Suites:/) {
					n = split(substr(line, 8), s, " +")
					for (j in s) { if (s[j] == release) exact = mine = 1; if (index(s[j], release "-") == 1) mine = 1 }
					if (suite != "") line = "Suites: " suite
				}
				if (line ~ /^Components:/) {
					main = line ~ / main( |$)/
					if (suite != "") line = line ~ /universe/ ? "Components: main universe" : "Components: main"
				}
				if (line ~ /^Types:/) line = suite != "" ? "Types: deb-src" : "Types: deb"
				out = out (out == "" ? "" : "\n") line
			}
			if (mine && (suite == "" || (exact && main))) print out
		}' "$1"
}

# lines FILE SUITE: the same for the one-line format.
lines() {
	awk -v release="$VERSION_CODENAME" -v suite="$2" '
		$1 != "deb" { next }
		{
			o = 2; options = ""
			if ($2 ~ /^\[/) { for (; ; o++) { options = options $o " "; if ($o ~ /\]$/) break }; o++ }
			mine = $(o + 1) == release || index($(o + 1), release "-") == 1
			if (suite == "") { if (mine) print; next }
			if ($(o + 1) != release || $0 !~ / main( |$)/) next
			print "deb-src", options $o, suite, ($0 ~ / universe( |$)/ ? "main universe" : "main")
		}' "$1"
}

# candidate PACKAGE: the version that would be installed, or nothing.
candidate() {
	apt apt-cache policy "$1" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# choose: sets major, and packaged=yes if the distribution has a recent pgvector for it.
choose() {
	packaged=no major=
	for m in 19 18 17 16 15; do
		[ -n "$(candidate "postgresql-$m")" ] || continue
		: "${major:=$m}"
		if recent_vector "$(candidate "postgresql-$m-pgvector")"; then
			major=$m packaged=yes
			return
		fi
	done
	[ -n "$major" ] || die "the package sources of $PRETTY_NAME offer no PostgreSQL 15 or later"
}

# missing PACKAGE...: the packages that installing PACKAGE... would add, PACKAGE... themselves included.
missing() {
	apt apt-get -s install "$@" 2>"$work/log" | awk '$1 == "Inst" { print $2 }'
}

# unpack FOLDER PACKAGE...: downloads packages and unpacks them without installing.
unpack() {
	to=$1
	shift
	mkdir -p "$work/debs" "$to"
	(cd "$work/debs" && apt apt-get download "$@" >"$work/log" 2>&1) || failed "cannot download $*"
	for deb in "$work"/debs/*.deb; do
		dpkg -x "$deb" "$to"
	done
	rm -rf "$work/debs"
}

failed() {
	tail -n 20 "$work/log" >&2
	die "$1"
}

# compile: builds vector.so from the source package of the first newer release that has it, into $work/root.
compile() {
	compiler
	mkdir "$work/src"
	for suite in $newer; do
		cp "$work/newer/$suite"-* "$work/sources/"
		apt apt-get update >"$work/log" 2>&1 || true
		(cd "$work/src" && apt apt-get source --download-only pgvector >"$work/log" 2>&1) && break
		rm -f "$work/sources/$suite"-*
	done
	set -- "$work"/src/pgvector_*.orig.tar.*
	[ -f "$1" ] || failed "cannot download the source package of pgvector ($newer)"
	tar -xf "$1" -C "$work/src" --strip-components 1
	unpack "$work/sdk" "postgresql-server-dev-$major" libpq-dev
	include=$work/sdk/usr/include/postgresql
	# The options of the package's own Makefile, without those for the machine that compiles. No library is named: the
	# server has loaded all that the extension calls.
	(cd "$work/src" && for c in src/*.c; do echo "$c"; done | xargs -P 2 -n 1 $cc -c -O2 -ftree-vectorize \
		-fassociative-math -fno-signed-zeros -fno-trapping-math -fno-strict-aliasing -fwrapv -fPIC -w -D_GNU_SOURCE \
		-I"$include/$major/server" -I"$include/internal" -I"$include" &&
		$cc -shared -s -nostdlib -o vector.so ./*.o -lgcc) >"$work/log" 2>&1 || failed "cannot compile pgvector"
	extension=$work/root/usr/share/postgresql/$major/extension
	v=$(sed -n "s/^default_version *= *'\([0-9.]*\)'.*/\1/p" "$work/src/vector.control")
	cp "$work/src/vector.so" "$work/root/usr/lib/postgresql/$major/lib/"
	cp "$work/src/vector.control" "$work/src"/sql/vector--*--*.sql "$extension/"
	cp "$work/src/sql/vector.sql" "$extension/vector--$v.sql"
}

# compiler: sets cc. Root installs gcc where it is missing, anyone else gets a private copy.
compiler() {
	cc=cc
	command -v cc >/dev/null && echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 && return
	if is_root; then
		say "installing gcc"
		cp -r "$work/lists" "$work/lists.install"
		DEBIAN_FRONTEND=noninteractive apt apt-get -o Debug::NoLocking=0 -o Dpkg::Use-Pty=0 -y install gcc libc6-dev \
			>"$work/log" 2>&1 || failed "cannot install gcc and libc6-dev"
		return
	fi
	say "there is no C compiler: unpacking a private copy of gcc"
	unpack "$work/gcc" $(missing gcc libc6-dev)
	lib=$(multiarch "$work/gcc")
	cat >"$work/cc" <<-SCRIPT
		#!/bin/sh
		export LD_LIBRARY_PATH="$work/gcc/usr/lib/$lib:$work/gcc/lib/$lib" PATH="$work/gcc/usr/bin:\$PATH"
		exec "$work/gcc/usr/bin/gcc" -isystem "$work/gcc/usr/include" -isystem "$work/gcc/usr/include/$lib" "\$@"
	SCRIPT
	chmod +x "$work/cc"
	cc=$work/cc
}

# multiarch ROOT: the name of the folder below lib that holds the libraries of this machine, x86_64-linux-gnu say.
multiarch() {
	for d in "$1"/usr/lib/*-linux-gnu* "$1"/lib/*-linux-gnu*; do
		if [ -d "$d" ]; then
			basename "$d"
			return
		fi
	done
}

# assemble: turns the unpacked packages in $work/root into the tree $work/tree. The folders keep their places relative to
# each other, by which PostgreSQL finds them. Libraries that the system lacks need wrappers that name their folder.
assemble() {
	mkdir -p "$work/tree/lib" "$work/tree/share"
	mv "$work/root/usr/lib/postgresql" "$work/tree/lib/"
	mv "$work/root/usr/share/postgresql" "$work/tree/share/"
	lib=$(multiarch "$work/root")
	if [ -z "$lib" ]; then
		ln -s "lib/postgresql/$major/bin" "$work/tree/bin"
		return
	fi
	for d in "$work/root/usr/lib/$lib" "$work/root/lib/$lib"; do
		if [ -d "$d" ]; then
			cp -a "$d/." "$work/tree/lib/$lib/"
		fi
	done 2>"$work/log"
	mkdir "$work/tree/bin"
	for program in "$work/tree/lib/postgresql/$major/bin"/*; do
		name=$(basename "$program")
		cat >"$work/tree/bin/$name" <<-SCRIPT
			#!/bin/sh
			tree=\${0%/*}/..
			LD_LIBRARY_PATH=\$tree/lib/$lib exec "\$tree/lib/postgresql/$major/bin/$name" "\$@"
		SCRIPT
		chmod 755 "$work/tree/bin/$name"
	done
}

debian() {
	. /etc/os-release
	case $ID in
	debian) newer="trixie forky sid" ;;
	ubuntu) newer="resolute questing plucky devel" ;;
	*) # a derivative: its own suites are not known, those of its packages may do
		newer="" VERSION_CODENAME=${UBUNTU_CODENAME:-${VERSION_CODENAME:-}} ;;
	esac
	mkdir -p "$cache/postgres"
	find "$cache" -maxdepth 1 -name 'work.*' -mtime +0 -exec rm -rf {} +
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' HUP INT TERM
	chmod 755 "$work"
	sources "$newer"
	apt apt-get update >"$work/log" 2>&1 || true
	choose
	say "preparing PostgreSQL $major with pgvector in $cache/postgres/$major (once; nothing is installed on the system)"
	extras=
	[ $packaged = no ] || extras=postgresql-$major-pgvector
	# The just-in-time compiler is large and switched off; the rest of what is left out manages system clusters.
	libraries=$(missing "postgresql-$major" | grep '^lib' | grep -v -e '^libllvm' -e perl || true)
	unpack "$work/root" "postgresql-$major" "postgresql-client-$major" $extras $libraries
	[ $packaged = yes ] || compile
	assemble
	usable "$work/tree/bin" || failed "the private tree does not work here"
	# Another run may have been faster; its tree is as good.
	mv -T "$work/tree" "$cache/postgres/$major" 2>/dev/null || usable "$cache/postgres/$major/bin" ||
		{ rm -rf "$cache/postgres/$major" && mv -T "$work/tree" "$cache/postgres/$major"; }
	echo "$cache/postgres/$major/bin"
}

# --- macOS ------------------------------------------------------------------------------------------------------------

homebrew() {
	command -v brew >/dev/null || die "install Homebrew, then run: brew install postgresql@17 pgvector"
	say "running: brew install postgresql@17 pgvector"
	brew install -q postgresql@17 pgvector >&2
	bin=$(brew --prefix postgresql@17)/bin
	usable "$bin" || die "Homebrew has installed PostgreSQL, but $bin has no pgvector"
	echo "$bin"
}

if present; then
	exit
fi
case $(uname -s) in
Darwin) homebrew ;;
Linux)
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || die "this is neither Debian nor Ubuntu"
	debian
	;;
*) die "there is no recipe for $(uname -s)" ;;
esac
