// SPDX-License-Identifier: MIT
// The topology: the controllers and devices that a domain has, and those that are planned for it.
// Everything in it is in the arena.
#ifndef XENUSB_PLAN_TOPOLOGY_H
#define XENUSB_PLAN_TOPOLOGY_H

#include "config/config.h"
#include "host/holders.h"
#include "xen/xenbus.h"

struct arena;
struct backend;

// The state of a device. That of a host device is decided in presence.c.
enum device_state {
    DEVICE_PLANNED,      // not present yet
    DEVICE_ATTACHED,     // its backend reports it as attached, and this host shows that it has it
    DEVICE_PRESENT,      // an emulated device that exists
    DEVICE_WAITING,      // QEMU waits for a host device, and takes it once it is plugged in
    DEVICE_GONE,         // its host device was unplugged, or replugged and not opened again
    DEVICE_MISFIT,       // QEMU waits for it, but its port does not support the device's speed
    DEVICE_HELD,         // QEMU waits for it, but a program or another guest has it
    DEVICE_UNAUTHORIZED, // this host has not authorized it, so a guest cannot use it
    DEVICE_UNKNOWN,      // cannot be determined
};
enum { DEVICE_STATES = DEVICE_UNKNOWN + 1 };
// "attached", "gone", "speed mismatch", ...
const char *device_state_name(enum device_state state);

// What the backend of a host device reports about it: QEMU or usbback.
struct device_report {
    enum verdict attached;
    const char *why;         // why `attached` is unknown
    const char *ended;       // why its backend has nothing any longer: it has exited; NULL: it runs
    bool waits;              // it takes a matching device by itself whenever one is plugged in
    enum verdict configured; // whether the guest has configured it; unknown if that is not expected
                             // or cannot be seen
};

// How an emulated controller with an id of libxl's, which libxl's record lacks, gets there.
enum adoption {
    ADOPTION_NONE,     // it is there, or does not belong there
    ADOPTION_DUE,      // QEMU was started with it: the next command that changes something adds it
    ADOPTION_RELEASED, // it was added for this QEMU, and xl has removed it: the guest still has it
    ADOPTION_UNSURE,   // it was added while QEMU ran, or that is not known: not at all
};

struct controller;
struct topology;

// A device at a port of a guest's controller.
struct device {
    struct device *next;
    struct controller *controller;
    struct port port; // depth 0: QEMU chose it and does not report it
    enum device_kind kind;
    const char *driver;             // QEMU's type, shown for DEVICE_OTHER
    const char *id;                 // QEMU's id; "" if it has none (command line)
    const char *path;               // QEMU's object path
    struct selector selector;       // hostdev: as QEMU or the record selects it
    struct device_report report;    // hostdev
    const struct host_device *host; // hostdev: the device on this host; NULL if it is not attached
    const struct host_device *now; // hostdev that is not attached: what is plugged in where it was,
                                   // or what QEMU waits for; if that is not known, what it is if it
                                   // is attached; NULL if nothing is
    const char *label; // hostdev: its id and name as QEMU or the record has kept them since it was
                       // attached, "1050:0407 YubiKey"; NULL if they have not
    enum speed speed;  // SPEED_UNKNOWN if not known
    enum device_state state;
    const char *reason;    // hostdev: a clause with the reason for its state, for messages; or NULL
    bool partly;           // usbback has some of its interfaces only: a handover was not finished
    bool returns;          // DEVICE_GONE: attaching what is there now brings it back to its port
    enum verdict at_start; // whether QEMU was started with it; not set without a `path`
    bool discard;       // DEVICE_GONE: plan_make() is to remove it, to which its caller sets this
    const char *file;   // disk: the image's path; NULL if not known
    const char *format; // disk: of the image, if it is not raw; NULL
    bool readonly;      // disk
    // With session->need_details:
    const char *chardev;  // as chardev= has it; NULL if it has none, or one that no word describes
    const char *audiodev; // NULL: none, or QEMU's default
    struct config_property *properties; // those that are not as QEMU has them by default
    const char *undescribed;            // why that is not all of it; NULL: it is
    const struct config_device *wanted; // the part of the config that wants it; NULL if none does
};

