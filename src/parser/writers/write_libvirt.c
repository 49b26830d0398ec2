// SPDX-License-Identifier: MIT
// --to libvirt: the elements of a libvirt domain. libvirt's libxl driver supports only QEMU's PVUSB
// controllers (qusb1, qusb2), its QEMU driver only emulated ones.
#include "write.h"

#include "arrange.h"
#include "base/arena.h"
#include "libvirt_kept.h"
#include "qemu/words.h"

struct libvirt_writer {
    struct writing *writing;
    struct arrangement arrangement;
    unsigned disks, serials, readers;
};

// Prints the value of an attribute, without the quotes.
static void print_value(const struct libvirt_writer *libvirt, struct text text)
{
    FILE *out = libvirt->writing->out;
    for (size_t i = 0; i < text.size; i++) {
        static const char letters[] = "&<>'\"";
        static const char *const names[] = { "&amp;", "&lt;", "&gt;", "&apos;", "&quot;" };
        const char *special = text.at[i] ? strchr(letters, text.at[i]) : NULL;
        if (special)
            fputs(names[special - letters], out);
        else
            putc(text.at[i], out);
    }
}

// Whether XML can contain a text: not control characters, nor bytes that are not UTF-8. Reports an
// error if it cannot.
static bool is_valid_xml(const struct libvirt_writer *libvirt, const struct config_text *text)
{
    uint32_t point = 0;
    for (size_t i = 0, size = 0; i < text->text.size; i += size) {
        size = text_utf8(text_part(text->text, i, SIZE_MAX), &point);
        if (size && point >= ' ')
            continue;
        write_error(libvirt->writing, text->at,
                    "XML cannot represent some characters of this value");
        return false;
    }
    return true;
}

static void refuse(const struct libvirt_writer *libvirt, struct span at, const char *what,
                   const char *hint)
{
    libvirt_refuse_word(libvirt->writing, at, what, hint);
}

// --- controllers ---

// Whether it is the controller of usb=1.
static bool is_machine(const struct config_controller *wanted)
{
    return wanted && wanted->origin == ORIGIN_USB && wanted->at_creation;
}

// Reports a controller that libvirt cannot express; false if it can.
static bool refuse_controller(const struct libvirt_writer *libvirt,
                              const struct arranged_controller *at)
{
    bool qemu = libvirt->writing->for_qemu;
    bool pv = at->type == CONTROLLER_PV;
    if (at->wanted && GIVEN(at->wanted->backend))
        refuse(libvirt, at->wanted->backend.at, "a backend domain", "remove it");
    if (pv && at->kernel)
        refuse(libvirt, at->why, "PVUSB by the kernel", "use type=qusb, which is PVUSB by QEMU");
    else if (!at->model)
        diag_hint(
            libvirt->writing->diags,
            write_error(libvirt->writing, at->why, "cannot determine the type of this controller"),
            "set its type=, or that of the guest: type=\"hvm\"");
    else if (pv != qemu)
        return false;
    else
        refuse(libvirt, at->why, qemu ? "PVUSB without Xen" : "this controller in a Xen guest",
               qemu ? "PVUSB needs Xen: omit --hypervisor qemu"
                    : "its Xen driver supports only type=qusb; or use --hypervisor qemu");
    return true;
}

// Warns about what a Xen guest loses: libvirt's libxl driver creates an emulated controller only
// for an input device, and attaches nothing to it.
static void warn_about_losses(const struct libvirt_writer *libvirt)
{
    enum domain_type type = libvirt->writing->document->config->domain.type;
    const struct config_device *device = libvirt->writing->document->config->devices;
    while (device && !(device->origin == ORIGIN_USB && device->at_creation))
        device = device->next;
    for (const struct arranged_controller *at = libvirt->arrangement.controllers; at; at = at->next)
        if (is_machine(at->wanted) && !device)
            diag_hint(
                libvirt->writing->diags,
                write_warning(libvirt->writing, at->why,
                              "ignoring this controller: libvirt's Xen driver does not create "
                              "it without an input device"),
                "add an input device, such as a tablet");
        else if (!at->wanted && domain_has_machine(type))
            diag_hint(
                libvirt->writing->diags,
                write_warning(libvirt->writing, at->why,
                              "libvirt's Xen driver attaches devices by PVUSB only: the guest "
                              "needs a PVUSB driver"),
                "Linux has xen-hcd; or use --hypervisor qemu");
}

// Numbers the controllers. Companions of an EHCI controller have its index.
static void number_controllers(struct libvirt_writer *libvirt)
{
    unsigned index = 0;
    for (struct arranged_controller *at = libvirt->arrangement.controllers; at; at = at->next) {
        at->libvirt_index = index;
        index += !(at->next && at->next->model && at->next->model->companion) &&
                 (libvirt->writing->for_qemu || !is_machine(at->wanted));
    }
}

