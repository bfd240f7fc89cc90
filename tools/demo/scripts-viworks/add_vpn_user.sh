#!/bin/sh
# Demo: adds an OpenVPN user and its stanza in fwknop's access file, which holds the keys as fwknop itself needs them.
# Usage: add_vpn_user.sh username userpass source_ip key hmac_key timeout
set -eu
umask 077

[ $# -eq 6 ] || { echo "usage: add_vpn_user.sh username userpass source_ip key hmac_key timeout" >&2; exit 2; }
name=$1
source_ip=$3
timeout=$6
case $name in
  '' | -* | *[!A-Za-z0-9_-]*) echo "invalid username" >&2; exit 2 ;;
esac
case $source_ip in
  '' | *[!0-9.]*) echo "invalid source address" >&2; exit 2 ;;
esac
case $4$5 in
  *[!A-Za-z0-9+/_=-]*) echo "invalid key" >&2; exit 2 ;;
esac
case $timeout in
  '' | *[!0-9]*) echo "invalid timeout" >&2; exit 2 ;;
esac

state=$(dirname "$0")/state
mkdir -p "$state"
exec 9>>"$state/lock"
flock 9
touch "$state/vpn_users"
if grep -q "^$name:" "$state/vpn_users"; then
  echo "VPN user $name already exists" >&2
  exit 1
fi
hash=$(printf '%s' "$2" | openssl passwd -6 -stdin)
printf '# begin %s\nSOURCE %s\nREQUIRE_USERNAME %s\nKEY_BASE64 %s\nHMAC_KEY_BASE64 %s\nFW_ACCESS_TIMEOUT %s\n# end %s\n' \
  "$name" "$source_ip" "$name" "$4" "$5" "$timeout" "$name" >>"$state/access.conf"
printf '%s:%s:%s:%s\n' "$name" "$hash" "$source_ip" "$timeout" >>"$state/vpn_users"
echo "VPN user $name created"
