// SPDX-License-Identifier: MIT
// Any bytes as libxl's saved configuration: an element is added, replaced and removed, or the text
// is refused. A change that was made is not made twice, and a removal takes back what was added.
// The first byte selects the array and the element.
#include "fuzz.h"
#include "record/saved.h"

static struct saved_element element_of(uint8_t selector, const char *json)
{
    const bool device = selector & 1;
    return (struct saved_element){ .array = device ? "usbdevs" : "usbctrls",
                                   .keys = { device ? "ctrl" : "devid", device ? "port" : NULL },
                                   .numbers = { selector >> 1 & 3, selector >> 3 & 3 },
                                   .json = json };
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    struct arena *arena = fuzz_arena();
    const struct text json = { (const char *)bytes + 1, size - 1 };
    const struct saved_element none = element_of(bytes[0], NULL);
    const char *own =
        bytes[0] & 1 ? arena_printf(arena, "{\"ctrl\": %d, \"port\": %d, \"own\": {}}",
                                    (int)none.numbers[0], (int)none.numbers[1])
                     : arena_printf(arena, "{\"devid\": %d, \"own\": {}}", (int)none.numbers[0]);
    const struct saved_element one = element_of(bytes[0], own);
    struct text with, again, without, twice;
    const char *why = NULL;
    if (saved_edit(arena, json, &one, &with, &why)) {
        fuzz_check(saved_edit(arena, with, &one, &again, &why), "it cannot be read again", why);
        fuzz_check(text_same(with, again), "it was added twice", NULL);
        fuzz_check(saved_edit(arena, with, &none, &without, &why), "it cannot be removed", why);
        fuzz_check(!text_same(with, without), "it was not removed", NULL);
        fuzz_check(saved_edit(arena, without, &none, &twice, &why), "it cannot be read again", why);
        fuzz_check(text_same(without, twice), "it was removed twice", NULL);
    } else {
        fuzz_check(why, "refused without a reason", NULL);
    }
    arena_free(arena);
    return 0;
}
