# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The words of the lab's jobs; README.md lists them. A job is a bash script that runs as root in dom0 of the
# emulated machine, a real Xen host. It defines functions case_*, which run in the order of the file, and ends
# with run_cases. Each case starts from the state that the one before it left. A command that fails ends its
# case (set -e), unless "run" calls it.

set -eEuo pipefail

T=/tmp/job
mkdir -p "$T"
# How many times slower than a quiet machine this one may be: a factor of all time limits.
SLOW=$(sed -n 's/.*\bslow=\([0-9]*\).*/\1/p' /proc/cmdline)
: "${SLOW:=1}" "${COMMAND_LIMIT:=120}" # COMMAND_LIMIT: seconds for one command of "run"
MARK=$(cat /out/mark)
STICK_SHA256=$(cat /out/stick.sha256)
rc=0
exec {tap}>&1

# ---- the cases ----

# Print a comment to the TAP, also if the case passes.
note() { echo "# $*" >&"$tap"; }

fail()
{
    trap - ERR
    echo "$*"
    local depth
    for ((depth = 0; depth < ${#FUNCNAME[@]} - 2; depth++)); do
        [[ ${BASH_SOURCE[depth + 1]} != */lib.sh && ${FUNCNAME[depth + 1]} != main ]] &&
            echo "  at ${BASH_SOURCE[depth + 1]##*/}:${BASH_LINENO[depth]} (${FUNCNAME[depth + 1]})"
    done
    [ ! -e "$T/command" ] || { echo "  \$ $(cat "$T/command")"; sed 's/^/  | /' "$T/out" "$T/err"; echo "  status $(cat "$T/rc")"; }
    exit 1
}

# attempt FILE COMMAND...: run a function with its output in FILE; a failure ends only the function. Its status
# is $attempt_rc: not that of attempt, because "set -e" has no effect in a condition.
attempt()
{
    local on_error
    on_error=$(trap -p ERR)
    trap - ERR
    set +e
    (
        set -e
        trap 'fail "failed with status $?: $BASH_COMMAND"' ERR
        "${@:2}"
    ) >"$1" 2>&1
    attempt_rc=$?
    set -e
    eval "$on_error"
}

# Print the state of all guests, to understand a failure later.
show_state()
{
    [ -e /proc/xen/capabilities ] || return 0
    xenusb list 2>&1 || true
    xl list || true
    xenstore-ls -f 2>/dev/null | grep -E 'usb/.*/(state|port/[0-9]+) = "[^"]' || true
}

# With "marks=yes" the host adds a case: it checks what the guest wrote to the stick.
run_cases()
{
    local names name number=0 began outside=0
    shopt -s extdebug
    names=$(compgen -A function case_ | while read -r name; do declare -F "$name"; done |
        sort -k2n | cut -d' ' -f1)
    shopt -u extdebug
    set -- $names
    [ -z "${marks:-}" ] || { outside=1 && echo $# >/out/marked; }
    echo "1..$(($# + outside))"
    for name; do
        number=$((number + 1)) began=$SECONDS
        rm -f "$T/command"
        attempt "$T/case" "$name"
        if [ $attempt_rc = 0 ]; then
            echo "ok $number - $name"
            echo "# $((SECONDS - began)) s"
        else
            echo "not ok $number - $name"
            { cat "$T/case"; show_state; } 2>&1 | sed 's/^/# /'
        fi
    done
}

run()
{
    rc=0
    echo "$*" >"$T/command"
    timeout --kill-after=5 $((COMMAND_LIMIT * SLOW)) "$@" >"$T/out" 2>"$T/err" || rc=$?
    echo $rc >"$T/rc"
    { echo "\$ $*"; cat "$T/out" "$T/err"; echo "status $rc"; } >>/out/commands.log
}

want_rc() { [ "$rc" = "$1" ] || fail "the status is $rc, not $1"; }
want_out() { one "$@" && grep -Eq -e "$1" "$T/out" || fail "no line of stdout matches '$1'"; }
want_err() { one "$@" && grep -Eq -e "$1" "$T/err" || fail "no line of stderr matches '$1'"; }
want_no_out() { one "$@" && ! grep -Eq -e "$1" "$T/out" || fail "a line of stdout matches '$1'"; }
want_no_err() { [ ! -s "$T/err" ] || fail "stderr is not empty"; }
one() { [ $# = 1 ] || fail "want one expression, not $#: $*"; }

# refused RC RE CMD...: the command fails with this status and a matching message.
refused()
{
    run "${@:3}"
    want_rc "$1"
    want_err "$2"
}

# wait_for SECONDS CMD...: wait until the command succeeds, at most SLOW times as long.
wait_for()
{
    local limit=$((SECONDS + $1 * SLOW))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < limit)) || fail "timed out waiting for: $*"
        sleep 0.2
    done
}

is() { [ "$("${@:2}")" = "$1" ]; }

# ---- the emulated machine's USB devices ----

exec {outer_port}<>/dev/virtio-ports/outer
outer_read()
{
    local line
    while IFS= read -r -t $((10 * SLOW)) -u "$outer_port" line; do
        [[ $line == *"$1"* ]] && { echo "$line"; return 0; }
        [[ $line == *'"error"'* ]] && { echo "outside: $line"; return 1; }
    done
    echo "outside: no answer"
    return 1
}

# Send a command to the QEMU that emulates this machine, as JSON.
outer()
{
    echo "$1" >&"$outer_port"
    outer_read '"return"'
}

outer '{"execute": "qmp_capabilities"}' >/dev/null

plug()
{
    local name where
    for name; do
        case $name in
        stick) where='"driver": "usb-storage", "bus": "xhci.0", "port": "2", "drive": "stick", "serial": "STICK1"' ;;
        keyboard) where='"driver": "usb-kbd", "bus": "xhci.0", "port": "1", "serial": "KEYBOARD1"' ;;
        mouse) where='"driver": "usb-mouse", "bus": "ehci.0", "port": "1", "serial": "MOUSE1"' ;;
        tablet) where='"driver": "usb-tablet", "bus": "uhci.0", "port": "1", "serial": "TABLET1"' ;;
        headset) where='"driver": "usb-audio", "bus": "xhci.0", "port": "3", "audiodev": "silence", "serial": "HEADSET1"' ;;
        *) fail "no such device: $name" ;;
        esac
        # The stick's image can be used again only after the last request to it has completed.
        wait_for 15 outer "{\"execute\": \"device_add\", \"arguments\": {\"id\": \"$name\", $where}}"
    done
    for name; do wait_for 15 host_device "${name^^}1"; done
    udevadm settle --timeout=$((20 * SLOW))
    sleep 1 # by now a driver or a QEMU that waits for it has opened it
}

