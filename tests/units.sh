#!/bin/sh
# What systemd itself says of the unit files. Usage: units.sh SOURCE_DIRECTORY PEERJSD
set -eu
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT

for unit in peerjsd.service peerjsd.socket; do
  sed "s|/usr/bin/peerjsd|$2|" "$1/config/$unit" >"$directory/$unit"
done

# It says what it does not like, and ends well all the same.
words=$(systemd-analyze verify --man=no "$directory/peerjsd.service" "$directory/peerjsd.socket" 2>&1 || true)
if [ -n "$words" ]; then
  echo "$words"
  exit 1
fi
systemd-analyze security --offline=yes --no-pager --threshold=15 "$directory/peerjsd.service"
