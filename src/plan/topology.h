// SPDX-License-Identifier: MIT
// The fact: what a running domain has, and what was decided to be added to it.
#ifndef XENUSB_PLAN_TOPOLOGY_H
#define XENUSB_PLAN_TOPOLOGY_H

#include "config/config.h"
#include "host/host.h"
#include "xen/xenbus.h"

struct arena;
struct backend;

enum device_state {
    DEVICE_PLANNED,  // not there yet
    DEVICE_ATTACHED, // QEMU reports it open, and the host shows that device held at its address
    DEVICE_PRESENT,  // an emulated device: it is there
    DEVICE_WAITING,  // QEMU waits for a host device that is not there
    DEVICE_GONE,     // the host device it was made of has been unplugged, or came back elsewhere
    DEVICE_UNKNOWN,  // cannot be seen
};
// "attached", "gone", ...
const char *device_state_name(enum device_state state);

struct controller;
struct topology;

// A device at a port of a guest's controller.
struct device {
    struct device *next;
    struct controller *controller;
    struct port port; // depth 0: QEMU chose it and does not tell
    enum device_kind kind;
    const char *driver;             // QEMU's type, shown for DEVICE_OTHER
    const char *id;                 // QEMU's id; "" if it has none (command line)
    const char *path;               // QEMU's object path
    struct selector selector;       // hostdev: by what QEMU or the record knows it
    const struct host_device *host; // hostdev: the device it is now; NULL if gone
    enum speed speed;               // SPEED_UNKNOWN if not known
    enum device_state state;
    const char *file;                   // disk: the image's path; NULL if not known
    const struct config_device *wanted; // who asked for it in this run; NULL if nobody
};

// A controller of a guest.
struct controller {
    struct controller *next;
    const struct topology *topology;      // the one that it is in
    const struct backend *backend;        // who serves it
    const struct controller_model *model; // NULL: one that xenusb cannot make
    const char *driver;                   // QEMU's type; PVUSB: "usbback" or "qusb"
    const char *name;                     // what a user calls it: "hci0", "usb"
    const char *id;                       // QEMU's id; "" if it has none
    const char *path;                     // QEMU's object path
    const char *bus;                      // QEMU's bus name: "xenusb-0.0"
    int index;                            // libxl's devid; -1: libxl does not know it
    unsigned ports;                       // how many ports; numbers 1 to `ports`
    unsigned ports_usb2;                  // xHCI: the first so many take low, full and high speed
    unsigned ports_usb3;                  // xHCI: the first so many take SuperSpeed
    const char *fixed_on;                 // the PCI bus that does not let go of it while QEMU runs
    uint32_t companion_ports; // EHCI: bit N-1 set: a companion serves port N for low and full speed
    enum pvusb_backend pvusb; // which kind of PVUSB; PVUSB_ANY: it is emulated
    unsigned backend_domain;  // PVUSB: where its backend is; 0: here
    enum xenbus_state backend_state; // PVUSB: as of the last look
    enum xenbus_state frontend_state;
    uint32_t missing_ports; // PVUSB: bit N-1 set: port N has no node, and serves nobody
    const char *no_backend; // PVUSB: why no backend serves it now; NULL: one does, or nobody knows
    bool cold_only; // its backend takes it up when it starts and never while it runs: once removed
                    // it stays away
    bool stale;     // only libxl's record has it, QEMU does not
    bool present;   // false: planned
    bool has_unplaced; // some device on it sits at a port that QEMU does not tell
    const struct config_controller *wanted; // who asked for it in this run; NULL if nobody
    struct device *devices;
    unsigned root_devices; // how many of them are at its own ports, and not behind a hub
};

// Which controllers can be plugged into this QEMU here and now, as asked from it.
struct plugging {
    bool known;           // QEMU was asked
    unsigned slots;       // how many more controllers fit on buses that take them
    const char *why_not;  // where slots is 0, in QEMU's words
    unsigned long models; // bit N: controller_models[N] exists in this QEMU and plugs
};

// Which kinds of PVUSB controllers can be added here and now.
struct pvusb_supply {
    bool known;            // somebody looked
    const char *no_kernel; // why usbback cannot serve one; NULL: it can
    const char *no_qemu;   // why this domain's QEMU cannot; NULL: it can
    const char *advice;    // what can be done where its QEMU cannot; or NULL
};

// What serves a guest's PVUSB controllers where no machine of its own does: a process that libxl
// starts with the domain if its config needs one, and that xenusb can start as well.
struct pvusb_qemu {
    const struct backend *backend; // who starts and stops it
    const char *program;           // the path of what is started
    bool runs;                     // it was started by xenusb, and can be stopped
};

struct topology {
    const struct domain *domain;
    const char *qemu;               // "QEMU 7.2.22", or NULL
    struct controller *controllers; // in the order of libxl's index, then as found
    struct plugging plugging;
    struct pvusb_supply pvusb;
    struct pvusb_qemu *pvusb_qemu; // one that can be started or stopped; NULL: there is none such
    const struct domain *domains;  // of this host, for backend=; as far as somebody looked
    size_t domain_count;
};

// The device at exactly that port, or NULL.
struct device *controller_device_at(const struct controller *controller, struct port port);
struct controller *topology_controller_named(const struct topology *topology, struct text name);
struct controller *topology_controller_index(const struct topology *topology, int index);
// A controller by what a user calls it: its name, or libxl's index. NULL if there is none.
struct controller *topology_controller_called(const struct topology *topology, struct text word);
// What kind of device it is: "hostdev", "tablet"; QEMU's type for one that xenusb cannot create.
const char *device_kind_name(const struct device *device);
// A device in a message: with maker, bus id and speed if it is a device of this host, its selector
// if that device is gone, its kind if it is emulated.
const char *device_describe(struct arena *arena, const struct device *device);
// The same for a table that has columns of their own for the rest: "046d:c52b Receiver".
const char *device_label(struct arena *arena, const struct device *device);
// Where a device is, for a message: "hci0 port 1.2"; "?" for a port that QEMU does not tell.
const char *device_position(struct arena *arena, const struct device *device);
// How a user names the place of a device: "hci0.2"; "bus=1,port=2" where the controller has but a
// number, since 1.2 is a bus and an address.
const char *device_place(struct arena *arena, const struct device *device);
// The bus id of the host device that it is, or that QEMU or the record names; "" if neither is
// known.
const char *device_busid(const struct device *device) __attribute__((returns_nonnull));
// Whether it is PVUSB that the guest's own QEMU serves, or would.
bool controller_uses_pvusb_qemu(const struct controller *controller);
// Speeds that a port takes: the controller's own, its companions', full and low behind a hub.
speed_mask controller_port_speeds(const struct controller *controller, struct port port);

void topology_add_controller(struct topology *topology, struct controller *controller);
void controller_add_device(struct controller *controller, struct device *device);
// Restores the order and the count after ports of its devices were changed.
void controller_sort_devices(struct controller *controller);
// Takes it off its controller's list, so that its port counts as free; device->controller stays.
void controller_drop_device(struct device *device);

#endif