unplug()
{
    local name
    for name; do outer "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"$name\"}}"; done
    for name; do wait_for 15 no_host_device "${name^^}1"; done
    udevadm settle --timeout=$((20 * SLOW))
}

# ---- the host's view ----

# The busid of the device with this serial number.
host_device()
{
    local path serial
    for path in /sys/bus/usb/devices/*/serial; do
        { read -r serial <"$path"; } 2>/dev/null && [ "$serial" = "$1" ] || continue
        path=${path%/serial}
        echo "${path##*/}"
        return 0
    done
    return 1
}

no_host_device() { ! host_device "$1"; }

# The driver of its first interface; fails if it has none.
host_driver()
{
    local name path
    name=$(host_device "$1") && path=$(readlink -e "/sys/bus/usb/devices/$name/$name:1.0/driver") &&
        echo "${path##*/}"
}

host_address()
{
    local name
    name=$(host_device "$1")
    echo "$(cat "/sys/bus/usb/devices/$name/busnum").$(cat "/sys/bus/usb/devices/$name/devnum")"
}

# The device's node.
host_node()
{
    local address
    address=$(host_address "$1") && printf '/dev/bus/usb/%03d/%03d\n' "${address%.*}" "${address#*.}"
}

# has_open PID NODE: the process has it open. Starts no process: that takes a long time in this machine.
has_open()
{
    local fd
    for fd in "/proc/$1/fd"/*; do
        [ ! "$fd" -ef "$2" ] || return 0
    done
    return 1
}

want_driver() { is "$2" host_driver "$1" || fail "the driver of $1 is '$(host_driver "$1")', not $2"; }

want_no_driver()
{
    host_device "$1" >/dev/null && ! host_driver "$1" || fail "$1 is absent or has the driver '$(host_driver "$1")'"
}

# Print the nodes of a domain's USB in xenstore; the domain need not exist any more.
usb_nodes() { xenstore-ls -f | grep -E "^/local/domain/0/backend/(qusb|vusb)/$1/|^(/libxl|/local/domain)/$1/device/vusb/"; }

want_no_usb_nodes() { ! usb_nodes "$1" || fail "xenstore still has USB nodes of domain $1"; }

want_xs() { is "$2" xenstore-read "$1" || fail "$1 is '$(xenstore-read "$1" 2>&1)', not '$2'"; }

# qmp DOMAIN COMMAND...: print QEMU's answers.
qmp() { qmpc -t $((20 * SLOW)) "/run/xen/qmp-libxl-$(xl domid "$1")" "${@:2}"; }

# qom DOMAIN ID PROPERTY: print QEMU's answer about a property of a device.
qom()
{
    qmp "$1" "{\"execute\": \"qom-get\", \"arguments\": {\"path\": \"/machine/peripheral/$2\", \"property\": \"$3\"}}"
}

want_qom()
{
    local answer
    answer=$(qom "$1" "$2" "$3")
    [[ $answer == *"\"return\": $4"* ]] || fail "QEMU's answer about $3 of $2: $answer"
}

# ---- guests ----

# guest_config NAME TYPE [WORDS]: print a config for xl, with further lines from standard input, and WORDS for
# the guest's kernel.
guest_config()
{
    local name=$1 type=$2 words=${3:-}
    cat <<END
name = "$name"
type = "$type"
memory = 200
vcpus = 1
on_crash = "destroy"
ramdisk = "/tmp/guest.cpio"
END
    case $type in
    hvm) cat <<END ;;
kernel = "/tmp/vmlinuz"
extra = "console=ttyS0 loglevel=4 xen_emul_unplug=never mark=$MARK $words"
serial = "file:/var/log/xen/console/guest-$name.log"
vga = "none"
nographic = 1
END
    *) cat <<END ;;
kernel = "/tmp/vmlinux"
extra = "console=hvc0 loglevel=4 quiet mark=$MARK $words"
END
    esac
    cat
}

# Copy the images to memory, because xl maps the files that it boots.
guest_images() { cp -n /out/guest.cpio /out/vmlinux /out/vmlinuz /tmp/; }

# Print the guest's messages, without what its kernel appended to the same line.
guest_log()
{
    LC_ALL=C sed -n 's/\r//g; s/^\(GUEST .*\)\[ *[0-9]*\.[0-9]\{6\}\] .*/\1/; /^GUEST /p' "/var/log/xen/console/guest-$1.log"
}

