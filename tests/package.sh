#!/bin/sh
# The Debian package can be made, is to lintian's liking, and has what it should.
# Usage: package.sh BUILD_DIRECTORY
set -eu
root=$(mktemp -d)
trap 'rm -r "$root"' EXIT

cd "$1"
rm -f peerjsd_*.deb
cpack -G DEB >"$root/log" || {
  cat "$root/log"
  exit 1
}
lintian --fail-on error,warning --allow-root peerjsd_*.deb
dpkg-deb -x peerjsd_*.deb "$root/files"
"$root/files/usr/bin/peerjsd" --config "$root/files/etc/peerjsd/peerjsd.conf" --check_config=quiet
grep -qx "ExecStart=/usr/bin/peerjsd" "$root/files/usr/lib/systemd/system/peerjsd.service"
zcat "$root/files/usr/share/man/man8/peerjsd.8.gz" | grep -q concurrent
