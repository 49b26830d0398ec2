# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What becomes of the commands that xenusb suggests in a case. All must be valid, and each is followed in the state
# in which it was printed, pasted into a shell, and must do what its row of src/xen/advice.c promises.
#
# That state is mostly over when the case ends. So run_cases runs the case again for each such command, and the
# case stops after the run of xenusb that printed it. Commands that still hold when the case ends are followed
# there: the run that printed them is the last one, or prints them again. (Only a run that changes nothing is
# repeated: of a verb that only reads, or one that was refused.) Of the same command in one case only the last
# suggestion counts, and none that the case itself has followed.

# not_followed ROWS REASON: from here on, the commands of these rows of the table ("all", or names separated by
# blanks) cannot keep their promise, and are only checked to be valid. not_followed '' ends that.
not_followed()
{
    [[ $# == 2 || $* == '' ]] || fail "not_followed takes rows and a reason"
    unfollowed="$1" unfollowed_why=${2:-}
}
unfollowed='' unfollowed_why=''
declare -A excused=() followed=() # by number of run: what not_followed said; by command: followed by the case

# suggested ROW: set $suggested to the command of that row in the output of the last run.
suggested()
{
    suggested=$(cat "$T/out" "$T/err" | "$RIG/advicec" find | sed -n "s/^$1 //p" | sort -u)
    [ "$(grep -c . <<<"$suggested")" = 1 ] || fail "not one command of the row $1: $suggested"
}

# follow ROW [STATUS]: run that command in a shell, as a user does who pastes it.
follow()
{
    suggested "$1"
    followed[$suggested]=yes
    paste_command "$suggested"
    want_rc "${2:-0}"
}

# paste_command COMMAND: run it in a shell (SHELL_USED, or sh).
paste_command()
{
    mkdir -p "$T/bin"
    printf '#!/bin/sh\nexec %s %q "$@"\n' "$WRAP" "$XENUSB" >"$T/bin/xenusb"
    chmod +x "$T/bin/xenusb"
    ln -sf "$(xen_program xl)" "$T/bin/xl"
    PATH=$T/bin:$PATH run "${SHELL_USED:-sh}" -c "$1"
}

# Check what is in the ledger when the case has ended. For run_cases, print each command that was followed, that
# was not, and why, and that is left to another run of the case.
check_advice()
{
    local number status row suggested arguments
    [[ -e $T/ledger && -z ${RIG_STOP:-} ]] || return 0
    read_ledger
    [ -z "$WRAP" ] || return 0 # valgrind is slow, and "make check" runs the case without it too
    while IFS=$'\t' read -r -u 3 number status row suggested arguments; do
        [ -z "${followed[$suggested]:-}" ] || continue
        followed[$suggested]=yes
        if [ -n "${excused[$number]:-}" ] && is_excused; then
            echo "RIG-EXCUSED ${excused[$number]#*|}"
        elif holds; then
            keep_promise
        else
            printf 'RIG-LATER %s\t%s\n' "$number" "$suggested"
        fi
    done 3< <(tac "$T/advice")
}

read_ledger()
{
    "$RIG/advicec" check <"$T/ledger" >"$T/advice" 2>"$T/faults" || fail "xenusb suggests what does not work:
$(<"$T/faults")"
}

is_excused()
{
    local rows=${excused[$number]%%|*}
    [[ $rows == all || " $rows " == *" $row "* ]]
}

# The case was run again up to here: follow the command that RIG_FOLLOW names, and end the case.
stop_here()
{
    local number status row suggested arguments stop=$RIG_STOP
    RIG_STOP='' # not again
    unset FAULT_PATH FAULT_ERRNO FAULT_READ FAULT_INSTEAD KILL_AT COUNTS
    export LD_PRELOAD=$preloads
    [ -e "$T/ledger" ] || leave_case # this time nothing was suggested
    read_ledger
    while IFS=$'\t' read -r -u 3 number status row suggested arguments; do
        [[ $number == "$stop" && $suggested == "$RIG_FOLLOW" ]] || continue
        keep_promise
        break
    done 3< <(tac "$T/advice")
    leave_case
}
leave_case()
{
    trap - ERR
    exit 0
}
preloads=${LD_PRELOAD:-}

# follow_later CASE OUTPUT: run the case again for each command that it has left, as the file OUTPUT says.
follow_later()
{
    local number command later=$2.later
    sed -n 's/^RIG-LATER //p' "$2" >"$later"
    while IFS=$'\t' read -r number command; do
        RIG_STOP=$number RIG_FOLLOW=$command start_case "$1" "$2" || return
        grep '^RIG-FOLLOWED ' "$2" || echo "RIG-MISSED"
    done <"$later" >>"$2.advice"
}

# Print what the cases have said in file $1, for tests/run: "# suggestion followed".
sum_up_advice()
{
    sed -n -E 's/^RIG-FOLLOWED .*/# suggestion followed/p
        s/^RIG-MISSED$/# suggestion not printed when the case was run again/p
        s/^RIG-EXCUSED (.*)/# suggestion not followed: \1/p' "$1"
}

# Whether the suggestion that check_advice is at still holds.
holds()
{
    if is_repeatable; then
        suggests_again
    else
        [ "$number" = "$runs" ]
    fi
}

is_repeatable()
{
    case $arguments in
        *' - '*) return 1 ;; # its standard input is gone
        'list '* | 'devices '* | 'doctor '* | 'plan '* | 'check '* | 'translate '* | *' --dry-run '*) return 0 ;;
    esac
    [[ $status == [23] ]]
}

