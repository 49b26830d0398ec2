# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for QEMU. Every QEMU has three sockets: the one under test, a second QMP monitor
# ("watch") by which the test sees QEMU's own truth while the first is held, and a qtest socket by
# which the test plays the guest. A QEMU is named by its domain id, or by the path of its QMP socket.

QEMU=${QEMU:-qemu-system-x86_64}

# qemu_start NAME SOCKET ARGS...: one QEMU, its processors stopped (-S) unless QEMU_RUNS=1.
qemu_start()
{
    local name=$1 socket=$2 file stopped=-S
    shift 2
    file=$(qemu_file "$name")
    [ "${QEMU_RUNS:-0}" = 0 ] || stopped=
    rm -f "$socket" "$file.watch" "$file.qtest"
    "$QEMU" -machine "${QEMU_MACHINE:-pc}" -accel tcg -m 16 -nodefaults -no-user-config \
        -no-shutdown -display none $stopped \
        -chardev "socket,id=libxl-cmd,path=$socket,server=on,wait=off" \
        -mon chardev=libxl-cmd,mode=control \
        -qmp "unix:$file.watch,server=on,wait=off" \
        -qtest "unix:$file.qtest,server=on,wait=off" -qtest-log none \
        "$@" </dev/null >"$file.log" 2>&1 &
    echo $! >"$file.pid"
    # It answers: all of its command line has been carried out.
    "$RIG/qmpc" -t $((20 * RIG_SCALE)) "$file.watch" query-status >"$T/waiting" 2>&1 ||
        fail "QEMU did not start: $QEMU $*"
}

# Where the files of a QEMU lie: all but the socket under test.
qemu_file()
{
    echo "$T/qemu-${1//\//_}"
}

# qemu_up DOMID [ARGS...]: the device model of a domain, where libxl puts it and says so.
qemu_up()
{
    local id=$1
    shift
    qemu_start "$id" "/run/xen/qmp-libxl-$id" -name "$(xenstore-read "/local/domain/$id/name")" "$@"
    xenstore-write "/local/domain/0/device-model/$id/state" running \
        "/local/domain/$id/image/device-model-pid" "$(qemu_pid "$id")"
    xenstore-chmod "/local/domain/0/device-model/$id" n0 "r$id"
}

# qemu_plain SOCKET [ARGS...]: a QEMU that no toolstack knows.
qemu_plain()
{
    local socket=$1
    shift
    qemu_start "$socket" "$socket" "$@"
}

qemu_pid()
{
    cat "$(qemu_file "$1").pid"
}

# qemu_down NAME: it dies at once, and leaves its sockets behind as a killed one does.
qemu_down()
{
    end_process "$(qemu_pid "$1")"
    rm "$(qemu_file "$1").pid"
}

want_qemu_alive()
{
    is_alive "$(qemu_pid "$1")" || fail "QEMU $1 is dead"
}

# qmp NAME COMMAND...: what QEMU answers on its second monitor, one line each.
qmp()
{
    local file
    file=$(qemu_file "$1")
    shift
    "$RIG/qmpc" "$file.watch" "$@"
}

# The property PROPERTY of the object at PATH (or of the device with this id), as JSON.
qom_get()
{
    local path=$2
    [[ $path == /* ]] || path=/machine/peripheral/$path
    qmp "$1" "{\"execute\": \"qom-get\", \"arguments\": {\"path\": \"$path\", \"property\": \"$3\"}}" |
        sed -n 's/^{"return": \(.*\)}$/\1/p'
}

# want_qom NAME ID PROPERTY JSON
want_qom()
{
    local value
    value=$(qom_get "$1" "$2" "$3")
    [ "$value" = "$4" ] || fail "$3 of $2 is ${value:-not there}, wanted $4"
}

qom_is()
{
    [ "$(qom_get "$1" "$2" "$3")" = "$4" ]
}

# wait_qom NAME ID PROPERTY JSON: until it is so. A running QEMU takes 2 s to see a host device come or go.
wait_qom()
{
    wait_for qom_is "$@"
}

# The ids of all devices of QEMU NAME that have one, sorted, one a line.
peripherals()
{
    qmp "$1" '{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}' |
        sed 's/}, {/}\n{/g' | sed -n '/"child</ s/.*"name": "\([^"]*\)".*/\1/p' | sort
}

# want_device NAME ID [TYPE]: QEMU has this device.
want_device()
{
    local type
    peripherals "$1" | grep -Fxq -e "$2" ||
        fail "QEMU has no device $2 but: $(peripherals "$1" | tr '\n' ' ')"
    [ $# -lt 3 ] && return 0
    type=$(qom_get "$1" "$2" type)
    [ "$type" = "\"$3\"" ] || fail "device $2 is a $type, wanted $3"
}

want_no_device()
{
    lacks_device "$1" "$2" || fail "QEMU still has device $2"
}

# wait_no_device NAME ID: until QEMU has let go of it.
wait_no_device()
{
    wait_for lacks_device "$@"
}

lacks_device()
{
    ! peripherals "$1" | grep -Fxq -e "$2"
}

# want_devices NAME [ID...]: QEMU has these and no others.
want_devices()
{
    local name=$1 have want
    shift
    have=$(peripherals "$name") want=$([ $# = 0 ] || printf '%s\n' "$@" | sort)
    [ "$have" = "$want" ] || fail "QEMU has: ${have//$'\n'/ }; wanted: ${want//$'\n'/ }"
}

# qtest NAME LINE...: play the guest's processor (QEMU's docs/devel/testing/qtest.rst).
qtest()
{
    local file
    file=$(qemu_file "$1")
    shift
    "$RIG/qmpc" -q "$file.qtest" "$@"
}

# What a guest of a pc machine knows of a PCI device on the root bus (docs/specs/acpi_pci_hotplug.rst:
# bus selector 0xae10, asked to go 0xae04, eject 0xae08): its slot's bit.
slot_bit()
{
    local address
    address=$(qom_get "$1" "$2" addr) # slot * 8 + function
    [[ $address =~ ^[0-9]+$ ]] || fail "QEMU has no PCI device $2"
    echo $((1 << (address / 8)))
}

# is_asked_to_eject NAME BIT: device_del asked for the device of that slot, and the guest has not done it.
is_asked_to_eject()
{
    local answer
    answer=$(qtest "$1" 'outl 0xae10 0' 'inl 0xae04' | tail -n 1)
    (((${answer#OK } & $2) != 0))
}

# guest_is_asked NAME ID: wait until device_del asked the guest to let go of a PCI device.
guest_is_asked()
{
    wait_for is_asked_to_eject "$1" "$(slot_bit "$1" "$2")"
}

# guest_ejects NAME ID: once it is asked, the guest's ACPI lets go of a PCI device.
guest_ejects()
{
    local bit
    bit=$(slot_bit "$1" "$2")
    wait_for is_asked_to_eject "$1" "$bit"
    qtest "$1" 'outl 0xae10 0' "outl 0xae08 $bit" >"$T/waiting"
}
