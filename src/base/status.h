// SPDX-License-Identifier: MIT
// What an operation came to; also the exit status of the process.
#ifndef XENUSB_BASE_STATUS_H
#define XENUSB_BASE_STATUS_H

// A larger number is not a worse result: combine two with status_worse().
enum status {
    STATUS_OK = 0,      // done, or nothing to do
    STATUS_FAILED = 1,  // failed, and undone
    STATUS_REQUEST = 2, // a wrong request: usage, config, no such domain or device; nothing touched
    STATUS_REFUSED = 3, // refused for safety, policy or permission; nothing touched
    STATUS_LEFTOVER = 4, // failed, and not completely undone
    STATUS_TIMEOUT = 5,  // a peer did not answer in time; undone
    STATUS_CHANGES = 10, // plan --exit-code: there is something to do
};

// The result to report for both: leftovers before timeouts, failures, refusals, wrong requests and
// changes.
enum status status_worse(enum status a, enum status b);

#endif