suggests_again()
{
    local number=$number again
    rm -f "$T/ledger"
    eval "run xenusb $arguments"
    [ -e "$T/ledger" ] || return 1
    again=$("$RIG/advicec" check <"$T/ledger" | cut -f4)
    grep -Fxq -e "$suggested" <<<"$again"
}

# Follow $suggested, a command of $row, and check what it promises.
keep_promise()
{
    local verb at what ejecting=''
    read_suggested
    case $row in
        attach | restore) [ -z "$(busid_in "$what")" ] || is_plugged "$(busid_in "$what")" || plug "$(busid_in "$what")" ;;
        remove-controller | park)
            eject_what_is_asked &
            ejecting=$!
            ;;
    esac
    paste_command "$suggested"
    [ "$rc" = "$([ "$row" = check-policy ] && echo 2 || echo 0)" ] || false_advice "it ends with status $rc"
    [ -z "$ejecting" ] || end_process "$ejecting"
    "promise_${row//-/_}"
    case $row in
        detach | remove-* | repair* | forget | park | attach | move | restore | return | unpause | serve | start-qemu)
            ! is_repeatable || ! suggests_again || false_advice 'it is suggested again afterwards'
            ;;
    esac
    echo "RIG-FOLLOWED $row"
}

false_advice()
{
    fail "xenusb $arguments
  suggests ($row): $suggested
  but $1"
}

# Set $verb, $at, the words that name the domain, and $what, the last word, to those of $suggested.
read_suggested()
{
    local words
    eval "words=($suggested)"
    verb=${words[1]} at=() what=${words[-1]}
    set -- "${words[@]:2}"
    [ "$verb" != controller ] || shift
    while [[ ${1:-} == --start-backend || ${1:-} == --forget || ${1:-} == -- ]]; do shift; done
    case ${1:-} in
        '') ;;
        --qmp) at=(--qmp "$2") ;;
        *) at=("$1") ;;
    esac
}

# The busid that the words of a device name, if any.
busid_in()
{
    sed -n -E 's/^(.*,)?busid=([^,]*).*/\2/p; t; /^[0-9]+-[0-9.]+$/p' <<<"$1"
}

is_plugged()
{
    [ -e "$UMOCKDEV_DIR/sys/bus/usb/devices/$1" ]
}

