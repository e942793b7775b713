#!/bin/sh
# Runs mosquitto, and has it read its files again whenever the gateway rings: no program can send a
# signal into another container, so the gateway changes a file (`broker.reload`).
#   mosquitto.sh CONFIGURATION BELL
set -u

mosquitto -c "$1" &
broker=$!
trap 'kill -TERM "$broker"' TERM INT

heard=$(cat "$2")
while kill -0 "$broker" 2>/dev/null; do
    rung=$(cat "$2")
    if [ "$rung" != "$heard" ]; then
        heard=$rung
        kill -HUP "$broker"
    fi
    sleep 0.5 &
    wait $!
done
wait "$broker"
