#!/bin/bash
# SPDX-License-Identifier: MIT
#
# trixie.sh make ROOT           create a Debian 13 root with what building and testing needs (as root)
# trixie.sh run ROOT CMD...     run a command in it: Xen 4.20 and QEMU 10 on any host
#
# "make" uses the mirror of this machine's apt (or $DEBIAN_MIRROR) and does nothing if ROOT is up to date.
# "run" starts the command in /src, which is this source tree, read-only; its output can go to /out, which
# is ROOT.out: trixie.sh run ROOT make B=/out. The command has its own mount and process namespaces and
# leaves nothing behind.

set -euo pipefail

release=trixie
packages=(bison flex gcc libc6-dev make pkg-config
    libcmocka-dev libusb-1.0-0-dev libudev-dev libxen-dev libyajl-dev libexpat1-dev libsmartcols-dev graphviz libvirt-clients
    libxml2-utils python3-jsonschema
    iproute2 libumockdev-dev procps python3 qemu-system-x86 qemu-system-modules-spice qemu-utils umockdev
    xen-utils-4.20 xenstore-utils zsh fish)

source_tree=$(cd "$(dirname "$0")/../.." && pwd)

die()
{
    echo "trixie.sh: $*" >&2
    exit 1
}

# Run a command in the root that is being created.
inside()
{
    chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        "${@:2}"
}

install_packages()
{
    local root=$1
    # Packages must not start their daemons here.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    printf '%s\n' 'APT::Install-Recommends "false";' 'DPkg::Options { "--force-unsafe-io"; };' \
        "$(apt-config dump --format '%f "%v";%n' Acquire::http::Proxy Acquire::https::Proxy)" \
        >"$root/etc/apt/apt.conf.d/90rig"
    printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-exclude /usr/share/man/*' \
        'path-exclude /usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/90rig"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    inside "$root" apt-get update
    inside "$root" apt-get install -y "${packages[@]}"
    inside "$root" apt-get clean
    rm -rf "${root:?}/var/lib/apt/lists"
}

# Create the root under a temporary name, and rename it when it is complete.
make_root()
{
    local root=$1 wanted mirror
    wanted="$release ${packages[*]}"
    [ "$(cat "$root/.rig" 2>/dev/null)" != "$wanted" ] || return 0
    [ "$(id -u)" = 0 ] || die "creating a root filesystem needs root"
    command -v debootstrap >/dev/null || die "debootstrap is not installed"
    mirror=$("$source_tree/tests/mirror") ||
        die "apt's sources name no Debian mirror; set DEBIAN_MIRROR to one"
    rm -rf "$root" "$root.new"
    mkdir -p "$root.new"
    echo "creating a Debian root in $root (log: $root.log)"
    if ! { debootstrap --variant=minbase "$release" "$root.new" "$mirror" &&
        install_packages "$root.new"; } >"$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        die "could not create the root"
    fi
    echo "$wanted" >"$root.new/.rig"
    mv "$root.new" "$root"
}

# Called in the new namespaces: mount what the root needs, and exec the command in it.
enter()
{
    local root=$1 node
    shift
    mount --bind "$root" "$root"
    mount --bind -o ro "$source_tree" "$root/src"
    mount -o remount,bind,ro "$root/src"
    mount --bind "$root.out" "$root/out"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for node in null zero full random urandom tty; do
        : >"$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    # shellcheck disable=SC2016 # for the shell in the root
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
        TERM="${TERM:-dumb}" sh -c 'cd /src && exec "$@"' sh "$@"
}

[ $# -ge 2 ] || die "usage: trixie.sh make ROOT | run ROOT CMD..."
verb=$1 root=$(realpath -m "$2")
shift 2
case $verb in
make)
    make_root "$root"
    ;;
run)
    [ -e "$root/.rig" ] || die "$root does not exist yet: trixie.sh make $root"
    [ $# -ge 1 ] || die "no command given"
    mkdir -p "$root/src" "$root/out" "$root.out"
    exec unshare --mount --pid --fork --kill-child "$0" enter "$root" "$@"
    ;;
enter) enter "$root" "$@" ;;
*) die "no such verb: $verb" ;;
esac
