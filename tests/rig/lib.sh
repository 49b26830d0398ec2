# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The harness of the integration tests; README.md lists its words. A test is a bash script:
#
#     #!/bin/bash
#     . "$(dirname "$0")/lib.sh"
#
#     case_list_is_empty()
#     {
#         xenstore_up
#         domain_up 3 hvm web
#         run xenusb list 3
#         want_rc 0
#     }
#
#     run_cases "$@"
#
# Every case_* runs in its own process, in private mount and PID namespaces with empty /run,
# /var/lib/xen and /var/lib/xenusb: everything it starts is killed with it, and it does not see other
# cases or this machine. A command that fails ends its case (set -e), unless "run" calls it. Needs root.

set -eEuo pipefail

RIG_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$RIG_SRC/../.." && pwd)
B=$(realpath -m "${B:-$TOP/build}")
RIG=$B/rig
XENUSB=$(realpath -m "${XENUSB:-$B/xenusb}")
: "${WRAP:=}"                             # a command to run the binary under test in, such as valgrind
: "${RIG_SCALE:=1}"                       # factor of all time limits (valgrind, a busy machine)
: "${RIG_LOAD:=1}"                        # how many processes competed for each processor when the case began
: "${CASE_LIMIT:=$((60 * RIG_SCALE))}"    # seconds for one case
: "${COMMAND_LIMIT:=$((20 * RIG_SCALE))}" # seconds for one command of "run"
T=/run/t                                  # the case's own directory; short, as names of sockets must be
export LC_ALL=C TMPDIR=$T PATH=$PATH:/usr/sbin:/sbin
unset XENSTORED_PATH
# Here the sanitizer's library is loaded after the preloaded ones. Its findings get an exit status that
# the project does not use.
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1:exitcode=99 UBSAN_OPTIONS=exitcode=99

# ---- the cases ----

