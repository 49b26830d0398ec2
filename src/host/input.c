// SPDX-License-Identifier: MIT
#include "input.h"

#include "base/arena.h"
#include "base/verdict.h"
#include "sysfs.h"

#include <errno.h>
#include <limits.h>
#include <linux/input-event-codes.h>
#include <string.h>

#define INPUTS "/sys/class/input"
#define SEAT   "/run/systemd/seats/seat0"

enum {
    SEAT_MAX = 1 << 16,
    BITMAP_MAX = 1024,
    DESCRIPTOR_MAX = 16, // of its bytes only the first matter
    WORD_BITS = sizeof(long) * CHAR_BIT,
};

// ---- what is read ----

bool input_is_active(struct text seat)
{
    static const char key[] = "ACTIVE=";
    while (seat.size) {
        size_t end = text_find(seat, '\n', 0);
        struct text line = text_part(seat, 0, end);
        if (text_starts(line, key))
            return line.size > sizeof key - 1;
        seat = text_part(seat, end + 1, seat.size);
    }
    return false;
}

// Word `index` of a bitmap: hexadecimal numbers of which the last is word 0.
static uint64_t bitmap_word(struct text bitmap, unsigned index)
{
    uint64_t value = 0;
    bitmap = text_trim(text_part(bitmap, 0, text_find(bitmap, '\n', 0)));
    for (;; index--) {
        size_t start = bitmap.size;
        while (start && bitmap.at[start - 1] != ' ')
            start--;
        if (index == 0)
            return text_number(text_part(bitmap, start, bitmap.size), 16, 0, UINT64_MAX, &value) ==
                           NUMBER_OK
                       ? value
                       : 0;
        if (start == 0)
            return 0;
        bitmap = text_part(bitmap, 0, start - 1);
    }
}

static bool has_bit(struct text bitmap, unsigned bit)
{
    return bitmap_word(bitmap, bit / WORD_BITS) >> bit % WORD_BITS & 1;
}

unsigned input_kinds(struct text keys, struct text relative, struct text absolute)
{
    unsigned kinds = 0;
    unsigned letters = 0; // Escape, the digits, and the first row of letters; as udev has it
    for (unsigned key = KEY_ESC; key <= KEY_S; key++)
        letters += has_bit(keys, key);
    if (letters == KEY_S - KEY_ESC + 1)
        kinds |= INPUT_KEYBOARD;
    bool clicks = has_bit(keys, BTN_LEFT);
    if ((clicks && has_bit(relative, REL_X) && has_bit(relative, REL_Y)) ||
        ((clicks || has_bit(keys, BTN_TOUCH)) && has_bit(absolute, ABS_X) &&
         has_bit(absolute, ABS_Y)))
        kinds |= INPUT_POINTER;
    return kinds;
}

// ---- the devices ----

// A look at all input devices.
struct look {
    struct arena *arena;
    struct host_device *const *devices; // those that are given away
    size_t count;
    unsigned *kinds;    // of each of them
    unsigned stay;      // the kinds of all others
    const char *unread; // the first reason why that is not known
};

static bool note_unread(struct look *look, const char *path, int error)
{
    if (error == 0 || error == ENOENT || error == ENODEV)
        return false;
    if (!look->unread)
        look->unread = arena_printf(look->arena, "cannot read %s: %s", path, strerror(error));
    return true;
}

static struct text read_capability(struct look *look, const char *name, const char *capability,
                                   bool *unread)
{
    const char *path = arena_printf(look->arena, INPUTS "/%s/capabilities/%s", name, capability);
    struct text text = sysfs_file(look->arena, path, BITMAP_MAX);
    if (!text.at)
        *unread |= note_unread(look, path, errno);
    return text;
}

// Whether a HID device is for FIDO: its report descriptor begins with that usage page (0xf1d0).
static enum verdict is_fido(struct look *look, const char *directory)
{
    static const unsigned char page[] = { 0x06, 0xd0, 0xf1 };
    const char *path = arena_printf(look->arena, "%s/report_descriptor", directory);
    struct text text = sysfs_file(look->arena, path, DESCRIPTOR_MAX);
    if (!text.at)
        return note_unread(look, path, errno) ? VERDICT_UNKNOWN : VERDICT_NO;
    return text.size >= sizeof page && memcmp(text.at, page, sizeof page) == 0 ? VERDICT_YES
                                                                               : VERDICT_NO;
}

