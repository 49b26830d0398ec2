// SPDX-License-Identifier: MIT
#include "names.h"

#include "arena.h"

enum { FIRST_ROOM = 16 };

struct slot {
    struct text name;
    void *thing; // NULL: free
};

struct names {
    struct arena *arena;
    struct slot *slots;
    size_t room; // a power of two, at least twice as many as there are names
    size_t count;
};

// FNV-1a, 64 bits wide.
static uint64_t hash(struct text name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)name.at[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

// The slot that has the name, or the free one where it belongs.
static struct slot *slot_of(const struct names *names, struct text name)
{
    size_t at = (size_t)hash(name);
    while (names->slots[at &= names->room - 1].thing && !text_same(names->slots[at].name, name))
        at++;
    return &names->slots[at];
}

struct names *names_new(struct arena *arena)
{
    struct names *names = arena_new_of(arena, struct names);
    names->arena = arena;
    names->room = FIRST_ROOM;
    names->slots = arena_array_of(arena, struct slot, names->room);
    return names;
}

static void grow(struct names *names)
{
    const struct slot *old = names->slots;
    size_t room = names->room;
    names->room *= 2;
    names->slots = arena_array_of(names->arena, struct slot, names->room);
    for (size_t i = 0; i < room; i++)
        if (old[i].thing)
            *slot_of(names, old[i].name) = old[i];
}

void names_add(struct names *names, struct text name, void *thing)
{
    struct slot *slot = slot_of(names, name);
    if (slot->thing)
        return;
    *slot = (struct slot){ name, thing };
    if (++names->count * 2 > names->room)
        grow(names);
}

void *names_get(const struct names *names, struct text name)
{
    return slot_of(names, name)->thing;
}
