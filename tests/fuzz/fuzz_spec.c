// SPDX-License-Identifier: MIT
// Any bytes as the arguments of a command: they compile or give errors, within bounds, and all
// messages are printable. What compiles is written as a config and read again: it is the same. The
// first byte selects what they describe: C, controllers; else devices.
#include "../dump.h"
#include "written.h"

// A config cannot have a device on a controller of the domain that the arguments do not declare,
// nor a controller that is named by its number.
static bool is_whole(const struct config *config)
{
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        if (*at->name >= '0' && *at->name <= '9')
            return false;
    for (const struct config_device *at = config->devices; at; at = at->next)
        if (!at->controller && GIVEN(at->controller_name))
            return false;
    return true;
}

static void compare_controllers(const struct config *before, const struct config *after)
{
    const struct config_controller *other = after->controllers;
    for (const struct config_controller *at = before->controllers; at; at = at->next) {
        fuzz_check(other && trial_controller_is(at, other), "a controller is another", at->name);
        fuzz_check(strcmp(at->name, other->name) == 0, "a name is another", at->name);
        fuzz_check(text_same(at->backend.text, other->backend.text), "a backend is another",
                   at->name);
        other = other->next;
    }
    fuzz_check(!other, "there is one more controller", other ? other->name : NULL);
}

static void compare(struct trial *trial)
{
    struct trial again;
    if (fuzz_write_and_read(trial, &again))
        compare_controllers(trial->document.config, again.document.config);
}

static struct document parse(struct arena *arena, struct diags *diags, const struct source *source)
{
    const struct text text = source->text;
    bool controllers = text_starts(text, "C");
    const struct source *rest =
        source_from_bytes(arena, "fuzz", text.at + controllers, text.size - controllers);
    return (struct document){
        .source = rest,
        .config = parse_specs(arena, diags, rest, controllers ? SPEC_CONTROLLER : SPEC_DEVICE),
        .foreign = true,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct trial trial;
    const struct text text = { (const char *)bytes, size };
    trial_compile(&trial, arena, "fuzz", text, parse);
    dump_config(fuzz_nowhere(), arena, trial.document.config);
    // No argument contains a NUL byte, which would end what is printed.
    if (trial.compiled && is_whole(trial.document.config) && text_find(text, '\0', 0) == size)
        compare(&trial);
    fuzz_print(&trial.diags, text);
    arena_free(arena);
    return 0;
}