// Whether nobody can type on the USB device, although the kernel has it as a keyboard.
static enum verdict is_security_key(struct look *look, const char *busid)
{
    static const char usb[] = "0003:"; // of the HID devices on this bus
    enum verdict verdict = VERDICT_NO;
    for (const struct host_interface *at = host_interfaces(look->arena, busid);
         at && verdict == VERDICT_NO; at = at->next) {
        const char *directory = arena_printf(look->arena, USB_DEVICES "/%s", at->name);
        const struct name_list names = sysfs_names(look->arena, directory);
        for (size_t i = 0; i < names.count && verdict == VERDICT_NO; i++)
            if (text_starts(text_of(names.name[i]), usb))
                verdict =
                    is_fido(look, arena_printf(look->arena, "%s/%s", directory, names.name[i]));
    }
    return verdict;
}

// The USB device that an input device, by the target of its link, belongs to; false if there is
// none. A hub is in the path before what is behind it.
static bool find_owner(const char *target, char busid[BUSID_SIZE])
{
    char part[BUSID_SIZE];
    bool found = false;
    struct text text = text_of(target);
    while (text.size) {
        size_t end = text_find(text, '/', 0);
        if (busid_read(text_part(text, 0, end), part)) {
            memcpy(busid, part, sizeof part);
            found = true;
        }
        text = text_part(text, end + 1, text.size);
    }
    return found;
}

// Which of the devices that are given away the input device belongs to; look->count if to none.
static size_t given(const struct look *look, const char *busid)
{
    size_t i = 0;
    while (i < look->count && strcmp(look->devices[i]->busid, busid) != 0)
        i++;
    return i;
}

// Adds an input device to those that stay, or to those of the device that it belongs to. What is
// not known of it makes neither of them more than they are, or fewer given away.
static void add_input(struct look *look, const char *name)
{
    bool unread = false;
    char busid[BUSID_SIZE] = "";
    const char *target = sysfs_target(look->arena, INPUTS, name);
    struct text keys = read_capability(look, name, "key", &unread);
    struct text relative = read_capability(look, name, "rel", &unread);
    unsigned kinds = input_kinds(keys, relative, read_capability(look, name, "abs", &unread));
    // One that a program has made (uinput) does not count.
    if (!target || strstr(target, "/virtual/input/"))
        return;
    bool usb = find_owner(target, busid);
    size_t of = usb ? given(look, busid) : look->count;
    enum verdict key = usb && kinds & INPUT_KEYBOARD ? is_security_key(look, busid) : VERDICT_NO;
    if (unread)
        kinds = of < look->count ? INPUT_KEYBOARD | INPUT_POINTER : 0;
    else if (key == VERDICT_YES || (key == VERDICT_UNKNOWN && of == look->count))
        kinds &= ~(unsigned)INPUT_KEYBOARD;
    *(of < look->count ? &look->kinds[of] : &look->stay) |= kinds;
}

const char *input_find_last(struct arena *arena, struct host_device *const *devices, size_t count,
                            unsigned *last)
{
    static const char input[] = "input";
    struct look look = { .arena = arena, .devices = devices, .count = count, .kinds = last };
    struct text seat = sysfs_table(arena, SEAT, SEAT_MAX);
    memset(last, 0, count * sizeof *last);
    if (!(seat.at ? input_is_active(seat) : note_unread(&look, SEAT, errno)))
        return NULL;
    const struct name_list names = sysfs_names(arena, INPUTS);
    bool unread = note_unread(&look, INPUTS, names.error);
    for (size_t i = 0; i < names.count; i++)
        if (text_starts(text_of(names.name[i]), input))
            add_input(&look, names.name[i]);
    for (size_t i = 0; i < count; i++)
        last[i] = (unread ? INPUT_KEYBOARD | INPUT_POINTER : last[i]) & ~look.stay;
    return look.unread;
}
