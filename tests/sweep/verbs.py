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

# verb: the commands before it, the command, the commands that take it back, and each state in which a command that
# was killed, or could not undo all (exit status 4), may be left for good: what was added and is there is kept, and what
# could not be added again stays removed (src/world/resume.h), so these are the states after some of its steps, as
# commands from the state before.
VERBS = {
    "apply": ([], APPLY, [EMPTY], [[ADD], [ADD] + ONE, [ADD] + TWO]),
    "attach": ([ADD], ATTACH, [DETACH], [ONE, TWO]),
    "detach": ([APPLY], DETACH, [APPLY], HALF),
    "detach-all": ([APPLY], ["detach", "--all", "{web}"], [APPLY], HALF),
    "add": ([], ADD, [EMPTY], []),
    "remove": ([APPLY], EMPTY, [APPLY], HALF + [[DETACH]]),
    "prune": ([APPLY], ["apply", "--prune", "{other}"], [["apply", "--prune", "{both}"]],
              [HALF[1]]),
}

# scene: the type of its controllers, that of its guest, and which verbs.
SCENES = collections.OrderedDict([
    ("hvm", ("type=emul,usbversion=3", "hvm", list(VERBS))),
    ("vusb", ("type=vusb", "pv", list(VERBS))),
    ("qusb", ("type=qusb", "pv", list(VERBS))),
    ("start", ("type=qusb", "pv", ["apply", "add"])),
    ("qmp", ("type=emul,usbversion=3", "hvm", ["apply", "attach", "detach", "add", "remove", "prune"])),
])

CASES = [scene + "-" + verb for scene, (_, _, verbs) in SCENES.items() for verb in verbs]

# The two most telling ones: a QEMU that a guest must eject from, and drivers of the host.
TELLING = ["hvm-apply", "vusb-apply"]

# What is done at an act of each kind.
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
    "look": "EIO EMFILE ENOMEM",
}
