#!/usr/bin/env bash
# core/, http/ and auth/ decide; they must not be able to do. Includes go downward only:
# main > app > hooks > net > http, auth > core, and app > cluster, hooks > outbound > core.
set -euo pipefail
cd "$1"

failed=0
refuse() {  # refuse WHY PATTERN PLACE...
  local why=$1 pattern=$2
  shift 2
  local hits
  hits=$(grep -rnE "$pattern" "$@" || true)
  [[ -z "$hits" ]] && return
  printf '%s:\n%s\n' "$why" "$hits"
  failed=1
}
room() { printf '%s\n' "include/peerjsd/$1" "src/$1"; }

refuse "core, http and auth use no Boost and no logging" \
  '#include <(boost|spdlog|fmt)/' $(room core) $(room http) $(room auth)
refuse "core, http and auth read no clock and no random device" \
  '::now\(|random_device|getrandom|getentropy|/dev/u?random|<(sys|netinet)/' \
  $(room core) $(room http) $(room auth)
refuse "core includes core only" 'peerjsd/(http|auth|net|outbound|hooks|cluster|app)/' $(room core)
refuse "http includes core and http only" 'peerjsd/(auth|net|outbound|hooks|cluster|app)/' $(room http)
refuse "auth includes core and auth only" 'peerjsd/(http|net|outbound|hooks|cluster|app)/' $(room auth)
refuse "outbound includes outbound and core only" 'peerjsd/(http|auth|net|hooks|cluster|app)/' $(room outbound)
refuse "net includes neither app nor cluster nor hooks" 'peerjsd/(hooks|cluster|app)/' $(room net)
refuse "hooks include neither app nor cluster" 'peerjsd/(cluster|app)/' $(room hooks)
refuse "cluster includes neither app nor net nor hooks" 'peerjsd/(net|hooks|app)/' $(room cluster)
refuse "only cluster knows Redis" 'hiredis' $(room core) $(room http) $(room net) $(room app)
exit $failed
