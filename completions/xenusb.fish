# SPDX-License-Identifier: MIT
# Completion for fish: asks the program what can be typed.

function __xenusb_complete
    set -l typed (commandline -opc)
    set -l offered ($typed[1] complete $typed[2..-1] (commandline -ct) 2>/dev/null)
    if set -q offered[1]
        printf '%s\n' $offered
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c xenusb -f -a '(__xenusb_complete)'
