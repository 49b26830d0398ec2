// SPDX-License-Identifier: MIT
// Sound cards.
#include "search.h"

#include "base/arena.h"
#include "base/session.h"

#include <errno.h>

enum {
    SUBSTREAMS_MAX = 128, // of one PCM (Linux: sound/core/pcm.c); USB has one
    STATUS_MAX = 4096,
};

// A PCM, by the name of its node.
struct pcm {
    const char *node; // "pcmC1D0p"
    unsigned card, device;
    bool playback;
};

// Reads a number at the start of *text, and removes it and the character after it.
static bool read_part(struct text *text, char end, unsigned *number)
{
    uint64_t value;
    size_t at = text_find(*text, end, 0);
    if (text_number(text_part(*text, 0, at), 10, 0, UINT16_MAX, &value) != NUMBER_OK)
        return false;
    *number = (unsigned)value;
    *text = text_part(*text, at + 1, text->size);
    return true;
}

static bool read_pcm(const char *name, struct pcm *pcm)
{
    static const char start[] = "pcmC";
    struct text text = text_of(name);
    *pcm = (struct pcm){ .node = name };
    if (!text_starts(text, start) || text.size == sizeof start - 1)
        return false;
    pcm->playback = text.at[text.size - 1] == 'p';
    text = text_part(text, sizeof start - 1, text.size - 1);
    return read_part(&text, 'D', &pcm->card) && read_part(&text, '\0', &pcm->device);
}

// The value of "key : value" in the status of a substream (Linux: sound/core/pcm.c,
// snd_pcm_substream_proc_status_read()); empty without that key.
static struct text status_value(struct text status, const char *key)
{
    while (status.size) {
        size_t end = text_find(status, '\n', 0);
        struct text line = text_part(status, 0, end);
        size_t colon = text_find(line, ':', 0);
        if (text_is(text_trim(text_part(line, 0, colon)), key))
            return text_trim(text_part(line, colon + 1, line.size));
        status = text_part(status, end + 1, status.size);
    }
    return TEXT_EMPTY;
}

// For whom the substream runs.
static const char *runs_for(struct search *search, const struct pcm *pcm, struct text status)
{
    uint64_t pid;
    struct arena *arena = search->arena;
    const char *what = pcm->playback ? "plays" : "records";
    struct text state = status_value(status, "state");
    if (!text_is(state, "RUNNING") && !text_is(state, "DRAINING"))
        return NULL;
    search->fix = "stop that first, or use --force";
    if (text_number(status_value(status, "owner_pid"), 10, 1, UINT32_MAX, &pid) != NUMBER_OK)
        return arena_printf(arena, "/dev/snd/%s %s", pcm->node, what);
    return arena_printf(arena, "/dev/snd/%s %s for %s", pcm->node, what,
                        processes_show(arena, (unsigned)pid));
}

// Of a kernel that does not show the states of streams: who has it open, which may run.
static const char *may_run(struct search *search, const struct pcm *pcm, const char *directory)
{
    search_note(search, tables_of_processes(search->tables));
    const struct process_node *node = processes_find_node(
        &search->tables->processes, NODE_CHARACTER, search_value(search, directory, "dev"));
    search->fix = "end that program first, or use --force";
    return node ? arena_printf(search->arena, "/dev/snd/%s is open in %s, and may be running",
                               pcm->node, processes_show(search->arena, node->pid))
                : NULL;
}

static const char *busy_pcm(struct search *search, const struct pcm *pcm, const char *directory)
{
    struct arena *arena = search->arena;
    for (unsigned i = 0; i < SUBSTREAMS_MAX; i++) {
        const char *path = arena_printf(arena, "/proc/asound/card%u/pcm%u%c/sub%u/status",
                                        pcm->card, pcm->device, pcm->playback ? 'p' : 'c', i);
        struct text status = sysfs_table(arena, path, STATUS_MAX);
        if (!status.at && errno == ENOENT)
            return i ? NULL : may_run(search, pcm, directory);
        if (!status.at)
            search_note_error(search, path, errno);
        const char *why = runs_for(search, pcm, status);
        if (why || !status.at)
            return why;
    }
    return NULL;
}

static const char *busy_card(struct search *search, const char *directory)
{
    struct pcm pcm;
    const struct name_list names = search_names(search, directory);
    const char *why = NULL;
    for (size_t i = 0; i < names.count && !why; i++)
        if (read_pcm(names.name[i], &pcm))
            why = busy_pcm(search, &pcm,
                           arena_printf(search->arena, "%s/%s", directory, names.name[i]));
    return why;
}

const char *busy_sound(struct search *search, const char *directory)
{
    const struct name_list names = search_names(search, directory);
    const char *why = NULL;
    for (size_t i = 0; i < names.count && !why; i++)
        why = busy_card(search, arena_printf(search->arena, "%s/%s", directory, names.name[i]));
    return why;
}