# Print all that helps to understand a failure, and end the case. Every assertion calls it.
fail()
{
    trap - ERR
    {
        echo "$*"
        # The lines of the test that led here. The outermost frame is run_cases.
        local depth
        for ((depth = 0; depth < ${#FUNCNAME[@]} - 2; depth++)); do
            [[ ${BASH_SOURCE[depth + 1]} == "$0" && ${FUNCNAME[depth + 1]} != main ]] &&
                echo "  at ${0##*/}:${BASH_LINENO[depth]} (${FUNCNAME[depth + 1]})"
        done
        show_command
        local log
        for log in "$T"/*.log; do
            [ -s "$log" ] || continue
            echo "  --- ${log##*/} (last lines)"
            tail -n 15 "$log" | sed 's/^/  | /'
        done
    } >&2
    exit 1
}

skip()
{
    echo "RIG-SKIP $*"
    exit 0
}

# Run case $1 in this process, which is process 1 of the case's namespaces.
become_case()
{
    if [ -z "${RIG_IN_TREE:-}" ]; then
        mount -n -t tmpfs -o mode=755 rig /run
        mount -n -t tmpfs -o mode=755 rig /var/lib/xen
        # There only where xenusb has kept something.
        mkdir -p /var/lib/xenusb
        mount -n -t tmpfs -o mode=700 rig /var/lib/xenusb
        # This machine may have a policy.
        [ ! -d /etc/xenusb ] || mount -n -t tmpfs -o mode=755 rig /etc/xenusb
        mkdir -p "$T" /run/xen /run/xenstored /run/lock
    fi
    [ "$(type -t "$1")" = function ] || fail "no such case"
    trap 'fail "failed with status $?: $BASH_COMMAND"' ERR
    "$1"
    check_advice
    trap - ERR
    exit 0
}

# Set load: how many processes currently compete for each processor, at least 1.
measure_load()
{
    local minute queue most
    read -r minute _ _ queue _ </proc/loadavg
    minute=${minute%.*} queue=${queue%/*}
    most=$((queue > minute ? queue : minute))
    load=$(((most + processors - 1) / processors))
    [ $load -gt 0 ] || load=1
}

# Run case $1 in its own namespaces, with its output in file $2, and set limit to its time limit in seconds.
# "unshare" ignores all signals but SIGKILL; its death kills process 1, and that kills all others. --foreground
# keeps it in the process group that tests/run kills.
start_case()
{
    local load
    measure_load
    limit=$((CASE_LIMIT * load))
    RIG_CASE=$1 RIG_LOAD=$load RIG_SCALE=$((RIG_SCALE * load)) timeout --foreground --signal=KILL --kill-after=1 "$limit" \
        unshare --mount --pid --fork --kill-child --mount-proc bash "$0" </dev/null >"$2" 2>&1
}

# The last line of a test script: run all cases, or those that the arguments name.
run_cases()
{
    local names name output rc limit began number=0 failures=0 processors
    [ -n "${RIG_CASE:-}" ] && become_case "$RIG_CASE"

    # In the order of the file: "declare -F" gives the line numbers.
    shopt -s extdebug
    names=$(compgen -A function case_ | while read -r name; do declare -F "$name"; done |
        sort -k2n | cut -d' ' -f1)
    shopt -u extdebug
    [ $# -gt 0 ] && names=$(printf '%s\n' "$@")
    echo "1..$(grep -c . <<<"$names")"

    processors=$(nproc)
    output=$(mktemp --tmpdir=/tmp)
    # shellcheck disable=SC2064 # the name is fixed now
    trap "rm -f '$output' '$output.advice' '$output.later'" EXIT
    : >"$output.advice"
    for name in $names; do
        number=$((number + 1)) rc=0 limit=0 began=${EPOCHREALTIME/[.,]/}
        if [ "$(id -u)" != 0 ]; then
            rc=1
            echo "this test creates namespaces and needs root" >"$output"
        else
            start_case "$name" "$output" || rc=$?
        fi
        if [ $rc = 0 ]; then
            grep -E '^RIG-(FOLLOWED|EXCUSED) ' "$output" >>"$output.advice" || true
            follow_later "$name" "$output" || rc=$?
        fi
        if [ $rc = 0 ] && grep -q '^RIG-SKIP ' "$output"; then
            echo "ok $number - $name # SKIP $(sed -n 's/^RIG-SKIP //p' "$output")"
        elif [ $rc = 0 ]; then
            echo "ok $number - $name"
        else
            failures=$((failures + 1))
            echo "not ok $number - $name"
            sed 's/^/# /' "$output"
            [ $rc != 137 ] || echo "# not done after $limit s"
        fi
        echo "# took $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms: $name" # for tests/run
    done
    sum_up_advice "$output.advice"
    exit $((failures > 0))
}

# True if this process is alive; a zombie is not. A process whose first thread is a zombie keeps its files
# open while another thread is still exiting.
is_alive()
{
    local threads=("/proc/$1/task/"*)
    [ -e "/proc/$1" ] || return 1
    [ ${#threads[@]} -gt 1 ] || ! grep -q '^State:.Z' "/proc/$1/status" 2>"$T/waiting"
}

# Kill a process that this case started, and wait until it is dead.
end_process()
{
    local turn
    kill -KILL "$1"
    for ((turn = 0; turn < 1000 * RIG_SCALE; turn++)); do
        if ! is_alive "$1"; then
            usb_settle
            return
        fi
        sleep 0.01
    done
    fail "process $1 did not die"
}

# quiet PID SECONDS: print how often its threads were woken up meanwhile (more precisely: how often they have
# gone to sleep).
quiet()
{
    local before
    before=$(times_slept "$1")
    sleep "$2"
    echo $(($(times_slept "$1") - before))
}

times_slept()
{
    cat "/proc/$1/task/"*/status | awk '$1 == "voluntary_ctxt_switches:" { sum += $2 } END { print sum + 0 }'
}

# own_directory DIR: let this case add and remove files in DIR, without changing the real directory. What is
# in it stays available (valgrind finds its tools there), but only to be read.
own_directory()
{
    local theirs ours
    theirs=$(mktemp -d) ours=$(mktemp -d)
    mount -n --bind "$1" "$theirs"
    mount -n -o remount,bind,ro "$theirs"
    ln -s "$theirs/"* "$ours"
    mount -n --bind "$ours" "$1"
}

# ---- commands and assertions ----

# shellcheck disable=SC2034 # out and err are for the tests
out='' err='' rc=0 command_run='' ran=() runs=0

# Run a program over the fake hypervisor, with a time limit.
on_xen()
{
    LD_PRELOAD="$RIG/fakexen.so${LD_PRELOAD:+:$LD_PRELOAD}" \
        timeout --kill-after=2 "$COMMAND_LIMIT" "$@"
}

# The binary under test.
xenusb()
{
    # shellcheck disable=SC2086 # WRAP is several words
    on_xen $WRAP "$XENUSB" "$@"
}

# Run a program or a word of this harness, and keep its result in $out, $err and $rc. The case continues
# whatever it returns. It inherits standard input.
run()
{
    command_run=$* ran=("$@")
    rc=0
    if [ "$(type -t "$1")" = function ]; then
        ("$@") >"$T/out" 2>"$T/err" || rc=$?
    else
        on_xen "$@" >"$T/out" 2>"$T/err" || rc=$?
    fi
    keep_output
}

# Set $out and $err. If xenusb printed what may be a command or an option, enter it in the ledger.
keep_output()
{
    # shellcheck disable=SC2034
    out=$(tr -d '\0' <"$T/out") err=$(tr -d '\0' <"$T/err")
    runs=$((runs + 1))
    local all=$out$err # not one pattern with alternatives: bash needs minutes for those in a long text
    if [[ ${ran[0]} == xenusb || ${ran[0]} == "$XENUSB" ]] && [[ $all == *"xenusb "* || $all == *"xl "* || $all == *--* ]]; then
        {
            printf '\001%s %s ' $runs "$rc"
            printf '%q ' "${ran[@]:1}"
            printf '\n%s\n%s\n' "$out" "$err"
        } >>"$T/ledger"
        [ -z "$unfollowed" ] || excused[$runs]="$unfollowed|$unfollowed_why"
    fi
    # shellcheck disable=SC2053 # a number
    [[ ${RIG_STOP:-} != "$runs" || $BASHPID != $$ ]] || stop_here
}

# counted CMD...: run it, and count what it asks of others (counts.c).
counted()
{
    rm -f "$T/counts"
    COUNTS=$T/counts LD_PRELOAD="$RIG/counts.so${LD_PRELOAD:+:$LD_PRELOAD}" run "$@"
    # shellcheck disable=SC2034
    read -r qmp xenstore opened saved < <(od -An -v -tu8 -w32 "$T/counts")
}

# with_fault PATTERN REASON CMD...: run it while the files with these paths cannot be opened for this reason, such
# as EMFILE, or, with REASON read:EIO, cannot be read, or, with an absolute path, are replaced by that file (faults.c).
with_fault()
{
    local -x FAULT_PATH=$1 FAULT_ERRNO=${2#read:}
    case $2 in
        read:*) local -x FAULT_READ=1 ;;
        /*) local -x FAULT_INSTEAD=$2 ;;
    esac
    shift 2
    LD_PRELOAD="$RIG/faults.so${LD_PRELOAD:+:$LD_PRELOAD}" run "$@"
}

# killed KIND NUMBER ARGS...: run xenusb, and kill it at its NUMBERth act of that kind (inject.c): before it, or after
# it has started a process (start) or let that go on (write), or, with KIND "after", after its NUMBERth act of any kind. Without so many acts it is not
# killed; then "killed" returns 1.
killed()
{
    local -x INJECT="$1 $2 kill"
    case $1 in
        start | write) INJECT="$1 $2 kill-after" ;;
        after) INJECT="any $2 kill-after" ;;
    esac
    shift 2
    LD_PRELOAD="$RIG/inject.so${LD_PRELOAD:+:$LD_PRELOAD}" run xenusb "$@"
    [ "$rc" = 137 ]
}

# begin ARGS...: start xenusb in the background.
begin()
{
    { xenusb "$@" || exit; } >"$T/begun.out" 2>"$T/begun.err" &
    begun=$! command_begun=("$@")
}

# Wait until it ends, and keep its result as "run" does.
end_of_begun()
{
    command_run="xenusb ${command_begun[*]}" ran=(xenusb "${command_begun[@]}") rc=0
    wait "$begun" || rc=$?
    cp "$T/begun.out" "$T/out"
    cp "$T/begun.err" "$T/err"
    keep_output
}

# Print its process id: that of the child of "timeout".
begun_process()
{
    local pid=$begun parent=
    until [ "$parent" = timeout ]; do
        parent=$(<"/proc/$pid/comm")
        pid=$(cut -d' ' -f1 "/proc/$pid/task/$pid/children")
    done
    echo "$pid"
}

# Print the last command of "run" with its result.
show_command()
{
    [ -n "$command_run" ] || return 0
    echo "  command: $command_run"
    echo "  status:  $rc"
    sed 's/^/  stdout: /' "$T/out"
    sed 's/^/  stderr: /' "$T/err"
}

want_rc()
{
    [ "$rc" = "$1" ] || fail "status $rc, wanted $1"
}

# Each of these takes an extended regular expression that must match within one line.
want_out()
{
    [ $# = 1 ] || fail "want_out takes one expression, not $#: $*"
    grep -Eq -e "$1" "$T/out" || fail "no line of stdout matches: $1"
}

want_err()
{
    [ $# = 1 ] || fail "want_err takes one expression, not $#: $*"
    grep -Eq -e "$1" "$T/err" || fail "no line of stderr matches: $1"
}

# Without an expression, the stream must be empty.
want_no_out()
{
    if [ $# = 0 ]; then
        [ ! -s "$T/out" ] || fail "stdout is not empty"
    elif grep -Eq -e "$1" "$T/out"; then
        fail "a line of stdout matches: $1"
    fi
}

want_no_err()
{
    if [ $# = 0 ]; then
        [ ! -s "$T/err" ] || fail "stderr is not empty"
    elif grep -Eq -e "$1" "$T/err"; then
        fail "a line of stderr matches: $1"
    fi
}

# Stdout equals this file, or standard input if it is "-".
want_same()
{
    local difference
    difference=$(diff -u --label wanted "$1" --label got "$T/out") ||
        fail "stdout differs from what was wanted:
$difference"
}

# Stdout and stderr are valid UTF-8, without control characters (C0, C1), bidirectional controls or
# invisible characters.
want_printable()
{
    if grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' "$T/out" "$T/err"; then
        fail "a control character in the output"
    fi
    iconv -f UTF-8 -t UTF-8 "$T/out" "$T/err" >"$T/iconv" 2>&1 || fail "the output is not UTF-8"
}

# Wait until a command succeeds, for at most 10 s (RIG_SCALE times that).
wait_for()
{
    local turn
    for ((turn = 0; turn < 1000 * RIG_SCALE; turn++)); do
        "$@" >"$T/waiting" 2>&1 && return 0
        sleep 0.01
    done
    fail "timed out waiting for: $*
$(<"$T/waiting")"
}

. "$RIG_SRC/lib-advice.sh"
. "$RIG_SRC/lib-xen.sh"
. "$RIG_SRC/lib-qemu.sh"
. "$RIG_SRC/lib-usb.sh"
. "$RIG_SRC/lib-pv.sh"
