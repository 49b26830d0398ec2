# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for QEMU. Every QEMU has three sockets: the one under test, a second QMP monitor
# ("watch") that shows the test QEMU's state while the first is in use, and a qtest socket through which
# the test acts as the guest. A QEMU is named by its domain id, or by the path of its QMP socket.

QEMU=${QEMU:-qemu-system-x86_64}

# qemu_start NAME SOCKET ARGS...: start a QEMU, its processors stopped (-S) unless QEMU_RUNS=1.
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
    # Once it answers, it has processed its whole command line.
    "$RIG/qmpc" -t $((20 * RIG_SCALE)) "$file.watch" query-status >"$T/waiting" 2>&1 ||
        fail "QEMU did not start: $QEMU $*"
}

# The path prefix of a QEMU's files, except the socket under test.
qemu_file()
{
    echo "$T/qemu-${1//\//_}"
}

# qemu_up DOMID [ARGS...]: start the device model of a domain, with the socket and the records of libxl.
qemu_up()
{
    local id=$1
    shift
    qemu_start "$id" "/run/xen/qmp-libxl-$id" -name "$(xenstore-read "/local/domain/$id/name")" "$@"
    xenstore-write "/local/domain/0/device-model/$id/state" running \
        "/local/domain/$id/image/device-model-pid" "$(qemu_pid "$id")"
    xenstore-chmod "/local/domain/0/device-model/$id" n0 "r$id"
}

# qemu_plain SOCKET [ARGS...]: start a QEMU that no toolstack knows.
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

# qemu_down NAME: kill it. Its sockets remain.
qemu_down()
{
    end_process "$(qemu_pid "$1")"
    rm "$(qemu_file "$1").pid"
}

want_qemu_alive()
{
    is_alive "$(qemu_pid "$1")" || fail "QEMU $1 is dead"
}

# qmp NAME COMMAND...: print QEMU's answers on its second monitor, one line each.
qmp()
{
    local file
    file=$(qemu_file "$1")
    shift
    "$RIG/qmpc" "$file.watch" "$@"
}

# qom_get NAME PATH|ID PROPERTY: print a property of an object, or of the device with this id, as JSON.
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
    [ "$value" = "$4" ] || fail "$3 of $2 is ${value:-missing}, wanted $4"
}

qom_is()
{
    [ "$(qom_get "$1" "$2" "$3")" = "$4" ]
}

# wait_qom NAME ID PROPERTY JSON: wait until the property has this value. A running QEMU needs 2 s to notice
# that a host device was plugged in or unplugged.
wait_qom()
{
    wait_for qom_is "$@"
}

# Print the ids of all devices of QEMU NAME that have one, sorted, one per line.
peripherals()
{
    qmp "$1" '{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}' |
        sed 's/}, {/}\n{/g' | sed -n '/"child</ s/.*"name": "\([^"]*\)".*/\1/p' | sort
}

# want_device NAME ID [TYPE]: QEMU has this device, of this type.
want_device()
{
    local type
    peripherals "$1" | grep -Fxq -e "$2" ||
        fail "QEMU has no device $2, only: $(peripherals "$1" | tr '\n' ' ')"
    [ $# -lt 3 ] && return 0
    type=$(qom_get "$1" "$2" type)
    [ "$type" = "\"$3\"" ] || fail "device $2 is a $type, wanted $3"
}

want_no_device()
{
    lacks_device "$1" "$2" || fail "QEMU still has device $2"
}

# wait_no_device NAME ID: wait until QEMU has removed it.
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

# qtest NAME LINE...: act as the guest's processor (QEMU's docs/devel/testing/qtest.rst).
qtest()
{
    local file
    file=$(qemu_file "$1")
    shift
    "$RIG/qmpc" -q "$file.qtest" "$@"
}

# Print the bit of a PCI device's slot in the ACPI hotplug registers of a pc machine
# (docs/specs/acpi_pci_hotplug.rst: bus selector 0xae10, removal requested 0xae04, eject 0xae08).
slot_bit()
{
    local address
    address=$(qom_get "$1" "$2" addr) # slot * 8 + function
    [[ $address =~ ^[0-9]+$ ]] || fail "QEMU has no PCI device $2"
    echo $((1 << (address / 8)))
}

# is_asked_to_eject NAME BIT: device_del has requested the removal, and the guest has not ejected the device.
is_asked_to_eject()
{
    local answer
    answer=$(qtest "$1" 'outl 0xae10 0' 'inl 0xae04' | tail -n 1)
    (((${answer#OK } & $2) != 0))
}

# guest_is_asked NAME ID: wait until device_del has asked the guest to eject a PCI device.
guest_is_asked()
{
    wait_for is_asked_to_eject "$1" "$(slot_bit "$1" "$2")"
}

# guest_ejects NAME ID: wait until the guest is asked to eject a PCI device, and do it.
guest_ejects()
{
    local bit
    bit=$(slot_bit "$1" "$2")
    wait_for is_asked_to_eject "$1" "$bit"
    qtest "$1" 'outl 0xae10 0' "outl 0xae08 $bit" >"$T/waiting"
}
