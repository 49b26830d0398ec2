// SPDX-License-Identifier: MIT
// Whether anything in libvirt's XML of a USB device can be dropped in silence.
#include "base/arena.h"
#include "base/diag.h"
#include "parser/dialects/libvirt.h"
#include "unit.h"

#include <string.h>

// Every word of libvirt_words, with values that need no warning.
static const char whole[] =
    "<domain type='kvm'><os><type>hvm</type></os><devices>"
    "<controller type='usb' index='0' model='qemu-xhci' ports='12'>"
    "<alias name='usb'/><address type='pci' slot='1'/></controller>"
    "<controller type='usb' index='1' model='ich9-ehci1'/>"
    "<controller type='usb' index='1' model='ich9-uhci1'><master startport='0'/></controller>"
    "<controller type='usb' index='1' model='ich9-uhci2'><master startport='2'/></controller>"
    "<controller type='usb' index='1' model='ich9-uhci3'><master startport='4'/></controller>"
    "<controller type='ccid' index='0'>"
    "<alias name='ccid0'/><address type='usb' bus='0' port='1'/></controller>"
    "<hostdev mode='subsystem' type='usb' managed='yes'>"
    "<source startupPolicy='optional' autoAddress='no' guestReset='uninitialized' missing='yes'>"
    "<vendor id='0x046d'/><product id='0xc52b'/><address bus='1' device='2'/></source><boot "
    "order='1'/></hostdev>"
    "<input bus='usb' type='tablet'/>"
    "<hub type='usb'/>"
    "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
    "<source file='/a' index='1'/><backingStore/><target dev='sda' bus='usb' removable='off'/>"
    "<readonly/><serial>S</serial><boot order='2'/></disk>"
    "<disk type='block'><source dev='/dev/sda'/><target bus='usb'/></disk>"
    "<redirdev bus='usb' type='unix'><source mode='connect' path='/s'/><boot order='3'/></redirdev>"
    "<serial type='unix'><source mode='connect' path='/s'/>"
    "<target type='usb-serial' port='0'><model name='usb-serial'/></target></serial>"
    "<sound model='usb'/>"
    "</devices></domain>";

static int begin(void **state)
{
    *state = arena_new(4096);
    return *state ? 0 : -1;
}

static int end(void **state)
{
    arena_free(*state);
    return 0;
}

// The first diagnostic other than a note that contains `word`, or any if it is NULL.
static const struct diag *find(struct arena *arena, const char *document,
                               const struct libvirt_word *words, const char *word)
{
    struct diags *diags = arena_new_of(arena, struct diags);
    diags_init(diags, arena);
    libvirt_parse(arena, diags, source_from_bytes(arena, "a.xml", document, strlen(document)),
                  words);
    for (const struct diag *at = diags->first; at; at = at->next)
        if (at->severity != SEVERITY_NOTE && (!word || strstr(at->message, word)))
            return at;
    return NULL;
}

static void test_all_words_are_read(void **state)
{
    const struct diag *diag = find(*state, whole, libvirt_words, NULL);
    if (diag)
        fail_msg("%s", diag->message);
}

// Without its row, each word is reported, or the element that has no other word.
static void test_a_word_without_a_row_is_reported(void **state)
{
    struct arena *arena = *state;
    size_t count = 0;
    while (libvirt_words[count].path)
        count++;
    struct libvirt_word *words = arena_array_of(arena, struct libvirt_word, count + 1);
    for (size_t left_out = 0; left_out < count; left_out++) {
        const struct libvirt_word *row = &libvirt_words[left_out];
        memcpy(words, libvirt_words, left_out * sizeof *words);
        memcpy(words + left_out, row + 1, (count - left_out) * sizeof *words);
        const char *last = strrchr(row->path, '/');
        const char *element = arena_printf(arena, "<%s>", last ? last + 1 : row->path);
        const char *attribute =
            row->attribute ? arena_printf(arena, "%s='", row->attribute) : element;
        if (!find(arena, whole, words, attribute) && !find(arena, whole, words, element))
            fail_msg("%s %s is dropped", row->path, row->attribute ? row->attribute : "");
    }
}

// `whole` with more text at one place.
static const char *with(struct arena *arena, size_t at, const char *more)
{
    return arena_printf(arena, "%.*s%s%s", (int)at, whole, more, whole + at);
}

// Elements that are read as a whole, with whatever is in them.
static bool is_whole(const char *tag)
{
    return strncmp(tag, "address type='pci'", 18) == 0 || strncmp(tag, "readonly", 8) == 0 ||
           strncmp(tag, "backingStore", 12) == 0 || strncmp(tag, "serial>", 7) == 0;
}

static void test_an_unknown_word_is_reported_anywhere(void **state)
{
    struct arena *arena = *state;
    unsigned count = 0;
    for (const char *at = strstr(whole, "<devices>") + strlen("<devices>");
         (at = strchr(at, '<')) && strncmp(at, "</devices>", 10) != 0; at++) {
        size_t name = (size_t)(at - whole) + 1;
        if (*(at + 1) == '/' || is_whole(at + 1))
            continue;
        size_t blank = name + strcspn(whole + name, " />"),
               close = name + strcspn(whole + name, ">");
        const char *attribute = with(arena, blank, " bogus='1'");
        const struct diag *diag = find(arena, attribute, libvirt_words, "bogus='1'");
        if (!diag)
            fail_msg("an attribute is dropped: %s", attribute);
        assert_int_equal(diag->span.from, blank + 1);
        assert_int_equal(diag->span.to, blank + strlen(" bogus='1'"));
        count++;
        if (whole[close - 1] == '/')
            continue;
        const char *element = with(arena, close + 1, "<bogus a='b'><c/></bogus>");
        if (!find(arena, element, libvirt_words, "<bogus>"))
            fail_msg("an element is dropped: %s", element);
    }
    assert_in_range(count, 30, 100);
}

// Devices in the thousands need no time that grows with their square.
static void test_many_controllers(void **state)
{
    struct arena *arena = *state;
    enum { MANY = 50000 };
    static const char one[] = "<controller type='usb' model='ich9-ehci1'/>";
    char *all = arena_alloc(arena, MANY * strlen(one) + 1);
    for (size_t i = 0; i < MANY; i++)
        memcpy(all + i * strlen(one), one, strlen(one));
    const char *document = arena_printf(arena, "<devices>%s</devices>", all);
    assert_non_null(find(arena, document, libvirt_words, "no index is left for this controller"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_words_are_read, begin, end),
        cmocka_unit_test_setup_teardown(test_a_word_without_a_row_is_reported, begin, end),
        cmocka_unit_test_setup_teardown(test_an_unknown_word_is_reported_anywhere, begin, end),
        cmocka_unit_test_setup_teardown(test_many_controllers, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
