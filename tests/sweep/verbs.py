# SPDX-License-Identifier: MIT
"""The verbs that are swept: in which scene, what comes before, the command, and what takes it back."""

import collections

CASES = collections.OrderedDict()

# A config that the guest has half of, and the type of its controllers.
PLAIN = "{type},name=c0,numports=3"


def config(controllers, devices):
    """The lines of a config of web."""
    return "name='web'\ntype='%s'\nusbcontroller=%r\nusbdevice=%r\n" % ("{guest}", controllers, devices)


CONFIGS = {
    "both.cfg": config([PLAIN], ["busid=3-1,bus=c0,port=1", "busid=3-2,bus=c0,port=2"]),
    "one.cfg": config([PLAIN], ["busid=3-1,bus=c0,port=1"]),
    "other.cfg": config([PLAIN], ["busid=3-1,bus=c0,port=1", "busid=3-3,bus=c0,port=3"]),
}

APPLY = ["apply", "{both}"]
EMPTY = ["controller", "remove", "{web}", "c0"]
ADD = ["controller", "add", "{web}", PLAIN]
ATTACH = ["attach", "{web}", "busid=3-1,port=1", "busid=3-2,port=2"]
DETACH = ["detach", "{web}", "3-1", "3-2"]

ONE = [["attach", "{web}", "busid=3-1,port=1"]]
TWO = [["attach", "{web}", "busid=3-2,port=2"]]
HALF = [[["detach", "{web}", "3-1"]], [["detach", "{web}", "3-2"]]]

# The next command, if it has nothing to do but to complete what was killed.
NEXT = ["attach", "{db}", "3-4"]

# Words of the sweep among the commands (points.py): what was killed, and what was changed by another hand.
KILLED = ["killed"] + APPLY
STALE = "/xenusb/9"
SPOILED = [["record", STALE], ["unbind", "3-3:1.0"]]

# What repair has to do is independent of each other.
FIXES = [[NEXT], [["erase", STALE]], [["bind", "3-3:1.0"]]]


def parts_of(lists):
    """All that can be made of some of them, but for none and all."""
    parts = [[]]
    for one in lists:
        parts += [part + one for part in parts]
    return parts[1:-1]


# prepare   the commands before it
# command   the one that is disturbed
# back      the commands that take it back
# between   each state in which a command that was killed, or could not undo all (exit status 4), may be left for good:
#           what was added and is there is kept, and what could not be added again stays removed (src/world/resume.h), so
#           these are the states after some of its steps, as commands from the state before
# status    its exit status if nothing disturbs it. If that is not 0, it is never 0: it must not do what it was asked to
# keeps     the steps that are done are kept whatever its exit status
# deaf      the guest ejects nothing until it is taken back
Verb = collections.namedtuple("Verb", "prepare command back between status keeps deaf", defaults=([], 0, False, False))

