# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh's words for xenstore, domains, guests and xl. The records are those that libxl writes when it
# creates a domain (libxl_create.c, libxl_dm.c), as far as xl and xenusb read them.

export FAKEXEN_DIR=$T/xen

# Print the path of a program of the newest installed Xen. Debian has one directory for each release; the
# wrappers in sbin need a running hypervisor.
xen_program()
{
    local found=''
    for found in $(printf '%s\n' /usr/lib/xen-[0-9]*/bin | sort -rV) /usr/lib/xen/bin \
        /usr/libexec/xen/bin /usr/local/sbin /usr/sbin; do
        [ -x "$found/$1" ] && echo "$found/$1" && return 0
    done
    fail "this machine has no $1"
}

# Start the real xenstored (c, the default, or ocaml) with domain 0 in it.
xenstore_up()
{
    local kind=${1:-c} program options=()
    mkdir -p "$FAKEXEN_DIR"
    echo 0 >"$FAKEXEN_DIR/domains"
    mkfifo "$FAKEXEN_DIR/evt"
    case $kind in
    c)
        program=$(xen_program xenstored)
        # Xen 4.17 stores its nodes in a file without this option; later versions have no such file.
        if "$program" --help 2>&1 | grep -q -e --internal-db; then options=(--internal-db); fi
        preloaded "$program" --no-fork "${options[@]}" >"$T/xenstored.log" 2>&1 &
        ;;
    ocaml)
        program=$(xen_program oxenstored)
        truncate -s 4096 "$FAKEXEN_DIR/ring-0"
        printf 9 >"$FAKEXEN_DIR/xsd_port"
        printf '%s\n' "pid-file = $T/oxenstored.pid" "persistent = false" \
            "access-log-file = $T/oxenstored.access" "xenstored-log-file = $T/oxenstored.log" \
            "xenstored-kva = $FAKEXEN_DIR/ring-0" "xenstored-port = $FAKEXEN_DIR/xsd_port" \
            >"$T/oxenstored.conf"
        preloaded "$program" --no-fork --config-file "$T/oxenstored.conf" \
            >"$T/xenstored.log" 2>&1 &
        ;;
    *) fail "xenstore_up: want c or ocaml, not $kind" ;;
    esac
    # The daemon creates /tool before it listens, and may fork between the two.
    wait_for xenstore-exists /tool
    xenstore-write /local/domain/0/name Domain-0 /local/domain/0/domid 0 \
        /local/domain/0/vm /vm/00000000-0000-0000-0000-000000000000
}

# Run a daemon over the fake hypervisor.
preloaded()
{
    LD_PRELOAD="$RIG/fakexen.so${LD_PRELOAD:+:$LD_PRELOAD}" exec "$@"
}

# The default UUID of domain $1: it ends with the domid.
default_uuid()
{
    printf '00000000-0000-0000-0000-%012x' "$1"
}

# The UUID of domain $1.
uuid_of()
{
    local vm
    vm=$(xenstore-read "/local/domain/$1/vm")
    echo "${vm#/vm/}"
}

# Replace the hypervisor's list of domains with standard input, atomically.
write_domains()
{
    cat >"$FAKEXEN_DIR/domains.new"
    mv "$FAKEXEN_DIR/domains.new" "$FAKEXEN_DIR/domains"
}

# domain_up ID hvm|pvh|pv NAME [UUID]: a domain as xl leaves it after "xl create".
domain_up()
{
    local id=$1 type=$2 name=$3 uuid=${4:-$(default_uuid "$1")} words=
    [ "$type" = pv ] || words='hvm hap'
    { cat "$FAKEXEN_DIR/domains" && echo "$id $words uuid=$uuid"; } | write_domains
    "$RIG/guestxs" introduce "$id"
    # New nodes inherit the permissions of their parent.
    xenstore-write "/vm/$uuid" '' "/local/domain/$id" '' "/libxl/$id" ''
    xenstore-chmod "/vm/$uuid" n0 "r$id"
    xenstore-chmod "/local/domain/$id" n0 "r$id"
    xenstore-chmod "/libxl/$id" n0
    xenstore-write \
        "/vm/$uuid/uuid" "$uuid" "/vm/$uuid/name" "$name" \
        "/local/domain/$id/vm" "/vm/$uuid" "/local/domain/$id/name" "$name" \
        "/local/domain/$id/domid" "$id" "/local/domain/$id/device" '' \
        "/local/domain/$id/data" '' \
        "/libxl/$id/type" "$type" "/libxl/$id/dm-version" qemu_xen
    xenstore-chmod "/local/domain/$id/data" "n$id"
    printf '{"c_info": {"type": "%s", "name": "%s", "uuid": "%s"}, "b_info": {"type.%s": {}}}' \
        "$type" "$name" "$uuid" "$type" >"/var/lib/xen/userdata-d.$id.$uuid.libxl-json"
}

