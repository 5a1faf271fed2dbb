#!/bin/sh
# Owns a pod's becoming a gateway of its cluster: another pod admits it, or the cluster joins by its token. Run whenever the pod starts; that fails, and is repeated, until it is a member.
set -eu
admin_port=${ISTHMUS_ADMIN##*:}
token_file=/etc/isthmus/join/token

as_local() {
  isthmus --ca /etc/isthmus/tls/ca.crt --admin-token-file /etc/isthmus/secrets/local-admin "$@"
}
# The registry's state and the gateway's own, such as `connected ready`; degraded (3) is an answer, too.
status() {
  as_local status -o jsonpath='{.registry.kind} {.state}' 2>/dev/null || [ $? = 3 ]
}

tries=0
until is=$(status) && [ -n "$is" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo "the gateway does not answer" >&2; exit 1; }
  sleep 1
done
case $is in
  *displaced) ;;
  connected* | connecting* | unavailable*) exit 0 ;;
esac

pod=${ISTHMUS_GATEWAY%-*}
ordinal=0
while [ "$ordinal" -lt "$ISTHMUS_REPLICAS" ]; do
  sibling="$pod-$ordinal"
  ordinal=$((ordinal + 1))
  [ "$sibling" != "$ISTHMUS_GATEWAY" ] || continue
  # One that is not there, or no member itself, has no token to give.
  if token=$(as_local --admin "https://$sibling.$ISTHMUS_PODS:$admin_port" token create --gateway 2>/dev/null); then
    printf '%s\n' "$token" | as_local join - --yes
    exit 0
  fi
done

# Without a token it founds the federation, or is joined by hand: readiness says so.
[ -f "$token_file" ] || exit 0
as_local join --token-file "$token_file" --yes
