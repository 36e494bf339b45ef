#!/bin/sh
# Starts Pilothouse on its practice cloud: `run.sh FOLDER_OF_PROGRAMS`. The window where
# there is a display; else the same guarded deploy, in the terminal.
set -eu
bin=$1

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "${OS:-}" = Windows_NT ] || [ "$(uname -s)" = Darwin ]; then
    exec "$bin/python" -m pilothouse --sandbox
fi

echo "No window: neither DISPLAY nor WAYLAND_DISPLAY is set, so there is no screen to draw on."
echo "The same guarded deploy follows in the terminal, on the practice cloud."
echo
code=0
"$bin/python" -m pilothouse --sandbox deploy fly:harbor-api \
    --image registry.fly.io/harbor-api:next --yes || code=$?
echo
# 3: a guard blocked it, and here that is a hold: the one that a rollback leaves.
if [ "$code" -eq 3 ]; then
    echo "When it is held: $bin/pilothouse --sandbox release-hold fly:harbor-api"
fi
echo "Look on with:    $bin/pilothouse --sandbox status fly:harbor-api"
echo "Go back with:    $bin/pilothouse --sandbox rollback fly:harbor-api --yes"
echo "End the cloud:   $bin/pilothouse sandbox stop   (it ends by itself ten minutes after its last client)"
exit "$code"