# hang PLAYER: stop a simulated backend or frontend ("backend-qusb-3"), but not within a message to xenstored, which
# would wait for the rest of it.
hang() { stop_process "$(<"$T/play-$1.pid")"; }

# stop_process PID: the same, for any client of xenstored.
stop_process()
{
    until kill -STOP "$1" && timeout 2 xenstore-exists /tool; do
        kill -CONT "$1"
        sleep 0.05
    done
}

# Domain ID disappears from the hypervisor; nothing of it is cleaned up.
domain_dies()
{
    grep -v "^$1 " "$FAKEXEN_DIR/domains" | write_domains
    printf '\x01\0\0\0' >"$FAKEXEN_DIR/evt"
}

# Domain ID ends, and its QEMU and its records are removed as the toolstack does.
domain_down()
{
    local uuid path
    uuid=$(uuid_of "$1")
    [ ! -e "$(qemu_file "$1").pid" ] || qemu_down "$1"
    guest_ends "$1"
    domain_dies "$1"
    for path in "/local/domain/$1" "/libxl/$1" "/vm/$uuid" "/local/domain/0/device-model/$1" \
        "/local/domain/0/backend/"{vusb,qusb}"/$1"; do
        ! xenstore-exists "$path" || xenstore-rm "$path"
    done
    rm -f /var/lib/xen/userdata-*."$1.$uuid".*
    rm -f "$FAKEXEN_DIR/ring-$1" "$FAKEXEN_DIR/evt-$1"
}

# guest ID CMD...: run a xenstore client as domain ID, with no more rights than it has.
guest()
{
    local id=$1
    shift
    if [ ! -e "$T/guest-$id.pid" ]; then
        "$RIG/guestxs" serve "$id" >"$T/guest-$id.log" 2>&1 &
        echo $! >"$T/guest-$id.pid"
        wait_for test -S "$FAKEXEN_DIR/guest-$id.sock"
    fi
    XENSTORED_PATH=$FAKEXEN_DIR/guest-$id.sock timeout --kill-after=2 "$COMMAND_LIMIT" "$@"
}

# The kernel of domain ID is gone: stop the process that acts as the guest.
guest_ends()
{
    [ -e "$T/guest-$1.pid" ] || return 0
    end_process "$(<"$T/guest-$1.pid")"
    rm -f "$T/guest-$1.pid" "$FAKEXEN_DIR/guest-$1.sock"
}

# The distribution's own xl.
xl()
{
    local program
    program=$(xen_program xl)
    on_xen "$program" "$@"
}

# want_xs PATH VALUE: the node exists and has this value. The value may be empty.
want_xs()
{
    local value
    value=$(xenstore-read "$1" 2>&1) || fail "no node $1, wanted \"$2\""
    [ "$value" = "$2" ] || fail "$1 is \"$value\", wanted \"$2\""
}

want_no_xs()
{
    ! xenstore-exists "$1" || fail "node $1 exists: $(xenstore-ls -f "$1")"
}

# want_xs_perms PATH PERMS: as xenstore-ls -p prints them, such as n3,r0.
want_xs_perms()
{
    local perms
    perms=$(xs_perms "$1")
    [ "$perms" = "$2" ] || fail "$1 has permissions $perms, wanted $2"
}

xs_perms()
{
    xenstore-ls -fp "${1%/*}" | sed -n "s|^$1 = .*(\([^()]*\))\$|\1|p"
}

# Print every node below PATH, one per line, sorted, to compare with an earlier state.
xs_dump()
{
    { xenstore-ls -fp "$1" 2>/dev/null || true; } | sort
}

# wait_xs PATH VALUE: wait until the node has this value.
wait_xs()
{
    wait_for xs_is "$1" "$2"
}

xs_is()
{
    [ "$(xenstore-read "$1")" = "$2" ]
}
