#!/bin/sh
# Demo: removes an OpenVPN user and its stanza in fwknop's access file.
# Usage: delete_vpn_user.sh username
set -eu
umask 077

[ $# -eq 1 ] || { echo "usage: delete_vpn_user.sh username" >&2; exit 2; }
name=$1
case $name in
  '' | -* | *[!A-Za-z0-9_-]*) echo "invalid username" >&2; exit 2 ;;
esac

state=$(dirname "$0")/state
mkdir -p "$state"
exec 9>>"$state/lock"
flock 9
touch "$state/vpn_users" "$state/access.conf"
if ! grep -q "^$name:" "$state/vpn_users"; then
  echo "VPN user $name does not exist" >&2
  exit 1
fi
sed "/^# begin $name\$/,/^# end $name\$/d" "$state/access.conf" >"$state/access.conf.new"
mv "$state/access.conf.new" "$state/access.conf"
# grep exits 1 when no other user is left.
grep -v "^$name:" "$state/vpn_users" >"$state/vpn_users.new" || true
mv "$state/vpn_users.new" "$state/vpn_users"
echo "VPN user $name deleted"
