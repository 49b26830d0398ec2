# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# kill -9 at random instants of an apply, then one apply. Jobs that source this, after lib.sh, set:
#
#   guest     the guest's name
#   config    the file for apply
#   words     apply's options, an array
#   speeds    an associative array: the speed in Mbit/s at which the guest gets each device, by serial number
#   places    an associative array: what list prints before each device's busid, as a regular expression
#
# and define "undone", which takes everything from the guest again.
#
# The instants are spread over the duration of an undisturbed apply: one in each of $POINTS equal parts of it.
# LAB_POINTS and LAB_SEED on the host choose them.

POINTS=$(</out/points) SEED=$(</out/seed)
kinds=(xenstore saved driver qemu open process)
declare -A speeds places nodes drivers

mkfifo "$T/silence"
exec {silence}<>"$T/silence"

# pause_ms MS: without a new process, since one takes a long time in this machine.
pause_ms() { read -rt "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))" -u "$silence" || true; }

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# Print all that an apply changes. The first word of each line is one of $kinds. Processes are few, since each
# takes a long time in this machine.
snapshot()
{
    local domain uuid path serial words qemu
    domain=$(xl domid "$guest") uuid=$(xenstore-read "/local/domain/$domain/vm")
    uuid=${uuid#/vm/}
    # Each connection has its own rings, and each QEMU its pid.
    xenstore-ls -f | sed -En "
        \#^(/xenusb|/libxl/usbback|(/libxl|/local/domain)/$domain/device/vusb|/local/domain/0/backend/[qv]usb/$domain)[/ ]#!d
        \#/(urb-ring-ref|conn-ring-ref|event-channel|server|started) = #d
        s#/(libxl|xenusb|domain|qusb|vusb)/$domain([/\" ])#/\1/ID\2#g
        s#(frontend-id = )\"$domain\"#\1\"ID\"#
        s#$uuid#UUID#
        s/^/xenstore /p"
    # Sorted: what a killed apply had attached is saved by the next one, in another order.
    tr '\0' '\n' <"/var/lib/xen/userdata-d.$domain.$uuid.libxl-json" |
        sed "s/$uuid/UUID/; s/,\$//; s/^/saved /" | sort
    for path in /sys/bus/usb/drivers/*/*:*; do
        path=${path#/sys/bus/usb/drivers/}
        echo "driver ${path#*/} ${path%/*}"
    done
    for path in /proc/[0-9]*; do
        words=()
        mapfile -d '' -t words 2>/dev/null <"$path/cmdline" || true
        case " ${words[*]}" in
        *" -xen-domid $domain "*) echo "process qemu of the guest" ;;
        *" -xen-domid "*) echo "process qemu of another" ;;
        " xenusb "*) echo "process ${words[*]}" ;;
        esac
    done
    qemu=$(xenstore-read "/local/domain/$domain/image/device-model-pid" 2>/dev/null) || return 0
    qmpc -t $((20 * SLOW)) "/run/xen/qmp-libxl-$domain" \
        '{"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}}' |
        grep -o '"name": "[^"]*"' | sort | sed 's/^"name": /qemu /' || true
    for serial in "${!nodes[@]}"; do
        ! has_open "$qemu" "${nodes[$serial]}" || echo "open $serial"
    done
}

# Print how far an apply has got, according to /out/left.
progress()
{
    local kind left said=()
    if [ "$(</out/left)" = "$(</out/before)" ]; then echo "nothing done"; return; fi
    if [ "$(</out/left)" = "$(</out/after)" ]; then echo "all done"; return; fi
    for kind in "${kinds[@]}"; do
        left=$(of_kind "$kind" /out/left)
        if [ "$left" = "$(of_kind "$kind" /out/after)" ]; then
            [ "$left" = "$(of_kind "$kind" /out/before)" ] || said+=("$kind: all")
        elif [ "$left" = "$(of_kind "$kind" /out/before)" ]; then
            said+=("$kind: nothing")
        else
            said+=("$kind: part")
        fi
    done
    left=$(grep -c '^xenstore /xenusb/ID/journal' /out/left || true)
    [ "$left" = 0 ] || said+=("journal: $left nodes")
    printf -v left '%s, ' "${said[@]}"
    echo "half done (${left%, })"
}

of_kind() { grep "^$1 " "$2" || true; }

# same FILE: everything is as in that snapshot.
same() { snapshot >/out/now 2>/dev/null && [ "$(<"$1")" = "$(</out/now)" ]; }

# want_same FILE WHAT
want_same()
{
    local limit=$((SECONDS + 15 * SLOW))
    until same "$1"; do
        ((SECONDS < limit)) || { busybox diff "$1" /out/now || true; fail "the state is not that $2"; }
    done
}

# The guest has all devices.
want_all()
{
    local serial
    for serial in "${!speeds[@]}"; do
        want_guest "$guest" "$serial" "${speeds[$serial]}"
        wait_for 10 is usbfs host_driver "$serial"
    done
    wait_for 60 guest_read_last_stick "$guest"
    run xenusb list "$guest"
    want_rc 0
    for serial in "${!speeds[@]}"; do want_out "^$guest +${places[$serial]} .* $(host_device "$serial") .* attached\$"; done
}

# xl sees them, and nothing needs attention.
want_agreement()
{
    local serial address
    run xl usb-list "$guest"
    want_rc 0
    for serial in "${!speeds[@]}"; do
        address=$(host_address "$serial")
        want_out "Bus 0*${address%.*} Device 0*${address#*.}\$"
    done
    run xenusb apply "${words[@]}" "$config"
    want_rc 0
    want_out '^Nothing to do'
    run xenusb doctor -v "$guest"
    want_rc 0
}

# After "undone": the host has its devices again, with their drivers, and the guest has none.
want_nothing()
{
    local serial
    for serial in "${!speeds[@]}"; do
        wait_for 10 is "${drivers[$serial]}" host_driver "$serial"
        wait_for 20 guest_has_not "$guest" "$serial"
    done
    [ ! -e /out/before ] || want_same /out/before "before the apply"
}

# Apply without a kill, twice; sets /out/before, /out/after and $duration.
undisturbed()
{
    local began serial times=()
    for serial in "${!speeds[@]}"; do
        drivers[$serial]=$(host_driver "$serial")
        nodes[$serial]=$(host_node "$serial")
    done
    while [ ${#times[@]} -lt 2 ]; do
        undone
        rm -f /out/before # from the second time on, the saved config has an empty list of devices
        want_nothing
        snapshot >/out/before
        began=$(now_ms)
        run xenusb apply "${words[@]}" "$config"
        times+=($(($(now_ms) - began)))
        want_rc 0
        want_all
        snapshot >/out/after
    done
    want_agreement
    undone
    want_nothing
    duration=$(((times[0] + times[1]) / 2))
    note "an undisturbed apply takes ${times[*]} ms; seed $SEED"
}

# killed_at MS: start an apply and kill it then. Fails if it has ended before; $status is its status.
killed_at()
{
    local pid
    status=0
    xenusb apply "${words[@]}" "$config" >"$T/killed" 2>&1 &
    pid=$!
    pause_ms "$1"
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" || status=$?
    [ "$status" = 137 ]
}

# point NUMBER MS: /out/left.NUMBER is the state in which the kill left things. An apply that ends before it is
# killed does not count: it is undone, and killed earlier.
point()
{
    local at=$2 status
    printf '%s' "point $1" >"$T/said"
    until killed_at "$at"; do
        printf '%s' " (ended before $at ms)" >>"$T/said"
        [ "$status" = 0 ] || fail "the apply that was not killed has ended with status $status"
        undone
        want_nothing
        at=$((at * 4 / 5))
    done
    snapshot >/out/left 2>/dev/null
    cp /out/left "/out/left.$1"
    printf '%s' " at $at of $duration ms: $(progress)" >>"$T/said"
    run xenusb apply "${words[@]}" "$config"
    printf '%s' "; then: $(tail -n 1 "$T/out")" >>"$T/said"
    want_rc 0
    want_all
    want_same /out/after "after an undisturbed apply"
    [ $(($1 % 5)) != 0 ] || want_agreement
    undone
    want_nothing
}

# points COUNT: all of them; each that is wrong is reported.
points()
{
    local number at wrong=0 half=0 nothing=0 all=0 width=$((duration / $1))
    RANDOM=$SEED
    for ((number = 1; number <= $1; number++)); do
        at=$(((number - 1) * width + RANDOM % width))
        attempt "$T/point" point "$number" "$at"
        case $(<"$T/said") in
        *': half done'*) half=$((half + 1)) ;;
        *': nothing done'*) nothing=$((nothing + 1)) ;;
        *) all=$((all + 1)) ;;
        esac
        if [ $attempt_rc = 0 ]; then
            note "$(<"$T/said"); ok"
        else
            wrong=$((wrong + 1))
            note "$(<"$T/said"); WRONG: $(head -n 1 "$T/point")"
            cat "$T/said" "$T/point" "$T/killed"
            rm -f "$T/command"
            repaired
        fi
    done
    note "$1 points: $nothing nothing done, $half half done, $all all done; $wrong wrong"
    [ $wrong = 0 ] || fail "$wrong points are wrong"
}

# After a failure: whatever gives the state before the apply, for the next point.
repaired()
{
    xenusb repair || true
    (undone) || true
    want_nothing
}