// In a config, the number of a controller of xl's, which has no name, follows this.
#define CONTROLLER_OF_XL "xl"

// A controller of a guest.
struct controller {
    struct controller *next;
    const struct topology *topology;      // that it is in
    const struct backend *backend;        // that manages it; NULL if none does
    const struct controller_model *model; // NULL: a model that xenusb does not support
    const char *driver;                   // QEMU's type; PVUSB: "usbback" or "qusb"
    const char *name;                     // for users: "hci0", "usb"
    const char *id;                       // QEMU's id; "" if it has none
    const char *path;                     // QEMU's object path
    const char *bus;                      // QEMU's bus name: "xenusb-0.0"
    int index;                            // libxl's devid; -1: not known to libxl
    unsigned ports;                       // number of ports, counted from 1
    unsigned ports_usb2;      // xHCI: so many, from port 1 on, support low, full and high speed
    unsigned ports_usb3;      // xHCI: so many, from port 1 on, support SuperSpeed
    const char *fixed_on;     // its PCI bus, if that does not support hotplugging; else NULL. Set
                              // by backend_supply()
    uint32_t companion_ports; // EHCI: bit N-1 set: a companion serves port N for low and full speed
    enum pvusb_backend pvusb; // PVUSB_ANY: it is emulated
    unsigned backend_domain;  // PVUSB: the domain of its backend; 0: this one
    enum xenbus_state backend_state; // PVUSB: as of the last look
    enum xenbus_state frontend_state;
    uint32_t missing_ports; // PVUSB: bit N-1 set: port N has no node, so it cannot be used
    const char *no_backend; // PVUSB: why no backend serves it; NULL: one does, or it is not known
    enum verdict cold_only; // whether its backend accepts it only while it starts; if that is not
                            // certain, a removal is for good
    bool stale;             // libxl has a record of it, but QEMU does not have it
    bool present;           // false: planned
    bool as_needed; // xenusb has made it for devices that named none, and no file has declared it
    bool leaving;   // the guest was asked to release it and has not: it may still do so
    enum verdict at_start;                  // emulated, with Xen: whether QEMU was started with it
    enum adoption adoption;                 // set by record_find_adoptions()
    bool has_unplaced;                      // QEMU does not report the port of some device on it
    const struct config_controller *wanted; // the part of the config that wants it, or NULL
    struct device *devices;                 // in the order of their ports
    unsigned root_devices;                  // how many of them are not behind a hub
    unsigned number;                        // set by layout_make(): counts all of them, from 0
};

// Which emulated controllers this QEMU can hotplug now.
struct plugging {
    bool asked;           // also if there was no answer
    bool known;           // false: the members below are not set
    unsigned slots;       // free slots on buses that support hotplugging
    const char *why_not;  // why slots is 0
    unsigned long models; // bit N: this QEMU has controller_models[N] and can hotplug it
};

// Which PVUSB controllers can be added now.
struct pvusb_supply {
    bool known;            // false: the other members are not set
    const char *no_kernel; // why usbback cannot serve one; NULL: it can
    const char *no_qemu;   // why the domain's QEMU cannot serve one; NULL: it can
    const char *advice;    // what to do if QEMU cannot; or NULL
};

// The PVUSB QEMU of a guest without an emulated machine. libxl starts it with the domain if the
// config needs one; xenusb can start one later.
struct pvusb_qemu {
    const struct backend *backend; // that starts and stops it
    const char *program;           // path
    bool runs;                     // xenusb has started it, and can stop it
};

