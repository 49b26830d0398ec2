// SPDX-License-Identifier: MIT
#include "explanations.h"

// explain.test of the rig pastes them all.
const struct explained_command explained_commands[HELPS] = {
    [HELP_DOCTOR] = { "to see what is wrong, and what fixes it", "xenusb doctor DOMAIN" },
    [HELP_DEVICES] = { "to see this host's devices, and who uses each", "xenusb devices" },
    [HELP_LIST] = { "to see what the guest has", "xenusb list DOMAIN" },
    [HELP_CHECK] = { "to see all that is wrong with a file", "xenusb check FILE" },
    [HELP_VERBS] = { "to see the verbs", "xenusb help" },
    [HELP_OPTIONS] = { "to see the options of one of them", "xenusb help attach" },
    [HELP_APPLY_TO] = { "to apply it to that domain", "xenusb apply --domain DOMAIN FILE" },
    [HELP_DOMAINS] = { "to list the domains", "xl list" },
    [HELP_TYPE] = { "to see what the guest is", "xl list -l DOMAIN" },
    [HELP_UNPAUSE] = { "to let a paused guest run", "xl unpause DOMAIN" },
    [HELP_ADD_CONTROLLER] = { "to add one", "xenusb controller add DOMAIN type=emul,usbversion=3" },
    [HELP_MOVE] = { "to move it from the guest that has it", "xenusb move OTHER DEVICE DOMAIN" },
    [HELP_DETACH] = { "to detach it there", "xenusb detach OTHER DEVICE" },
    [HELP_FORCE] = { "to attach a network or sound card all the same",
                     "xenusb attach --force DOMAIN DEVICE" },
    [HELP_CHECK_POLICY] = { "to check it", "xenusb check --policy /etc/xenusb/policy.conf" },
    [HELP_ATTACH] = { "to choose a place that fits", "xenusb attach DOMAIN DEVICE" },
    [HELP_START_BACKEND] = { "to start a QEMU for a PV or PVH guest",
                             "xenusb attach --start-backend DOMAIN DEVICE" },
    [HELP_XEN] = { "to see whether Xen works", "xl list" },
    [HELP_VERSION] = { "to see what was built in", "xenusb version" },
    [HELP_WORK] = { "to show what is being done", "xenusb list" },
    [HELP_REPAIR] = { "to complete or undo it now", "xenusb repair DOMAIN" },
    [HELP_FORGET] = { "to remove a journal that cannot be read", "xenusb repair --forget DOMAIN" },
    [HELP_SAVE] = { "to write what is missing", "xenusb repair DOMAIN" },
    [HELP_PARK] = { "to take that away before it is saved", "xenusb park DOMAIN" },
    [HELP_UNPARK] = { "to bring it back afterwards", "xenusb unpark DOMAIN" },
    [HELP_OBSTACLE] = { "to see what prevents it", "xenusb doctor DOMAIN" },
    [HELP_WATCHER] = { "to start it, now and at each boot", "systemctl enable --now xenusb-watch" },
    [HELP_ONCE] = { "to bring everything up to date once", "xenusb watch --once" },
    [HELP_FIX] = { "to fix what can be fixed", "xenusb repair DOMAIN" },
};

