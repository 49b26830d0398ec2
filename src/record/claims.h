// SPDX-License-Identifier: MIT
// How claims are read. Private to record/.
#ifndef XENUSB_RECORD_CLAIMS_H
#define XENUSB_RECORD_CLAIMS_H

#include "record.h"
#include "xen/xen.h"

// A controller with its names, as claims have them.
struct claim_named {
    int domain;
    unsigned index;
    bool emulated;
    const char *domain_name; // NULL: none yet
    const char *name;
};

// The claims so far. Nothing more is read after a failure other than XEN_ABSENT, until
// the caller clears the result.
struct claim_list {
    const struct session *session;
    struct record_claim *first;
    struct record_claim **last; // &first
    const char *const *noted;   // the children of /xenusb, once they are needed
    size_t noted_count;
    bool noted_listed;
    struct claim_named named; // the last controller with a claim
    enum xen_result result;
};

// The node of a controller's port.
struct claim_port {
    int domain;
    unsigned backend_domain;
    unsigned index; // of the controller
    unsigned port;
    bool emulated;
};

// In claims.c:

// An empty list.
void claims_begin(struct claim_list *list, const struct session *session);
// Adds the claim of a port whose node has that value, if it is a busid.
void claims_add_port(struct claim_list *list, const struct claim_port *port, struct text value);
// Adds the claim of the note of a device below `directory`, if that has a busid.
void claims_add_note(struct claim_list *list, int domain, const char *directory);

// In ports.c:

// A domain whose ports are read.
struct claim_domain {
    int id;
    enum xen_result result; // out: the worst of its nodes
    const char *why;        // out: the reason, unless result is XEN_OK
};
// A port and the value of its node.
struct claim_value {
    struct claim_port port;
    struct text value;
};
// Reads the ports of all these domains; *values is an array of *count in the arena, in their order.
void ports_read(struct xen *xen, struct claim_domain *domains, size_t domain_count,
                struct claim_value **values, size_t *count);
// Reads the number that a node's name is; false for any other spelling or name.
bool ports_number(const char *name, uint64_t max, unsigned *number);

#endif
