# SPDX-License-Identifier: MIT
#
# What "make check" does beyond building. Everything that is run is in one list, with one count at
# its end. Four trees are built for it:
#
#   $(B)          as it is installed; the tests on real daemons; under valgrind
#   $(B)/san      gcc's sanitizers
#   $(B)/clang    clang's sanitizers and its fuzzer
#   $(B)/tidy     what clang-tidy has seen
#
# And the lab's Debian 12 (lab/README.md), in which a PV guest is started.
#
# DEBIAN=trixie runs the first two in a Debian 13 root, which is made in $(B)/trixie.

SAN_B     := $(B)/san
CLANG_B   := $(B)/clang
TESTS     := $(filter-out tests/rig/self.test tests/rig/real.test \
                 tests/rig/memory.test tests/rig/translate-qemu.test,$(wildcard tests/rig/*.test))
CONFIGS   := examples tests/golden tests/golden-translate $(REAL_CONFIGS)
FUZZ      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# Real configs are wherever REAL_CONFIGS says; without it their test is skipped.
export REAL_CONFIGS UPDATE

# The programs that need neither root nor daemons: of the tree $(1), each called by $(2). ("translate" and
# "readback" alone compile some ten thousand configs, which is not for valgrind.)
programs = $(foreach unit,$(UNITS:$(B)/%=$(1)/%),'$(if $(2),$(2) )$(unit)') \
    '$(if $(2),$(2) )$(1)/golden tests/golden' \
    '$(if $(2),$(2) )$(1)/translate $(CONFIGS)' \
    '$(if $(2),$(2) )$(1)/readback $(CONFIGS)'

# The tests on real daemons, in the environment $(1): under the sanitizers, and under valgrind, where a call
# takes half a second. (memory.test stands in for malloc, as those do.) What translates every file there
# is and has others judge the text is left to the programs, which translate all of it in one process.
daemons = $(foreach test,$(TESTS:tests/rig/%.test=%),'env $(1) tests/rig/$(test).test $(FEW_$(test))')
FEW_foreign   := case_from_libvirt case_from_sxp case_bad_xml case_bad_sxp
FEW_json      := case_a_report case_a_command
FEW_translate := case_resolved_pvusb case_a_hub_or_two_devices_are_refused case_commands_that_are_none \
                 case_in_place case_losses_are_reported case_python_that_stays

PLAIN      := $(call programs,$(B)) $(B)/translate $(B)/readback $(sort $(wildcard tests/rig/*.test)) tests/run.test tests/layers.test
SANITIZED  := $(call daemons,XENUSB=$(SAN_B)/xenusb) $(call programs,$(SAN_B)) $(SAN_B)/translate $(SAN_B)/readback
VALGRINDED := $(call daemons,WRAP=$(CURDIR)/tests/valgrind RIG_SCALE=5) $(call programs,$(B),tests/valgrind)
SEEDS      := $(foreach name,$(FUZZ),'tests/case fuzz-$(name) \
                  $(CLANG_B)/fuzz_$(name) -runs=0 -artifact_prefix=$(CLANG_B)/ tests/fuzz/corpus-$(name)')
# One job of the lab: it takes longest, so it begins first.
BOOTED      = 'tests/lab/machine $(LAB)/bookworm pv'
LINTED     := 'tests/tidied $(B)/tidy' 'tests/case layers tests/layers $(B)' 'tests/case grammars tests/grammars' \
              'tests/case format tests/format'

# As many jobs as processors, unless the user said how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# Each test has time limits of its own; this one ends what has none.
RUN = tests/run -j $(shell nproc) -t 600

.PHONY: check check-unit check-daemons check-clang check-san check-programs check-all-trees
.PHONY: check-tidy check-format check-layers fuzz

# Needs neither root nor network.
check-unit: $(UNITS) $(B)/golden $(B)/translate $(B)/readback
	@$(RUN) $(call programs,$(B)) $(B)/translate $(B)/readback

ifdef DEBIAN
check:
	tests/rig/$(DEBIAN).sh make $(B)/$(DEBIAN)
	tests/rig/$(DEBIAN).sh run $(B)/$(DEBIAN) make B=/out WERROR=$(WERROR) check-daemons
else
# What a linter finds is counted, and does not end the others.
check:
	$(MAKE) $(JOBS) check-all-trees lab-bookworm
	@mkdir -p $(B)/tidy && echo $(TIDIED) >$(B)/tidy/list
	-$(MAKE) $(JOBS) -k check-tidy
	@$(RUN) $(BOOTED) $(VALGRINDED) $(PLAIN) $(SANITIZED) $(call programs,$(CLANG_B)) $(SEEDS) $(LINTED)
endif

check-all-trees: build check-programs check-san check-clang

check-daemons:
	$(MAKE) $(JOBS) build check-programs check-san
	@$(RUN) $(PLAIN) $(SANITIZED)

check-programs: $(UNITS) $(B)/golden $(B)/translate $(B)/readback $(RIG_TOOLS)

check-san:
	$(MAKE) SAN=1 B=$(SAN_B) build check-programs

check-clang:
	$(MAKE) CC=clang SAN=fuzz B=$(CLANG_B) build check-programs $(FUZZ:%=$(CLANG_B)/fuzz_%)

$(B)/fuzz_%: tests/fuzz/fuzz_%.c $(B)/libxenusb.a
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) -fsanitize=fuzzer $(LDFLAGS) \
	    -MMD -MP -MF $@.d -o $@ $< $(B)/libxenusb.a $(LIBS)

# Looks for new faults, FUZZ_SECONDS for each target; what makes one fail is left in $(CLANG_B).
FUZZ_SECONDS ?= 60
fuzz: check-clang
	@set -e; for name in $(FUZZ); do \
	    mkdir -p $(CLANG_B)/corpus-$$name; \
	    $(CLANG_B)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
	        -max_len=4096 -dict=tests/fuzz/$$name.dict -artifact_prefix=$(CLANG_B)/ -print_final_stats=1 \
	        $(CLANG_B)/corpus-$$name tests/fuzz/corpus-$$name; \
	done

# The linter sees the project's own code; what it must not say is in .clang-tidy with its reasons.
TIDIED := $(SOURCES)
TIDY   := $(TIDIED:%.c=$(B)/tidy/%.done)

check-tidy: $(TIDY)

$(B)/tidy/%.done: %.c .clang-tidy $(wildcard src/*/*.h src/*/*/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	@rm -f $@
	@echo clang-tidy $<
	@clang-tidy --quiet $< -- $(STANDARD) >$(@:.done=.log) 2>&1 || { cat $(@:.done=.log); exit 1; }
	@touch $@

check-layers: $(OBJECTS) $(B)/obj/cli/main.o
	@tests/layers $(B)

check-format:
	@tests/format
