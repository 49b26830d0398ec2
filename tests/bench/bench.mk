# SPDX-License-Identifier: MIT
#
# "make bench" measures xenusb against xl, and against floors: programs that do the least that the same result
# needs. It needs root, takes some minutes, and should have the machine for itself.

BENCH_TOOLS := $(addprefix $(B)/bench/,stopwatch empty floor_qmp floor_usb floor_pv arrival)

.PHONY: bench bench-tools
bench: build rig bench-tools
	@tests/bench/bench

bench-tools: $(BENCH_TOOLS)

# Without sanitizers, as the rig.
$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(RIG_CC) -D_GNU_SOURCE $(BENCH_CFLAGS) -o $@ $< $(BENCH_LIBS)

$(B)/bench/floor_usb: BENCH_CFLAGS := $(shell pkg-config --cflags libusb-1.0)
$(B)/bench/floor_usb: BENCH_LIBS := $(shell pkg-config --libs libusb-1.0)
$(B)/bench/floor_pv: BENCH_LIBS := -lxenstore
