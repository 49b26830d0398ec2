// SPDX-License-Identifier: MIT
#include "libvirt.h"

#include "base/arena.h"

struct span libvirt_place(const struct xml_element *element)
{
    uint32_t to = element->to > element->from ? element->to : element->from + 1;
    return (struct span){ element->from, to };
}

bool libvirt_is(const struct xml_element *element, const char *attribute, const char *value)
{
    const char *given = xml_attribute(element, attribute);
    return given && strcmp(given, value) == 0;
}

// Words that have no row, and need more than "ignoring ...": errors where the guest would be
// another one, less safe, or without the device; or a better hint.
#define IDS     "write <vendor id='0x...'/> and <product id='0x...'/> into <source>"
#define ADDRESS "write <address bus='...' device='...'/> into <source>"
static const struct unread {
    const char *path, *attribute; // as in struct libvirt_word
    bool error;
    const char *hint;
} unread[] = {
    // libvirt's first syntax, of 2008, and what is easily taken for it
    { "hostdev", "vendor", true, IDS },
    { "hostdev", "product", true, IDS },
    { "hostdev/source", "vendor", true, IDS },
    { "hostdev/source", "product", true, IDS },
    { "hostdev/source", "vendorid", true, IDS },
    { "hostdev/source", "productid", true, IDS },
    { "hostdev/vendor", NULL, true, IDS },
    { "hostdev/product", NULL, true, IDS },
    { "hostdev", "bus", true, ADDRESS },
    { "hostdev", "device", true, ADDRESS },
    { "hostdev/source", "bus", true, ADDRESS },
    { "hostdev/source", "device", true, ADDRESS },
    { "disk/encryption", NULL, true, "the image would be used without decryption" },
    { "disk/source/encryption", NULL, true, "the image would be used without decryption" },
    { "disk/source/slices", NULL, true, "the whole image would be used" },
    { "disk/transient", NULL, true, "the guest would change the image itself" },
    { "*/boot", NULL, false, "the guest does not boot from it first" },
};

static bool path_is(const struct libvirt_item *item, const char *path, struct text of_element)
{
    if (*path != '*')
        return text_is(of_element, path);
    return item->device &&
           text_is(text_part(of_element, strlen(item->name), of_element.size), path + 1);
}

// Whether an element is on the way to that path.
static bool is_above(const struct libvirt_item *item, const char *path, struct text of_element)
{
    struct text wanted = text_of(path);
    if (*path == '*') {
        if (!item->device)
            return false;
        wanted = text_part(wanted, 1, wanted.size);
        of_element = text_part(of_element, strlen(item->name), of_element.size);
    }
    return wanted.size > of_element.size && wanted.at[of_element.size] == '/' &&
           text_same(text_part(wanted, 0, of_element.size), of_element);
}

static const struct libvirt_word *word_of(const struct libvirt_word *words,
                                          const struct libvirt_item *item, struct text path,
                                          const char *attribute)
{
    for (const struct libvirt_word *word = words; word->path; word++)
        if (path_is(item, word->path, path) &&
            (attribute ? word->attribute && strcmp(word->attribute, attribute) == 0
                       : !word->attribute))
            return word;
    return NULL;
}

// Whether an element has a row, or one of its attributes or elements has.
static bool is_known(const struct libvirt_word *words, const struct libvirt_item *item,
                     struct text path)
{
    for (const struct libvirt_word *word = words; word->path; word++)
        if (path_is(item, word->path, path) || is_above(item, word->path, path))
            return true;
    return false;
}

static const struct unread *unread_row(const struct libvirt_item *item, struct text path,
                                       const char *attribute)
{
    for (const struct unread *at = unread; at < unread + sizeof unread / sizeof *unread; at++)
        if (path_is(item, at->path, path) &&
            (attribute ? at->attribute && strcmp(at->attribute, attribute) == 0 : !at->attribute))
            return at;
    return NULL;
}

static void report(struct builder *builder, struct libvirt_item *item, const struct unread *row,
                   struct span at, const char *what)
{
    bool error = row && row->error;
    item->broken = item->broken || error;
    diag_hint(builder->diags,
              error ? builder_error(builder, at, "xenusb does not read %s here", what)
                    : builder_warning(builder, at, "ignoring %s", what),
              "%s", row ? row->hint : "xenusb cannot express it");
}

