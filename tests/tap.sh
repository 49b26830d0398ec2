# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests that need neither root nor the rig: a test defines functions case_*, and ends with
# "run_cases "$@"". Each runs in a process of its own, with set -e and a directory $T; it fails if one of its
# commands does, or says why with "fail".

set -eEuo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=$(realpath -m "${B:-$TOP/build}")
XENUSB=$(realpath -m "${XENUSB:-$B/xenusb}")
# A make that runs this test must not pass its options on to one that the test runs.
unset MAKEFLAGS MAKELEVEL MFLAGS

fail()
{
    trap - ERR
    printf '%s\n' "$@" >&2
    exit 1
}

# shellcheck disable=SC2016 # for the time of the error
run_case()
{
    T=$(mktemp -d)
    trap 'rm -rf "$T"' EXIT
    trap 'echo "failed: $BASH_COMMAND (line $LINENO)" >&2' ERR
    "$1" </dev/null
}

run_cases()
{
    local case number=0 failed=0 output
    [ $# -gt 0 ] || mapfile -t cases < <(declare -F | sed -n 's/^declare -f \(case_\)/\1/p')
    [ $# = 0 ] || cases=("$@")
    echo "1..${#cases[@]}"
    for case in "${cases[@]}"; do
        ((++number))
        if output=$(bash "$0" --case "$case" 2>&1); then
            echo "ok $number - $case$([[ $output != SKIP* ]] || echo " # $output")"
        else
            failed=1
            echo "not ok $number - $case"
            echo "# ${output//$'\n'/$'\n# '}"
        fi
    done
    exit $failed
}

# The tests call themselves for each case, since "set -e" has no effect inside of a condition.
if [ "${1-}" = --case ]; then
    wanted=$2
    run_cases()
    {
        run_case "$wanted"
    }
fi
