#!/bin/sh
# Demo: removes a user of the gateway's panel.
# Usage: delete_user.sh username
set -eu
umask 077

[ $# -eq 1 ] || { echo "usage: delete_user.sh username" >&2; exit 2; }
name=$1
case $name in
  '' | -* | *[!A-Za-z0-9_-]*) echo "invalid username" >&2; exit 2 ;;
esac

state=$(dirname "$0")/state
mkdir -p "$state"
exec 9>>"$state/lock"
flock 9
touch "$state/users"
if ! grep -q "^$name:" "$state/users"; then
  echo "user $name does not exist" >&2
  exit 1
fi
# grep exits 1 when no other user is left.
grep -v "^$name:" "$state/users" >"$state/users.new" || true
mv "$state/users.new" "$state/users"
echo "user $name deleted"
