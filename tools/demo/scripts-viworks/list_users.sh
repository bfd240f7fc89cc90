#!/bin/sh
# Demo: names of all users, one a line.
# Usage: list_users.sh
set -eu

state=$(dirname "$0")/state
for file in "$state/users" "$state/vpn_users"; do
  [ ! -f "$file" ] || cut -d: -f1 "$file"
done | sort -u