const struct explanation explanations[DIAG_CODES] = {
    [CODE_NOTE] = { "a note of no other kind",
                    "Something worth knowing, such as a default that was chosen for you. Nothing "
                    "is wrong, and it does not change the exit status.\n",
                    { HELP_NONE } },
    [CODE_WARNING] = { "a warning of no other kind",
                       "The command does what it was asked to, but perhaps not what was meant: a "
                       "key that is ignored, a number that another tool reads differently, Python "
                       "that is skipped. The caret is under the word it is about.\n"
                       "Write that word as the hint says, and the warning goes away.\n",
                       { HELP_CHECK } },
    [CODE_INVALID] = { "what a config, a policy or an argument says is wrong",
                       "The text cannot be read as USB declarations: a value that is out of range, "
                       "a quote or a comma that is missing, two keys that need each other. The "
                       "caret is under the word that is wrong, and what was expected follows it.\n"
                       "All errors of a file are reported in one run, and nothing was changed. "
                       "xenusb.cfg(5) has every key with its values.\n",
                       { HELP_CHECK } },
    [CODE_FAILED] = { "something failed, for a reason of no other kind",
                      "A step was refused by QEMU, by the kernel or by the system, whose own words "
                      "are in the message. The steps before it were undone; if that failed too, "
                      "the complaint left-over says what is left.\n"
                      "If it is not clear from the message, look at the log of the guest's QEMU in "
                      "/var/log/xen, and at that of the kernel.\n",
                      { HELP_DOCTOR } },
    [CODE_USAGE] = { "the command line is wrong",
                     "A verb, an option or a number of arguments that does not exist or does not "
                     "go with the others. Nothing was looked at or changed.\n",
                     { HELP_VERBS, HELP_OPTIONS } },
    [CODE_UNREADABLE] = { "a file, xenstore, or this host's devices cannot be read",
                          "What is decided depends on it, and a guess could give away a device "
                          "that "
                          "is in use, so the command stops.\n"
                          "A file: is its name right, is it a text file, may this user read it? "
                          "xenstore: does xenstored still run? Devices: is sysfs mounted at /sys, "
                          "and is usbcore in the kernel?\n",
                          { HELP_DOCTOR } },
    [CODE_UNWRITABLE] = { "a file, xenstore, or standard output cannot be written",
                          "The disk is full or read-only, this user may not write there, or "
                          "xenstored refused it: each domain may have so many nodes only. What the "
                          "command had done before was undone, unless it says something else.\n",
                          { HELP_DOCTOR } },
    [CODE_UNKNOWN_KEY] = { "a config or a policy has a key that does not exist",
                           "In what xenusb owns (usbcontroller, usbdevice and the like) an unknown "
                           "key is an error, since it is usually a typo that would change what the "
                           "guest gets. The nearest one that exists is offered. Other keys of a "
                           "config are left alone.\n"
                           "xenusb.cfg(5) has the keys of each dialect, xenusb-policy(5) those of "
                           "a "
                           "policy.\n",
                           { HELP_CHECK } },
    [CODE_NO_DOMAIN] = { "it is not said which domain it is for",
                         "A config names its domain with name=. Give it one, or name the domain on "
                         "the command line. A file for the watcher needs the name.\n",
                         { HELP_APPLY_TO } },
    [CODE_NO_SUCH_DOMAIN] = { "there is no such domain, or no longer",
                              "xenusb changes guests that run. The name may be wrong, the guest "
                              "may "
                              "not have been started, or it was shut down in the meantime. A name "
                              "is compared as it is, with upper and lower case; an id changes at "
                              "each reboot of the guest.\n",
                              { HELP_DOMAINS } },
    [CODE_WRONG_TYPE] = { "the config is for another type of guest",
                          "type= of the config is not what the running guest is: hvm, pv or pvh. "
                          "What a guest can have depends on it, so nothing was changed. Without "
                          "type= and builder=, xl creates a pv guest, and so it is read.\n"
                          "Correct the file, or choose the domain that it is for.\n",
                          { HELP_TYPE } },
    [CODE_PAUSED] = { "the guest is paused, so it cannot use anything",
                      "--require-guest waits until the guest uses the device, which a paused guest "
                      "never does. Let it run first, or omit the option: the device is attached "
                      "then, and the guest finds it when it runs.\n",
                      { HELP_UNPAUSE } },
    [CODE_NO_SUCH_CONTROLLER] = { "the guest or the config has no controller of that name",
                                  "A controller is named as list shows it: hci0, pv0, usb. A "
                                  "number "
                                  "is its index, counted from 0. In a config, bus= names a "
                                  "controller that the file declares or that the guest has.\n",
                                  { HELP_LIST, HELP_ADD_CONTROLLER } },
    [CODE_NOT_ATTACHED] = { "the guest does not have that device",
                            "It is not attached to this guest, or not any longer: it may have been "
                            "unplugged, or be in another one. Where nothing is left to do, as with "
                            "detach, that is a note, and the exit status is 0.\n",
                            { HELP_LIST, HELP_DEVICES } },
    [CODE_NOT_PLUGGED_IN] = { "no such device is plugged into this host",
                              "No device of this host has all that was asked for: bus id, ids, "
                              "serial number, path. A device that was replugged has another "
                              "address, and one in another socket another bus id, so name it by "
                              "vendor and product, or by its serial number.\n"
                              "If it may be missing: required=no in the config, or --skip-missing, "
                              "makes it a warning. attach --keep, and the watcher, attach it once "
                              "it is plugged in.\n",
                              { HELP_DEVICES } },
    [CODE_AMBIGUOUS] = { "several devices, domains or places match",
                         "Only one was asked for, and xenusb does not choose: two sticks of the "
                         "same kind differ by their serial number or by the socket they are in. "
                         "The hint lists those that match, in words that can be pasted.\n"
                         "all=yes attaches all of them.\n",
                         { HELP_DEVICES } },
    [CODE_IN_USE] = { "a guest or a program has the device, or that is not known",
                      "A device is in one place at a time. Another guest, a QEMU or a program on "
                      "this host has its node in /dev/bus/usb open, or xenstore says that another "
                      "guest has it, even if that guest has lost it. --force does not override "
                      "this: whoever has it would lose data.\n"
                      "Detach it there, or end the program that has it; the message names it.\n",
                      { HELP_DEVICES, HELP_MOVE, HELP_DETACH } },
    [CODE_HOST_NEEDS_IT] = { "this host uses the device, or that is not known",
                             "It is a disk that is mounted or otherwise in use, a network card "
                             "that "
                             "is up, a sound card that plays; or that could not be found out, "
                             "which "
                             "counts as used. As a warning: the host loses something with it, such "
                             "as its last keyboard.\n"
                             "Unmount the disk, take down the network card, or end what uses it. "
                             "--force overrides it for a network or sound card, never for a "
                             "disk.\n",
                             { HELP_DEVICES, HELP_FORCE } },
    [CODE_DENIED] = { "the policy of this host denies it",
                      "/etc/xenusb/policy.conf says which domain may have which device. The "
                      "message "
                      "names the line that denies it. The first rule that matches decides, so an "
                      "ALLOW line has to come before it. xenusb-policy(5) has the rules.\n",
                      { HELP_DEVICES, HELP_CHECK_POLICY } },
    [CODE_CONFLICT] = { "it contradicts something else in the request or in the guest",
                        "Two things cannot both be: two devices at one port, one device twice, two "
                        "controllers of one name, a model that is not of the version that is "
                        "given, a device that the guest has at another controller. The second "
                        "place, if there is one, is shown below the first.\n",
                        { HELP_LIST } },
    [CODE_NO_PORT] = { "no such port, none free, or none that suits the device",
                       "The controller has fewer ports, all of them are used, or those left do not "
                       "support the speed of the device: a keyboard does not work on a USB 2 "
                       "controller (EHCI) without companions, and a USB 3 controller fits all.\n"
                       "Use another port or controller, or give none: then a controller is added "
                       "that fits the device.\n",
                       { HELP_LIST, HELP_ATTACH } },
    [CODE_NO_BACKEND] = { "nothing serves such a controller",
                          "An emulated controller needs the QEMU of an HVM guest. A PVUSB "
                          "controller needs the kernel's usbback, which few kernels have, or a "
                          "QEMU with qusb. Where the guest has no QEMU, --start-backend starts "
                          "one.\n",
                          { HELP_DOCTOR, HELP_START_BACKEND } },
    [CODE_UNSUPPORTED] = { "xenusb, QEMU, PVUSB or a dialect cannot do that",
                           "PVUSB carries host devices only, without isochronous endpoints "
                           "(cameras, sound cards) and at USB 2 speeds at most; a PV guest has no "
                           "emulated machine; xl and libvirt have no words for some devices; a "
                           "guest with a stub domain or qemu-traditional cannot be reached.\n"
                           "The hint says what works instead, where something does.\n",
                           { HELP_DOCTOR } },
    [CODE_REFUSED] = { "refused for a reason of no other kind",
                       "It could destroy something, so nothing was changed: a file that would be "
                       "overwritten, a directory that others can write to, a device that could not "
                       "be brought back. The message says which.\n",
                       { HELP_DOCTOR } },
    [CODE_NO_XEN] = { "xenstored does not run, or this xenusb was built without Xen",
                      "Guests are found through xenstored, at /var/run/xenstored/socket. Is this "
                      "machine booted with Xen, and are its daemons started? On Debian: the "
                      "service xen.\n"
                      "With --qmp SOCKET xenusb works on any QEMU, without Xen; the package "
                      "xenusb-qemu does only that.\n",
                      { HELP_XEN, HELP_VERSION } },
    [CODE_NO_PERMISSION] = { "no permission to connect to xenstored",
                             "Only root may talk to xenstored: run it as root, or with sudo. check "
                             "and "
                             "translate need neither root nor xenstored.\n",
                             { HELP_NONE } },
    [CODE_NO_ANSWER] = { "a daemon, a QEMU or a guest did not answer in time",
                         "Whatever had been done was undone. A QEMU that is stopped or busy does "
                         "not answer; a guest that is paused, has crashed, or has no driver for "
                         "the controller does not release a device.\n"
                         "Wait longer with --timeout 1m, let the guest run, or reboot it. If its "
                         "QEMU hangs for good, only a shutdown of the guest helps.\n",
                         { HELP_DOCTOR, HELP_UNPAUSE } },
    [CODE_LOCKED] = { "another command or watcher is at work",
                      "Commands that change a guest take turns, so that none acts on what another "
                      "one is about to change. The message names the process that has the lock. "
                      "Locks end with their process: none is ever left over.\n"
                      "Wait for it, or wait longer with --timeout. There is one watcher on a "
                      "host.\n",
                      { HELP_WORK } },
    [CODE_INTERRUPTED] = { "ended by a signal",
                           "Ctrl-C, or the end of the session, asked the command to stop. It undid "
                           "what it had done, and said so.\n",
                           { HELP_LIST } },
    [CODE_UNFINISHED] = { "a command was killed, and what it left open is dealt with",
                          "Before its first step each command writes a journal. If it is killed, "
                          "the next one that changes something completes what it began, or undoes "
                          "it, and says which. If that fails, as with a QEMU that hangs, the next "
                          "command tries again, and does not change that guest before.\n"
                          "A journal that cannot be read can only be removed, after a look at "
                          "what the guest has.\n",
                          { HELP_LIST, HELP_REPAIR, HELP_FORGET } },
    [CODE_UNSAVED] = { "libxl's saved configuration lacks something",
                       "libxl keeps a config of each guest in /var/lib/xen, from which \"xl "
                       "reboot\" creates it again. A change that is not in it, because it could "
                       "not be written or --no-save was given, is lost then. The guest itself has "
                       "what was attached.\n",
                       { HELP_SAVE } },
    [CODE_NOT_RESTORABLE] = { "the guest cannot be restored if it is saved now",
                              "libxl restores a guest with a QEMU that is started as the one "
                              "before was, and QEMU refuses a state with more than it has. So "
                              "whatever was attached while the guest ran prevents it, whichever "
                              "tool attached it. xl save does not notice.\n"
                              "Park the guest before it is saved or migrated; a guest that is "
                              "started with its controllers (translate --controllers cold) needs "
                              "less. docs/saving.md has the details.\n",
                              { HELP_PARK, HELP_UNPARK, HELP_OBSTACLE } },
    [CODE_NO_WATCHER] = { "no watcher runs, or that is not known",
                          "--keep, and the files in /etc/xenusb/guests, are for the watcher: it "
                          "attaches again what was unplugged, or lost at a reboot of the guest. "
                          "While none runs, nothing comes back by itself.\n",
                          { HELP_WATCHER, HELP_ONCE } },
    [CODE_INCOMPLETE] = { "not everything could be read",
                          "There was not enough memory, or too many files were open, or a device "
                          "or a QEMU could not be asked. What could not be read is unknown, and "
                          "whatever depends on it is not done.\n"
                          "Raise the limits (ulimit -n), or try again when the machine is less "
                          "busy.\n",
                          { HELP_DOCTOR } },
    [CODE_LEFT_OVER] = { "something could not be undone",
                         "A step failed, and then its undo did too, or a guest kept what it was "
                         "asked to release. The exit status is 4. What is left is named, with the "
                         "command that removes it once the cause is gone. Nothing has to be "
                         "removed from xenstore by hand.\n",
                         { HELP_LIST, HELP_FIX } },
};
