# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for the mocked USB tree; usbdevices.c lists the devices.

# usb_tree [usbback] [COUNT]: must be the first command of a case that needs USB, because it starts the case
# again inside the tree. With usbback the kernel has Xen's backend driver. COUNT more sticks are at 3-1, 3-2, ...
usb_tree()
{
    local options=()
    [ -z "${RIG_IN_TREE:-}" ] || return 0
    if [ "${1:-}" = usbback ]; then
        options=(--usbback)
        shift
    fi
    [ $# = 0 ] || options+=(--more "$1")
    # Where udevd runs. Without this socket libudev does not listen to it.
    mkdir -p /run/udev
    : >/run/udev/control
    RIG_IN_TREE=1 exec "$RIG/usbbed" "${options[@]}" --log "$T/sysfs.writes" "$T/usbbed.sock" -- \
        bash "$0"
}

# plug BUSID, unplug BUSID, replug BUSID: when they return, all events have been sent. A plugged device gets
# a new address; a hub takes the devices below it along.
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

# switch_mode BUSID: it is plugged in again as a device with the next product id, named "Other mode".
switch_mode()
{
    "$RIG/usbbed" tell "$T/usbbed.sock" switch "$1"
}

# authorize BUSID, deauthorize BUSID: as usbguard does through the file "authorized" in sysfs.
authorize()
{
    "$RIG/usbbed" tell "$T/usbbed.sock" authorize "$1"
}

deauthorize()
{
    "$RIG/usbbed" tell "$T/usbbed.sock" deauthorize "$1"
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

# For wait_for: whether INTERFACE has DRIVER, or a different one.
driver_is() { [ "$(driver_of "$1")" = "$2" ]; }
driver_is_not() { [ "$(driver_of "$1")" != "$2" ]; }

want_driver()
{
    local driver
    driver=$(driver_of "$1")
    [ "$driver" = "$2" ] || fail "$1 has driver \"$driver\", wanted \"$2\""
}

# driver_refuses [DRIVER INTERFACE]: from now on this driver refuses this interface; without arguments, none
# refuses any.
driver_refuses()
{
    rm -f "$UMOCKDEV_DIR/refuses"
    [ $# = 0 ] || echo "$1/$2" >"$UMOCKDEV_DIR/refuses"
}

# Print what was written to the files of drivers, in order (usbbed.c).
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

# usb_settle: wait until the devices that a killed process held are released. (end_process does it.)
usb_settle()
{
    [ -z "${RIG_IN_TREE:-}" ] || "$RIG/usbbed" tell "$T/usbbed.sock" settle
}

# ---- the guest's USB driver ----
#
# usb-host detaches a device's drivers when it opens it, but claims its interfaces only when the guest sets
# a configuration. This is as much of a guest as that needs, for QEMU's XHCI controllers on the root bus of
# a pc machine (xHCI 1.1; the register offsets are those of QEMU's hcd-xhci.c).

xhci_memory=$((0x200000))
xhci_ring=$((xhci_memory + 0x1000))   # the command ring
xhci_events=$((xhci_memory + 0x4000)) # one segment of 256

# Add to xhci_lines: write 32-bit words, starting at an address.
xhci_words()
{
    local address=$1 word
    shift
    for word; do
        xhci_lines+=("writel $address $((word))")
        address=$((address + 4))
    done
}

# Add to xhci_lines: a TRB with cycle bit 1 at the end of a ring (xhci_ends maps rings to their ends).
xhci_trb()
{
    xhci_words "${xhci_ends[$1]:=$1}" "$2" "$3" "$4" "$(($5 | 1))"
    xhci_ends[$1]=$((xhci_ends[$1] + 16))
}

# Set up and start the controller with PCI address $2 at BAR $1.
xhci_start()
{
    local bar=$1 select=$((0x80000000 | $2 << 8))
    xhci_lines+=("outl 0xcf8 $((select | 0x10))" "outl 0xcfc $bar"
        "outl 0xcf8 $((select | 0x14))" 'outl 0xcfc 0'
        "outl 0xcf8 $((select | 0x04))" 'outl 0xcfc 6')
    xhci_lines+=("memset $xhci_events 4096 0")
    xhci_words $((bar + 0x40)) 2 # USBCMD: reset
    xhci_words $((bar + 0x58)) $((xhci_ring | 1)) 0
    xhci_words $((bar + 0x70)) $xhci_memory 0 8 # DCBAAP, CONFIG: slots
    xhci_words $((xhci_memory + 0x800)) $xhci_events 0 256 0
    xhci_words $((bar + 0x1028)) 1 # ERSTSZ
    xhci_words $((bar + 0x1038)) $xhci_events 0
    xhci_words $((bar + 0x1030)) $((xhci_memory + 0x800)) 0
    xhci_words $((bar + 0x40)) 1 # USBCMD: run
}

# Assign slot $2 to the device on port $3 with speed $4, and set its configuration $5.
xhci_configure()
{
    local bar=$1 slot=$2 port=$3 speed=$4 value=$5
    local input=$((xhci_memory + 0x8000 + slot * 0x3000))
    local output=$((input + 0x1000)) ring=$((input + 0x2000))
    xhci_words $((bar + 0x430 + port * 16)) $((1 << 9 | 1 << 4)) # PORTSC: power, reset
    xhci_words $((xhci_memory + slot * 8)) $output 0
    xhci_trb $xhci_ring 0 0 0 $((9 << 10)) # Enable Slot
    xhci_words $input 0 3
    xhci_words $((input + 0x20)) $((1 << 27 | speed << 20)) $((port << 16)) 0 0
    xhci_words $((input + 0x40)) 0 $((64 << 16 | 4 << 3 | 3 << 1)) $((ring | 1)) 0 8
    xhci_trb $xhci_ring $input 0 0 $((slot << 24 | 11 << 10)) # Address Device
    xhci_words $((bar + 0x2000)) 0
    xhci_trb $ring $((value << 16 | 9 << 8)) 0 8 $((2 << 10 | 1 << 6)) # SET_CONFIGURATION
    xhci_trb $ring 0 0 0 $((1 << 16 | 4 << 10 | 1 << 5))
    xhci_words $((bar + 0x2000 + slot * 4)) 1
}

# guest_configures NAME CONTROLLER [VALUE]: the guest sets a configuration on every device of an XHCI
# controller. Prints the completion code of each transfer (xHCI 1.1, 6.4.5): 1 success, 6 stall.
guest_configures()
{
    local name=$1 address bar ports port=0 slot=0 status
    local xhci_lines=() xhci_ends=()
    address=$(qom_get "$name" "$2" addr)
    [[ $address =~ ^[0-9]+$ ]] || fail "QEMU has no PCI device $2"
    bar=$((0xf0000000 + (address << 16)))
    xhci_start $bar "$address"
    qtest "$name" "${xhci_lines[@]}" >"$T/waiting"
    ports=$(qtest "$name" "readl $((bar + 4))") # HCSPARAMS1
    ports=$((${ports#OK } >> 24))
    xhci_lines=()
    while ((port++ < ports)); do
        status=$(qtest "$name" "readl $((bar + 0x430 + port * 16))")
        status=${status#OK }
        ((status & 1)) || continue
        xhci_configure $bar $((++slot)) $port $((status >> 10 & 15)) "${3:-1}"
    done
    qtest "$name" "${xhci_lines[@]}" >"$T/waiting"
    xhci_results "$name"
}

# Print the completion codes of the transfer events.
xhci_results()
{
    local bytes at
    bytes=$(qtest "$1" "read $xhci_events 4096")
    bytes=${bytes#OK 0x}
    for ((at = 0; at < 8192; at += 32)); do
        # Little-endian: the code is the last byte of the third word, the type bits 10 to 15 of the fourth.
        ((0x${bytes:at+26:2} >> 2 == 32)) || continue
        echo $((0x${bytes:at+22:2}))
    done
}

# ---- disks of devices ----

# Print the writable directory of an interface in the tree.
interface_of()
{
    echo "$(readlink -f "$UMOCKDEV_DIR/sys/bus/usb/devices/${1%:*}")/$1"
}

# disk INTERFACE NAME NUMBER: add a block device below an interface.
disk()
{
    local at
    at=$(interface_of "$1")/host6/target6:0:0/6:0:0:0/block/$2
    mkdir -p "$at/holders" "$UMOCKDEV_DIR/sys/class/block"
    echo "$3" >"$at/dev"
    ln -s "$at" "$UMOCKDEV_DIR/sys/class/block/$2"
}

# partition DISK NUMBER DEVICE: add the partition DISK1 and so on.
partition()
{
    local at
    at=$(readlink "$UMOCKDEV_DIR/sys/class/block/$1")/$1$2
    mkdir -p "$at/holders"
    echo "$2" >"$at/partition"
    echo "$3" >"$at/dev"
    ln -s "$at" "$UMOCKDEV_DIR/sys/class/block/$1$2"
}

# built ON NAME NUMBER [MAPPED]: add a device-mapper or md device on top of another block device.
built()
{
    local at=$UMOCKDEV_DIR/sys/devices/virtual/block/$2
    mkdir -p "$at/holders" "$at/dm"
    echo "$3" >"$at/dev"
    [ $# -lt 4 ] || echo "$4" >"$at/dm/name"
    ln -s "$at" "$UMOCKDEV_DIR/sys/class/block/$2"
    ln -s "$at" "$UMOCKDEV_DIR/sys/class/block/$1/holders/$2"
}
