# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for PVUSB: the backend and the frontend are played (pvplay.c), with real xenstore
# between them.

# plays NAME COMMAND...: start it in the background, and wait until it says so.
plays()
{
    local name=$1
    shift
    "$@" >"$T/play-$name.out" 2>"$T/play-$name.log" &
    echo $! >"$T/play-$name.pid"
    wait_for grep -q playing "$T/play-$name.out"
}

# backend_up KIND ID [VERSION]: QEMU (qusb) of that version, or the kernel (vusb), serves domain ID.
backend_up()
{
    plays "backend-$1-$2" env LD_PRELOAD="$RIG/fakexen.so${LD_PRELOAD:+:$LD_PRELOAD}" \
        "$RIG/pvplay" backend "$@"
    # By this libxl tells that a domain has a QEMU.
    [ "$1" != qusb ] || xenstore-write "/local/domain/$2/image/device-model-pid" \
        "$(<"$T/play-backend-$1-$2.pid")"
}

# backend_down KIND ID: it is gone, as if killed.
backend_down()
{
    end_process "$(<"$T/play-backend-$1-$2.pid")"
}

# xen_qemu VERSION [WORDS]: where libxl says that its QEMU is, there is one of that version with PVUSB,
# which xenusb can start. Its arguments, a line each, go to $T/qemu-arguments. WORDS are bash of its
# own: "exit 1" makes one that does not start.
xen_qemu()
{
    grep -aq /usr/libexec/xen-qemu-system-i386 /usr/lib/*/libxenlight.so.[0-9]* ||
        skip "the libxl of this machine starts another QEMU"
    mountpoint -q /usr/libexec || own_directory /usr/libexec
    rm -f /usr/libexec/xen-qemu-system-i386
    cat >/usr/libexec/xen-qemu-system-i386 <<END
#!/bin/bash
printf '%s\n' "\$@" >$T/qemu-arguments
${2:-}
exec $RIG/pvplay backend qusb "\$2" $1
END
    # The word by which a QEMU with PVUSB is known.
    printf 'qusb\0' >>/usr/libexec/xen-qemu-system-i386
    chmod 755 /usr/libexec/xen-qemu-system-i386
}

# frontend_up ID [stuck|busy|full|deaf]: the guest has a driver for PVUSB (pvplay.c).
frontend_up()
{
    local id=$1
    shift
    guest "$id" xenstore-exists domid || true
    plays "frontend-$id" env XENSTORED_PATH="$FAKEXEN_DIR/guest-$id.sock" "$RIG/pvplay" frontend "$@"
}

# pv_guest ID NAME [KIND [VERSION]]: a PV guest with a backend of that kind and a frontend.
pv_guest()
{
    domain_up "$1" pv "$2"
    backend_up "${3:-qusb}" "$1" ${4:+"$4"}
    frontend_up "$1"
}