VERBS = {
    "apply": Verb([], APPLY, [EMPTY], [[ADD], [ADD] + ONE, [ADD] + TWO]),
    "attach": Verb([ADD], ATTACH, [DETACH], [ONE, TWO]),
    "detach": Verb([APPLY], DETACH, [APPLY], HALF),
    "detach-all": Verb([APPLY], ["detach", "--all", "{web}"], [APPLY], HALF),
    # What can be added neither there nor where it was is at neither place.
    "move": Verb([ADD] + ONE, ["move", "{web}", "3-1", "c0.2"], [["apply", "{one}"]],
                 [[["detach", "{web}", "3-1"]]]),
    # The same with two domains, of which each has its journal. None of them has it if it can be added nowhere.
    "away": Verb([ADD] + ONE, ["move", "{web}", "3-1", "db:pv0.2"],
                 [["detach", "{db}", "3-1"], ["attach", "{web}", "busid=3-1,port=1"]], [[["detach", "{web}", "3-1"]]]),
    "add": Verb([], ADD, [EMPTY]),
    "remove": Verb([APPLY], EMPTY, [APPLY], HALF + [[DETACH]]),
    # What was removed is remembered beside it, so unpark adds what is missing, and APPLY what was never parked.
    "park": Verb([APPLY], ["park", "{web}"], [["unpark", "{web}"], APPLY], HALF + [[DETACH]]),
    "unpark": Verb([APPLY, ["park", "{web}"]], ["unpark", "{web}"], [["park", "{web}"]],
                   [[ADD], [ADD] + ONE, [ADD] + TWO]),
    "prune": Verb([APPLY], ["apply", "--prune", "{other}"], [["apply", "--prune", "{both}"]], [HALF[1]]),
    # After a killed apply, with a stale record and a device that lost its driver.
    "repair": Verb([KILLED] + SPOILED, ["repair"], [["repair"], APPLY, EMPTY, KILLED] + SPOILED, parts_of(FIXES),
                   keeps=True),
    # A device that another domain has, and a disk that the host has mounted.
    "taken": Verb([ADD], ["attach", "{web}", "3-4"], [], status=3),
    "mounted": Verb([ADD], ["attach", "{web}", "3-3"], [], status=3),
    # The guest was asked to eject the controller, and does not.
    "unheard": Verb([APPLY], EMPTY, [EMPTY, APPLY], HALF + [[DETACH]], status=5, deaf=True),
}
PLAIN_VERBS = ["apply", "attach", "detach", "detach-all", "move", "add", "remove", "prune"]

# scene: the type of its controllers, that of its guest, and which verbs.
SCENES = collections.OrderedDict([
    ("hvm", ("type=emul,usbversion=3", "hvm", PLAIN_VERBS + ["park", "unpark", "away", "taken", "unheard"])),
    ("vusb", ("type=vusb", "pv", PLAIN_VERBS + ["park", "away", "repair"])),
    ("qusb", ("type=qusb", "pv", PLAIN_VERBS)),
    ("start", ("type=qusb", "pv", ["apply", "add"])),
    ("qmp", ("type=emul,usbversion=3", "hvm", ["apply", "attach", "detach", "move", "add", "remove", "prune", "taken"])),
    ("held", ("type=vusb", "pv", ["mounted", "taken"])),
    ("ocaml", ("type=vusb", "pv", ["apply", "detach"])),
])

CASES = [scene + "-" + verb for scene, (_, _, verbs) in SCENES.items() for verb in verbs]

# The two most telling ones: a QEMU that a guest must eject from, and drivers of the host.
TELLING = ["hvm-apply", "vusb-apply"]

# What is done at an act of each kind, and one of the signals, in turn, which are handled by the same function.
SIGNALS = ["SIGINT", "SIGTERM"]
ACTIONS = {
    "xenstore": "kill unsent reset timeout down EIO stop",
    "qmp": "kill kill-after EIO EAGAIN EINTR ENOMEM stop",
    "connect": "kill EIO EAGAIN EINTR",
    "driver": "kill EIO ENOSPC EAGAIN EINTR EMFILE ENOMEM",
    "open": "kill kill-after EIO ENOSPC EAGAIN EINTR EMFILE ENOMEM",
    "write": "kill kill-after EIO ENOSPC EAGAIN EINTR",
    "files": "kill kill-after EIO ENOSPC ENOMEM",
    "lock": "kill EIO EAGAIN EINTR ENOMEM",
    "sync": "kill EIO ENOSPC",
    "ioctl": "kill EIO EAGAIN EINTR ENOMEM",
    "start": "kill kill-after EAGAIN ENOMEM",
    "signal": "kill kill-after",
}

# What is done at a look, a file or directory that is opened to be read. Of a command that must refuse, all of it at
# each; of the others one at each, in turn.
LOOKS = ["look-EIO", "look-EMFILE", "look-ENOMEM", "look-unreadable"]
