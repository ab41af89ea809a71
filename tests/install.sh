#!/bin/sh
# What `cmake --install` installs fits its prefix. Usage: install.sh BUILD_DIRECTORY PREFIX
set -eu
root=$(mktemp -d)
trap 'rm -r "$root"' EXIT

DESTDIR=$root cmake --install "$1" >/dev/null
"$root$2/bin/peerjsd" --version
config=$2/etc/peerjsd/peerjsd.conf
"$root$2/bin/peerjsd" --config "$root$config" --check_config=quiet
unit=$root$2/lib/systemd/system/peerjsd.service
grep -qx "ExecStart=$2/bin/peerjsd" "$unit"
grep -qx "Environment=PEERJSD_CONFIG=$config" "$unit"
echo "port = 1" >"$root$config"
DESTDIR=$root cmake --install "$1" >/dev/null
grep -qx "port = 1" "$root$config"
test -e "$root$2/lib/systemd/system/peerjsd.socket"
test -e "$root$2/lib/sysusers.d/peerjsd.conf"
