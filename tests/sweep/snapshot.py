# SPDX-License-Identifier: MIT
"""All that a command can change, as a flat dict of text, and what of it does not matter."""

import difflib
import fcntl
import json
import os
import re

# What is ignored when two states are compared: a pattern of "KEY = VALUE"; what it becomes (None: as if it were
# not there); and why.
IGNORED = [
    (r"(xenstore /tool/.*) = .*", None, "xenstored's own tools leave it there"),
    (r"(xenstore /local/domain/\d+/device) = .*", None, "libxl removes it together with the last device, too"),
    (r"(xenstore /xenusb/\d+/started) = .*", "ignored",
     "when the QEMU was started; that it runs is in the processes"),
    (r"(xenstore /xenusb/\d+/controller/[^/ ]+/leaving) = .*", None,
     "the guest was asked to release it and may still do so; QEMU, which does not show that request, has it too"),
    (r"(xenstore /local/domain/\d+/device/vusb/\d+/(event-channel|(urb|conn)-ring-ref)) = .*", "ignored",
     "the guest's frontend allocates them again when it connects again"),
    (r"(file (/run/xenusb/|/var/lib/xen/userdata-l\.)[^/]*) = ", None,
     "an empty file to lock, which is not locked: whoever locks next uses and removes it, libxl too"),
    (r"(file /run/xen/qmp-libxl-\d+) = special", None,
     "the socket of a QEMU, which QEMU removes when it ends and the simulated one does not; processes are compared"),
]

# The same within the tree of a QEMU: a pattern, what it becomes, and why.
IGNORED_IN_TREE = [
    (r"addr \d+\.\d+, port", "addr ignored, port", "QEMU gives each new bus a new number; the guest never sees it"),
    (r'(serial = "[^ "]+ [0-9a-f]{4}:[0-9a-f]{4})[^"]*"', r'\1"', "the product's name, which may be unreadable"),
]

# The same within a value: a pattern of keys, one of what is in the value, what it becomes, and why.
IGNORED_IN_VALUE = [
    (r"xenstore /xenusb/\d+/journal|file /run/xenusb/journal-.*", r'"pid":\d+,"started":"\d+"', '"pid":ignored',
     "the process that was killed to begin with"),
    (r"xenstore /xenusb/\d+/label/.*", r"( [0-9a-f]{4}:[0-9a-f]{4}) [^\n(]*", r"\1",
     "the product's name, which is only shown, and may be unreadable"),
]

# What may differ from what an exit status promises, if the output says so, until the next command has completed it:
# the statuses, a pattern of keys, one of the output, and why.
JOURNAL = r"xenstore /xenusb(/[34](/uuid|/journal(/\d+)?)?)?|file /run/xenusb/journal-.*"
SAID = [
    ([0], r"file /var/lib/xen/userdata-[dn]\..*\.libxl-json|" + JOURNAL, "cannot change libxl's saved",
     "the guest has all of it, which must not be undone because a disk is full"),
    ([4], r"file /var/lib/xen/userdata-[dn]\..*\.libxl-json", "LEFT OVER",
     "it lists a device that could not be detached cleanly; libxl ignores it; the next command on this domain corrects it"),
    ([0, 1, 5], JOURNAL, "in the journal, of domain|the journal of .* could not be removed",
     "without a connection to xenstored it cannot be removed; it is open, so the next command removes it"),
]

# Nodes with the id of a process, which another start changes: compared is which program it is.
PROCESS = r"/local/domain/\d+/image/device-model-pid|/xenusb/\d+/server"

ROOTS = ["/var/lib/xen", "/run/xenusb", "/run/xen", "/run/lock"]


def is_locked(path):
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def config_in_order(text):
    """libxl's saved config, with its lists sorted: its devices are added in the order of the commands."""
    try:
        config = json.loads(text.rstrip("\0"))
    except ValueError:
        return text
    for key in ("usbctrls", "usbdevs"):
        if key in config:
            config[key].sort(key=json.dumps)
    return json.dumps(config, indent=1)


def files():
    found = {}
    for root in ROOTS:
        for folder, folders, names in os.walk(root):
            for name in folders:
                found["file %s/%s/" % (folder, name)] = ""
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    found["file " + path] = "special"
                    continue
                with open(path, encoding="latin1") as file:
                    text = file.read()
                if path.endswith(".libxl-json"):
                    text = config_in_order(text)
                found["file " + path] = text + ("\nlocked" if is_locked(path) else "")
    return found


