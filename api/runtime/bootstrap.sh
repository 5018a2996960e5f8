#!/usr/bin/env bash
# Installs what is missing and nothing else: system packages (Debian), the virtual environment with locked dependencies,
# the browser side's tools. Called by the Makefile; safe to call again at any time.
#
#   bootstrap.sh run | test
#
# run: what serving needs.  test: also what the checks and tests need.
set -euo pipefail
cd "$(dirname "$0")/../.."

stage=${1:-run}
venv=.venv
python=${PYTHON:-python3}
say() { printf '%s\n' "$*"; }
fail() { printf 'onegrid: %s\n' "$*" >&2; exit 1; }

# ---- system packages ----

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o APT::Install-Recommends=false -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold -qq -y "$@"
}

has_postgis() {
  # any version from 15 on will do
  local control major
  for control in /usr/share/postgresql/*/extension/postgis.control /usr/pgsql-*/share/extension/postgis.control; do
    [[ -e $control ]] || continue
    major=${control#/usr/share/postgresql/} major=${major#/usr/pgsql-} major=${major%%/*}
    ((major >= 15)) && return 0
  done
  return 1
}

missing_packages() {
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    echo python3-venv
  fi
  if [[ -z ${ONEGRID_DATABASE_URL:-} || $stage == test ]]; then
    has_postgis || echo postgresql postgresql-postgis
  elif ! command -v pg_dump >/dev/null; then
    echo postgresql-client
  fi
  if [[ $stage == test ]]; then
    command -v chromium >/dev/null || echo chromium
    # the browser driver's own node is linked against it
    [[ -n $(find /usr/lib /lib -name 'libatomic.so.1' -print -quit 2>/dev/null) ]] || echo libatomic1
    # without a font for Chinese characters the pages show boxes
    [[ -n $(fc-list :lang=zh-cn 2>/dev/null | head -n 1) ]] || echo fonts-noto-cjk fontconfig
  fi
}

install_packages() {
  local list log
  list=$(missing_packages | tr '\n' ' ')
  [[ -n ${list// /} ]] || return 0
  command -v apt-get >/dev/null || fail "please install: $list(this system has no apt-get)"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "please install as root: apt-get install $list(there is no sudo here)"
    [[ -t 0 ]] || sudo -n true 2>/dev/null || fail "sudo asks for a password and there is no terminal; please install as root: apt-get install $list"
  fi
  say "Installing system packages: $list"
  log=$(mktemp)
  if [[ $list == *postgresql-postgis* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    # Debian's package would make and start a cluster of its own on port 5432; nobody here asked for one
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/no-main-cluster.conf >/dev/null
  fi
  if ! apt update >"$log" 2>&1 && ! { sleep 5 && apt update >"$log" 2>&1; }; then
    tail -n 5 "$log" >&2
    fail "the package lists could not be fetched; is there a network, and a mirror in /etc/apt?"
  fi
  # shellcheck disable=SC2086
  if ! apt install $list >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "the packages could not be installed: $list"
  fi
  rm -f "$log"
}

# ---- virtual environment ----

check_python() {
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1 || echo missing). Set PYTHON to another one"
}

# a stamp holds the checksum of what it was made from; a clone's time stamps say nothing
fresh() { [[ -e $1 && $(cat "$1") == "$(sha256sum "${@:2}" | sha256sum)" ]]; }
stamp() { sha256sum "${@:2}" | sha256sum >"$1"; }

install_python() {
  local lock=api/runtime/requirements$1.lock mark=$venv/.installed$1 log
  if ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "the virtual environment could not be made"
  fi
  fresh "$mark" "$lock" pyproject.toml && return 0
  # what the tests need holds all that serving needs
  fresh "$venv/.installed-dev" api/runtime/requirements-dev.lock pyproject.toml && return 0
  say "Installing Python packages ($lock)"
  log=$(mktemp)
  export PIP_DISABLE_PIP_VERSION_CHECK=1
  if ! "$venv/bin/python" -m pip install --quiet --require-hashes --only-binary :all: --no-deps --retries 5 -r "$lock" >"$log" 2>&1; then
    tail -n 8 "$log" >&2
    fail "the Python packages could not be installed; is there a network?"
  fi
  if ! "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable . >"$log" 2>&1; then
    tail -n 8 "$log" >&2
    fail "the project could not be installed in $venv"
  fi
  rm -f "$log"
  stamp "$mark" "$lock" pyproject.toml
}

install_node_packages() {
  [[ -e webmap/package-lock.json ]] || return 0
  local mark=webmap/node_modules/.installed
  fresh "$mark" webmap/package-lock.json && return 0
  say "Installing the tools of the browser side"
  (cd webmap && PATH="$PWD/../$venv/bin:$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    fail "the tools of the browser side could not be installed; is there a network?"
  stamp "$mark" webmap/package-lock.json
}

install_packages
check_python
if [[ $stage == test ]]; then
  install_python -dev
  install_node_packages
else
  install_python ''
fi
