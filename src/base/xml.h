// SPDX-License-Identifier: MIT
// XML as a tree of elements. xml.c is the only file that knows libxml2.
#ifndef XENUSB_XML_H
#define XENUSB_XML_H

#include "text.h"

struct arena;

struct xml_attribute {
    struct xml_attribute *next;
    const char *name;
    const char *value;
};

// An element, owned by the arena it was read into. Names are without a namespace's prefix.
struct xml_element {
    struct xml_element *next;  // the next of the same parent
    struct xml_element *first; // the first inside of it
    struct xml_attribute *attributes;
    const char *name;
    const char *text; // directly inside of it, "" if there is none
    unsigned line;    // from 1
};

enum { XML_DEPTH_MAX = 64, XML_ELEMENTS_MAX = 100000 };

// Reads a document; no file and no network is touched, and no entity is expanded. NULL if it is no
// XML, has a document type of its own, is too deep or too large: then *why says what is wrong, and
// *line where.
const struct xml_element *xml_read(struct arena *arena, struct text text, const char **why,
                                   unsigned *line);

// The value of an attribute, or NULL; NULL too if `element` is NULL.
const char *xml_attribute(const struct xml_element *element, const char *name);
// The first element of that name inside of one, or NULL; NULL too if `element` is NULL.
const struct xml_element *xml_child(const struct xml_element *element, const char *name);

#endif
