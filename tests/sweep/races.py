# SPDX-License-Identifier: MIT
"""Races, inside their scene (scenes.test): in each round 16 xenusb processes and an xl change three guests at the same
time, some are killed, and something happens: a device is pulled, a domain destroyed, xenstored restarted. After each
round the next command must leave all in order. The environment, from "soak":

SOAK_SEED      of the random numbers
SOAK_ROUNDS    how many rounds
SOAK_UNTIL     when to stop, in seconds since 1970
Prints a line of JSON with counts at the end. Exit status: 0 all was in order; 1 something was not, which was printed.
"""

import collections
import json
import os
import random
import re
import subprocess
import sys
import time

import peers
import snapshot

HERE = os.path.dirname(os.path.abspath(__file__))
T, RIG, XENUSB = "/run/t", os.environ["B"] + "/rig", os.environ["XENUSB"]
STICKS = ["3-%d" % number for number in range(1, 6)]
OURS, XLS = STICKS, ["3-6", "3-7"]  # only xl attaches and detaches these, at the ports of the same numbers
WORKERS, COMMANDS = 16, 3
SCRIPT = "races.sh"  # with the functions for bash()
EVENTS = ["nothing", "nothing", "pull", "destroy", "restart"]


class Disorder(Exception):
    """What does not fit together."""


def bash(function, *arguments, **environment):
    """Call a function of SCRIPT."""
    script = '. "$0/../rig/lib.sh"; . "$0/%s"; "$@"' % SCRIPT
    with open(T + "/bash.out", "w+") as out:
        status = subprocess.call(["bash", "-c", script, HERE, function, *arguments], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=out, env=dict(os.environ, **environment))
        out.seek(0)
        if status != 0:
            raise Disorder("%s: %s" % (function, out.read()))


