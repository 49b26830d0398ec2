# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Guests with many devices, and hosts with many guests, for the tests that count and for "make bench". Needs
# lib.sh. The devices are the sticks of "usb_tree COUNT".

# stick_config NAME TYPE CONTROLLER COUNT: print a config with this controller, and sticks in its first COUNT
# ports.
stick_config()
{
    local port
    printf '%s\n' "name='$1'" "type='$2'" "usbcontroller=['$3,name=c0']" 'usbdevice=['
    for ((port = 1; port <= $4; port++)); do echo "    'busid=3-$port,bus=c0,port=$port',"; done
    echo ']'
}

# hvm_scene COUNT: a running HVM guest, domain 3, and a config for it with COUNT devices in $T/a.cfg.
hvm_scene()
{
    xenstore_up
    domain_up 3 hvm win10
    qemu_up 3
    stick_config win10 hvm type=emul,usbversion=3,numports=15 "$1" >"$T/a.cfg"
}

# pv_scene COUNT [KIND]: the same for a PV guest, which usbback (vusb) or QEMU (qusb) serves.
pv_scene()
{
    local kind=${2:-vusb}
    xenstore_up
    pv_guest 3 web "$kind"
    stick_config web pv "type=$kind,numports=31" "$1" >"$T/a.cfg"
}

# more_domains FROM TO: PV guests with these ids. Each has a PVUSB controller of 8 empty ports.
more_domains()
{
    local id port uuid dir back front nodes
    for ((id = $1; id <= $2; id++)); do
        uuid=$(default_uuid "$id") dir=/local/domain/$id
        back=/local/domain/0/backend/vusb/$id/0 front=$dir/device/vusb/0
        nodes=("/vm/$uuid/uuid" "$uuid" "/vm/$uuid/name" "guest-$id"
            "$dir/vm" "/vm/$uuid" "$dir/name" "guest-$id" "$dir/domid" "$id"
            "$front/backend" "$back" "$front/backend-id" 0 "$front/state" 4
            "$back/frontend" "$front" "$back/frontend-id" "$id" "$back/online" 1 "$back/state" 4
            "$back/type" pv "$back/usb-ver" 2 "$back/num-ports" 8
            "/libxl/$id/type" pv "/libxl/$id/dm-version" qemu_xen
            "/libxl/$id/device/vusb/0/backend" "$back" "/libxl/$id/device/vusb/0/frontend" "$front"
            "/libxl/$id/device/vusb/0/type" pv "/libxl/$id/device/vusb/0/usb-ver" 2
            "/libxl/$id/device/vusb/0/num-ports" 8)
        for ((port = 1; port <= 8; port++)); do nodes+=("$back/port/$port" ''); done
        xenstore-write "${nodes[@]}"
        echo "$id uuid=$uuid" >>"$T/more_domains"
    done
    cat "$FAKEXEN_DIR/domains" "$T/more_domains" | write_domains
    rm "$T/more_domains"
}
