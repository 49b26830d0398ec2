// SPDX-License-Identifier: MIT
// XML as a tree of elements. xml.c is the only file that knows expat.
#ifndef XENUSB_BASE_XML_H
#define XENUSB_BASE_XML_H

#include "text.h"

struct arena;

struct xml_attribute {
    struct xml_attribute *next;
    const char *name;
    const char *value;
    uint32_t from, to; // where name, '=' and value are written: offsets in bytes
};

// An element, owned by the arena it was read into. Names are as written: a
// namespace prefix is part of them.
struct xml_element {
    struct xml_element *next;  // the next sibling
    struct xml_element *first; // the first child
    struct xml_attribute *attributes;
    const char *name;
    const char *text;  // directly in this element; "" if there is none
    uint32_t from, to; // its start tag: offsets in bytes
};

enum { XML_DEPTH_MAX = 64, XML_ELEMENTS_MAX = 100000 };

// Reads a document. No file or network access, no entity expansion. NULL if it is not XML, has a
// DTD, is nested too deep or is too large; *why then says what is wrong and *where at which byte.
const struct xml_element *xml_read(struct arena *arena, struct text text, const char **why,
                                   uint32_t *where);

// The value of an attribute; NULL if there is none or `element` is NULL.
const char *xml_attribute(const struct xml_element *element, const char *name);
// The first child with that name; NULL if there is none or `element` is NULL.
const struct xml_element *xml_child(const struct xml_element *element, const char *name);

#endif
