#!/bin/sh
# Prints the path of a k6, or says how to get one and exits 2. K6 may name it; --install builds it into .cache/bin.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
local=$root/.cache/bin/k6

find_k6() {
  for candidate in "${K6:-}" "$(command -v k6 2>/dev/null || true)" "$local"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

if find_k6; then exit 0; fi
if [ "${1:-}" = "--install" ]; then
  if ! command -v go >/dev/null 2>&1; then
    echo "k6 is built by Go, which is not here: https://go.dev/doc/install" >&2
    exit 2
  fi
  echo "building k6 into .cache/bin: about four minutes" >&2
  mkdir -p "$root/.cache/bin"
  GOBIN=$root/.cache/bin go install go.k6.io/k6@v1.8.1 >&2
  find_k6 && exit 0
fi
echo "k6 is not here. Any of these brings it:
  sh k6/ensure.sh --install            (Go, about four minutes)
  https://grafana.com/docs/k6/latest/set-up/install-k6/
  K6=/path/to/k6                       (one that is somewhere else)" >&2
exit 2
