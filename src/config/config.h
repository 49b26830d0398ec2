// SPDX-License-Identifier: MIT
// What is wanted: the content of a config in any dialect. Each value keeps its position in the
// source. The parser builds it, in an arena; everything else only reads it.
#ifndef XENUSB_CONFIG_CONFIG_H
#define XENUSB_CONFIG_CONFIG_H

#include "base/source.h"
#include "usb/model.h"
#include "usb/port.h"
#include "usb/selector.h"
#include "xen/domain.h"

struct arena;
struct name_map;

// Values with their positions in the source; a value is not given if its position is none.
struct config_text {
    struct span at;
    struct text text;
};
struct config_number {
    struct span at;
    uint32_t value;
};
struct config_flag {
    struct span at;
    bool value;
};
#define GIVEN(value) (!span_is_none((value).at))

// A property of QEMU's that nothing else here has.
struct config_property {
    struct config_property *next;
    struct text name;
    struct config_text value;          // its place is that of the name too
    bool names_node;                   // of a -drive or -blockdev: it names the image below
    const struct config_backing *node; // that image; NULL if the arguments do not define it
};

// An argument of QEMU that defines what a device refers to by an id: -drive, -blockdev or -chardev.
struct config_backing {
    const char *option; // "drive", "blockdev" or "chardev"
    struct text argument;
    struct text head;                   // the word before its properties; or empty
    struct config_property *properties; // all of them
    struct text chardev;                // as chardev= has it; empty if it cannot have it
    bool resolved;                      // the nodes of its properties are set
};

// CONTROLLER_AUTO is resolved by config_settle() once the guest's type is known.
enum controller_type { CONTROLLER_AUTO, CONTROLLER_PV, CONTROLLER_EMULATED };
// The kind of PVUSB backend: the kernel's usbback (vusb in xenstore) or QEMU's (qusb).
enum pvusb_backend { PVUSB_ANY, PVUSB_KERNEL, PVUSB_QEMU };

// The statement that a controller or device comes from. It decides which numbering applies, and
// what the toolstack has already created together with the guest.
enum origin {
    ORIGIN_USBCTRL,       // xl: usbctrl=[], usbdev=[]
    ORIGIN_USBCONTROLLER, // xenusb: usbcontroller=[], keyed usbdevice=[], attach
    ORIGIN_VUSB,          // xm: vusb=[]
    ORIGIN_USB,           // classic: usb=1, usbdevice=
    ORIGIN_USBVERSION,    // classic: usbversion=, spiceusbredirection=
    ORIGIN_QEMU,          // device_model_args*=[]
};

// A controller that the config declares or implies.
struct config_controller {
    struct config_controller *next;
    enum origin origin;
    struct span why;     // the whole item that declares it
    unsigned index;      // counts all controllers of the config, from 0
    const char *name;    // as given, or hciN / pvN
    struct span name_at; // none: the name is the default
    enum controller_type type;
    struct span type_at;
    enum pvusb_backend pvusb;             // the backend that is named; PVUSB_ANY: `pv` and `auto`
    bool kernel_only;                     // xl's own `pv`: usbback only
    struct config_number version;         // 1, 2, 3; the default if not given; 0: not known
    struct config_number ports;           // the default if not given; 0: not known
    const struct controller_model *model; // NULL: chosen by type and version
    struct span model_at;
    struct config_text backend;         // the name or id of a backend domain
    bool at_creation;                   // the toolstack created it together with the guest (usb=1,
                                        // usbversion=, QEMU arguments): never hotplugged
    struct text argument;               // ORIGIN_QEMU: the whole argument of -device
    struct config_property *properties; // ORIGIN_QEMU: the rest of that argument
    struct config_text qemu_id;         // the id in QEMU arguments
    bool companion; // QEMU arguments: it serves ports of another one (masterbus=)
    bool broken;    // already reported; skip further checks
};

// A device that the config asks for.
struct config_device {
    struct config_device *next;
    enum origin origin;
    struct span why; // the whole item that asks for it
    enum device_kind kind;
    struct span kind_at;
    struct selector selector;             // of a host device
    struct span selector_at;              // the criteria
    struct config_controller *controller; // NULL: any that fits, or controller_name
    struct config_text controller_name;   // as written; if `controller` is NULL, one that the
                                          // domain must already have (attach, detach)
    struct port port;                     // PORT_ANY: any free one
    struct span port_at;
    struct config_flag required; // true if not given
    struct config_number count;  // how many of the host devices that match; not given: the only one
    struct config_flag all;      // every one of them
    const struct config_device *group; // after plan_spread(): the one of the config before that,
                                       // of which this is a device, or a copy; else NULL
    unsigned missing;     // after plan_spread(): how many of the group there are none for; else 0
    bool at_creation;     // as for a controller
    struct text argument; // as for a controller
    struct config_property *properties;
    const struct config_backing *backing; // QEMU arguments: what its drive= or chardev= names
    struct config_text drive;             // QEMU arguments: the id of its image
    struct config_text qemu_id;
    struct config_text file;     // disk: path of the image
    struct config_text format;   // disk: raw if not given
    struct config_flag readonly; // disk
    struct config_flag block;   // disk: whether it is a block device; its path decides if not given
    struct config_text chardev; // serial, braille, redir: "pty", "file:PATH", "id:NAME", ...
    struct config_text audiodev; // audio: id of one of QEMU's audiodevs
    bool broken;                 // already reported; skip further checks
};

// Whether it asks for several host devices at once.
static inline bool config_device_is_group(const struct config_device *device)
{
    return device->count.value || device->all.value;
}

// The settings of the guest that USB depends on.
struct config_domain {
    struct config_text name;
    struct config_text uuid;
    enum domain_type type; // DOMAIN_UNKNOWN for a command line, or if nothing determines it
    struct span type_at;
    struct span stubdom_at;     // device_model_stubdomain_override=1
    struct span traditional_at; // device_model_version="qemu-xen-traditional"
    struct span version_at;     // a device_model_version that xl refuses
};

// A parsed config: a file, or a command line in the same grammar.
struct config {
    const struct source *source;
    struct config_domain domain;
    struct config_controller *controllers; // in the order of their index; not each has to be there
    struct config_device *devices;         // in the order in which they are placed
    unsigned controller_count;
    unsigned device_count;
    struct name_map *names;           // controllers by name; NULL before config_settle()
    struct config_controller **index; // controllers by index; NULL before config_settle()
    bool from_command_line;           // it may name controllers that only the domain has
};

// Sets the default type, USB version, number of ports and name of every controller, as far as the
// guest's type is known, and finds the controllers that devices name. Must be called again when
// the guest's type becomes known.
void config_settle(struct arena *arena, struct config *config);

// A copy with controllers and devices of its own, so that some of them can be left out of it; the
// controllers that remain keep their index.
struct config *config_copy(struct arena *arena, const struct config *config);

// The model that a controller will have; NULL while its type is unknown.
const struct controller_model *config_model(const struct config_controller *controller);

// The first controller with that name, or NULL. Takes linear time before config_settle().
struct config_controller *config_controller_named(const struct config *config, struct text name);

#endif