static void write_controller(const struct libvirt_writer *libvirt,
                             const struct arranged_controller *at, unsigned *companion)
{
    FILE *out = libvirt->writing->out;
    if (!libvirt->writing->for_qemu && is_machine(at->wanted))
        return; // libxl creates it for the input devices
    if (refuse_controller(libvirt, at))
        return;
    bool pv = at->type == CONTROLLER_PV;
    bool counted = pv || at->model->version == 3;
    if (at->wanted)
        libvirt_keep_controller(libvirt->writing, at->wanted);
    fprintf(out, "  <controller type='usb' index='%u' model='%s%.0u'", at->libvirt_index,
            pv ? "qusb" : at->model->name, pv ? at->model->version : 0);
    if (counted && at->ports)
        fprintf(out, " ports='%u'", at->ports);
    if (at->model->companion)
        fprintf(out, ">\n    <master startport='%u'/>\n  </controller>\n", 2 * (*companion)++);
    else
        fputs("/>\n", out);
}

// --- devices ---

// Whether the element has an address. In a Xen guest, the controller of usb=1 has no element to
// refer to.
static bool has_address(const struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    return at->controller && at->port.depth &&
           (libvirt->writing->for_qemu || !is_machine(at->controller->wanted));
}

static void print_address(const struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    FILE *out = libvirt->writing->out;
    char buf[PORT_TEXT_SIZE];
    if (!has_address(libvirt, at))
        return;
    fprintf(out, "    <address type='usb' bus='%u' port='%s'/>\n", at->controller->libvirt_index,
            port_write(at->port, buf));
}

// Closes the open element, which contains at most an address.
static void finish(const struct libvirt_writer *libvirt, const struct arranged_device *at,
                   const char *element)
{
    FILE *out = libvirt->writing->out;
    fputs(has_address(libvirt, at) ? ">\n" : "/>\n", out);
    print_address(libvirt, at);
    if (has_address(libvirt, at))
        fprintf(out, "  </%s>\n", element);
}

static void print_boot_order(const struct libvirt_writer *libvirt, const struct libvirt_kept *kept)
{
    if (kept->boot_order)
        fprintf(libvirt->writing->out, "    <boot order='%u'/>\n", kept->boot_order);
}

static void print_source(const struct libvirt_writer *libvirt, const struct arranged_device *at,
                         const struct libvirt_kept *kept)
{
    FILE *out = libvirt->writing->out;
    fputs("  <hostdev mode='subsystem' type='usb' managed='no'>\n    <source", out);
    if (!at->wanted->required.value)
        fputs(" startupPolicy='optional'", out);
    if (kept->guest_reset)
        fprintf(out, " guestReset='%s'", kept->guest_reset);
    fputs(">\n", out);
}

static void write_host(const struct libvirt_writer *libvirt, const struct arranged_device *at,
                       const struct libvirt_kept *kept)
{
    FILE *out = libvirt->writing->out;
    const struct selector *selector = &at->wanted->selector;
    const unsigned address = SELECT_BUS | SELECT_ADDRESS, id = SELECT_VENDOR | SELECT_PRODUCT;
    bool by_id = (selector->criteria & id) == id,
         by_address = (selector->criteria & address) == address;
    unsigned known = (by_id ? id : 0) | (by_address ? address : 0);
    if (!at->found && (!known || selector->criteria != known)) {
        diag_hint(libvirt->writing->diags,
                  write_error(libvirt->writing, at->wanted->why,
                              "libvirt selects devices only by bus and address, or by vendor and "
                              "product"),
                  "use --resolve on the host that has the device");
        return;
    }
    print_source(libvirt, at, kept);
    if (by_id)
        fprintf(out, "      <vendor id='0x%04x'/>\n      <product id='0x%04x'/>\n",
                selector->vendor, selector->product);
    if (by_address || (at->found && selector->criteria != id))
        fprintf(out, "      <address bus='%u' device='%u'/>\n",
                at->found ? at->found->bus : selector->bus,
                at->found ? at->found->address : selector->address);
    fputs("    </source>\n", out);
    print_boot_order(libvirt, kept);
    print_address(libvirt, at);
    fputs("  </hostdev>\n", out);
}

static void write_input(const struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    fprintf(libvirt->writing->out, "  <input type='%s' bus='usb'",
            device_model_of(at->wanted->kind)->name);
    finish(libvirt, at, "input");
}

static void write_hub(const struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    fputs("  <hub type='usb'", libvirt->writing->out);
    finish(libvirt, at, "hub");
}

// Prints the target, and what follows it.
static void print_target(struct libvirt_writer *libvirt, const struct libvirt_kept *kept)
{
    FILE *out = libvirt->writing->out;
    fprintf(out, "    <target dev='sd%c' bus='usb'", 'a' + (char)libvirt->disks++);
    if (GIVEN(kept->removable))
        fprintf(out, " removable='%s'", kept->removable.value ? "on" : "off");
    fputs("/>\n", out);
    if (kept->readonly.value)
        fputs("    <readonly/>\n", out);
    if (GIVEN(kept->serial)) {
        fputs("    <serial>", out);
        print_value(libvirt, kept->serial.text);
        fputs("</serial>\n", out);
    }
    print_boot_order(libvirt, kept);
}