static void report_attribute(struct builder *builder, struct libvirt_item *item, struct text path,
                             const struct xml_attribute *attribute)
{
    report(builder, item, unread_row(item, path, attribute->name),
           (struct span){ attribute->from, attribute->to },
           arena_printf(builder->arena, "%s='%s'",
                        text_show(builder->arena, text_of(attribute->name), 40),
                        text_show(builder->arena, text_of(attribute->value), 40)));
}

static void report_element(struct builder *builder, struct libvirt_item *item, struct text path,
                           const struct xml_element *element)
{
    report(builder, item, unread_row(item, path, NULL), libvirt_place(element),
           arena_printf(builder->arena, "<%s>",
                        text_show(builder->arena, text_of(element->name), 40)));
}

static void report_repeated(struct builder *builder, const struct xml_element *element)
{
    diag_hint(
        builder->diags,
        builder_warning(builder, libvirt_place(element), "ignoring another <%s>", element->name),
        "only the first one counts");
}

// What is passed down while an item is read.
struct reading {
    struct builder *builder;
    const struct libvirt_word *words;
    struct libvirt_item *item;
};

static void read_word(const struct reading *reading, const struct libvirt_word *word,
                      const struct libvirt_value *value)
{
    if (word->read)
        word->read(reading->builder, reading->item, value);
}

static void read_attributes(const struct reading *reading, struct text path,
                            const struct xml_element *element)
{
    for (struct xml_attribute *at = element->attributes; at; at = at->next) {
        const struct libvirt_word *word = word_of(reading->words, reading->item, path, at->name);
        const struct libvirt_value value = { at->name, at->value, { at->from, at->to } };
        if (word)
            read_word(reading, word, &value);
        else
            report_attribute(reading->builder, reading->item, path, at);
    }
}

// Whether an element of that name has been read among the `count` names; adds it if not. libvirt
// reads only the first.
static bool is_repeated(const char **names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    names[(*count)++] = name;
    return false;
}

// Reads the words of an element, as deep as the paths of the table.
static void read_element(const struct reading *reading, const char *path,
                         const struct xml_element *element)
{
    enum { NAMES_MAX = 32 }; // more than a table has below one element
    const char *names[NAMES_MAX];
    size_t count = 0;
    const struct libvirt_word *word = word_of(reading->words, reading->item, text_of(path), NULL);
    if (word) {
        read_word(reading, word,
                  &(struct libvirt_value){ element->name, element->text, libvirt_place(element) });
        return;
    }
    read_attributes(reading, text_of(path), element);
    for (const struct xml_element *at = element->first; at; at = at->next) {
        const char *below = arena_printf(reading->builder->arena, "%s/%s", path, at->name);
        bool known = is_known(reading->words, reading->item, text_of(below));
        if (!known)
            report_element(reading->builder, reading->item, text_of(below), at);
        else if (count == NAMES_MAX || is_repeated(names, &count, at->name))
            report_repeated(reading->builder, at);
        else
            read_element(reading, below, at);
    }
}

void libvirt_read_words(struct builder *builder, const struct libvirt_word *words,
                        struct libvirt_item *item)
{
    const struct reading reading = { builder, words, item };
    read_element(&reading, item->name, item->element);
}

// --- what a config cannot express ---

static const char *show(const struct builder *builder, const struct libvirt_value *value)
{
    return text_show(builder->arena, text_of(value->text), 40);
}

void libvirt_refuse(struct builder *builder, struct libvirt_item *item,
                    const struct libvirt_value *value, const char *hint)
{
    item->broken = true;
    diag_hint(builder->diags,
              builder_error(builder, value->at, "xenusb cannot express %s='%s'", value->name,
                            show(builder, value)),
              "%s", hint);
}

void libvirt_ignore(struct builder *builder, const struct libvirt_value *value, const char *hint)
{
    diag_hint(
        builder->diags,
        builder_warning(builder, value->at, "ignoring %s='%s'", value->name, show(builder, value)),
        "%s", hint);
}
