#!/bin/sh
# Print where Chromium is; install Debian's where it is missing and that is possible.
set -eu
find_it() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if find_it; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "tests: expected Chromium for the browser tests, found none; install it (on Debian: apt-get install chromium)" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "tests: expected Chromium, found none and may not install it; run 'apt-get install chromium' as root" >&2
    exit 1
  fi
  as_root="sudo"
fi
echo "tests: installing Chromium for the browser tests …" >&2
$as_root apt-get update -qq >&2
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium fonts-liberation >&2
find_it || { echo "tests: Chromium was installed but is not on PATH" >&2; exit 1; }
