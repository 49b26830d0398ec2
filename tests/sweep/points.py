# SPDX-License-Identifier: MIT
"""Runs the points of one verb, inside its scene (scenes.test). The environment, from "sweep":

SWEEP_CASE     such as hvm-apply
SWEEP_CHOICE   which points: space-separated KIND-OF-ACTION:STEP:OFFSET, or ACTION@NUMBER for a single one
SWEEP_STATE    a file with a line for each point that was done; those are skipped, and the others added
SWEEP_WRONG    a directory for what was wrong at a point, a file each
SWEEP_UNTIL    when to stop, in seconds since 1970; may be empty
Exit status: 0 all points are done; 75 the scene must be set up again; 76 time is over; 1 it cannot be done.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import peers
import snapshot
import verbs

T, RIG = "/run/t", os.environ.get("B", "build") + "/rig"
XENUSB = os.environ["XENUSB"]
LONG = "10"  # the time limit of a command that is not disturbed: long even on a busy machine
DEAF = "1"   # the same where it waits for a guest that never ejects anything
SETTLE = 3.0  # seconds for what others do on their own: a frontend, a QEMU that ends
AGAIN, OVER = 75, 76
KILLED = -signal.SIGKILL
PROMISED = {0: "after", 1: "before", 2: "before", 3: "before", 5: "before",  # exit status to state
            -signal.SIGINT: "before", -signal.SIGTERM: "before"}  # it came before xenusb was ready to catch it


class Wrong(Exception):
    """What is wrong at a point, and the lines that show it."""

    def __init__(self, what, lines=()):
        super().__init__(what)
        self.what, self.lines = what, list(lines)


class Scene:
    """The daemons of the scene, and commands run in it."""

    def __init__(self, name):
        self.name = name
        scene, self.verb = name.split("-", 1)
        self.scene, self.without_xen = scene, scene == "qmp"
        kind, guest, _ = verbs.SCENES[scene]
        self.words = {"type": kind, "guest": guest, "web": "web", "db": "db"}
        for file, text in verbs.CONFIGS.items():
            path = T + "/" + file
            self.words[file.split(".")[0]] = path
            with open(path, "w") as out:
                out.write(text.replace("{guest}", guest).replace("{type}", kind))
        self.xenstore = None if self.without_xen else peers.Xenstore()
        self.monitors, self.ejecting, self.qemu, self.deaf = {}, contextlib.nullcontext(), None, False
        for qemu in ("3", "_run_t_web", "_run_t_db"):
            path = T + "/qemu-" + qemu
            if os.path.exists(path + ".watch"):
                self.monitors[qemu] = peers.Monitor(path + ".watch")
        if self.monitors:
            path = T + "/qemu-" + next(iter(self.monitors))
            self.ejecting = peers.Ejecting(path + ".qtest")
            with open(path + ".pid") as file:
                self.qemu = int(file.read())
        elif scene == "qusb":
            with open(T + "/play-backend-qusb-3.pid") as file:
                self.qemu = int(file.read())
        self.xenstored = next((int(pid) for pid, line in snapshot.processes()[1].items()
                               if "xenstored" in line.split()[0]), None)

    def arguments(self, words):
        """The command line of a row of the table."""
        verb = 2 if words[0] == "controller" else 1
        words = [word.format(**self.words) for word in words]
        options = []
        if self.without_xen:
            options += ["--qmp", T + ("/db" if "db" in words else "/web")]
            words = words[:verb] + [word for word in words[verb:] if word not in ("web", "db")]
        elif (self.scene == "start" and words[:2] != ["controller", "remove"] and words[0] != "detach"
              and "db" not in words):
            options.append("--start-backend")
        return words[:verb] + options + words[verb:]

    def run(self, arguments, inject=None, log=None, limit="0.1"):
        """Run xenusb; return its exit status and output. The time limit is longer for commands that are not disturbed."""
        preload = [RIG + "/fakexen.so", os.environ.get("LD_PRELOAD", "")]
        environment = dict(os.environ)
        if inject or log:
            preload.insert(1, RIG + "/inject.so")
            environment.update({"INJECT": inject} if inject else {})
            environment.update({"INJECT_LOG": log} if log else {})
            stopped = self.xenstored if inject and inject.startswith("xenstore") else self.qemu
            environment["INJECT_STOPS"] = str(stopped or 0)
        environment["XENUSB_TIME_FACTOR"] = limit
        environment["LD_PRELOAD"] = ":".join(filter(None, preload))
        with contextlib.nullcontext() if self.deaf else self.ejecting, open(T + "/out", "w+", errors="replace") as out:
            child = subprocess.Popen([XENUSB] + arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     env=environment)
            try:
                status = child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                status = "hung"
            out.seek(0)
            return status, out.read()

    def patience(self):
        """The time limit of a command that is not disturbed."""
        return DEAF if self.deaf else LONG

    def must(self, words, why):
        """A command of the tables, or a word of the sweep."""
        words = [word.format(**self.words) for word in words]
        if words[0] in self.WORDS:
            return self.WORDS[words[0]](self, *words[1:])
        status, output = self.run(self.arguments(words), limit=self.patience())
        if status != 0:
            raise Wrong("%s: exit status %s of %s" % (why, status, " ".join(words)), output.splitlines())

    def killed(self, *words):
        """It is killed when it has bound the first of two interfaces, or added the first of two devices."""
        inject = "driver 3 kill" if self.scene in ("vusb", "ocaml") else "qmp 8 kill"
        status, output = self.run(self.arguments(words), inject)
        if status != KILLED:
            raise Wrong("exit status %s of %s, which was to be killed" % (status, " ".join(words)), output.splitlines())

    def record(self, path):
        """Notes of a domain that is gone."""
        for name, value in (("", ""), ("/uuid", "99999999-2222-3333-4444-555555555555"), ("/controller/y/id", "y")):
            self.xenstore.write(path + name, value)

    def erase(self, path):
        self.xenstore.remove(path)

    @staticmethod
    def bind(interface, file="bind"):
        out = os.open("/sys/bus/usb/drivers/usb-storage/" + file, os.O_WRONLY)
        os.write(out, interface.encode())
        os.close(out)

    def unbind(self, interface):
        self.bind(interface, "unbind")

    WORDS = {"killed": killed, "record": record, "erase": erase, "bind": lambda self, one: self.bind(one),
             "unbind": unbind}

    def look(self):
        return snapshot.take(self.xenstore, self.monitors)

    def settles(self, *states, seconds=SETTLE):
        """Wait until the present state is one of these. Returns its index or -1, and the present state."""
        until, pause = time.monotonic() + seconds, 0.004
        while True:
            present = self.look()
            if present in states:
                return states.index(present), present
            if time.monotonic() > until:
                return -1, present
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    def rebind(self, drivers):
        """Bind the drivers that a killed QEMU did not give back, as soon as it has let go of the devices."""
        until = time.monotonic() + SETTLE
        while time.monotonic() < until:
            subprocess.run([RIG + "/usbbed", "tell", T + "/usbbed.sock", "settle"], check=True)
            present = snapshot.drivers()
            lost = [key for key, driver in drivers.items() if driver and present.get(key) != driver]
            if not lost:
                return
            for key in lost:
                if not present.get(key):
                    self.bind(key.split()[1])
            time.sleep(0.01)

    def forget_qemu(self, before):
        """End the QEMU that xenusb has started, and make all else as it was before."""
        while True:
            living = [int(pid) for pid, line in snapshot.processes()[1].items() if "pvplay backend qusb 3" in line]
            if not living:
                break
            for pid in living:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self.rebind(before["drivers"])
        nodes = before["nodes"]
        for _ in range(3):  # the frontend reacts
            present = self.xenstore.dump()
            for path in sorted(set(present) - set(nodes)):
                self.xenstore.remove(path)
            for path, (value, perms) in nodes.items():
                if present.get(path) != (value, perms):
                    self.xenstore.write(path, value)
                    self.xenstore.permit(path, perms)
            time.sleep(0.03)
        for path, text in before["files"].items():
            with open(path, "w") as file:
                file.write(text)
        for root in snapshot.ROOTS:
            for folder, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(folder, name)
                    if path not in before["files"]:
                        os.unlink(path)


def acts_of(log):
    """The acts of a run, as pairs of kind and text, and its looks. Requests that were cut off have no entry."""
    acts, looks = {}, []
    with open(log, errors="replace") as file:
        for line in file:
            number, kind, what = line.rstrip("\n").split(" ", 2)
            if kind == "look":
                looks.append(("look", what))
            else:
                acts[int(number)] = (kind, what)
    os.unlink(log)
    return [acts.get(number, ("xenstore", "a request")) for number in range(1, max(acts, default=0) + 1)], looks


class Sweep:
    """A verb, and its states before and after."""

    def __init__(self, scene):
        self.scene = scene
        self.verb = verbs.VERBS[scene.verb]
        self.kept, self.shown = {}, []

    def keep(self):
        if self.scene.scene == "start":
            texts = {}
            for key in snapshot.files():
                path = key[len("file "):]
                if os.path.isfile(path):
                    with open(path) as file:
                        texts[path] = file.read()
            drivers = self.kept.get("drivers") or snapshot.drivers()
            self.kept = {"nodes": self.scene.xenstore.dump(), "files": texts, "drivers": drivers}

    def take_back(self):
        if self.kept:
            self.scene.forget_qemu(self.kept)
        else:
            for words in self.verb.back:
                self.scene.must(words, "taking it back")

    def begin(self):
        """Run it undisturbed, twice: the first time leaves what later ones find, such as empty lists."""
        scene, log = self.scene, T + "/acts"
        for words in self.verb.prepare:
            scene.must(words, "before it")
        self.keep()
        self.undisturbed()
        time.sleep(0.1)
        self.take_back()
        time.sleep(0.1)
        self.before = scene.look()
        self.keep()
        self.undisturbed(log)
        time.sleep(0.1)
        self.after = scene.look()
        self.take_back()
        at, present = scene.settles(self.before)
        if at < 0:
            raise Wrong("taking it back does not", snapshot.difference(self.before, present))
        self.acts, self.looks = acts_of(log)
        if os.environ.get("SWEEP_SHOW"):
            print("\n".join(snapshot.difference(self.before, self.after)))
        self.between = [self.state_of(commands) for commands in self.verb.between]

    def undisturbed(self, log=None):
        scene = self.scene
        scene.deaf = self.verb.deaf
        status, output = scene.run(scene.arguments(self.verb.command), log=log,
                                   limit="0.1" if self.verb.deaf else LONG)
        scene.deaf = False
        if status != self.verb.status:
            raise Wrong("exit status %s of it, undisturbed" % status, output.splitlines())

    def state_of(self, commands):
        """The state after these commands, which are taken back."""
        try:
            for words in commands:
                self.scene.must(words, "some of its steps")
            time.sleep(0.1)
            return self.scene.look()
        finally:
            self.take_back()
            at, present = self.scene.settles(self.before)
            if at < 0:
                raise Wrong("taking back some of its steps does not", snapshot.difference(self.before, present))

    def points(self):
        """All points as (action, number, kind of act, of that kind)."""
        counts = {}
        for number, (kind, _) in enumerate(self.acts, 1):
            counts[kind] = counts.get(kind, 0) + 1
            for action in verbs.ACTIONS[kind].split() + [verbs.SIGNALS[number % 2]]:
                if action == "stop" and kind == "qmp" and not self.scene.qemu:
                    continue
                yield action, number, kind, counts[kind]
        looks = len(verbs.LOOKS)
        for number in range(1, len(self.looks) + 1):
            for action in verbs.LOOKS if self.verb.status == 3 else [verbs.LOOKS[number % looks]]:
                yield action, number, "look", number

    def neighbour(self, number, stopped=False):
        """The next changing command, on another domain: one that has nothing to do, or one that has."""
        commands = [verbs.NEXT]
        if self.scene.without_xen:  # which other QEMUs there are is not known: the next command is one for this one
            if not stopped:
                commands.append(["detach", "{web}", "3-4"])
        elif number % 2 == 0:
            commands = [["controller", "add", "{db}", "type=vusb,numports=1,name=more"],
                        ["controller", "remove", "{db}", "more"]]
        for words in commands:
            arguments = self.scene.arguments(words)
            status, output = self.scene.run(arguments, limit="0.3" if stopped else self.scene.patience())
            self.shown += ["next: xenusb " + " ".join(arguments)] + output.splitlines()
            if status != 0:
                raise Wrong("exit status %s of the next command, %s" % (status, " ".join(arguments)))

    def promise(self, status, output):
        """Compare the state with what the exit status promises. Returns whether it is half done."""
        if status in (KILLED, 4):
            return self.scene.settles(self.before, self.after, seconds=0.05)[0] < 0
        if status not in PROMISED or (status == 0 and self.verb.status):
            raise Wrong("exit status %s" % status)
        if self.verb.keeps and status:
            return self.scene.settles(self.before, *self.between, seconds=0.05)[0] < 0
        promised = getattr(self, PROMISED[status])
        quick = "xl reboot" in output or "journal" in output
        at, present = self.scene.settles(promised, seconds=0.5 if quick else SETTLE)
        if at < 0 and not snapshot.is_said(status, promised, present, output):
            raise Wrong("exit status %s, but the state is not that %s" % (status, PROMISED[status]),
                        snapshot.difference(promised, present))
        return at < 0

    def outcome(self, status, output):
        """Which state it is after the next command: "before", "after" or "between"."""
        states = [self.before, self.after] + self.between
        at, present = self.scene.settles(*states)
        said = [snapshot.is_said(status, state, present, output) if status == 4 else False for state in states]
        if at < 0 and any(said):
            at = said.index(True)
        elif at < 0:
            names = ["before it", "after it"] + ["after some of its steps"] * len(self.between)
            differs = [(snapshot.difference(state, present), name) for state, name in zip(states, names)]
            lines, name = min(differs, key=lambda pair: len(pair[0]))
            raise Wrong("half done after the next command; it differs from the state %s:" % name, lines)
        word = ("before", "after", "between")[min(at, 2)]
        if PROMISED.get(status, word) != word and not (self.verb.keeps and status):
            raise Wrong("exit status %s, but the state is that %s it" % (status, word))
        return word

    def point(self, action, number, kind, of_kind):
        """Do it. Returns a word for what happened; raises Wrong."""
        scene, stops = self.scene, action == "stop"
        by_kind = stops or kind == "look"
        inject = "%s %d %s" % (((kind, of_kind) if by_kind else ("any", number)) + (action.replace("look-", ""),))
        scene.deaf = self.verb.deaf
        status, output = scene.run(scene.arguments(self.verb.command), inject, T + "/acts")
        acts, looks = acts_of(T + "/acts")
        acts = looks if kind == "look" else acts
        # A request that the act cut off has no entry.
        reached = sum(one == kind for one, _ in acts) >= of_kind if stops else len(acts) >= number or status != 0
        self.shown = ["exit status %s" % status] + output.splitlines()
        if len(acts) >= number and not stops:
            self.shown.insert(0, "act %d: %s %s" % ((number,) + acts[number - 1]))
        try:
            if stops:
                half = status == 4
                self.goes_on(kind, number)
            else:
                half = self.promise(status, output)
            self.neighbour(number)
            word = self.outcome(status, output)
            scene.deaf = False
            if scene.look() != self.before:
                self.take_back()
                at, present = scene.settles(self.before)
                if at < 0:
                    raise Wrong("it cannot be taken back", snapshot.difference(self.before, present))
        except Wrong as wrong:
            wrong.lines = self.shown + wrong.lines
            raise
        return "%s%s status %s" % (word, " half" if half else "", status) if reached else "missed"

    def goes_on(self, kind, number):
        """What was stopped goes on. While a QEMU is stopped, commands on other domains work."""
        scene = self.scene
        stopped = scene.xenstored if kind == "xenstore" else scene.qemu
        try:
            if kind != "xenstore":
                self.neighbour(number, stopped=True)
        finally:
            os.kill(stopped, signal.SIGCONT)
        time.sleep(0.05)


def chosen(points, choice):
    """Those points that the words of SWEEP_CHOICE name."""
    words = [word.split(":") for word in choice.split() if "@" not in word]
    steps = {action: (int(step), int(offset)) for action, step, offset in words}
    single = {word for word in choice.split() if "@" in word}
    for point in points:
        action, number = point[0], point[1]
        step, offset = steps.get(action, steps.get("rest", (0, 0)))
        if "%s@%d" % (action, number) in single or (step and number % step == offset % step):
            yield point


def main():
    name, state = os.environ["SWEEP_CASE"], os.environ["SWEEP_STATE"]
    until = float(os.environ.get("SWEEP_UNTIL") or "inf")
    shutil.rmtree("/run/user", ignore_errors=True)
    scene = Scene(name)
    sweep = Sweep(scene)
    with open(state) as file:
        done = {tuple(line.split()[:3]) for line in file}
    try:
        sweep.begin()
    except Wrong as wrong:
        print("%s: %s" % (name, wrong.what))
        print("\n".join("    " + line for line in wrong.lines))
        return 1
    with open(state, "a", buffering=1) as file:
        points = list(chosen(sweep.points(), os.environ["SWEEP_CHOICE"]))
        if (name, "acts", str(len(sweep.acts))) not in done:
            file.write("%s acts %d %d points\n" % (name, len(sweep.acts), len(points)))
        for action, number, kind, of_kind in points:
            if (name, action, str(number)) in done:
                continue
            if time.time() > until:
                return OVER
            began = time.monotonic()
            try:
                word = sweep.point(action, number, kind, of_kind)
            except (Wrong, peers.Gone, OSError) as wrong:
                what = wrong.what if isinstance(wrong, Wrong) else repr(wrong)
                with open("%s/%s.%s.%d" % (os.environ["SWEEP_WRONG"], name, action, number), "w") as out:
                    out.write("%s: %s at act %d: %s\n" % (name, action, number, what))
                    out.writelines("    %s\n" % line for line in getattr(wrong, "lines", []))
                file.write("%s %s %d wrong %s\n" % (name, action, number, what))
                return AGAIN
            file.write("%s %s %d %s %d ms\n" % (name, action, number, word, 1000 * (time.monotonic() - began)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