def start(program, arguments, inject=None):
    environment = dict(os.environ)
    preload = [RIG + "/fakexen.so"] + ([RIG + "/inject.so"] if inject else [])
    environment["LD_PRELOAD"] = ":".join(preload + [os.environ.get("LD_PRELOAD", "")])
    if inject:
        environment["INJECT"] = inject
    out = open("%s/race.%d" % (T, random.getrandbits(62)), "w+", errors="replace")
    os.unlink(out.name)
    child = subprocess.Popen([program] + arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
    child.out, child.words = out, " ".join([os.path.basename(program)] + arguments)
    return child


def result(child):
    try:
        status = child.wait(60)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise Disorder("it hangs: " + child.words) from None
    child.out.seek(0)
    text = child.out.read()
    child.out.close()
    return status, text


class Races:
    def __init__(self):
        self.seed = int(os.environ["SOAK_SEED"])
        self.random = random.Random(self.seed)
        self.mail, self.counts = 6, collections.Counter()
        self.xenstore = peers.Xenstore()
        self.xl = subprocess.check_output(["bash", "-c", '. "$0/../rig/lib.sh"; xen_program xl', HERE], text=True).strip()
        self.drivers = snapshot.drivers()
        self.drivers["driver 3-8:1.0"] = "usbback"  # that of db, for good
        self.events = []
        with open(T + "/more.cfg", "w") as file:
            file.write("name='web'\ntype='hvm'\nusbcontroller=['type=emul,usbversion=2,name=more']\n"
                       "usbdevice=['busid=3-1,bus=more,port=1']\n")

    def run(self, *arguments, program=XENUSB):
        return result(start(program, list(arguments)))

    # ---- a round ----

    def command(self):
        """One of xenusb's, as a user might give it at any time."""
        choose = self.random.choice
        domain, stick = choose(["web", "shop", "mail"]), choose(OURS)
        return choose([
            ["attach", domain, stick], ["attach", domain, stick], ["attach", domain, stick],
            ["attach", domain, stick, choose(OURS)],
            ["detach", domain, stick], ["detach", domain, stick], ["detach", domain, stick],
            ["controller", "add", domain, "name=more,numports=2" + (",type=emul" if domain == "web" else "")],
            ["controller", "remove", domain, "more"],
            ["apply", T + "/more.cfg"], ["repair"], ["list"], ["devices"], ["doctor"]])

    def worker(self):
        """A generator: the next command each time."""
        for _ in range(COMMANDS):
            inject = None
            if self.random.random() < 0.15:
                inject = "any %d kill" % self.random.randint(10, 120)
            yield start(XENUSB, self.command(), inject)

    def neighbour(self):
        """What xl does: each of its commands should succeed."""
        domain, stick = self.random.choice(["3", "5"]), self.random.choice(XLS)
        port = stick[2:]
        address = snapshot.address(stick)
        yield start(self.xl, ["usbdev-attach", domain, "hostbus=3", "hostaddr=%d" % address, "controller=0",
                              "port=" + port])
        yield start(self.xl, ["usb-list", domain])
        yield start(self.xl, ["usbdev-detach", domain, "0", port])

    def happens(self, event):
        if event == "pull":
            stick = self.random.choice(OURS)
            self.usb("unplug", stick)
            time.sleep(self.random.random())
            self.usb("plug", stick)
        elif event == "destroy":
            self.mail += 1
            bash("mail_again", str(self.mail - 1), MAIL=str(self.mail))
        elif event == "restart":
            self.restart()

    @staticmethod
    def usb(*words):
        subprocess.run([RIG + "/usbbed", "tell", T + "/usbbed.sock", *words], check=True, stdout=subprocess.DEVNULL)

    def restart(self):
        """xenstored ends while commands run, and is started again with the nodes that it had, all at once: never does a
        command see a part of what another one has written together."""
        bash("mail_ends", str(self.mail))
        nodes = self.xenstore.at_once(self.xenstore.dump)
        bash("daemon_ends")
        bash("daemon_again")
        self.xenstore = peers.Xenstore()
        self.xenstore.at_once(lambda: self.xenstore.restore(nodes))
        bash("players_again")
        self.mail += 1
        bash("mail_up", MAIL=str(self.mail))

    def round(self):
        workers = [self.worker() for _ in range(WORKERS)] + [self.neighbour()]
        running = {worker: next(worker) for worker in workers}
        event, at = self.random.choice(EVENTS), self.random.randint(1, 20)
        self.counts["event " + event] += 1
        done = 0
        while running:
            for worker, child in list(running.items()):
                if child.poll() is None:
                    continue
                status, text = result(child)
                done += 1
                self.count(child.words, status, text)
                try:
                    running[worker] = next(worker)
                except StopIteration:
                    del running[worker]
                if done == at:
                    self.happens(event)
            time.sleep(0.005)
        self.order(event)

    def count(self, words, status, text):
        program, verb = words.split()[:2]
        self.counts["%s %s" % (program, "0" if status == 0 else "killed" if status == -9 else "other")] += 1
        if program == "xenusb" and status not in (0, 1, 2, 3, 4, 5, -9) and not (verb == "doctor" and status == 10):
            raise Disorder("exit status %s: %s\n%s" % (status, words, text))

    # ---- is all in order? ----

    def order(self, event):
        """The next commands complete what was left; what was pulled is for repair."""
        for arguments in (["attach", "db", "3-8"], ["repair"]):
            status, text = self.run(*arguments)
            if status != 0 and not (status == 1 and event != "nothing"):
                raise Disorder("exit status %s: %s\n%s" % (status, " ".join(arguments), text))
        until = time.monotonic() + 5
        while True:
            try:
                return self.look()
            except Disorder:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def claims(self, nodes):
        """Which domains have which device, as xenstore has it."""
        found = collections.defaultdict(set)
        for path, (value, _) in nodes.items():
            at = re.fullmatch(r"/local/domain/0/backend/[vq]usb/(\d+)/\d+/port/\d+"
                              r"|/libxl/(\d+)/device/vusb/\d+/port/\d+", path)
            if at and value:
                found[value].add(at[1] or at[2])
        return found

    def look(self):
        nodes = self.xenstore.dump()
        claims, drivers = self.claims(nodes), snapshot.drivers()
        for busid, domains in claims.items():
            if len(domains) > 1:
                raise Disorder("%s is in domains %s" % (busid, " ".join(sorted(domains))))
        for busid in OURS + XLS:
            key = "driver %s:1.0" % busid
            if busid not in claims and drivers.get(key) != self.drivers[key]:
                raise Disorder("%s lost its driver: %s" % (busid, drivers.get(key) or "none"))
        held = collections.Counter()
        for line, devices in snapshot.processes()[0].items():
            held.update(devices.split())
            for device in devices.split():
                busid = snapshot.busid_of(device)
                if busid not in claims:
                    raise Disorder("%s is held, but recorded nowhere: %s" % (busid, line))
        for device, count in held.items():
            if count > 1:
                raise Disorder("%s is held twice" % device)
        for path, text in snapshot.files().items():
            if text.endswith("\nlocked"):
                raise Disorder("still locked: " + path)
        if any("/journal" in path for path in nodes):
            raise Disorder("an open journal")
        status, text = self.run("doctor")
        if status != 0:
            raise Disorder("doctor: exit status %d\n%s" % (status, text))
        for domain in ("3", "5"):
            self.same_as_xl(domain)

    def same_as_xl(self, domain):
        """Both list the same devices."""
        status, ours = self.run("list", domain)
        status, theirs = self.run("usb-list", domain, program=self.xl)
        mine = sorted(re.findall(r" (3-\d+) .* attached$", ours, re.M))
        xls = sorted(snapshot.busid_of("%d/%d" % (int(bus, 16), int(device, 16)))  # it prints hexadecimal
                     for bus, device in re.findall(r"Port \d+: Bus (\w+) Device (\w+)", theirs))
        if mine != xls:
            raise Disorder("xenusb lists %s in domain %s, xl lists %s\n%s%s" % (mine, domain, xls, ours, theirs))


def main():
    races = Races()
    until = float(os.environ["SOAK_UNTIL"])
    status = 0
    with peers.Ejecting(T + "/qemu-3.qtest"):
        for number in range(int(os.environ["SOAK_ROUNDS"])):
            if time.time() > until:
                break
            try:
                races.round()
                races.counts["rounds"] += 1
            except (Disorder, OSError, peers.Gone) as disorder:
                print("seed %d, round %d: %s" % (races.seed, number + 1, disorder))
                status = 1
                break
    print(json.dumps(races.counts))
    return status


if __name__ == "__main__":
    sys.exit(main())