def tree():
    return os.environ.get("UMOCKDEV_DIR", "/none") + "/sys/bus/usb/devices"


def number_in(path):
    with open(path) as file:
        return int(file.read())


def address(busid):
    return number_in("%s/%s/devnum" % (tree(), busid))


def busid_of(device):
    """That of a device such as 003/012; its address if there is none."""
    bus, number = map(int, device.split("/"))
    for name in os.listdir(tree()):
        try:
            if ":" not in name and (number_in("%s/%s/busnum" % (tree(), name)), address(name)) == (bus, number):
                return name
        except OSError:
            continue  # it is unplugged
    return device


def drivers():
    found, root = {}, tree()
    for name in os.listdir(root) if os.path.isdir(root) else []:
        if ":" in name:
            try:
                found["driver " + name] = os.path.basename(os.readlink(root + "/" + name + "/driver"))
            except OSError:
                found["driver " + name] = ""
    return found


def opened(folder):
    for fd in os.listdir(folder):
        try:
            yield os.readlink(folder + "/" + fd)
        except OSError:
            pass  # it is closed meanwhile


def processes():
    """The programs that run, but for the sweep's own, and the devices that each has open."""
    found, living = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, encoding="latin1") as file:
                words = file.read().split("\0")
            nodes = list(opened("/proc/%s/fd" % pid))
        except OSError:
            continue
        if not words[0] or int(pid) in (1, os.getpid()):
            continue  # a zombie, or part of the rig
        line = " ".join(words).strip()
        living[pid] = line
        nodes = sorted(node[-7:] for node in nodes if re.search(r"/nodes/\d{3}/\d{3}$", node))  # usbsys.c
        key = "process " + line[:120]
        while key in found:
            key += "'"
        found[key] = " ".join(nodes)
    return found, living


def in_order(lines):
    """The lines of a tree of QEMU, with the devices of each bus sorted: QEMU has them as they were added."""
    blocks, depth = [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is None or indent <= depth:
            blocks.append([line])
            depth = indent
        else:
            blocks[-1].append(line)
    blocks = [block[:1] + (in_order(block[1:]) if block[1:] else []) for block in blocks]
    rest = [block for block in blocks if not block[0].lstrip().startswith("dev:")]
    devices = sorted(block for block in blocks if block[0].lstrip().startswith("dev:"))
    return [line for block in rest + devices for line in block]


def take(xenstore, monitors):
    """The present state; monitors maps names of QEMUs to their monitors."""
    state, living = processes()
    if xenstore:
        for path, (value, perms) in xenstore.dump().items():
            if re.fullmatch(PROCESS, path):
                value = living.get(value, "a dead process")
            state["xenstore " + path] = "%s (%s)" % (value, perms)
    for name, monitor in monitors.items():
        tree = monitor.tree()
        for pattern, becomes, _ in IGNORED_IN_TREE:
            tree = re.sub(pattern, becomes, tree)
        state["qemu " + name] = "\n".join(in_order(tree.splitlines()))
    state.update(files())
    state.update(drivers())
    return normal(state)


def normal(state):
    kept = {}
    for key, value in state.items():
        for pattern, becomes, _ in IGNORED:
            if re.fullmatch(pattern, "%s = %s" % (key, value), flags=re.S):
                value = becomes
                break
        for keys, pattern, becomes, _ in IGNORED_IN_VALUE:
            if value and re.fullmatch(keys, key):
                value = re.sub(pattern, becomes, value)
        if value is not None:
            kept[key] = value
    return kept


def is_said(status, wanted, present, output):
    """Whether all that differs is in that table."""
    keys = [key for key in set(wanted) | set(present) if wanted.get(key) != present.get(key)]
    return all(any(status in statuses and re.fullmatch(pattern, key) and re.search(words, output)
                   for statuses, pattern, words, _ in SAID) for key in keys)


def difference(wanted, present):
    """Lines that show how the present state differs."""
    lines = []
    for key in sorted(set(wanted) | set(present)):
        one, other = wanted.get(key), present.get(key)
        if one == other:
            continue
        if one and other and "\n" in one + other:
            lines.append("  " + key)
            lines += ["  " + line for line in difflib.unified_diff(
                one.splitlines(), other.splitlines(), lineterm="", n=1)][2:]
        else:
            lines += ["  - %s = %s" % (key, one)] if one is not None else []
            lines += ["  + %s = %s" % (key, other)] if other is not None else []
    return lines
