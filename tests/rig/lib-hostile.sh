# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Words for tests of hostile peers. Needs lib.sh.

MOST_MEMORY=$((400 * 1024)) # KiB: the sanitizers keep freed memory, but not a gigabyte

# The binary under test, whose peak memory goes to $T/peak.
xenusb()
{
    # shellcheck disable=SC2086 # WRAP is several words
    on_xen "$RIG/peak" "$T/peak" $WRAP "$XENUSB" "$@"
}

# want_bounded WHAT: the last xenusb used no more memory than that, and printed nothing raw, and not without end.
want_bounded()
{
    [ "$(<"$T/peak")" -lt $MOST_MEMORY ] || fail "$1: needed $(<"$T/peak") KiB"
    want_printable
    [ "$(cat "$T/out" "$T/err" | wc -c)" -lt 200000 ] || fail "$1: printed $(cat "$T/out" "$T/err" | wc -c) bytes"
}
