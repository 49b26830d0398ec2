# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for the mocked USB tree; usbdevices.c lists the devices.

# usb_tree [usbback]: the first word of a case that needs USB. The case starts once more, inside the tree;
# so nothing may stand before it. With usbback the kernel has Xen's backend driver.
usb_tree()
{
    local options=()
    [ -z "${RIG_IN_TREE:-}" ] || return 0
    [ "${1:-}" != usbback ] || options=(--usbback)
    RIG_IN_TREE=1 exec "$RIG/usbbed" "${options[@]}" --log "$T/sysfs.writes" "$T/usbbed.sock" -- \
        bash "$0"
}

# plug NAME, unplug NAME, replug NAME: done, with all events sent, when they return. NAME is the busid. A
# plugged device has a new address; with a hub comes and goes what is below it.
plug()
{
    "$RIG/usbbed" tell "$T/usbbed.sock" plug "$1"
}

unplug()
{
    "$RIG/usbbed" tell "$T/usbbed.sock" unplug "$1"
}

replug()
{
    "$RIG/usbbed" tell "$T/usbbed.sock" replug "$1"
}

# The address (devnum) of the device with this busid.
address_of()
{
    cat "/sys/bus/usb/devices/$1/devnum"
}

# The driver of an interface such as 1-4:1.0, or nothing.
driver_of()
{
    local link
    link=$(readlink "/sys/bus/usb/devices/$1/driver") || return 0
    echo "${link##*/}"
}

want_driver()
{
    local driver
    driver=$(driver_of "$1")
    [ "$driver" = "$2" ] || fail "$1 has driver \"$driver\", wanted \"$2\""
}

# What was written to the files of drivers, in order (usbbed.c).
sysfs_writes()
{
    cat "$T/sysfs.writes"
}

# want_sysfs_writes [LINE...]: exactly these since the start of the case or the last call.
want_sysfs_writes()
{
    local have want
    have=$(tail -n "+$((${sysfs_writes_seen:-0} + 1))" "$T/sysfs.writes")
    want=$([ $# = 0 ] || printf '%s\n' "$@")
    [ "$have" = "$want" ] || fail "written to sysfs:
$have
wanted:
$want"
    sysfs_writes_seen=$(wc -l <"$T/sysfs.writes")
}
