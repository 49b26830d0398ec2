# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Words for tests that call functions behind the command line, through worldc and recordc.

# Built beside the binary under test, with the same sanitizers.
WORLDC=$(dirname "$XENUSB")/rig/worldc
RECORDC=$(dirname "$XENUSB")/rig/recordc

world()
{
    # shellcheck disable=SC2086 # WRAP is several words
    on_xen $WRAP "$WORLDC" "$@"
}

record()
{
    # shellcheck disable=SC2086
    on_xen $WRAP "$RECORDC" "$@"
}

# begins WORD PROGRAM ARGS...: start it in the background, and wait until it prints WORD. "ends" writes to
# its standard input.
begins()
{
    local word=$1
    shift
    mkfifo "$T/in"
    rm -f "$T/begun.out" # the output of an earlier run must not match
    { on_xen "$@" || exit $?; } <"$T/in" >"$T/begun.out" 2>"$T/begun.err" &
    begun_pid=$!
    exec 9>"$T/in"
    wait_for grep -q "^$word" "$T/begun.out"
    cp "$T/begun.out" "$T/out"
}

# Send it the line that it waits for, and wait until it ends; want_rc and want_out then check its result.
ends()
{
    echo >&9 2>"$T/waiting" || true # it may be dead
    exec 9>&-
    rc=0
    wait "$begun_pid" || rc=$?
    rm "$T/in"
    cp "$T/begun.out" "$T/out"
    cp "$T/begun.err" "$T/err"
}
