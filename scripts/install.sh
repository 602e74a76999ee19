# SPDX-License-Identifier: Apache-2.0
#
# need GROUP...: makes sure that the packages of these groups (scripts/packages) are installed.
#
# To be sourced. Everything in ./dev that needs a tool calls it first, so the usual case, in which nothing is missing,
# has to be quick: one call of dpkg-query. Where packages are missing they are installed if we may do that (root, or
# sudo), else named. On a system without dpkg it is up to the user to have them.

packages_file=${BASH_SOURCE[0]%/*}/packages

# wanted GROUP...: prints the packages of the groups, one a line, alternatives as they are written.
wanted() {
  awk -v groups=" $* " '!/^#/ && index(groups, " " $1 " ") { for (i = 2; i <= NF; i++) print $i }' "$packages_file" |
    sort -u
}

# missing PACKAGE...: prints those that are not installed.
missing() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
      awk '$1 == "ii" { print $2 }' | sort -u)
}

# choose FIRST[|SECOND...]: prints the first of them that this distribution has.
choose() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show "$name" >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  echo "${1%%|*}"
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  echo "installing: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends \
    -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null
}

need() {
  command -v dpkg-query >/dev/null || return 0
  local entries entry names=()
  mapfile -t entries < <(wanted "$@")
  [[ -n $(missing "${entries[@]%%|*}") ]] || return 0

  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    echo "these Debian packages are missing:" $(missing "${entries[@]%%|*}") >&2
    return 1
  fi
  # Perhaps only a first choice is missing, on a release that has the second.
  as_root apt-get update --quiet --quiet </dev/null || return 1
  for entry in "${entries[@]}"; do names+=("$(choose "$entry")"); done
  mapfile -t names < <(missing "${names[@]}")
  [[ ${#names[@]} -eq 0 ]] || install_packages "${names[@]}"
}

# A real Redis for what compares with one. Debian's package redis-server would start a service on port 6379, where
# ./dev run wants to listen; but its program is also in redis-tools, under another name: it acts by the name it has.
provide_redis() {
  local program
  command -v redis-server >/dev/null && return
  program=$(command -v redis-check-rdb) || return 0
  mkdir -p build/redis
  ln -sf "$program" build/redis/redis-server
  export PATH=$PWD/build/redis:$PATH
}
