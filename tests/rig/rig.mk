# SPDX-License-Identifier: MIT
#
# The test rig's programs, built into $(B)/rig. The top Makefile includes this; it also works alone:
#     make -f tests/rig/rig.mk B=build rig

B ?= build
RIG_SRC := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
RIG := $(B)/rig
RIG_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla $(if $(WERROR),-Werror)
RIG_HEADERS := $(RIG_SRC)/fakexen.h

# The rig simulates a kernel and a hypervisor, so it is never built with sanitizers, whatever the project's
# CFLAGS are; and a preloaded library must not be compiled against checked libc calls.
RIG_CC = $(CC) $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) $(RIG_CFLAGS) \
	-U_FORTIFY_SOURCE -U_FILE_OFFSET_BITS -U_TIME_BITS

RIG_XEN_VERSION = $(shell pkg-config --modversion xencontrol)
RIG_XEN_WORDS = $(subst ., ,$(RIG_XEN_VERSION))

.PHONY: rig rig-clean
rig: $(addprefix $(RIG)/,fakexen.so failmalloc.so failopen.so conflict.so counts.so inject.so loses.so pauses.so peer.so faults.so guestxs qmpc peak usbbed usbsys.so usbls pvplay)

$(RIG):
	mkdir -p $@

$(RIG)/fakexen.so: $(RIG_SRC)/fakexen.c $(RIG_SRC)/fakexen-ring.c $(RIG_HEADERS) | $(RIG)
	$(RIG_CC) -shared -fPIC -DFAKEXEN_VERSION_MAJOR=$(word 1,$(RIG_XEN_WORDS)) \
		-DFAKEXEN_VERSION_MINOR=$(word 2,$(RIG_XEN_WORDS)) -o $@ $(filter %.c,$^) -ldl

$(RIG)/failmalloc.so: $(RIG_SRC)/failmalloc.c | $(RIG)
	$(RIG_CC) -D_GNU_SOURCE -fno-builtin -shared -fPIC -o $@ $< -ldl

$(RIG)/failopen.so: $(RIG_SRC)/failopen.c | $(RIG)
	$(RIG_CC) -shared -fPIC -o $@ $< -ldl

$(RIG)/conflict.so: $(RIG_SRC)/conflict.c | $(RIG)
	$(RIG_CC) -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl

$(RIG)/counts.so: $(RIG_SRC)/counts.c | $(RIG)
	$(RIG_CC) -shared -fPIC -o $@ $< -ldl

$(RIG)/inject.so: $(addprefix $(RIG_SRC)/,inject.c inject-send.c inject.h) | $(RIG)
	$(RIG_CC) -D_GNU_SOURCE -shared -fPIC -o $@ $(filter %.c,$^) -ldl

$(RIG)/loses.so: $(RIG_SRC)/loses.c | $(RIG)
	$(RIG_CC) -shared -fPIC -o $@ $< -ldl

$(RIG)/pauses.so: $(RIG_SRC)/pauses.c | $(RIG)
	$(RIG_CC) -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl

$(RIG)/peer.so: $(RIG_SRC)/peer.c | $(RIG)
	$(RIG_CC) -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl

$(RIG)/faults.so: $(RIG_SRC)/faults.c | $(RIG)
	$(RIG_CC) -shared -fPIC -o $@ $< -ldl

$(RIG)/guestxs: $(RIG_SRC)/guestxs.c $(RIG_HEADERS) | $(RIG)
	$(RIG_CC) -o $@ $< -lxenstore

$(RIG)/peak: $(RIG_SRC)/peak.c | $(RIG)
	$(RIG_CC) -o $@ $<

$(RIG)/qmpc: $(RIG_SRC)/qmpc.c | $(RIG)
	$(RIG_CC) -o $@ $<

# -isystem: umockdev's header causes warnings.
$(RIG)/usbbed: $(addprefix $(RIG_SRC)/,usbbed.c usbtree.c usbdevices.c usbdrivers.c usbevent.c usbfs.c usbtree.h usbfs.h) | $(RIG)
	$(RIG_CC) $(subst -I,-isystem ,$(shell pkg-config --cflags umockdev-1.0)) -o $@ $(filter %.c,$^) \
		$(shell pkg-config --libs umockdev-1.0)

$(RIG)/usbsys.so: $(addprefix $(RIG_SRC)/,usbsys.c usbnode.c usbnode.h usbfs.h) | $(RIG)
	$(RIG_CC) -shared -fPIC -o $@ $(filter %.c,$^) -ldl

$(RIG)/usbls: $(RIG_SRC)/usbls.c | $(RIG)
	$(RIG_CC) $(shell pkg-config --cflags libusb-1.0) -o $@ $< $(shell pkg-config --libs libusb-1.0)

$(RIG)/pvplay: $(addprefix $(RIG_SRC)/,pvplay.c pvqmp.c pvrings.c pvplay.h) | $(RIG)
	$(RIG_CC) $(shell pkg-config --cflags libusb-1.0) -o $@ $(filter %.c,$^) -lxenstore \
		$(shell pkg-config --libs libusb-1.0)

rig-clean:
	rm -rf $(RIG)
