#!/bin/sh
# Installs the npm packages of web/ and builds its pages, each only when something has changed since the last time.
#
#   web.sh packages   npm ci
#   web.sh build      packages, then npm run build
set -eu
cd "$(dirname "$0")/../web"

# stamp FILE...: a short text that changes with the names and contents of the files.
stamp() { cksum "$@" | cksum; }

sources() {
	find . -type d \( -name node_modules -o -name dist \) -prune -o -type f -print | LC_ALL=C sort |
		tr '\n' '\0' | xargs -0 cksum | cksum
}

packages() {
	want="$(node --version) $(stamp package-lock.json package.json)"
	if [ "$(cat node_modules/.handrail-packages 2>/dev/null)" = "$want" ]; then
		return
	fi
	npm ci --no-audit --no-fund --loglevel=error
	echo "$want" >node_modules/.handrail-packages
}

build() {
	packages
	want=$(sources)
	if [ "$(cat node_modules/.handrail-build 2>/dev/null)" = "$want" ] &&
		[ -n "$(ls console/dist 2>/dev/null)" ] && [ -n "$(ls widget/dist 2>/dev/null)" ]; then
		return
	fi
	npm run --silent build
	sources >node_modules/.handrail-build
}

command -v npm >/dev/null || {
	echo "web.sh: Node.js 20 with npm is needed: apt-get install nodejs npm, or brew install node" >&2
	exit 1
}
case ${1:-} in
packages | build) "$1" ;;
*)
	sed -n '2,5s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
