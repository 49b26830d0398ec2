// SPDX-License-Identifier: MIT
// The wish: what a config asks for, whatever dialect it was written in. Everything keeps the place
// where it was asked for. Made by the parser, read by everybody else.
#ifndef XENUSB_CONFIG_H
#define XENUSB_CONFIG_H

#include "base/source.h"
#include "usb/model.h"
#include "usb/port.h"
#include "usb/selector.h"
#include "xen/domain.h"

struct arena;
struct name_map;

// A value as written, with its place; not given while the place is none.
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

enum controller_type { CONTROLLER_AUTO, CONTROLLER_PV, CONTROLLER_EMULATED };
// Which PVUSB backend: the kernel's usbback (xenstore kind vusb) or QEMU's (kind qusb).
enum pvusb_backend { PVUSB_ANY, PVUSB_KERNEL, PVUSB_QEMU };

// The statement that a controller or a device comes from; it decides the numbering, and what the
// toolstack already made when the guest was created.
enum origin {
    ORIGIN_USBCTRL,       // xl: usbctrl=[], usbdev=[]
    ORIGIN_USBCONTROLLER, // xenusb: usbcontroller=[], keyed usbdevice=[], attach
    ORIGIN_VUSB,          // xm: vusb=[]
    ORIGIN_USB,           // classic: usb=1, usbdevice=
    ORIGIN_USBVERSION,    // classic: usbversion=, spiceusbredirection=
    ORIGIN_QEMU,          // device_model_args*=[]
};

struct config_controller {
    struct config_controller *next;
    enum origin origin;
    struct span why;     // the whole item that asked for it
    unsigned index;      // in the one numbering, from 0
    const char *name;    // as given, or hciN / pvN
    struct span name_at; // none: the name is a default
    enum controller_type type;
    struct span type_at;
    enum pvusb_backend pvusb;             // which backend was named; PVUSB_ANY for `pv` and `auto`
    bool kernel_only;                     // xl's own `pv`: usbback or nothing
    struct config_number version;         // 1, 2, 3; value holds the default where not given
    struct config_number ports;           // value holds the default where not given; 0: not known
    const struct controller_model *model; // NULL: by type and version
    struct span model_at;
    struct config_text backend; // a backend domain's name or id
    bool at_creation;     // the toolstack made it together with the guest (usb=1, usbversion=,
                          // QEMU arguments): there already, never plugged
    struct text argument; // of QEMU's own: all that was told to -device
    struct config_text qemu_id; // the id that QEMU arguments gave it
    bool broken;                // complained of already: not judged any further
};

struct config_device {
    struct config_device *next;
    enum origin origin;
    struct span why; // the whole item that asked for it
    enum device_kind kind;
    struct span kind_at;
    struct selector selector;             // hostdev: which one
    struct span selector_at;              // the words that select
    struct config_controller *controller; // NULL: any that fits, or controller_name
    struct config_text controller_name;   // as written; where `controller` is NULL, one that the
                                          // domain must already have (attach, detach)
    struct port port;                     // PORT_ANY: any that is free
    struct span port_at;
    struct config_flag required; // value true where not given
    bool at_creation;            // as for a controller
    struct text argument;        // as for a controller
    struct config_text qemu_id;
    struct config_text file;     // disk: path of the image
    struct config_text format;   // disk: raw where not given
    struct config_flag readonly; // disk
    struct config_text
        chardev; // serial, braille, redir: see docs; "pty", "file:PATH", "id:NAME", ...
    struct config_text audiodev; // audio: id of one of QEMU's audiodevs
    bool broken;                 // complained of already: not judged any further
};

// What the file says of the guest itself, as far as USB depends on it.
struct config_domain {
    struct config_text name;
    struct config_text uuid;
    enum domain_type type; // DOMAIN_UNKNOWN in a command line and where nothing tells
    struct span type_at;
    struct span stubdom_at;     // device_model_stubdomain_override=1: refused, with the reason
    struct span traditional_at; // device_model_version="qemu-xen-traditional"
};

struct config {
    const struct source *source;
    struct config_domain domain;
    struct config_controller *controllers; // in the order of their index
    struct config_device *devices;         // in the order in which they are placed
    unsigned controller_count;
    unsigned device_count;
    struct name_map *names;           // of the controllers; NULL until config_settle()
    struct config_controller **index; // the controllers by theirs; NULL until then
    bool words; // a command line: a controller that it names may be one that the domain has
};

// Sets the defaults of every controller, as far as the guest's type is known: its type, USB
// version, number of ports and name; and finds the controllers that devices name. To be called
// again when the guest's type becomes known.
void config_settle(struct arena *arena, struct config *config);

// The model that a controller will have; NULL while its type is not known.
const struct controller_model *config_model(const struct config_controller *controller);

// By its name, or NULL; the first one of that name. Before config_settle() the controllers are
// walked.
struct config_controller *config_controller_named(const struct config *config, struct text name);

#endif
