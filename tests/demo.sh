#!/bin/bash
# SPDX-License-Identifier: MIT
#
# demo.sh - xenusb's main job, on a machine without Xen and without a USB bus. Everything that is
# printed is the output of real commands: xenusb, xenstored, QEMU, xl and libusb are the real ones;
# the hypervisor and the USB part of the kernel are stood in for (tests/rig). It all runs in
# namespaces of its own, and nothing is left of it.

. "$(dirname "$0")/rig/lib.sh"
files=$TOP/tests/demo

bold='' plain=''
[ -t 1 ] && bold=$'\e[1m' plain=$'\e[0m'

say()
{
    printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
}

# Show a command and what it prints; it must end with the status $1.
show()
{
    local wanted=$1 got=0
    shift
    printf '%s$ %s%s\n' "$bold" "$*" "$plain"
    "$@" 2>&1 || got=$?
    [ "$got" = "$wanted" ] || fail "the demo's '$*' ended with $got, not $wanted"
}

case_demo()
{
    usb_tree
    cd "$files"
    say "A config with three mistakes. All are found in one run, each at its word."
    show 2 xenusb check mistakes.cfg

    xenstore_up
    domain_up 3 hvm win10
    qemu_up 3 -usb -usbdevice tablet

    say "This host's USB devices: a mocked tree, seen through the real libusb."
    show 0 xenusb devices

    say "The HVM guest win10 runs. What would its config change?"
    show 0 cat win10.cfg
    show 0 xenusb plan win10.cfg

    say "Make it so."
    show 0 xenusb apply win10.cfg
    show 0 xenusb list win10

    say "A second time there is nothing to do."
    show 0 xenusb apply win10.cfg

    say "xl sees what libxl can express: the host devices."
    show 0 xl usb-list win10

    say "Take the security key away again, by what it is."
    show 0 xenusb detach win10 1050:0407
    show 0 xl usb-list win10

    say "A PV guest has no emulated USB. Its devices come through PVUSB: nodes in the real xenstore."
    say "Two ends are played here by small test programs: QEMU's backend, and the guest's driver."
    pv_guest 4 db
    show 0 cat db.cfg
    show 0 xenusb plan db.cfg
    show 0 xenusb apply db.cfg
    wait_xs /local/domain/0/backend/qusb/4/0/state 4
    show 0 xenusb list --tree db
    show 0 xenstore-ls /local/domain/0/backend/qusb/4/0

    say "The same words as before: a second apply, xl as the neighbour, and what PVUSB cannot carry."
    show 0 xenusb apply db.cfg
    show 0 xl usb-list db
    show 2 xenusb attach db 1-5
    show 0 xenusb detach --all db
}

[ -n "${RIG_CASE:-}" ] && become_case case_demo
[ "$(id -u)" = 0 ] || { echo "the demo makes namespaces and needs root" >&2; exit 1; }
make_errexit=0
RIG_CASE=case_demo timeout --kill-after=2 60 \
    unshare --mount --pid --fork --kill-child --mount-proc bash "$0" || make_errexit=$?
exit $make_errexit
