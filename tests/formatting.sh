#!/usr/bin/env bash
# All C++ is as clang-format leaves it.
set -euo pipefail
cd "$1"

git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' |
  xargs clang-format-14 --dry-run --Werror
