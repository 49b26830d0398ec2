# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The guests of the races: "web" (3), an HVM guest, "shop" (5), which usbback serves, and "mail" (6 or later), which
# QEMU serves. Needs lib.sh; races.py calls these functions inside the scene.

MAIL=${MAIL:-6}

shop_up() { pv_guest 5 shop vusb; run xenusb controller add shop type=vusb,numports=8; want_rc 0; }
mail_up() { pv_guest "$MAIL" mail qusb; run xenusb controller add mail type=qusb,numports=8; want_rc 0; }

race_guests()
{
    domain_up 3 hvm web
    qemu_up 3
    run xenusb controller add web type=emul,usbversion=3,numports=8
    want_rc 0
    shop_up
    mail_up
}

# mail_ends ID, mail_again OLD: domain mail is destroyed, with its QEMU and its records; created again as another one.
mail_ends()
{
    end_process "$(<"$T/play-backend-qusb-$1.pid")"
    end_process "$(<"$T/play-frontend-$1.pid")"
    domain_down "$1"
}
mail_again() { mail_ends "$1"; mail_up; }

# What is played on a connection to xenstored: the driver of a guest, and usbback.
players_of() { echo "play-frontend-$1" "guest-$1" "play-backend-vusb-$1"; }

# The daemon ends at once; then another one is started, to which races.py gives the same nodes. Domain mail must have
# been destroyed: its QEMU would not survive that.
daemon_ends()
{
    local player id
    for id in 4 5; do
        for player in $(players_of $id); do
            [ ! -e "$T/$player.pid" ] || end_process "$(<"$T/$player.pid")"
            rm -f "$T/$player.pid"
        done
    done
    end_process "$(pgrep -f '/o?xenstored ')"
    rm -f "$FAKEXEN_DIR"/{evt*,ring-*,guest-*.sock} /run/xenstored/*
}

daemon_again()
{
    local domains
    domains=$(<"$FAKEXEN_DIR/domains")
    xenstore_up "$XENSTORED"
    write_domains <<<"$domains"
    for id in 3 4 5; do "$RIG/guestxs" introduce $id; done
}

players_again()
{
    local id
    for id in 4 5; do
        backend_up vusb $id
        frontend_up $id
    done
}