# guest_has NAME SERIAL: print the guest's last message about the device; fail if that was its removal.
guest_has()
{
    guest_log "$1" | awk -v serial="$2" '/^GUEST (plus|minus) / && $NF == serial { last = $0 }
        END { if (last !~ /^GUEST plus /) exit 1; print last }'
}

guest_has_not() { ! guest_has "$@"; }

# How often the guest has seen the device being plugged in.
guest_arrivals() { guest_log "$1" | grep -cE "^GUEST plus .* $2\$" || true; }

guest_has_again() { [ "$(guest_arrivals "$1" "$2")" -gt "$3" ] && guest_has "$1" "$2"; }

# The process id of the domain's QEMU, according to libxl.
qemu_pid() { xenstore-read "/local/domain/$(xl domid "$1")/image/device-model-pid"; }

# want_qemu_pid NAME PID: the domain's QEMU is still this process, and alive.
want_qemu_pid()
{
    is "$2" qemu_pid "$1" && kill -0 "$2" || fail "the QEMU of $1 was $2 and is now '$(qemu_pid "$1" 2>&1)'"
}

is_no_process() { [ -n "$1" ] && ! kill -0 "$1" 2>/dev/null; }

guest_ready() { [ "$(guest_log "$1" | grep -c '^GUEST ready')" -ge "${2:-1}" ]; }

# want_guest NAME SERIAL SPEED [SECONDS]
want_guest()
{
    wait_for "${4:-30}" guest_has "$1" "$2"
    [[ $(guest_has "$1" "$2") == *" $3 $2" ]] || fail "the guest sees: $(guest_has "$1" "$2")"
}

guest_read_stick() { [ "$(guest_log "$1" | grep -c "^GUEST disk sd[a-z] $STICK_SHA256\$")" -ge "$2" ]; }

# The same, since the stick was last plugged in.
guest_read_last_stick()
{
    guest_log "$1" | awk -v sum="$STICK_SHA256" '/^GUEST plus .* STICK1$/ { read = 0 } $2 == "disk" && $4 == sum { read = 1 }
        END { exit !read }'
}
