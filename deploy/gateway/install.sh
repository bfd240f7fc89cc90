#!/bin/sh
# Installs, upgrades or removes viw's agent and host helper on a gateway host. It shows what it is going to do and asks first. What
# it installs is in the folder that it stands in, and is held against SHA256SUMS before anything is changed.
set -eu

usage() {
  cat <<'USAGE'
usage: install.sh [install] [--yes] [--dry-run] [--without-agent] [--root DIR]
       install.sh uninstall [--purge] [--yes] [--dry-run] [--root DIR]

  --dry-run        shows what would be done, and does nothing
  --yes            does not ask
  --without-agent  the helper only: the agent runs in a container
  --purge          removes settings, secrets, keys and journals as well: the gateway has to be enrolled anew
  --root DIR       below this folder, for images; accounts and services are left alone then
USAGE
}
die() {
  echo "install.sh: $*" >&2
  exit 1
}

action=install yes='' dry='' purge='' root='' agent=yes
while [ $# -gt 0 ]; do
  case $1 in
    install | uninstall) action=$1 ;;
    --yes) yes=1 ;;
    --dry-run) dry=1 ;;
    --purge) purge=1 ;;
    --without-agent) agent='' ;;
    --root)
      [ $# -gt 1 ] || die '--root needs a folder'
      root=${2%/}
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      die "unknown argument: $1"
      ;;
  esac
  shift
done
[ -z "$purge" ] || [ "$action" = uninstall ] || die '--purge belongs to uninstall'
case $root in '' | /*) ;; *) die '--root must be an absolute path' ;; esac

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
lib=$root/usr/lib/viw
units=$root/usr/lib/systemd/system
etc=$root/etc/viworks
doc=$root/usr/share/doc/viw
state=$root/var/lib/viworks
services='viw-host-helper.socket viw-host-helper.service'
[ -z "$agent" ] || services="$services viw-agent.service"
[ "$action" = install ] || services='viw-agent.service viw-host-helper.service viw-host-helper.socket'

live() { [ -z "$root" ]; }
has_systemd() { live && [ -d /run/systemd/system ]; }

# step <what it does> <command...>: told while planning, done afterwards.
planning=1
step() {
  what=$1
  shift
  if [ -n "$planning" ]; then
    echo "  $what"
  else
    echo "- $what"
    "$@" || die "failed: $what"
  fi
}

put() { install -D -m "$1" "$2" "$3"; }
# owned <mode> <folder>: a folder of root that the agent's group may enter.
owned() {
  install -d -m "$1" "$2"
  ! live || chown root:viworks "$2"
}
add_account() {
  getent group viworks >/dev/null || groupadd --system viworks
  getent passwd viworks >/dev/null ||
    useradd --system --gid viworks --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin viworks
}
make_secret() {
  umask 077
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$etc/host_helper.secret.new"
  chmod 0400 "$etc/host_helper.secret.new"
  mv "$etc/host_helper.secret.new" "$etc/host_helper.secret"
}
restart_running() {
  for service in $services; do
    case $service in *.service) systemctl try-restart "$service" ;; esac
  done
}

install_all() {
  ! live || step 'account and group "viworks", without a shell' add_account
  step "$lib/host-helper/main.js" put 0644 "$here/host-helper.js" "$lib/host-helper/main.js"
  step "$root/usr/bin/viw-host-helper" put 0755 "$here/viw-host-helper" "$root/usr/bin/viw-host-helper"
  step "$units/viw-host-helper.socket" put 0644 "$here/systemd/viw-host-helper.socket" "$units/viw-host-helper.socket"
  step "$units/viw-host-helper.service" put 0644 "$here/systemd/viw-host-helper.service" "$units/viw-host-helper.service"
  if [ -n "$agent" ]; then
    step "$lib/gateway-agent/main.js" put 0644 "$here/gateway-agent.js" "$lib/gateway-agent/main.js"
    step "$root/usr/bin/viw-agent" put 0755 "$here/viw-agent" "$root/usr/bin/viw-agent"
    step "$units/viw-agent.service" put 0644 "$here/systemd/viw-agent.service" "$units/viw-agent.service"
  fi
  step "$doc/install-gateway.md" put 0644 "$here/install-gateway.md" "$doc/install-gateway.md"
  step "$etc" owned 0750 "$etc"
  # Everybody may pass through; what is in it agent and helper close each for themselves.
  step "$state" install -d -m 0755 "$state"
  [ -e "$etc/host-helper.env" ] || step "$etc/host-helper.env (settings, yours from now on)" put 0600 "$here/host-helper.env" "$etc/host-helper.env"
  [ -z "$agent" ] || [ -e "$etc/gateway-agent.env" ] ||
    step "$etc/gateway-agent.env (settings, yours from now on)" put 0600 "$here/gateway-agent.env" "$etc/gateway-agent.env"
  [ -e "$etc/host_helper.secret" ] || step "$etc/host_helper.secret (random, readable by root alone)" make_secret
  if has_systemd; then
    step 'systemd reads its units again' systemctl daemon-reload
    # shellcheck disable=SC2086 # a list of names, split on purpose
    step "starts at boot: $services" systemctl enable --quiet $services
    step 'restarts what of it is running' restart_running
  fi
}

remove() { rm -f -- "$@"; }
remove_all() { rm -rf -- "$@"; }
uninstall_all() {
  if has_systemd; then
    # shellcheck disable=SC2086
    step "stops and disables: $services" systemctl disable --quiet --now $services
    [ ! -d /run/viworks ] || step 'removes /run/viworks' rm -rf /run/viworks
  fi
  for file in "$units/viw-agent.service" "$units/viw-host-helper.service" "$units/viw-host-helper.socket" "$root/usr/bin/viw-agent" "$root/usr/bin/viw-host-helper"; do
    [ ! -e "$file" ] || step "removes $file" remove "$file"
  done
  for folder in "$lib" "$doc"; do
    [ ! -e "$folder" ] || step "removes $folder" remove_all "$folder"
  done
  ! has_systemd || step 'systemd reads its units again' systemctl daemon-reload
  [ -n "$purge" ] || return 0
  for folder in "$etc" "$state"; do
    [ ! -e "$folder" ] || step "removes $folder, with keys and journals" remove_all "$folder"
  done
}

check_package() {
  [ -f "$here/SHA256SUMS" ] || die "SHA256SUMS is missing beside install.sh: unpack the whole package"
  (cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || die 'the package is damaged or was changed: get it again'
}
check_host() {
  live || return 0
  [ "$(id -u)" -eq 0 ] || die 'root is needed: sudo ./install.sh'
  [ "$action" = install ] || return 0
  [ -x /usr/bin/node ] || die 'Node.js 20.19 or later is needed at /usr/bin/node'
  /usr/bin/node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js 20.19 or later is needed; /usr/bin/node is $(/usr/bin/node --version)"
}

[ -n "$dry" ] || check_host
[ "$action" = uninstall ] || check_package
echo "viw: $action${root:+ below $root}:"
"${action}_all"
[ -z "$dry" ] || exit 0
if [ -z "$yes" ]; then
  printf 'Go on? [y/N] '
  read -r answer || answer=''
  case $answer in y | Y | yes) ;; *) die 'nothing was changed' ;; esac
fi
planning=''
"${action}_all"

[ "$action" = install ] || {
  [ -n "$purge" ] || echo "Kept: $etc and $state (--purge removes them)."
  exit 0
}
cat <<NEXT

Next: make this host a gateway (viw-agent enroll --help), say in $etc/*.env which one it is, then
  systemctl start $services
NEXT
