#!/bin/sh
# The steps of the CI recipes: virtual viewers watch a live stream; a missed objective fails the build.
#   URL=https://…/master.m3u8 sh k6/ci/run.sh
# VIEWERS (50), SECONDS_EACH (30), OUT (k6-report), OBJECTIVES (JSON), COLLECTOR and KEY (to report to Firstframe).
# Exit code: 0 all objectives met, 99 one missed (k6's own), 2 nothing to run with.
set -eu
folder=$(cd "$(dirname "$0")/.." && pwd)
: "${URL:?the address of a live HLS playlist}"
OUT=${OUT:-k6-report}
k6=$(sh "$folder/ensure.sh" ${INSTALL_K6:+--install})
mkdir -p "$OUT"

set -- --quiet -e "URL=$URL" -e "VIEWERS=${VIEWERS:-50}" -e "SECONDS=${SECONDS_EACH:-30}" -e "OUT=$OUT"
for name in OBJECTIVES COLLECTOR KEY SHOW STREAM APP HOLD_BACK_SEGMENTS RAMP_SECONDS; do
  eval "value=\${$name:-}"
  if [ -n "$value" ]; then set -- "$@" -e "$name=$value"; fi
done
exec "$k6" run "$@" "$folder/viewer.ts"
