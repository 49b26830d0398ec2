# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Words for tests of the QEMU that xenusb starts for PVUSB. Needs lib.sh.

# shellcheck disable=SC2034 # for the tests
BE=/local/domain/0/backend
# shellcheck disable=SC2034
PROGRAM=/usr/libexec/xen-qemu-system-i386

# Write $T/a.cfg: two controllers that QEMU serves, with a device each.
config()
{
    printf '%s\n' "name='web'" "type='pv'" "usbcontroller=['type=qusb,numports=4','type=qusb,numports=4']" \
        "usbdevice=['busid=1-4,bus=pv0,port=1','busid=1-1.3,bus=pv1,port=2']" >"$T/a.cfg"
}

# Print all of xenstore, except for what xenstore's own tools leave there, and for the directory that libxl
# removes together with the last device, too.
xs_state() { xs_dump / | grep -Ev '^(/tool|/local/domain/3/device = )'; }

# The id of the QEMU process that xenstore names.
server_pid() { xenstore-read /local/domain/3/image/device-model-pid; }

want_server() { is_alive "$(server_pid)" || fail "the QEMU that xenstore names is dead"; }
