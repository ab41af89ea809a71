#!/usr/bin/env bash
# core/ and http/ decide; they must not be able to do. Includes go downward only:
# main > app > net, cluster > http > core.
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

refuse "core and http use no Boost and no logging" \
  '#include <(boost|spdlog|fmt)/' $(room core) $(room http)
refuse "core and http read no clock and no random device" \
  '::now\(|random_device|getrandom|getentropy|/dev/u?random|<(sys|netinet)/' $(room core) $(room http)
refuse "core includes core only" 'peerjsd/(http|net|cluster|app)/' $(room core)
refuse "http includes core and http only" 'peerjsd/(net|cluster|app)/' $(room http)
refuse "net includes neither app nor cluster" 'peerjsd/(cluster|app)/' $(room net)
refuse "cluster includes neither app nor net" 'peerjsd/(net|app)/' $(room cluster)
refuse "only cluster knows Redis" 'hiredis' $(room core) $(room http) $(room net) $(room app)
exit $failed
