# SPDX-License-Identifier: MIT
# Every output is below build/ (with SAN=1 below build/san/). CC, CFLAGS, LDFLAGS, DESTDIR and
# prefix are the builder's; what the project itself needs is kept apart from them.

B        ?= build$(if $(SAN),/san)
prefix   ?= /usr/local
bindir   ?= $(prefix)/bin
mandir   ?= $(prefix)/share/man
CFLAGS   ?= -O2 -g
WERROR   ?=
BISON    ?= bison
FLEX     ?= flex

# Built-in rules would make src/parser/spec.c of spec.y.
MAKEFLAGS += --no-builtin-rules

PACKAGES := libusb-1.0 yajl xenstore xencontrol
STANDARD := -std=gnu11 -D_GNU_SOURCE -I$(B)/gen $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla $(if $(WERROR),-Werror)
ifdef SAN
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
LIBS     := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

SOURCES  := $(wildcard src/*.c src/parser/*.c src/backends/*.c src/backends/*/*.c src/cli/*.c)
GRAMMARS := $(patsubst src/parser/%.y,%,$(wildcard src/parser/*.y))
GENERATED := $(foreach g,$(GRAMMARS),$(B)/gen/$(g).tab.c $(B)/gen/$(g).lex.c)
OBJECTS  := $(patsubst src/%.c,$(B)/obj/%.o,$(filter-out src/cli/main.c,$(SOURCES))) \
            $(GENERATED:.c=.o)
HELPERS  := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
UNITS    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: build deps check check-unit check-daemons check-programs check-layers check-tidy demo install
.PHONY: uninstall clean
.SECONDARY:

build: $(B)/xenusb

$(B)/xenusb: $(B)/obj/cli/main.o $(B)/libxenusb.a
	$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/libxenusb.a: $(OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

# The generated headers come first, since any file of the parser may include them. Said of each file
# and not in the pattern: make skips a pattern whose prerequisites are made by patterns themselves.
$(filter $(B)/obj/parser/%,$(OBJECTS)) $(GENERATED:.c=.o): | $(GENERATED)

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

# One explicit rule a grammar: pattern rules would make these intermediate files, which make does
# not build for the sake of order alone.
define grammar
$(B)/gen/$(1).tab.c $(B)/gen/$(1).tab.h &: src/parser/$(1).y
	@mkdir -p $$(@D)
	$$(BISON) -Wall -Werror -o $(B)/gen/$(1).tab.c --defines=$(B)/gen/$(1).tab.h $$<

$(B)/gen/$(1).lex.c $(B)/gen/$(1).lex.h &: src/parser/$(1).l $(B)/gen/$(1).tab.h
	@mkdir -p $$(@D)
	$$(FLEX) -o $(B)/gen/$(1).lex.c --header-file=$(B)/gen/$(1).lex.h $$<
endef
$(foreach g,$(GRAMMARS),$(eval $(call grammar,$(g))))

# Generated code is not ours to mend: fewer warnings.
$(B)/gen/%.o: $(B)/gen/%.c
	$(CC) $(STANDARD) -Isrc/parser -w $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

# What several unit tests share: linked by those that use it.
$(B)/unit/helpers.a: $(HELPERS:tests/unit/%.c=$(B)/unit/obj/%.o)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/unit/obj/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(STANDARD) -Isrc $(WARNINGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

$(B)/unit/%: tests/unit/%.c $(B)/unit/helpers.a $(B)/libxenusb.a
	@mkdir -p $(@D)
	$(CC) $(STANDARD) -Isrc $(WARNINGS) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(B)/unit/helpers.a $(B)/libxenusb.a $(LIBS) -lcmocka

$(B)/unit/test_arena: LDFLAGS += -Wl,--wrap=malloc
$(B)/unit/test_in_place: LDFLAGS += $(foreach call,fchown fchmod fsync linkat renameat write,-Wl,--wrap=$(call))
$(B)/unit/test_qmp_client: LDFLAGS += -Wl,--wrap=calloc

# Calls what no command line reaches, for the tests of the rig.
$(B)/rig/worldc $(B)/rig/recordc $(B)/rig/xlc $(B)/rig/qemuc: $(B)/rig/%: tests/rig/%.c $(B)/libxenusb.a
	@mkdir -p $(@D)
	$(CC) $(STANDARD) -Isrc $(WARNINGS) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(B)/libxenusb.a $(LIBS)

$(B)/golden $(B)/translate: $(B)/%: tests/%.c $(B)/libxenusb.a
	@mkdir -p $(@D)
	$(CC) $(STANDARD) -Isrc $(WARNINGS) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(B)/libxenusb.a $(LIBS)

CONFIGS := examples tests/golden tests/golden-translate $(REAL_CONFIGS)

# Needs neither root nor network.
check-unit: $(UNITS) $(B)/golden $(B)/translate
	@tests/run $(UNITS) '$(B)/golden tests/golden' '$(B)/translate $(CONFIGS)' $(B)/translate

deps:
	@tests/deps

# Everything that is run is in one list, with one count at the end: units and golden files, plain,
# under the sanitizers and under valgrind; the tests on real daemons likewise; the layers, the other
# compiler and the linter. DEBIAN=trixie runs the plain and the sanitized part in a Debian 13 root.
SAN_B      := $(B)/san
RIG_TESTS  := $(wildcard tests/rig/*.test)
RIG_TOOLS  := rig $(B)/rig/worldc $(B)/rig/recordc $(B)/rig/xlc $(B)/rig/qemuc
PLAIN      := $(UNITS) '$(B)/golden tests/golden' '$(B)/translate $(CONFIGS)' $(B)/translate \
              $(RIG_TESTS) tests/run.test
SANITIZED  := $(UNITS:$(B)/%=$(SAN_B)/%) '$(SAN_B)/golden tests/golden' \
              '$(SAN_B)/translate $(CONFIGS)' $(SAN_B)/translate \
              $(foreach test,$(RIG_TESTS),'env XENUSB=$(SAN_B)/xenusb $(test)')
VALGRINDED := $(foreach test,$(UNITS),'tests/valgrind $(test)') 'tests/valgrind $(B)/golden tests/golden'

ifdef DEBIAN
check:
	tests/rig/$(DEBIAN).sh make $(B)/$(DEBIAN)
	tests/rig/$(DEBIAN).sh run $(B)/$(DEBIAN) make B=/out WERROR=$(WERROR) check-daemons
else
check: build check-programs
	$(MAKE) SAN=1 B=$(SAN_B) build check-programs
	$(MAKE) CC=clang B=$(B)/clang build check-programs
	$(MAKE) check-tidy check-layers
	@tests/run $(PLAIN) $(SANITIZED) $(VALGRINDED)
endif

check-daemons: build check-programs
	$(MAKE) SAN=1 B=$(SAN_B) build check-programs
	@tests/run $(PLAIN) $(SANITIZED)

check-programs: $(UNITS) $(B)/golden $(B)/translate $(RIG_TOOLS)

# Real configs are wherever REAL_CONFIGS says; without it their test is skipped.
export REAL_CONFIGS UPDATE

# The linter sees the project's own code; what it must not say is in .clang-tidy with its reasons.
TIDY := $(patsubst src/%.c,$(B)/tidy/%.done,$(SOURCES))

check-tidy: $(TIDY)

$(B)/tidy/%.done: src/%.c .clang-tidy $(wildcard src/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	@echo clang-tidy $<
	@clang-tidy --quiet $< -- $(STANDARD) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

check-layers:
	@tests/layers

demo: build rig
	@tests/demo.sh

install: $(B)/xenusb
	install -D -m 755 $(B)/xenusb $(DESTDIR)$(bindir)/xenusb
	install -D -m 644 docs/xenusb.1 $(DESTDIR)$(mandir)/man1/xenusb.1
	install -D -m 644 docs/xenusb.cfg.5 $(DESTDIR)$(mandir)/man5/xenusb.cfg.5

uninstall:
	rm -f $(DESTDIR)$(bindir)/xenusb $(DESTDIR)$(mandir)/man1/xenusb.1 \
	    $(DESTDIR)$(mandir)/man5/xenusb.cfg.5

clean:
	rm -rf build

include tests/rig/rig.mk

# Not a whole Debian, which tests/rig/trixie.sh may have put there.
-include $(shell find $(B) -path '$(B)/trixie*' -prune -o -type f -name '*.d' -print 2>/dev/null)