# Print jq's condition for the rows of "list" that the words of a device or a controller choose.
chosen_by()
{
    local item filter=true place='"\(.controller // .index).\(.port)" == $w or "\(.index).\(.port)" == $w'
    for item in ${1//,/ }; do
        case $item in
            busid=*) filter+=" and .busid == \"${item#*=}\"" ;;
            bus=* | controller=*) filter+=" and (.controller == \"${item#*=}\" or \"\(.index)\" == \"${item#*=}\")" ;;
            port=*) filter+=" and .port == \"${item#*=}\"" ;;
            *=*) ;;
            [0-9]*-[0-9]*) filter+=" and .busid == \"$item\"" ;;
            *.*) filter+=" and (${place//\$w/\"$item\"})" ;;
            *) filter+=" and (.controller == \"$item\" or \"\(.index)\" == \"$item\")" ;;
        esac
    done
    echo "$filter"
}

# lists CONDITION: "list" has a row for which this is true.
lists()
{
    run xenusb list --json "${at[@]}"
    [ "$rc" = 0 ] || false_advice "afterwards 'list' ends with status $rc"
    jq -e ".rows | any($1)" "$T/out" >"$T/waiting"
}

eject_what_is_asked()
{
    local file answer
    while :; do
        for file in "$T"/qemu-*.qtest; do
            [ -e "${file%.qtest}.pid" ] || continue # it has ended
            # One that is stopped does not keep the others waiting.
            answer=$("$RIG/qmpc" -t 1 -q "$file" 'outl 0xae10 0' 'inl 0xae04' | tail -n 1) || continue
            ((${answer#OK } == 0)) || "$RIG/qmpc" -t 1 -q "$file" 'outl 0xae10 0' "outl 0xae08 ${answer#OK }"
        done
        sleep 0.05
    done >"$T/ejects" 2>&1
}

# ---- the rows of src/xen/advice.c ----

promise_list() { :; }
promise_devices() { grep -q '^BUSID' "$T/out" || false_advice 'prints no table'; }
promise_add_controller() { grep -q '^+ controller ' "$T/out" || false_advice 'adds no controller'; }
promise_detach()
{
    # Of a domain whose QEMU has exited only the record is left.
    run xenusb list --json "${at[@]}"
    ! grep -q 'its QEMU has exited"' "$T/out" || return 0
    ! lists "$(chosen_by "$what") and .device != null" || false_advice 'the device is still there'
}
promise_remove_controller() { ! lists "$(chosen_by "$what")" || false_advice 'the controller is still there'; }
promise_remove_record() { promise_remove_controller; }
promise_unpause() { ! grep -q paused "$FAKEXEN_DIR/domains" || false_advice 'the guest is still paused'; }
promise_forget()
{
    run xenusb list "${at[@]}"
    want_rc 0
    want_no_err 'journal'
}

promise_repair() { :; }
promise_repair_host() { :; }
promise_park()
{
    run xenusb list --json "${at[@]}"
    want_rc 0
    ! grep -q '"restorable": "no"' "$T/out" || false_advice 'it still cannot be restored'
}
promise_restore() { promise_attach; }
promise_attach() { lists "$(chosen_by "$what") and .state == \"attached\"" || false_advice 'it is not attached'; }
promise_move() { promise_attach; }
promise_return() { promise_attach; }
promise_start_qemu() { lists '.backend == "qusb"' || false_advice 'there is no such controller'; }
promise_serve() { :; }
promise_domains() { grep -q '^Domain-0 ' "$T/out" || false_advice 'prints no domains'; }
promise_help() { grep -q "^usage: xenusb $verb" "$T/out" || false_advice 'prints no help'; }
promise_explain() { grep -q "^$what: " "$T/out" || false_advice 'explains something else'; }
promise_verbs() { grep -q '^  attach ' "$T/out" || false_advice 'prints no verbs'; }
promise_from_libvirt()
{
    cp "$T/out" "$T/translated.cfg"
    run xenusb check "$T/translated.cfg"
    [ "$rc" = 0 ] || false_advice 'check refuses what it prints'
}
promise_from_sxp() { promise_from_libvirt; }
promise_check_policy() { grep -q "error.* in $what\$" "$T/err" || false_advice 'it finds nothing wrong'; }
promise_apply()
{
    paste_command "$suggested"
    grep -q '^Nothing to do' "$T/out" || false_advice 'there is still something to do after it'
}
