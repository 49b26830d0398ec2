// SPDX-License-Identifier: MIT
// The journal of a command that changes a domain: what it is about to do, written before its first
// step and removed after its last. One that is there without its owner was left by a command that
// was killed, and the next command that changes anything completes or undoes what is open
// (world/resume.h).
//
//     /xenusb/<domid>/journal     the header
//                            /0   the steps, in the order of the plan; as many in each node as
//                            /1   fit into it
//
// The header and each node are JSON (journal_text.c). Without Xen, the same is in a file in the
// directory of xenusb's locks, a line for each node: journal-<what names the lock of that QEMU>.
//
// The order of writes: all of the journal in one transaction (a file is written under another name,
// synced and renamed); the steps, each wave with its record; libxl's saved configuration; the
// removal of the journal. So at any instant
// - without a journal, nothing was changed, or everything was, and recorded and saved;
// - with one, everything that may have been changed is in it. What was done is found by looking: at
//   QEMU, at the host and at the record, each of which is right about its own part. So no step is
//   ever removed alone; a command that fails marks the journal before it undoes the first step.
// A command that ends leaves its journal to the next one if the saved configuration could not be
// written, or something was left because a peer did not answer, which may still do it.
// Whether the owner lives is decided by the domain's lock, which it holds from before it looks
// until the journal is removed, not by its process id.
#ifndef XENUSB_RECORD_JOURNAL_H
#define XENUSB_RECORD_JOURNAL_H

#include "plan/execute.h"

enum {
    JOURNAL_VERSION = 2,     // 1 does not know moves, so what has none is written as 1
    JOURNAL_NODES_MAX = 256, // more is not a journal of xenusb's
    JOURNAL_INDEX_MAX = 9999,
};

enum journal_state {
    JOURNAL_NONE,
    JOURNAL_OPEN,
    JOURNAL_FOREIGN, // of an earlier domain with that id, or of another QEMU: void
    JOURNAL_NEWER,   // a later version of xenusb has written it
    JOURNAL_TORN,    // it cannot be understood
};

// A step that the command was about to run.
struct journal_step {
    struct journal_step *next;
    bool adds;  // else it removes
    bool moves; // it is one of the two steps of a move: of the device with that busid or kind
    bool spare; // a removal that may fail
    bool qemu;  // the PVUSB QEMU; the members below are not set
    bool pvusb; // of its controller
    int index;  // libxl's index of the controller; -1: it has none, and its name identifies it
    const char *name;  // of the controller
    bool as_needed;    // it is made for devices that name none
    struct port port;  // of a device; PORT_ANY: the step is for the controller
    const char *kind;  // of a device: "hostdev", "tablet"
    const char *busid; // of a host device; "" if it has none
};

// What was read of a journal. All of it was written by another process, and is bounded. Owned by
// the arena.
struct journal {
    enum journal_state state;
    const char *why;     // JOURNAL_TORN, JOURNAL_NEWER: what is wrong, for messages
    const char *verb;    // "attach"; "" if it could not be read
    const char *command; // with its arguments, cut if they are long
    unsigned process;    // who ran it
    const char *started; // when that process was started, as the kernel counts it
    const char *uuid;    // of the domain; "" without Xen
    const char *socket;  // without Xen: of the QEMU
    bool undoing;        // it had failed, and was undoing its steps
    bool keep_saved;     // it was not to change libxl's saved configuration
    bool moves;          // some steps are of a move
    int to;              // the domain to which a device was to be moved; 0: none but its own
    unsigned nodes;      // that have the steps
    struct journal_step *steps;
};

// ---- writing ----

// An execution that keeps a journal and writes libxl's saved configuration, for execute().
struct execution journal_execution(step_callback on_step, void *context);

// ---- reading ----

// Its node in xenstore. Owned by the arena.
const char *journal_path(const struct session *session);

// Reads the journal of the session's domain, or of the QEMU without Xen; JOURNAL_NONE if there is
// none. STATUS_OK, or after reporting an error what record_read() returns.
enum status journal_read(const struct session *session, struct journal *journal);

// ""attach web 1-4" (process 123)", for messages. Escaped.
const char *journal_show(struct arena *arena, const struct journal *journal);
// Whether the process that has written it still runs. For messages only: the lock decides.
bool journal_owner_runs(struct arena *arena, const struct journal *journal);
// Says that there is one, for commands that only read. NULL and JOURNAL_NONE are no-ops.
void journal_mention(const struct session *session, struct diags *diags,
                     const struct journal *journal);
// Says that it is left alone, since it cannot be understood, and how to remove it.
void journal_complain(const struct session *session, struct diags *diags, enum severity severity,
                      const struct journal *journal);

// To be called with the domain's lock held, after record_look(): STATUS_REFUSED, after reporting
// it, if there still is a journal, which nobody could complete or undo.
enum status journal_check(const struct session *session);

// Removes the journal of the session's domain, whatever it is. Statuses as from record_one().
enum status journal_remove(const struct session *session);
// Without Xen, with the lock of that QEMU held: removes the file of a command that was killed while
// it wrote its journal, and so had changed nothing yet. With Xen, a transaction leaves none.
void journal_remove_unfinished(const struct session *session);

// ---- the text of a journal (journal_text.c); pure ----

// The header of a journal for that plan with so many nodes. The members that identify the owner are
// set in `journal`.
struct text journal_header(struct arena *arena, const struct journal *journal);
// The nodes for the steps of a plan that change something in that domain. Returns an array of
// *count in the arena; *count is JOURNAL_NODES_MAX + 1 if they are too many, or a step is too long.
struct text *journal_nodes(struct arena *arena, const struct plan *plan,
                           const struct domain *domain, size_t *count);
// Reads a header. `journal->state` is JOURNAL_OPEN, JOURNAL_NEWER or JOURNAL_TORN.
void journal_read_header(struct arena *arena, struct text text, struct journal *journal);
// Reads the node of that number, of a journal that is JOURNAL_OPEN, and appends its steps; sets
// JOURNAL_TORN if they cannot be understood.
void journal_read_node(struct arena *arena, struct text text, unsigned number,
                       struct journal *journal);

#endif
