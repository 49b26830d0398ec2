// SPDX-License-Identifier: MIT
#include "name_map.h"

#include "arena.h"

enum { FIRST_ROOM = 16 };

struct slot {
    struct text name;
    void *thing; // NULL: free
};

struct name_map {
    struct arena *arena;
    struct slot *slots;
    size_t capacity; // a power of two, at least twice the number of names
    size_t count;
};

// FNV-1a, 64 bits.
static uint64_t hash(struct text name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)name.at[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

// The slot with that name, or the free slot where it belongs.
static struct slot *slot_of(const struct name_map *names, struct text name)
{
    size_t at = (size_t)hash(name);
    while (names->slots[at &= names->capacity - 1].thing && !text_same(names->slots[at].name, name))
        at++;
    return &names->slots[at];
}

struct name_map *name_map_new(struct arena *arena)
{
    struct name_map *names = arena_new_of(arena, struct name_map);
    names->arena = arena;
    names->capacity = FIRST_ROOM;
    names->slots = arena_array_of(arena, struct slot, names->capacity);
    return names;
}

static void grow(struct name_map *names)
{
    const struct slot *old = names->slots;
    size_t capacity = names->capacity;
    names->capacity *= 2;
    names->slots = arena_array_of(names->arena, struct slot, names->capacity);
    for (size_t i = 0; i < capacity; i++)
        if (old[i].thing)
            *slot_of(names, old[i].name) = old[i];
}

void name_map_add(struct name_map *names, struct text name, void *thing)
{
    struct slot *slot = slot_of(names, name);
    if (slot->thing)
        return;
    *slot = (struct slot){ name, thing };
    if (++names->count * 2 > names->capacity)
        grow(names);
}

void *name_map_get(const struct name_map *names, struct text name)
{
    return slot_of(names, name)->thing;
}
