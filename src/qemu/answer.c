// SPDX-License-Identifier: MIT
#include "answer.h"

#include <string.h>

// A command that returns a list of objects, and what each of them has.
static const struct {
    const char *command;
    const char *texts[2]; // members that are strings
    const char *list;     // a member that is a list
} lists[] = {
    { "qom-list", { "name", "type" }, NULL },
    { "qom-list-types", { "name" }, NULL },
    { "qom-list-get", { NULL }, "properties" },
    { "query-block", { NULL }, NULL },
};

static bool has_text(const struct json *object, const char *member)
{
    return !member || json_member_text(object, member).at;
}

static bool has_list(const struct json *object, const char *member)
{
    const struct json *list = member ? json_member(object, member) : NULL;
    return !member || (list && list->type == JSON_ARRAY);
}

bool answer_is_valid(const char *command, const struct json *value)
{
    const size_t count = sizeof lists / sizeof *lists;
    size_t i = 0;
    while (i < count && strcmp(lists[i].command, command) != 0)
        i++;
    if (i == count)
        return true;
    if (value->type != JSON_ARRAY)
        return false;
    for (const struct json *at = json_elements(value); at; at = at->next)
        if (at->type != JSON_OBJECT || !has_text(at, lists[i].texts[0]) ||
            !has_text(at, lists[i].texts[1]) || !has_list(at, lists[i].list))
            return false;
    return true;
}
