// SPDX-License-Identifier: MIT
#include "xml.h"

#include "arena.h"
#include "scope.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

struct xml_reader {
    struct arena *arena;
    unsigned count;
    const char *why;
    unsigned line;
};

static void free_document(xmlDoc **document)
{
    xmlFreeDoc(*document);
}

static void free_context(xmlParserCtxt **context)
{
    xmlFreeParserCtxt(*context);
}

static const char *copy(struct xml_reader *xml_reader, const xmlChar *text)
{
    return text ? arena_strdup(xml_reader->arena, (const char *)text) : "";
}

// The text of an attribute. An entity reference would be a child of another type.
static struct xml_attribute *read_attributes(struct xml_reader *xml_reader, const xmlNode *node)
{
    struct xml_attribute *first = NULL, **end = &first;
    for (const xmlAttr *at = node->properties; at; at = at->next) {
        const xmlNode *value = at->children;
        if (value && (value->next || value->type != XML_TEXT_NODE))
            xml_reader->why = "it has an entity in an attribute";
        struct xml_attribute *attribute = arena_new_of(xml_reader->arena, struct xml_attribute);
        attribute->name = copy(xml_reader, at->name);
        attribute->value = copy(xml_reader, value ? value->content : NULL);
        *end = attribute;
        end = &attribute->next;
    }
    return first;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by XML_DEPTH_MAX
static struct xml_element *read_element(struct xml_reader *xml_reader, const xmlNode *node,
                                        unsigned depth)
{
    struct xml_element *element = arena_new_of(xml_reader->arena, struct xml_element);
    struct xml_element **end = &element->first;
    element->name = copy(xml_reader, node->name);
    element->text = "";
    element->line = (unsigned)xmlGetLineNo((xmlNode *)node);
    element->attributes = read_attributes(xml_reader, node);
    if (depth > XML_DEPTH_MAX || ++xml_reader->count > XML_ELEMENTS_MAX)
        xml_reader->why =
            depth > XML_DEPTH_MAX ? "it is nested too deeply" : "it has too many elements";
    for (const xmlNode *at = node->children; at && !xml_reader->why; at = at->next) {
        if (at->type == XML_TEXT_NODE && !*element->text)
            element->text = copy(xml_reader, at->content);
        if (at->type == XML_ENTITY_REF_NODE)
            xml_reader->why = "it has entities";
        if (at->type != XML_ELEMENT_NODE)
            continue;
        *end = read_element(xml_reader, at, depth + 1);
        end = &(*end)->next;
    }
    if (xml_reader->why && !xml_reader->line)
        xml_reader->line = element->line;
    return element;
}

const struct xml_element *xml_read(struct arena *arena, struct text text, const char **why,
                                   unsigned *line)
{
    enum {
        OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES |
                  XML_PARSE_NOCDATA
    };
    struct xml_reader xml_reader = { .arena = arena };
    cleanup_with(free_context) xmlParserCtxt *context = xmlNewParserCtxt();
    cleanup_with(free_document) xmlDoc *document =
        context ? xmlCtxtReadMemory(context, text.at, (int)text.size, NULL, NULL, OPTIONS) : NULL;
    const xmlError *error = context ? xmlCtxtGetLastError(context) : NULL;
    *line = error && error->line > 0 ? (unsigned)error->line : 1;
    *why = error && error->message
               ? arena_copy(arena, error->message, strcspn(error->message, "\n"))
               : "out of memory";
    if (!document)
        return NULL;
    const xmlNode *root = xmlDocGetRootElement(document);
    if (document->intSubset)
        xml_reader.why = "it has a document type declaration";
    const struct xml_element *element =
        root && !xml_reader.why ? read_element(&xml_reader, root, 0) : NULL;
    *why = xml_reader.why ? xml_reader.why : "it has no root element";
    *line = xml_reader.line ? xml_reader.line : 1;
    return xml_reader.why ? NULL : element;
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
