# SPDX-License-Identifier: MIT
"""A watcher and whatever may happen to it, inside its scene (scenes.test): in each round some of the EVENTS, at random
instants. Then the files are mended, what was taken away by hand is plugged in again, and the world must become what the
files ask for, by itself. The environment is that of races.py, which see; so are the output and the exit status.
"""

import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import peers
import races
import snapshot
from races import Disorder, bash, result, start

races.SCRIPT = "watching.sh"
T, XENUSB = races.T, races.XENUSB
STICKS = ["3-%d" % number for number in range(1, 7)]
GUESTS = collections.OrderedDict([("win", "hvm"), ("db", "hvm"), ("web", "pv")])  # in the order of their files
EVENTS = {"unplug": 3, "plug": 3, "replug": 6, "switch": 2, "change": 4, "break": 2, "mend": 1, "reboot": 3,
          "destroy": 1, "create": 2, "detach": 3, "xl detach": 3, "qemu": 2, "watcher": 3, "xenstored": 1}
MOST = 12  # events in a round
PATIENCE = 150  # seconds, since the watcher waits up to 60 s between two tries
GUEST_FILES = T + "/guests"


class Watching:
    def __init__(self):
        self.seed = int(os.environ["SOAK_SEED"])
        self.random = random.Random(self.seed)
        self.counts = collections.Counter()
        self.xl = subprocess.check_output(["bash", "-c", '. "$0/../rig/lib.sh"; xen_program xl', races.HERE],
                                          text=True).strip()
        self.ids, self.last_id, self.wants = {}, 2, {}
        self.touched = set()  # sticks that somebody may have taken away, or that a file may have asked for before
        self.log, self.watcher = open(T + "/watch.log", "w+"), None
        os.makedirs(GUEST_FILES)
        for name in GUESTS:
            self.change(name)
            self.create(name)
        self.watch()

    def run(self, *arguments, program=XENUSB):
        return result(start(program, list(arguments)))

    # ---- the watcher ----

    def watch(self):
        environment = dict(os.environ, LD_PRELOAD=races.RIG + "/fakexen.so:" + os.environ.get("LD_PRELOAD", ""))
        self.watcher = subprocess.Popen([XENUSB, "watch", "--start-backend", GUEST_FILES], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, env=environment)

    def is_idle(self):
        """No run of it is going on."""
        with open("/proc/%d/task/%d/children" % (self.watcher.pid, self.watcher.pid)) as file:
            return not file.read().strip()

    def wait(self, condition, seconds, what):
        until = time.monotonic() + seconds
        while not condition():
            if self.watcher.poll() is not None:
                raise Disorder("the watcher has ended with status %d" % self.watcher.returncode)
            if time.monotonic() > until:
                raise Disorder(what)
            time.sleep(0.05)

    def kill_watcher(self):
        self.watcher.kill()
        self.watcher.wait()
        time.sleep(self.random.choice([0, 0, 0.3]))
        self.watch()

    # ---- what happens ----

    def usb(self, word, stick):
        """Returns whether that was possible: what is plugged in already cannot be plugged in."""
        return subprocess.run([races.RIG + "/usbbed", "tell", T + "/usbbed.sock", word, stick],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def write(self, name, lines):
        path = "%s/%d-%s.cfg" % (GUEST_FILES, list(GUESTS).index(name), name)
        with open(path + ".new", "w") as file:
            file.write("\n".join(lines) + "\n")
        os.rename(path + ".new", path)

    def lines(self, name):
        """A file; the wanted sticks are a dict of busid to product, None: any."""
        bus = ",bus=pv0" if name == "web" else ""
        devices = ["busid=%s%s%s" % (stick, ",id=0781:" + product if product else "", bus)
                   for stick, product in self.wants[name].items()]
        return ["name='%s'" % name, "type='%s'" % GUESTS[name],
                "usbcontroller=['type=qusb,name=pv0']" if bus else "", "usbdevice=%r" % devices]

    def change(self, name):
        self.touched.update(self.wants.get(name, {}))
        chosen = self.random.sample(STICKS, self.random.randint(0, 3))
        self.wants[name] = {stick: self.random.choice([None, None, "5583", "5584"]) for stick in chosen}
        self.write(name, self.lines(name))

    def create(self, name):
        self.last_id += 1
        self.ids[name] = self.last_id
        bash("guest_comes", name, GUESTS[name], str(self.last_id))

    def destroy(self, name):
        if name in self.ids:
            bash("guest_leaves", name, str(self.ids.pop(name)))

    def reboot(self, name):
        self.destroy(name)
        self.create(name)

    def detach(self, name):
        stick = self.random.choice(STICKS)
        self.touched.add(stick)
        self.run("detach", name, stick)

    def detach_with_xl(self, name):
        if name not in self.ids:
            return
        _, text = self.run("usb-list", str(self.ids[name]), program=self.xl)
        found, controller = [], None
        for line in text.splitlines():
            words = line.split()
            if words and words[0].isdigit():
                controller = words[0]
            at = re.match(r" +Port (\d+): Bus (\w+) Device (\w+)", line)
            if at:
                stick = snapshot.busid_of("%d/%d" % (int(at[2], 16), int(at[3], 16)))
                found.append((controller, at[1], stick))
        if found:
            controller, port, stick = self.random.choice(found)
            self.touched.add(stick)
            self.run("usbdev-detach", str(self.ids[name]), controller, port, program=self.xl)

    def restart_xenstored(self):
        """Ended and started with the same nodes, as in a live update that loses the connections. What would change
        nodes meanwhile is stopped, since that would be lost."""
        self.destroy("web")  # its QEMU would not survive that
        self.watcher.send_signal(signal.SIGSTOP)
        self.wait(self.is_idle_or_stopped, 30, "a run of the watcher does not end")
        nodes = peers.Xenstore().dump()
        bash("daemon_ends")
        bash("daemon_again", *map(str, self.ids.values()))
        xenstore = peers.Xenstore()
        for path, (value, perms) in sorted(nodes.items()):
            if path != "/":
                xenstore.write(path, value)
                xenstore.permit(path, perms)
        self.watcher.send_signal(signal.SIGCONT)
        self.create("web")

    def is_idle_or_stopped(self):
        """Its children have ended, although it has not waited for them."""
        with open("/proc/%d/task/%d/children" % (self.watcher.pid, self.watcher.pid)) as file:
            for child in file.read().split():
                with open("/proc/%s/stat" % child) as stat:
                    if stat.read().rsplit(") ", 1)[1][0] != "Z":
                        return False
        return True

    def happens(self, event):
        self.counts["event " + event] += 1
        stick, name = self.random.choice(STICKS), self.random.choice(list(GUESTS))
        if event in ("unplug", "plug", "replug", "switch"):
            self.usb(event, stick)
        elif event == "break":
            self.write(name, self.lines(name) + ["usbdevice=['busid=nonsense"])
        elif event == "mend":
            self.write(name, self.lines(name))
        elif event == "create":
            if name not in self.ids:
                self.create(name)
        elif event == "xl detach":
            self.detach_with_xl(self.random.choice(["win", "db"]))
        elif event == "qemu":
            if name in self.ids:
                bash("qemu_dies", name, str(self.ids[name]))
        elif event == "watcher":
            self.kill_watcher()
        elif event == "xenstored":
            self.restart_xenstored()
        else:
            getattr(self, event)(name)

    def round(self):
        kinds, weights = list(EVENTS), list(EVENTS.values())
        happened = []
        try:
            for _ in range(self.random.randint(1, MOST)):
                event = self.random.choices(kinds, weights)[0]
                happened.append(event)
                self.happens(event)
                time.sleep(self.random.choice([0, 0, 0.02, 0.1, 0.5]))
            self.calm()
        except Disorder as disorder:
            raise Disorder("after %s: %s" % (", ".join(happened), disorder)) from None

    # ---- does the world equal the files? ----

    def calm(self):
        """Nothing happens any longer, and nobody has taken anything away."""
        for name in GUESTS:
            self.write(name, self.lines(name))
            pid = "%s/qemu-%s.pid" % (T, self.ids.get(name))
            if GUESTS[name] == "hvm" and name in self.ids and not os.path.exists(pid):
                self.reboot(name)  # its QEMU was killed
        self.settle()
        self.clear()
        for stick in STICKS:
            if not self.usb("plug", stick) and stick in self.touched:
                self.usb("replug", stick)
        self.touched.clear()
        seen = []
        self.wait(lambda: self.equals(seen), PATIENCE, "the world is not what the files ask for")
        self.settle()
        if not self.equals(seen):
            raise Disorder("the world is no longer what the files ask for: " + seen[-1])
        self.order()

    def clear(self):
        """Take away what the file of a guest asked for before: that is left alone, and a PVUSB QEMU opens it again."""
        for name in self.ids:
            _, text = self.run("list", name)
            for stick in re.findall(r" (3-\d+) +(?:\w+ +)?(?:attached|gone)\b", text):
                if stick not in self.wants[name]:
                    self.touched.add(stick)
                    self.run("detach", name, stick)

    def settle(self):
        time.sleep(0.3)
        self.wait(self.is_idle, 60, "the watcher does not come to rest")

    def product(self, stick):
        with open("%s/%s/idProduct" % (snapshot.tree(), stick)) as file:
            return file.read().strip()

    def attached(self):
        """The guests that each stick is attached to."""
        found = collections.defaultdict(list)
        for name in self.ids:
            _, text = self.run("list", name)
            for stick in re.findall(r" (3-\d+) .* attached(?:;|$)", text, re.M):
                found[stick].append(name)
        return found

    def equals(self, seen):
        found = self.attached()
        for stick in STICKS:
            product = self.product(stick)
            wanting = [name for name in self.ids
                       if stick in self.wants[name] and self.wants[name][stick] in (None, product)]
            if len(found[stick]) != bool(wanting) or not set(found[stick]) <= set(wanting):
                seen.append("%s (%s) is wanted by %s, attached to %s" % (stick, product, wanting, found[stick]))
                return False
        return True

    def order(self):
        """What was left by a guest that ended, or is not plugged in any longer, is for repair."""
        status, text = self.run("repair")
        if status != 0:
            raise Disorder("repair: exit status %d\n%s" % (status, text))
        status, text = self.run("doctor")
        if status != 0:
            raise Disorder("doctor: exit status %d\n%s" % (status, text))
        nodes = peers.Xenstore().dump()
        if any("/journal" in path for path in nodes):
            raise Disorder("an open journal")
        held = collections.Counter()
        for devices in snapshot.processes()[0].values():
            held.update(devices.split())
        for device, count in held.items():
            if count > 1:
                raise Disorder("%s is held twice" % device)
        descriptors = len(os.listdir("/proc/%d/fd" % self.watcher.pid))
        if descriptors > 24:
            raise Disorder("the watcher has %d files open" % descriptors)


def main():
    watching, status = None, 0
    until = float(os.environ["SOAK_UNTIL"])
    try:
        watching = Watching()
        for number in range(int(os.environ["SOAK_ROUNDS"])):
            if time.time() > until:
                break
            try:
                watching.round()
                watching.counts["rounds"] += 1
            except (Disorder, OSError, peers.Gone) as disorder:
                print("seed %d, round %d: %s" % (watching.seed, number + 1, disorder))
                for name in watching.ids:
                    print("%s, file: %s\n%s" % (name, watching.wants[name], watching.run("list", name)[1]))
                watching.log.seek(0)
                print("".join(watching.log.readlines()[-40:]))
                status = 1
                break
    finally:
        if watching and watching.watcher:
            watching.watcher.terminate()
            if watching.watcher.wait(60) != 0:
                print("the watcher ended with status %d" % watching.watcher.returncode)
                status = 1
    print(json.dumps(watching.counts))
    return status


if __name__ == "__main__":
    sys.exit(main())
