#!/bin/sh
# Tells Prometheus of an instance: register-instance.sh <private_ip> [port] [environment]
# With --remove it is forgotten: register-instance.sh <private_ip> [port] --remove. Run: a test calls it.
set -eu
cd "$(dirname "$0")"
remove=no
for word; do
  shift
  if [ "$word" = --remove ]; then remove=yes; else set -- "$@" "$word"; fi
done
[ $# -ge 1 ] && [ $# -le 3 ] || { echo "usage: $0 <private_ip> [port] [environment] [--remove]" >&2; exit 2; }
ip=$1 port=${2:-8000} environment=${3:-production}
case $ip in '' | -* | *[!0-9A-Za-z.:-]*) echo "$0: $ip is no address" >&2; exit 2 ;; esac
case $port in '' | *[!0-9]*) echo "$0: $port is no port" >&2; exit 2 ;; esac
case $environment in '' | -* | *[!0-9A-Za-z_-]*) echo "$0: $environment is no name" >&2; exit 2 ;; esac
mkdir -p targets
file=targets/$(printf %s "$ip-$port" | tr ':.' '__').json
if [ "$remove" = yes ]; then
  rm -f "$file"
  exit 0
fi
case $ip in *:*) address="[$ip]:$port" ;; *) address="$ip:$port" ;; esac
draft=$(mktemp targets/.draft-XXXXXX)
printf '[{"targets": ["%s"], "labels": {"environment": "%s"}}]\n' "$address" "$environment" >"$draft"
chmod 644 "$draft"
mv "$draft" "$file" # whole or not at all: Prometheus reads at any moment
