# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for PVUSB: a simulated backend and frontend (pvplay.c) with a real xenstore between them.

# plays NAME COMMAND...: start it in the background, and wait until it reports that it is ready.
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
    # libxl looks here for the QEMU of a domain.
    [ "$1" != qusb ] || xenstore-write "/local/domain/$2/image/device-model-pid" \
        "$(<"$T/play-backend-$1-$2.pid")"
}

# backend_down KIND ID: kill it.
backend_down()
{
    end_process "$(<"$T/play-backend-$1-$2.pid")"
}

# xen_qemu VERSION [CODE]: install a simulated QEMU of that version with PVUSB where libxl looks for its
# QEMU, for xenusb to start. It writes its arguments to $T/qemu-arguments, one per line. CODE is bash that it
# runs first: "exit 1" makes a QEMU that does not start.
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
    # xenusb looks for this string to see whether a QEMU supports PVUSB.
    printf 'qusb\0' >>/usr/libexec/xen-qemu-system-i386
    chmod 755 /usr/libexec/xen-qemu-system-i386
}

# frontend_up ID [stuck|busy|full|deaf]: start the guest's PVUSB driver (pvplay.c).
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
