#!/bin/sh
# Makes sure the servers that the demo and the tests run are on this machine: Redis, NGINX, HAProxy, sshd, Pebble, Knot DNS, Chromium.
# `install.sh host-check`: also what a gateway host has, for `make host-check` (container engine, OpenVPN, a Debian to boot).
# `install.sh tls-check`: also testssl.sh, for `make tls-check`.
# `install.sh bench-certs`: also the ACME clients that the bench `certs` compares with.
# Installs what is missing from Debian's packages when it may (root, or sudo without a password), after saying so.
# Otherwise it names what is missing and ends with 0: the demo runs what it can, and tests that need a server fail clearly.
set -eu

missing=''
need() { # need <program> <package>: programs in /usr/sbin count too
  PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 && return
  case "$missing " in *" $2 "*) ;; *) missing="$missing $2" ;; esac
}
need redis-server redis-server
need nginx nginx-light
need haproxy haproxy
need sshd openssh-server
need ssh-keygen openssh-client
need pebble pebble
need pebble-challtestsrv pebble
need knotd knot
need setpriv util-linux
need script bsdutils
need chromium chromium
need openssl openssl
need sudo sudo
need unshare util-linux
need systemd-analyze systemd
need systemd-socket-activate systemd
if [ "${1:-}" = host-check ]; then
  need podman podman
  need crun crun
  need busybox busybox-static
  need openvpn openvpn
  need debootstrap debootstrap
fi
[ "${1:-}" != tls-check ] || need testssl testssl.sh
if [ "${1:-}" = bench-certs ]; then
  need certbot certbot
  need lego lego
fi

[ -n "$missing" ] || exit 0

as_root=''
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root='sudo -n'
  else
    echo "viw: not installed here:$missing" >&2
    echo "viw: as root: apt-get install --no-install-recommends$missing" >&2
    exit 0
  fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "viw: not installed here:$missing (no apt-get: install them with this system's package manager)" >&2
  exit 0
fi

echo "viw: installing system packages:$missing" >&2
# Nothing of it may start by itself: the demo runs its own servers on its own ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi
# ... nor at the next boot: what is installed here is for the demo and the tests only.
stay_off() {
  command -v systemctl >/dev/null 2>&1 || return 0
  for package in $missing; do
    case $package in
      redis-server) $as_root systemctl disable --quiet redis-server.service ;;
      haproxy) $as_root systemctl disable --quiet haproxy.service ;;
      nginx-light) $as_root systemctl disable --quiet nginx.service ;;
      knot) $as_root systemctl disable --quiet knot.service ;;
      openssh-server) $as_root systemctl disable --quiet ssh.service ;;
      openvpn) $as_root systemctl disable --quiet openvpn.service ;;
      certbot) $as_root systemctl disable --quiet certbot.timer ;;
    esac
  done >/dev/null 2>&1 || true
}

log=$(mktemp)
# shellcheck disable=SC2086 # a list of package names, split on purpose
if $as_root apt-get update -qq >"$log" 2>&1 &&
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=120 $missing >>"$log" 2>&1; then
  stay_off
else
  tail -n 15 "$log" >&2
  echo "viw: these could not be installed:$missing; going on without them" >&2
fi
rm -f "$log"