// The controllers of a domain, and what can be added to it.
struct topology {
    const struct domain *domain;
    const char *qemu;               // "QEMU 7.2.22", or NULL
    bool qemu_ended;                // it has exited, and what is only recorded is gone with it
    unsigned qemu_process;          // the id of that process; 0 if it is not known
    const char *why_no_start;       // why `at_start` of something is unknown; NULL: it has been
                                    // removed and added again
    const struct host_nodes *nodes; // what that process has open; NULL before presence_find()
    struct controller *controllers; // in the order of libxl's index, then as found
    struct controller *last;        // the last of them; topology_add_controller() keeps it
    struct plugging plugging;
    struct pvusb_supply pvusb;
    struct pvusb_qemu *pvusb_qemu; // that can be started or stopped; NULL: none
    const struct domain *domains;  // of this host, for backend=; may be empty
    size_t domain_count;
};

// The device at exactly that port, or NULL.
struct device *controller_device_at(const struct controller *controller, struct port port);
// The controller with that name, or with that index of libxl's; or NULL.
struct controller *topology_controller_named(const struct topology *topology, struct text name);
struct controller *topology_controller_index(const struct topology *topology, int index);
// A controller by the word of a user: a name, libxl's index, QEMU's id, or that of its bus (id.0).
// NULL if there is none.
struct controller *topology_find_controller(const struct topology *topology, struct text word);
// What kind of device it is: "hostdev", "tablet"; QEMU's type for one that xenusb cannot create.
const char *device_kind_name(const struct device *device);
// A device for a message: manufacturer, name, busid and speed of a host device, or its selector if
// it is gone; the kind of an emulated device.
const char *device_describe(struct arena *arena, const struct device *device);
// The same for a table with other columns for busid and speed: "046d:c52b Receiver"; "unknown
// device" for one that is gone if nothing tells what it was.
const char *device_label(struct arena *arena, const struct device *device);
// Where a device is, as it can be given to a command: "hci0.1.2"; "?" for a port that QEMU does
// not report.
const char *device_position(struct arena *arena, const struct device *device);
// A word that selects this device of its domain and no other, as a user can type it: its place
// ("hci0.2"), or "bus=1,port=2" if the name of its controller could be taken for something else
// (1.2 is a bus and an address); if its port is not known or has another device too, its busid,
// address or kind. NULL if there is no such word.
const char *device_word(struct arena *arena, const struct device *device);
// A word that attaches a device again where it was: "busid=1-4,bus=hci0,port=2", "type=tablet,
// bus=hci0,port=1". NULL if its busid or its place is not known, or if it needs more than that.
const char *device_again(struct arena *arena, const struct device *device);
// Whether enough is known of a device to add one like it again later.
bool device_can_return(const struct device *device);
// A word for "controller add" that means this PVUSB controller, which exists: "name=pv0,type=qusb,
// usbversion=2". NULL if there is none.
const char *controller_word(struct arena *arena, const struct controller *controller);
// The hint for a controller that the domain does not have: "it has: hci0, usb" or "it has none".
const char *topology_controllers_hint(struct arena *arena, const struct topology *topology,
                                      struct text wanted);
// What this host has of a host device: the attached one, or what is plugged in where it was.
const struct host_device *device_on_host(const struct device *device);
// The busid of its host device, as the host, QEMU or the record has it; "" if unknown.
const char *device_busid(const struct device *device) __attribute__((returns_nonnull));
// Whether it is a PVUSB controller that a QEMU in this domain serves, or would serve.
bool controller_uses_pvusb_qemu(const struct controller *controller);
// The speeds that a port supports, including companions; low and full behind a hub.
speed_mask controller_port_speeds(const struct controller *controller, struct port port);

// The guest as host_hold_show() takes it.
struct host_guest topology_guest(const struct topology *topology);

// Adds a controller in order: by libxl's index, the others last.
void topology_add_controller(struct topology *topology, struct controller *controller);
// Removes a controller that is in the topology.
void topology_drop_controller(struct topology *topology, struct controller *controller);
// Adds a device in the order of ports.
void controller_add_device(struct controller *controller, struct device *device);
// Restores the order and the count after the ports of devices have changed.
void controller_sort_devices(struct controller *controller);
// Removes a device from its controller's list, which frees its port; device->controller stays set.
void controller_drop_device(struct device *device);

#endif
