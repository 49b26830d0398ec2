// SPDX-License-Identifier: MIT
// What somebody probably meant who wrote a word that is wrong: for hints.
#ifndef XENUSB_PARSER_MEANT_H
#define XENUSB_PARSER_MEANT_H

#include "base/text.h"

struct arena;

// "write busid=1-4": for a word that names a host device in another form than that of `key` ("" if
// it is no value of a key). NULL if it does not.
const char *meant_host_device(struct arena *arena, const char *key, struct text text);

// "write type=tablet": for what is not an item of usbdevice, but of QEMU's arguments and the like.
const char *meant_item(struct arena *arena, struct text item);

// "write port=2": for a word behind a comma that is not key=value, after a pair of that key (empty:
// none). NULL if it means nothing.
const char *meant_pair(struct arena *arena, struct text before, struct text word);

// "write 1-4,port=2": for "1-4;port" in place of a key, one of `keys`, and its value. NULL if it
// means nothing.
const char *meant_apart(struct arena *arena, struct text word, struct text value,
                        const char *const *keys);

// The key, one of `keys`, that a word of other tools or a longer form means, for that value; NULL
// if there is none.
const char *meant_key(struct text word, struct text value, const char *const *keys);

// "write type=keyboard": for a value that is none of `choices`, which end with NULL.
const char *meant_choice(struct arena *arena, struct text key, struct text value,
                         const char *const *choices);

#endif
