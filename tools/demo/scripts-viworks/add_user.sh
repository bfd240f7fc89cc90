#!/bin/sh
# Demo: adds a user of the gateway's panel. Keeps name and salted hash, never the password.
# Usage: add_user.sh username password
set -eu
umask 077

[ $# -eq 2 ] || { echo "usage: add_user.sh username password" >&2; exit 2; }
name=$1
case $name in
  '' | -* | *[!A-Za-z0-9_-]*) echo "invalid username" >&2; exit 2 ;;
esac

state=$(dirname "$0")/state
mkdir -p "$state"
exec 9>>"$state/lock"
flock 9
touch "$state/users"
if grep -q "^$name:" "$state/users"; then
  echo "user $name already exists" >&2
  exit 1
fi
# printf is built into sh: the password does not appear in the process list a second time.
hash=$(printf '%s' "$2" | openssl passwd -6 -stdin)
printf '%s:%s\n' "$name" "$hash" >>"$state/users"
echo "user $name created"
