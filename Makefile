# SPDX-License-Identifier: MIT
# Every output is below build/ (with SAN=1 below build/san/). CC, CFLAGS, LDFLAGS, DESTDIR and
# prefix are the builder's; what the project itself needs is kept apart from them.

# WITH_XEN=0 needs nothing of Xen, and makes a program for plain QEMU (--qmp).
WITH_XEN ?= 1
B        ?= build$(if $(SAN),/san)$(if $(filter 0,$(WITH_XEN)),/without-xen)
prefix   ?= /usr/local
bindir   ?= $(prefix)/bin
sysconfdir ?= /etc
datadir  ?= $(prefix)/share
mandir   ?= $(datadir)/man
docdir   ?= $(datadir)/doc/xenusb
schemadir ?= $(datadir)/xenusb/json
bashdir  ?= $(datadir)/bash-completion/completions
zshdir   ?= $(datadir)/zsh/site-functions
fishdir  ?= $(datadir)/fish/vendor_completions.d
udevdir  ?= $(prefix)/lib/udev
unitdir  ?= $(prefix)/lib/systemd/system
initdir  ?= $(sysconfdir)/init.d
CFLAGS   ?= -O2 -g
WERROR   ?=
BISON    ?= bison
FLEX     ?= flex

# Built-in rules would make src/parser/spec.c of spec.y.
MAKEFLAGS += --no-builtin-rules

.PHONY: build deps demo install uninstall clean FORCE

ifneq ($(filter deps,$(MAKECMDGOALS)),)

# What is installed here decides what the rest of this file says, so the other goals are left to a
# make that begins when this is done.
GOALS := $(filter-out deps,$(MAKECMDGOALS))
deps:
	@tests/deps
ifneq ($(GOALS),)
.PHONY: $(GOALS)
$(firstword $(GOALS)): deps
	$(MAKE) $(GOALS)
$(wordlist 2,$(words $(GOALS)),$(GOALS)): $(firstword $(GOALS))
	@:
endif

else

VERSION  := 0.1
# Of the tree that is built; a package that is built elsewhere says it itself.
COMMIT   ?= $(if $(wildcard .git),$(shell git describe --always --dirty --exclude='*' 2>/dev/null))
PACKAGES := libusb-1.0 libudev yajl expat smartcols $(if $(filter 0,$(WITH_XEN)),,xenstore xencontrol xengnttab xenevtchn)
# -iquote and not -I: src/xen/xen.h must not be found for Xen's own <xen/xen.h>.
STANDARD := -std=gnu11 -D_GNU_SOURCE -iquote src -iquote $(B)/gen $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla $(if $(WERROR),-Werror)
comma    := ,
ifdef SAN
SANITIZE := -fsanitize=$(if $(filter fuzz,$(SAN)),fuzzer-no-link$(comma))address,undefined \
            -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
LIBS     := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

