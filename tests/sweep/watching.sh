# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The guests of "make soak-watch": "win" (HVM), "db" (HVM), and "web", a PV guest whose PVUSB QEMU the watcher starts.
# Needs lib.sh; watching.py calls these functions inside the scene.

. "$RIG_SRC/lib-watch.sh"

# A fixed UUID for each name: a reboot changes the id only.
uuid_for() { printf '12345678-0000-4000-8000-%012x' "$(cksum <<<"$1" | cut -d' ' -f1)"; }

# guest_comes NAME TYPE ID, guest_leaves NAME ID
guest_comes()
{
    domain_up "$3" "$2" "$1" "$(uuid_for "$1")"
    if [ "$2" = hvm ]; then
        qemu_up "$3"
    else
        frontend_up "$3"
    fi
}

guest_leaves()
{
    local server
    if [ "$1" = web ]; then
        # The QEMU ends with its domain, as libxl has it.
        server=$(xenstore-read "/local/domain/$2/image/device-model-pid" 2>/dev/null) || server=
        [ -z "$server" ] || ! is_alive "$server" || end_process "$server"
        end_process "$(<"$T/play-frontend-$2.pid")"
    fi
    domain_down "$2"
}

# The device model dies; the domain stays.
qemu_dies()
{
    local server
    if [ "$1" = web ]; then
        server=$(xenstore-read "/local/domain/$2/image/device-model-pid" 2>/dev/null) || return 0
        ! is_alive "$server" || end_process "$server"
    elif [ -e "$(qemu_file "$2").pid" ]; then
        qemu_down "$2"
    fi
}

daemon_ends()
{
    end_process "$(pgrep -f '/o?xenstored ')"
    rm -f "$FAKEXEN_DIR"/{evt*,ring-*,guest-*.sock} /run/xenstored/*
}

# daemon_again ID...: with these domains.
daemon_again()
{
    local domains
    domains=$(<"$FAKEXEN_DIR/domains")
    xenstore_up "$XENSTORED"
    write_domains <<<"$domains"
    for id; do "$RIG/guestxs" introduce "$id"; done
}
