#!/usr/bin/env bash
# All C++ is as clang-format leaves it.
set -euo pipefail
cd "$1"

find src include tests bench fuzz -name node_modules -prune -o -name '*.[ch]pp' -print0 |
  xargs -0 clang-format-14 --dry-run --Werror
