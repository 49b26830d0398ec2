// SPDX-License-Identifier: MIT
#include "xml.h"

#include "arena.h"
#include "buffer.h"
#include "scope.h"

#include <expat.h>
#include <limits.h>

// An element that is still open, and where its next child is linked.
struct open_element {
    struct xml_element *element;
    struct xml_element **end;
};

struct xml_reader {
    XML_Parser parser;
    struct arena *arena;
    struct text document;
    struct xml_element *root;
    struct open_element open[XML_DEPTH_MAX + 1];
    unsigned depth; // how many are open
    unsigned count;
    struct buffer text; // of the innermost one, since its last child
    const char *why;    // the first fault that expat does not report itself; or NULL
};

static void free_parser(XML_Parser *parser)
{
    XML_ParserFree(*parser);
}

// Ends the parsing with an error at the present place. Some handlers may still be called.
static void refuse(struct xml_reader *xml_reader, const char *why)
{
    xml_reader->why = why;
    XML_StopParser(xml_reader->parser, XML_FALSE);
}

// expat reports this before it reads the declarations, so none ever takes effect.
static void refuse_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
                           const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    refuse(data, "it has a document type declaration");
}

static void end_text(struct xml_reader *xml_reader)
{
    struct xml_element *element = xml_reader->open[xml_reader->depth - 1].element;
    if (!*element->text)
        element->text = arena_copy(xml_reader->arena, buffer_string(&xml_reader->text),
                                   buffer_text(&xml_reader->text).size);
    buffer_clear(&xml_reader->text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Finds the next attribute in a start tag from *at on: its name and where it begins. Sets *at
// behind its value. False if there is none.
static bool next_attribute(struct text tag, size_t *at, struct text *name, size_t *from)
{
    size_t next = *at;
    while (next < tag.size && is_blank(tag.at[next]))
        next++;
    *from = next;
    while (next < tag.size && tag.at[next] != '=' && !is_blank(tag.at[next]))
        next++;
    *name = text_part(tag, *from, next);
    while (next < tag.size && tag.at[next] != '\'' && tag.at[next] != '"')
        next++;
    *at = next < tag.size ? text_find(tag, tag.at[next], next + 1) + 1 : SIZE_MAX;
    return *at <= tag.size;
}

// Sets where the attributes of an element are written, which expat does not report. In an encoding
// that is not a superset of ASCII, that is the whole tag.
static void place_attributes(struct xml_element *element, struct text document)
{
    struct text tag = text_part(document, element->from, element->to), name;
    size_t at = 0, from = 0;
    while (at < tag.size && !is_blank(tag.at[at]))
        at++;
    bool found = true;
    for (struct xml_attribute *attribute = element->attributes; attribute;
         attribute = attribute->next) {
        found = found && next_attribute(tag, &at, &name, &from) && text_is(name, attribute->name);
        attribute->from = element->from + (found ? (uint32_t)from : 0);
        attribute->to = found ? element->from + (uint32_t)at : element->to;
    }
}

static struct xml_attribute *read_attributes(struct arena *arena, const XML_Char **words)
{
    struct xml_attribute *first = NULL, **end = &first;
    for (; *words; words += 2) {
        struct xml_attribute *attribute = arena_new_of(arena, struct xml_attribute);
        attribute->name = arena_strdup(arena, words[0]);
        attribute->value = arena_strdup(arena, words[1]);
        *end = attribute;
        end = &attribute->next;
    }
    return first;
}

static void begin_element(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_reader *xml_reader = data;
    if (xml_reader->why)
        return;
    if (xml_reader->depth > XML_DEPTH_MAX || ++xml_reader->count > XML_ELEMENTS_MAX) {
        refuse(xml_reader, xml_reader->depth > XML_DEPTH_MAX ? "it is nested too deeply"
                                                             : "it has too many elements");
        return;
    }
    struct xml_element *element = arena_new_of(xml_reader->arena, struct xml_element);
    element->name = arena_strdup(xml_reader->arena, name);
    element->text = "";
    element->from = (uint32_t)XML_GetCurrentByteIndex(xml_reader->parser);
    element->to = element->from + (uint32_t)XML_GetCurrentByteCount(xml_reader->parser);
    element->attributes = read_attributes(xml_reader->arena, attributes);
    place_attributes(element, xml_reader->document);
    if (xml_reader->depth) {
        end_text(xml_reader);
        struct open_element *parent = &xml_reader->open[xml_reader->depth - 1];
        *parent->end = element;
        parent->end = &element->next;
    } else {
        xml_reader->root = element;
    }
    xml_reader->open[xml_reader->depth++] = (struct open_element){ element, &element->first };
}

static void end_element(void *data, const XML_Char *name)
{
    struct xml_reader *xml_reader = data;
    (void)name;
    if (xml_reader->why)
        return;
    end_text(xml_reader);
    xml_reader->depth--;
}

static void add_text(void *data, const XML_Char *bytes, int size)
{
    struct xml_reader *xml_reader = data;
    if (!xml_reader->why)
        buffer_add(&xml_reader->text, (struct text){ bytes, (size_t)size });
}

const struct xml_element *xml_read(struct arena *arena, struct text text, const char **why,
                                   uint32_t *where)
{
    cleanup_with(free_parser) XML_Parser parser = XML_ParserCreate(NULL);
    struct xml_reader xml_reader = {
        .parser = parser, .arena = arena, .document = text, .text = buffer_in(arena)
    };
    *where = 0;
    *why = parser ? "it is too large" : "out of memory";
    if (!parser || text.size > INT_MAX)
        return NULL;
    XML_SetUserData(parser, &xml_reader);
    XML_SetStartDoctypeDeclHandler(parser, refuse_doctype);
    XML_SetElementHandler(parser, begin_element, end_element);
    XML_SetCharacterDataHandler(parser, add_text);
    if (XML_Parse(parser, text.at, (int)text.size, XML_TRUE) == XML_STATUS_OK)
        return xml_reader.root;
    *why = xml_reader.why ? xml_reader.why : XML_ErrorString(XML_GetErrorCode(parser));
    XML_Index index = XML_GetCurrentByteIndex(parser);
    *where = index > 0 ? (uint32_t)index : 0;
    return NULL;
}

const char *xml_attribute(const struct xml_element *element, const char *name)
{
    for (const struct xml_attribute *at = element ? element->attributes : NULL; at; at = at->next)
        if (strcmp(at->name, name) == 0)
            return at->value;
    return NULL;
}

const struct xml_element *xml_child(const struct xml_element *element, const char *name)
{
    for (const struct xml_element *at = element ? element->first : NULL; at; at = at->next)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}
