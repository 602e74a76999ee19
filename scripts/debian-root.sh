# SPDX-License-Identifier: Apache-2.0
#
# A plain Debian 12 root to try things in, as a user's fresh machine or a container would be. To be sourced; as root.
#
#   new_root DIRECTORY            makes one there (its base is made once, and kept in build/roots/base)
#   in_root DIRECTORY COMMAND...  runs a command in it, with a /proc of its own; all that it started ends with it
#
# The root takes its packages from where this machine takes them: apt's sources, keys, proxy and certificates of the host
# hold inside too, whatever they are.

roots=$PWD/build/roots
release=bookworm

# The host's first mirror of the release, as apt has it.
host_mirror() {
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$release" '$1 == release && $2 == "main" { print $3; exit }'
}

# What apt was told about reaching its sources: proxies, time-outs, certificates.
host_apt_settings() {
  apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-)' || true
}

make_base() {
  local mirror proxy
  mirror=$(host_mirror)
  proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\(.*\)";$/\1/p')
  rm -rf "$roots/base"
  mkdir -p "$roots"
  http_proxy=${http_proxy:-$proxy} debootstrap --variant=minbase "$release" "$roots/base.new" \
    "${mirror:-http://deb.debian.org/debian}" >"$roots/debootstrap.log" 2>&1 || {
    tail -n 20 "$roots/debootstrap.log" >&2
    return 1
  }
  mv "$roots/base.new" "$roots/base"
}

# take_over PATH... DIRECTORY: lays the host's files of these paths into the root, or none where the host has none.
take_over() {
  local root=${*: -1} path
  for path in "${@:1:$#-1}"; do
    rm -rf "${root:?}$path"
    [[ -e $path ]] || continue
    mkdir -p "$root${path%/*}"
    cp -rL "$path" "$root$path" 2>/dev/null || true  # a dangling link among the certificates does no harm
  done
}

# take_over_network DIRECTORY: names, certificates and package sources, as the host has them.
take_over_network() {
  local root=$1
  take_over /etc/resolv.conf /etc/hosts /etc/ssl/certs /usr/local/share/ca-certificates "$root"
  take_over /etc/apt/auth.conf /etc/apt/auth.conf.d "$root"
  host_apt_settings >"$root/etc/apt/apt.conf.d/90host"
  [[ -n $(host_mirror) ]] || return 0  # a host of another release: its sources do not fit
  take_over /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/keyrings /etc/apt/trusted.gpg.d /usr/share/keyrings \
    "$root"
}

new_root() {
  local root=$1
  [[ -d $roots/base ]] || make_base
  rm -rf --one-file-system "$root"
  mkdir -p "${root%/*}"
  cp -a --reflink=auto "$roots/base" "$root"
  take_over_network "$root"
}

in_root() {
  local root=$1
  shift
  unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
    chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} "$@"
}
