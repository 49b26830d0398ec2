#!/bin/bash
# SPDX-License-Identifier: MIT
#
# demo.sh - what xenusb does, on a machine without Xen and without a USB bus. Everything that it
# prints is the output of real commands: xenusb, xenstored, QEMU, xl and libusb are the real ones; the
# hypervisor and the USB part of the kernel are simulated (tests/rig). It runs in its own namespaces and
# leaves nothing behind.

. "$(dirname "$0")/rig/lib.sh"
files=$TOP/tests/demo

bold='' plain=''
[ -t 1 ] && bold=$'\e[1m' plain=$'\e[0m'

say()
{
    printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

# Show a command and its output; it must exit with status $1.
show()
{
    local wanted=$1 got=0
    shift
    printf '%s$ %s%s\n' "$bold" "$*" "$plain"
    "$@" 2>&1 || got=$?
    [ "$got" = "$wanted" ] || fail "the demo's '$*' exited with $got, not $wanted"
}

case_demo()
{
    usb_tree
    cd "$files"
    say "A config with three mistakes. One run finds all of them, each with its place."
    show 2 xenusb check mistakes.cfg

    xenstore_up
    domain_up 3 hvm win10
    qemu_up 3 -usb -usbdevice tablet

    say "This host's USB devices: a mocked tree, read by the real libusb."
    show 0 xenusb devices

    say "The HVM guest win10 is running. What would its config change?"
    show 0 cat win10.cfg
    show 0 xenusb plan win10.cfg

    say "Apply the config."
    show 0 xenusb apply win10.cfg
    show 0 xenusb list win10

    say "A second apply has nothing to do."
    show 0 xenusb apply win10.cfg

    say "xl lists what libxl can express: the host devices."
    show 0 xl usb-list win10

    say "Detach the security key, by its vendor and product."
    show 0 xenusb detach win10 1050:0407
    show 0 xl usb-list win10

    say "A PV guest has no emulated USB. It uses PVUSB, which is set up by nodes in the real xenstore."
    say "Small test programs simulate both ends: QEMU's backend, and the guest's driver."
    pv_guest 4 db
    show 0 cat db.cfg
    show 0 xenusb plan db.cfg
    show 0 xenusb apply db.cfg
    wait_xs /local/domain/0/backend/qusb/4/0/state 4
    show 0 xenusb list --tree db
    show 0 xenstore-ls /local/domain/0/backend/qusb/4/0

    say "As before: a second apply, and xl. Then a device that PVUSB does not support."
    show 0 xenusb apply db.cfg
    show 0 xl usb-list db
    show 2 xenusb attach db 1-5
    show 0 xenusb detach --all db
}

[ -n "${RIG_CASE:-}" ] && become_case case_demo
[ "$(id -u)" = 0 ] || { echo "the demo creates namespaces and needs root" >&2; exit 1; }
make_errexit=0
RIG_CASE=case_demo timeout --kill-after=2 60 \
    unshare --mount --pid --fork --kill-child --mount-proc bash "$0" || make_errexit=$?
exit $make_errexit
