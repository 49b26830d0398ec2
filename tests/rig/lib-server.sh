# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Words for tests of the QEMU that xenusb starts for PVUSB. Needs lib.sh.

# shellcheck disable=SC2034 # for the tests
BE=/local/domain/0/backend
# shellcheck disable=SC2034
PROGRAM=/usr/libexec/xen-qemu-system-i386

# A config of two controllers that QEMU serves, with a device each: $T/a.cfg.
config()
{
    printf '%s\n' "name='web'" "type='pv'" "usbcontroller=['type=qusb,numports=4','type=qusb,numports=4']" \
        "usbdevice=['busid=1-4,bus=pv0,port=1','busid=1-1.3,bus=pv1,port=2']" >"$T/a.cfg"
}

# All of xenstore but what its tools leave there, and the directory that libxl, too, removes with the
# last device in it.
xs_state() { xs_dump / | grep -Ev '^(/tool|/local/domain/3/device = )'; }

# The process that xenstore names.
server_pid() { xenstore-read /local/domain/3/image/device-model-pid; }

want_server() { is_alive "$(server_pid)" || fail "the QEMU that xenstore names is not there"; }
