#!/bin/sh
# Prints the path of a Chromium or Chrome for the browser test. Root on Debian gets the packages chromium and, for Chinese
# text in the screenshots, fonts-noto-cjk; anyone else is told what to install. CHROMIUM names another browser.
set -eu

find_browser() {
	if [ -n "${CHROMIUM:-}" ]; then
		[ -x "$CHROMIUM" ] && echo "$CHROMIUM" && return
		echo "chromium.sh: CHROMIUM=$CHROMIUM is not an executable file" >&2
		exit 1
	fi
	for name in chromium google-chrome-stable google-chrome chromium-browser; do
		# Ubuntu's chromium-browser may be a script that only recommends a snap.
		if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then
			command -v "$name"
			return
		fi
	done
	for app in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"/Applications/Chromium.app/Contents/MacOS/Chromium"; do
		if [ -x "$app" ]; then
			echo "$app"
			return
		fi
	done
	return 1
}

if find_browser; then
	exit
fi
distribution=$(. /etc/os-release 2>/dev/null && echo "$ID" || true)
if [ "$distribution" = debian ] && [ "$(id -u)" = 0 ]; then
	echo "chromium.sh: installing the packages chromium and fonts-noto-cjk" >&2
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	export DEBIAN_FRONTEND=noninteractive
	if ! { apt-get -qq update && apt-get -qq -y install --no-install-recommends chromium fonts-noto-cjk; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
	fi
	if find_browser; then
		exit
	fi
fi
cat >&2 <<'HELP'
chromium.sh: the browser test needs Chromium or Chrome. Install it:
  Debian   apt-get install chromium fonts-noto-cjk    (as root; `make test` does it when run as root)
  Ubuntu   install the package of Google Chrome, or snap install chromium
  Fedora   dnf install chromium google-noto-sans-cjk-fonts
  macOS    brew install --cask google-chrome
or set CHROMIUM to the path of the browser.
HELP
exit 1
