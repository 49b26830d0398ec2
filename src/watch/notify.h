// SPDX-License-Identifier: MIT
// Tells the service manager how the watcher is, as in sd_notify(3).
#ifndef XENUSB_WATCH_NOTIFY_H
#define XENUSB_WATCH_NOTIFY_H

// Sends a message such as "READY=1" to the socket in $NOTIFY_SOCKET; without one, does nothing. It
// does not matter whether that succeeds.
void notify(const char *message);
// "RELOADING=1", with the time that Type=notify-reload needs.
void notify_reloading(void);

#endif
