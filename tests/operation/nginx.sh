#!/bin/sh
# Print where nginx is; install Debian's where it is missing and that is possible.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
find_it() { command -v nginx; }
if find_it; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "tests: expected nginx for the tests of operation, found none; install it (on Debian: apt-get install nginx-light)" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "tests: expected nginx, found none and may not install it; run 'apt-get install nginx-light' as root" >&2
    exit 1
  fi
  as_root="sudo"
fi
echo "tests: installing nginx for the tests of operation …" >&2
$as_root apt-get update -qq >&2
# Only the program is wanted: a policy keeps the package from starting a server of its own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq nginx-light >&2
find_it || { echo "tests: nginx was installed but is not on PATH" >&2; exit 1; }
