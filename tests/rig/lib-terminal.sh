# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Words for tests of what a user sees on a terminal.

# on_terminal COLUMNS ARGS...: run xenusb on a terminal of that width; all that it writes there is in $T/out,
# and what is on the screen at the end in $T/screen. TYPES="RE KEYS": once RE matches what it has written so far,
# type KEYS ("^C"). IN_BACKGROUND=1: as a job of a shell that has the terminal. STDERR=FILE: only standard output
# is on the terminal.
on_terminal()
{
    # shellcheck disable=SC2086 # WRAP is several words
    run env TYPES="${TYPES:-}" IN_BACKGROUND="${IN_BACKGROUND:-}" STDERR="${STDERR:-}" SCREEN="$T/screen" \
        python3 "$RIG_SRC/terminal.py" "$1" $WRAP "$XENUSB" "${@:2}"
}

# want_screen RE, want_not_on_screen RE: a line of the screen matches; none does.
want_screen()
{
    grep -Eq -- "$1" "$T/screen" || fail "not on the screen: $1"
}

want_not_on_screen()
{
    ! grep -E -- "$1" "$T/screen" || fail "on the screen: $1"
}
