#!/bin/sh
# Owns the processes of this example: gateways and the service's instances, each with a folder of its own below run/. Every command may be repeated, also while an earlier one that was cut short still goes on.
#   processes.sh configure FOLDER                what CONFIGURATION says; a gateway that runs takes it up
#   processes.sh start FOLDER ADMIN              a gateway, and waits until it answers
#   processes.sh start-instance FOLDER NAME PORT
#   processes.sh stop FOLDER                     and its folder stays
#   processes.sh remove FOLDER                   stops it, and everything of it is gone
#   processes.sh join CLUSTER ADMIN FIRST        by a token of the gateway FIRST
set -eu
command=$1
root=$(cd "$(dirname "$0")/../../.." && pwd)
isthmus="$root/bin/isthmus"
node="$root/node_modules/.bin/node"

# Tries until it succeeds, a minute at most; what the last try said is shown then.
patiently() {
  tries=0
  until said=$("$@" 2>&1); do
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || { printf '%s\n' "$said" >&2; return 1; }
    sleep 0.5
  done
}

# Whether the folder's process is there: its number may be another one's by now.
is_alive() {
  [ -f "$1/pid" ] && ps -o args= -p "$(cat "$1/pid")" 2>/dev/null | grep -qF "$1"
}

# Starts a process that names the folder in its arguments. Of two at a time one gets the pid file, and the other ends.
launch() {
  folder=$1
  shift
  mkdir -p "$folder"
  is_alive "$folder" && return
  rm -f "$folder/pid"
  detach=$(command -v setsid || echo nohup)
  "$detach" sh -c 'echo $$ >"$0/pid.$$" && { ln "$0/pid.$$" "$0/pid" || exec rm "$0/pid.$$"; } && rm "$0/pid.$$" && exec "$@"' \
    "$folder" "$@" </dev/null >>"$folder/log" 2>&1 &
}

# What a gateway's API answers; fails where that is no success.
get() {
  "$node" -e 'fetch(process.argv[1]).then(async (r) => { console.log(await r.text()); process.exitCode = r.ok ? 0 : 1 }, () => { process.exitCode = 1 })' "$1"
}

member() {
  get "$1/v1/status" | grep -qF '"kind":"connected"'
}

# The first gateway knows it when both sides have finished.
joined() {
  member "$2" || "$isthmus" --admin "$3" token create | "$isthmus" --admin "$2" join --when-needed -
  member "$2" && get "$3/v1/clusters" | grep -qF "\"cluster\":\"$1\""
}

stop() {
  is_alive "$1" || return 0
  pid=$(cat "$1/pid")
  kill "$pid"
  tries=0
  while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || kill -9 "$pid"
    sleep 0.1
  done
}

case $command in
  configure)
    mkdir -p "$2"
    printf '%s' "$CONFIGURATION" >"$2/gateway.yaml.new"
    mv "$2/gateway.yaml.new" "$2/gateway.yaml"
    if is_alive "$2"; then kill -HUP "$(cat "$2/pid")"; fi
    ;;
  start)
    export ISTHMUS_GATEWAY=gateway-1
    launch "$2" "$isthmus" gateway --config "$2/gateway.yaml"
    patiently get "$3/healthz" || { tail -n 20 "$2/log" >&2; exit 1; }
    ;;
  start-instance)
    launch "$2" "$node" "$root/examples/demo/instance.ts" orders "$3" "$4" "$2"
    ;;
  stop)
    stop "$2"
    ;;
  remove)
    stop "$2"
    rm -rf "$2"
    rmdir "$(dirname "$2")" 2>/dev/null || true
    ;;
  join)
    patiently joined "$2" "$3" "$4"
    ;;
  *)
    sed -n '3,8s/^#   //p' "$0" >&2
    exit 64
    ;;
esac