# A build has either what uses Xen's libraries and headers, or what replaces it.
OF_XEN   := $(patsubst %,src/xen/%.c,hypervisor share store wire) src/backends/pvusb/rings.c
NO_XEN   := src/xen/without.c src/backends/pvusb/without.c
SOURCES  := $(filter-out $(if $(filter 0,$(WITH_XEN)),$(OF_XEN),$(NO_XEN)), \
                $(sort $(wildcard src/*/*.c src/*/*/*.c)))
GRAMMARS := $(patsubst src/parser/%.y,%,$(wildcard src/parser/*.y))
GENERATED := $(foreach g,$(GRAMMARS),$(B)/gen/$(g).tab.c $(B)/gen/$(g).lex.c)
OBJECTS  := $(patsubst src/%.c,$(B)/obj/%.o,$(filter-out src/cli/main.c,$(SOURCES))) \
            $(GENERATED:.c=.o)
HELPERS  := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
UNITS    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))

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

# A missing library is named with its package, before the compiler fails for want of a header.
$(B)/needs: packaging/needs
	@mkdir -p $(@D)
	@packaging/needs '$(CC)' '$(BISON)' '$(FLEX)' pkg-config -- $(PACKAGES)
	@touch $@

# What --version says; written only if it has changed.
ABOUT = -DXENUSB_VERSION='"$(VERSION)"' -DXENUSB_COMMIT='"$(COMMIT)"' \
    -DXENUSB_LIBRARIES='"$(foreach p,$(PACKAGES),$(p) $(shell pkg-config --modversion $(p) 2>/dev/null)$(comma))"'
$(B)/about: FORCE
	@mkdir -p $(@D)
	@echo "$(subst ",,$(ABOUT))" | cmp -s - $@ || echo "$(subst ",,$(ABOUT))" >$@
$(B)/obj/cli/version.o: $(B)/about
$(B)/obj/cli/version.o: OWN_FLAGS = $(ABOUT)

$(OBJECTS) $(GENERATED) $(B)/obj/cli/main.o: | $(B)/needs

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(STANDARD) $(WARNINGS) $(OWN_FLAGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

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
	$(CC) $(STANDARD) -iquote src/parser -w $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

# What several unit tests share: linked by those that use it.
$(B)/unit/helpers.a: $(HELPERS:tests/unit/%.c=$(B)/unit/obj/%.o)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/unit/obj/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<

$(B)/unit/%: tests/unit/%.c $(B)/unit/helpers.a $(B)/libxenusb.a
	@mkdir -p $(@D)
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $(UNIT_FLAGS) \
	    -MMD -MP -MF $@.d -o $@ $< $(B)/unit/helpers.a $(B)/libxenusb.a $(LIBS) -lcmocka

# Calls that tests/unit/fake_calls.c has fail.
FAKE_CALLS := $(foreach call,access chdir close_range connect dup2 dup3 flock fopen fstat fsync glob lstat mkdir mmap open openat \
    opendir pipe2 ppoll pread read readdir readlink recv rename renameat scandir send setsid socket socketpair stat statx uname unlink unlinkat write,-Wl,--wrap=$(call))
$(addprefix $(B)/unit/test_,busy files_fail host_fake opened process qmp_fails watch_files): UNIT_FLAGS := $(FAKE_CALLS)
$(B)/unit/test_xen_fake: UNIT_FLAGS := $(FAKE_CALLS) $(foreach call,hypervisor_open hypervisor_list hypervisor_close \
    xengnttab_open xengnttab_close xengnttab_map_grant_ref xengnttab_unmap xenevtchn_open xenevtchn_close,-Wl,--wrap=$(call))

$(B)/unit/test_arena: UNIT_FLAGS := -Wl,--wrap=malloc
$(B)/unit/test_events: UNIT_FLAGS := -Wl,--wrap=xen_probe_open
$(B)/unit/test_file: UNIT_FLAGS := -Wl,--wrap=write -Wl,--wrap=read
$(B)/unit/test_in_place: UNIT_FLAGS := $(foreach call,fchown fchmod fsync linkat renameat unlinkat write,-Wl,--wrap=$(call))
$(B)/unit/test_label: UNIT_FLAGS := $(foreach call,begin list read status why,-Wl,--wrap=xen_$(call))
$(B)/unit/test_leftovers: UNIT_FLAGS := $(foreach call,list read read_number status why,-Wl,--wrap=xen_$(call))
$(B)/unit/test_record_pure: UNIT_FLAGS := $(foreach call,saved_read note_is_unsaved xen_why,-Wl,--wrap=$(call))
$(B)/unit/test_plug: UNIT_FLAGS := $(foreach call,new unref monitor_new_from_netlink monitor_unref monitor_get_fd \
    monitor_filter_add_match_subsystem_devtype monitor_set_receive_buffer_size monitor_enable_receiving \
    monitor_receive_device device_unref device_get_action device_get_sysname device_get_property_value,-Wl,--wrap=udev_$(call))
$(B)/unit/test_qmp_client: UNIT_FLAGS := -Wl,--wrap=calloc
$(B)/unit/test_table: UNIT_FLAGS := $(foreach call,newlocale open_memstream scols_line_set_data scols_new_table scols_print_table \
    scols_table_new_column scols_table_new_line scols_table_set_column_separator,-Wl,--wrap=$(call))
$(B)/unit/test_watch_connect: UNIT_FLAGS := $(foreach call,open close fd,-Wl,--wrap=xen_events_$(call))
$(B)/unit/test_xen: UNIT_FLAGS := $(foreach call,xen_probe_open xc_interface_open $(patsubst %,xs_%, \
    open close read directory write mkdir rm set_permissions transaction_start transaction_end),-Wl,--wrap=$(call))

RIG_TOOLS := rig $(addprefix $(B)/rig/,worldc recordc xlc qemuc advicec eventsc)

# Calls what no command line reaches, for the tests of the rig.
$(filter-out rig,$(RIG_TOOLS)): $(B)/rig/%: tests/rig/%.c $(B)/libxenusb.a
	@mkdir -p $(@D)
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(B)/libxenusb.a $(LIBS)

$(B)/golden $(B)/translate $(B)/readback $(B)/placement: $(B)/%: tests/%.c $(B)/libxenusb.a
	@mkdir -p $(@D)
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< \
	    $(B)/libxenusb.a $(LIBS)

demo: build rig
	@tests/demo.sh

# What is installed where. Each path is quoted, since DESTDIR may have blanks.
MAN_PAGES := $(wildcard docs/*.[158])
EXAMPLES  := $(wildcard examples/*)
SCHEMAS   := $(wildcard docs/json/*.json)
# For other tools: each is below the examples where it is below contrib/, and as executable as there.
CONTRIB   := $(sort $(shell find contrib -type f ! -name '*.pyc'))
GUIDES    := README.md SECURITY.md $(filter-out docs/hacking.md docs/bench.md docs/tour.md,$(wildcard docs/*.md))
page_in    = $(mandir)/man$(subst .,,$(suffix $(1)))

# put MODE,FILE,DIRECTORY[,NAME]
put = install -D -m $(1) $(2) "$(DESTDIR)$(3)/$(or $(4),$(notdir $(2)))"
# The same, naming the program where it is installed.
put_named = install -d "$(DESTDIR)$(3)" && \
    sed 's|@bindir@|$(bindir)|g' $(2) >"$(DESTDIR)$(3)/$(4)" && chmod $(1) "$(DESTDIR)$(3)/$(4)"
define put_page

	$(call put,644,$(1),$(call page_in,$(1)))
endef
define put_contrib

	$(call put,$(if $(shell test -x $(1) && echo yes),755,644),$(1),$(docdir)/examples$(patsubst contrib%/,%,$(dir $(1))))
endef
define put_beside

	$(call put,644,$(1),$(2))
endef

.PHONY: install-udev install-systemd install-openrc
install-udev:
	$(call put_named,644,udev/60-xenusb.rules.in,$(udevdir)/rules.d,60-xenusb.rules)

install-systemd:
	$(call put_named,644,init/xenusb-watch.service.in,$(unitdir),xenusb-watch.service)
	$(call put_named,644,init/xenusb-park.service.in,$(unitdir),xenusb-park.service)

# Not part of "install": most hosts have systemd.
install-openrc:
	$(call put_named,755,init/xenusb-watch.openrc.in,$(initdir),xenusb-watch)
	$(call put_named,755,init/xenusb-park.openrc.in,$(initdir),xenusb-park)

# Settings that exist already stay as they are.
install: $(B)/xenusb install-udev install-systemd
	$(call put,755,$(B)/xenusb,$(bindir))
	$(foreach file,$(MAN_PAGES),$(call put_page,$(file)))
	$(foreach file,$(EXAMPLES),$(call put_beside,$(file),$(docdir)/examples))
	$(foreach file,$(CONTRIB),$(call put_contrib,$(file)))
	$(foreach file,$(SCHEMAS),$(call put_beside,$(file),$(schemadir)))
	$(foreach file,$(GUIDES),$(call put_beside,$(file),$(docdir)))
	$(call put,644,completions/xenusb.bash,$(bashdir),xenusb)
	$(call put,644,completions/_xenusb,$(zshdir))
	$(call put,644,completions/xenusb.fish,$(fishdir))
	install -d "$(DESTDIR)$(sysconfdir)/xenusb/guests"
	test -e "$(DESTDIR)$(sysconfdir)/default/xenusb-watch" || \
	    $(call put,644,init/xenusb-watch.default,$(sysconfdir)/default,xenusb-watch)

# Everything but the settings, and the directories that others may share.
uninstall:
	rm -f "$(DESTDIR)$(bindir)/xenusb" "$(DESTDIR)$(udevdir)/rules.d/60-xenusb.rules" \
	    "$(DESTDIR)$(unitdir)/xenusb-watch.service" "$(DESTDIR)$(initdir)/xenusb-watch" \
	    "$(DESTDIR)$(unitdir)/xenusb-park.service" "$(DESTDIR)$(initdir)/xenusb-park" \
	    "$(DESTDIR)$(bashdir)/xenusb" "$(DESTDIR)$(zshdir)/_xenusb" "$(DESTDIR)$(fishdir)/xenusb.fish" \
	    $(foreach page,$(MAN_PAGES),"$(DESTDIR)$(call page_in,$(page))/$(notdir $(page))")
	rm -rf "$(DESTDIR)$(docdir)" "$(DESTDIR)$(schemadir)"
	-rmdir "$(DESTDIR)$(datadir)/xenusb"

clean:
	rm -rf build

include tests/rig/rig.mk
include tests/check.mk
include tests/coverage/coverage.mk
include tests/lab/lab.mk
include tests/bench/bench.mk

# Not a whole Debian, which tests/rig/trixie.sh or the lab may have put there.
-include $(shell find $(B) \( -path '$(B)/trixie*' -o -path '$(B)/lab' -o -path '$(B)/packages-*' \) -prune -o -type f -name '*.d' -print 2>/dev/null)

endif
