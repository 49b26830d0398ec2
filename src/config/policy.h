// SPDX-License-Identifier: MIT
// The policy of this host: which devices may be given to which domain. It is a list of rules, and
// the first that matches decides; what no rule matches is denied. The rules of XenServer's
// usb-policy.conf mean the same here (xapi: scripts/usb_scan.py).
#ifndef XENUSB_CONFIG_POLICY_H
#define XENUSB_CONFIG_POLICY_H

#include "base/source.h"
#include "host/traits.h"

#define POLICY_PATH "/etc/xenusb/policy.conf"

enum policy_criterion {
    POLICY_VENDOR = 1 << 0,
    POLICY_PRODUCT = 1 << 1,
    POLICY_RELEASE = 1 << 2,
    POLICY_CLASS = 1 << 3,
    POLICY_SUBCLASS = 1 << 4,
    POLICY_PROTOCOL = 1 << 5,
    POLICY_SERIAL = 1 << 6,
    POLICY_BUSID = 1 << 7,
    POLICY_DOMAIN = 1 << 8,
};

enum { POLICY_RULES_MAX = 4096, RULE_SHOWN = 160 };

// A rule matches what meets all of its criteria.
struct policy_rule {
    struct policy_rule *next;
    bool allow;
    unsigned line;     // from 1
    struct text text;  // as it is in the file, without its comment; cut after RULE_SHOWN bytes
    unsigned criteria; // enum policy_criterion, or'ed; 0: everything
    uint16_t vendor, product, release;
    struct interface_class codes;
    struct text serial;
    struct text domain; // the name of a domain
    char busid[BUSID_SIZE];
};

// Owned by the arena.
struct policy {
    const char *path;
    struct policy_rule *rules;
    unsigned count;
    const char *broken; // why all devices are denied, whatever the rules say; NULL: nothing
};

// The device that is to be given away.
struct policy_subject {
    const struct host_device *device; // with its serial; NULL: not a device of this host
    const struct host_traits *traits; // undefined without a device
    const char *domain;               // name of the domain that asks for it; NULL: not known
};

struct policy_decision {
    bool allowed;
    const struct policy_rule *rule; // that decided; NULL: none
    const char *unread;             // why the rule, which denies, may not match; NULL: it does
};

// What the policy says of it. Each interface of the device must be allowed, as in XenServer; of the
// rules that allow them, the last one is named. A rule
// that may match, since something is not known about the device, denies but does not allow. Hubs
// are not its business: they are always refused.
struct policy_decision policy_decide(const struct policy *policy,
                                     const struct policy_subject *subject);

// The decision for messages: "denied by /etc/xenusb/policy.conf, line 3: DENY: class=08". Owned by
// the arena; not safe to print without text_show().
const char *policy_show(struct arena *arena, const struct policy *policy,
                        const struct policy_decision *decision);

// The decisions about a device for whatever domain: "deny, line 4; allow in win10, line 3". Sets
// *denied if no domain may have it. Owned by the arena; as safe as the above.
const char *policy_show_all(struct arena *arena, const struct policy *policy,
                            const struct policy_subject *subject, bool *denied);

// The first rule that gives the device to the domain it names, and decides for that domain; NULL if
// none does. Such a device is kept for guests: the host should leave it alone.
const struct policy_rule *policy_reserved(struct arena *arena, const struct policy *policy,
                                          const struct policy_subject *subject);

#endif