static void write_disk(struct libvirt_writer *libvirt, const struct arranged_device *at,
                       const struct libvirt_kept *kept)
{
    FILE *out = libvirt->writing->out;
    if (!is_valid_xml(libvirt, &kept->file) || !is_valid_xml(libvirt, &kept->format) ||
        !is_valid_xml(libvirt, &kept->serial) || libvirt->disks > 'z' - 'a')
        return;
    bool on_device = is_block_device(libvirt->writing, kept->block, kept->file.text);
    fprintf(out, "  <disk type='%s' device='disk'>\n    <driver name='qemu' type='",
            on_device ? "block" : "file");
    print_value(libvirt, GIVEN(kept->format) ? kept->format.text : text_of("raw"));
    fprintf(out, "'/>\n    <source %s='", on_device ? "dev" : "file");
    print_value(libvirt, kept->file.text);
    fputs("'/>\n", out);
    print_target(libvirt, kept);
    print_address(libvirt, at);
    fputs("  </disk>\n", out);
}

// Opens the element of a character device; false after reporting an error.
static bool print_chardev(const struct libvirt_writer *libvirt, const char *element,
                          const struct config_text *chardev)
{
    FILE *out = libvirt->writing->out;
    struct text text = chardev->text;
    bool is_file = text_starts(text, "file:"), is_socket = text_starts(text, "unix:");
    if (!is_valid_xml(libvirt, chardev))
        return false;
    if (is_file || is_socket) {
        fprintf(out, "  <%s type='%s'>\n    <source %spath='", element, is_file ? "file" : "unix",
                is_file ? "" : "mode='connect' ");
        print_value(libvirt, text_part(text, 5, text.size));
        fputs("'/>\n", out);
    } else if (qemu_chardev_is_plain(text) && !text_is(text, "braille")) {
        fprintf(out, "  <%s type='%.*s'>\n", element, (int)text.size, text.at);
    } else {
        refuse(libvirt, chardev->at, "this character device",
               "use pty, null, spicevmc, file:PATH or unix:PATH");
        return false;
    }
    return true;
}

static void write_serial(struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    if (!print_chardev(libvirt, "serial", &at->wanted->chardev))
        return;
    fprintf(libvirt->writing->out, "    <target type='usb-serial' port='%u'/>\n",
            libvirt->serials++);
    print_address(libvirt, at);
    fputs("  </serial>\n", libvirt->writing->out);
}

static void write_redirection(const struct libvirt_writer *libvirt,
                              const struct arranged_device *at, const struct libvirt_kept *kept)
{
    struct config_text chardev = at->wanted->chardev;
    if (at->wanted->origin == ORIGIN_USBVERSION || !GIVEN(chardev))
        chardev.text = text_of("spicevmc");
    if (!print_chardev(libvirt, "redirdev bus='usb'", &chardev))
        return;
    print_boot_order(libvirt, kept);
    print_address(libvirt, at);
    fputs("  </redirdev>\n", libvirt->writing->out);
}

static void write_sound(const struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    fputs("  <sound model='usb'", libvirt->writing->out);
    finish(libvirt, at, "sound");
}

static void write_reader(struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    fprintf(libvirt->writing->out, "  <controller type='ccid' index='%u'", libvirt->readers++);
    finish(libvirt, at, "controller");
}

static void write_device(struct libvirt_writer *libvirt, const struct arranged_device *at)
{
    const struct device_model *model = device_model_of(at->wanted->kind);
    struct libvirt_kept kept;
    if (at->left_out)
        return;
    if (!libvirt_has(at->wanted->kind)) {
        refuse(libvirt, at->wanted->why, model ? model->name : "this device",
               "add the arguments of --to qemu in a <qemu:commandline>");
        return;
    }
    if (!libvirt_keep_device(libvirt->writing, at->wanted, &kept))
        return;
    switch (at->wanted->kind) {
    case DEVICE_HOSTDEV: write_host(libvirt, at, &kept); break;
    case DEVICE_HUB: write_hub(libvirt, at); break;
    case DEVICE_DISK: write_disk(libvirt, at, &kept); break;
    case DEVICE_SERIAL: write_serial(libvirt, at); break;
    case DEVICE_REDIR: write_redirection(libvirt, at, &kept); break;
    case DEVICE_AUDIO: write_sound(libvirt, at); break;
    case DEVICE_SMARTCARD: write_reader(libvirt, at); break;
    default: write_input(libvirt, at);
    }
}

void write_libvirt(struct writing *writing)
{
    struct libvirt_writer libvirt = { .writing = writing };
    unsigned companion = 0;
    arrange(writing, writing->for_qemu ? ARRANGE_PORTS : ARRANGE_PVUSB, &libvirt.arrangement);
    number_controllers(&libvirt);
    if (!writing->for_qemu)
        warn_about_losses(&libvirt);
    fprintf(writing->out, "<devices>\n");
    for (const struct arranged_controller *at = libvirt.arrangement.controllers; at; at = at->next)
        write_controller(&libvirt, at, &companion);
    for (size_t i = 0; i < libvirt.arrangement.count; i++)
        write_device(&libvirt, &libvirt.arrangement.devices[i]);
    fputs("</devices>\n", writing->out);
}
