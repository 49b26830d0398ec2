# SPDX-License-Identifier: MIT
#
# What "make check" does beyond building. All tests are in one list and share one pool of jobs, with one
# count at the end. Every case runs where it is worth most, and only there:
#
#   $(B)          as it is installed; by hand, and under valgrind
#   $(B)/clang    clang's sanitizers and its fuzzer
#   $(B)/san      gcc's sanitizers ("make check-deep", and Debian 13, which has no clang here)
#
# The sanitizers see every wrong access and every undefined operation in our own code, and a case costs
# hardly more than without them: the tree of clang runs all programs and the whole rig. It has to be built
# for the fuzzer anyway, so gcc's sanitizers, which look for the same, are left to check-deep.
#
# Valgrind sees what they cannot: reads of uninitialised memory, and errors inside of libraries that were
# not built with them. A run of xenusb takes half a second there. So it runs the units and the golden files,
# which are single processes, and of the rig the cases of tests/rig/valgrind.list.
#
# Without either run only the tests that a sanitizer cannot: those of the rig itself and of the runner,
# memory.test, which replaces malloc as the sanitizers do, and what has QEMU judge a translation. (The
# units and golden files need no such run: valgrind runs the same binaries.)
#
# And the lab's Debian 12 (lab/README.md) starts a PV guest.
#
# "make check-deep" adds what that leaves out: the whole rig under valgrind, under gcc's sanitizers, and as it
# is installed. It takes an hour of two processors; CI does not run it.
#
# DEBIAN=trixie runs the rig in a Debian 13 root, which is made in $(B)/trixie.

SAN_B     := $(B)/san
CLANG_B   := $(B)/clang
CONFIGS   := examples tests/golden tests/golden-translate $(REAL_CONFIGS)
FUZZ      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# Real configs are wherever REAL_CONFIGS says; without it their test is skipped.
export REAL_CONFIGS UPDATE

# The programs that need neither root nor daemons: of the tree $(1), each run by $(2).
programs = $(foreach unit,$(UNITS:$(B)/%=$(1)/%),'$(if $(2),$(2) )$(unit)') \
    '$(if $(2),$(2) )$(1)/golden tests/golden' \
    '$(if $(2),$(2) )$(1)/translate $(CONFIGS)' \
    '$(if $(2),$(2) )$(1)/readback $(CONFIGS)' \
    '$(if $(2),$(2) )$(1)/placement $(CONFIGS)'
# Without arguments these two compile some ten thousand generated configs, which is not for valgrind.
generated = $(1)/translate $(1)/readback $(1)/placement

# The tests of the rig, those that take longest first. What is not named here comes last.
LONG      := pvusb-server pvusb-server-bad record pvusb pvusb-xl qmp translate neighbour repair apply bad
PLAIN     := self memory real translate-qemu placement
RIG_TESTS := $(LONG) $(filter-out $(LONG) $(PLAIN),$(patsubst tests/rig/%.test,%,$(wildcard tests/rig/*.test)))

# Under valgrind also in check-deep only these: the other cases run xenusb hundreds of times, to have others
# judge the text that it prints, and the programs translate the same files in one process.
FEW_foreign   := case_from_libvirt case_from_sxp case_bad_xml case_bad_sxp
FEW_json      := case_a_report case_a_command
FEW_translate := case_resolve_pvusb_devices case_resolve_refuses_hubs_and_ambiguity case_invalid_commands \
                 case_in_place case_losses_are_reported case_python_statements_are_refused

VALGRIND      := env WRAP=$(CURDIR)/tests/valgrind RIG_SCALE=5
rig            = $(foreach test,$(RIG_TESTS),'$(if $(1),env XENUSB=$(1)/xenusb )tests/rig/$(test).test')
plain          = $(PLAIN:%='tests/rig/%.test') tests/run.test tests/tidied.test tests/layers.test
# One test for each file of which the list names cases.
valgrind_few   = $(shell awk -v run='$(VALGRIND)' ' \
    !/^#/ && NF { cases[$$1] = cases[$$1] " " $$2 } \
    END { for (test in cases) printf "\047%s tests/rig/%s.test%s\047 ", run, test, cases[test] }' tests/rig/valgrind.list)
valgrind_all   = $(foreach test,$(RIG_TESTS),'$(VALGRIND) tests/rig/$(test).test $(FEW_$(test))')

SEEDS      := $(foreach name,$(FUZZ),'tests/case fuzz-$(name) \
                  $(CLANG_B)/fuzz_$(name) -runs=0 -artifact_prefix=$(CLANG_B)/ tests/fuzz/corpus-$(name)')
BOOTED      = 'tests/lab/machine $(LAB)/bookworm pv'
# In four parts, so that it can use every processor. It needs the generated headers of $(B).
TIDIED      = $(foreach part,1 2 3 4,'tests/tidied $(part)/4 $(STANDARD)')
LINTED     := 'tests/case layers tests/layers $(B)' 'tests/case grammars tests/grammars' 'tests/case format tests/format'

# As many jobs as processors, unless the user said how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# The limit is for one case, or for a test that reports none before its end. Most have a shorter one of
# their own.
RUN = tests/run -j $(shell nproc) -t 300
# For the row of the table that says what came before the tests.
note_time  = @mkdir -p $(B) && date +%s >$(B)/began
time_since = $$(($$(date +%s) - $$(cat $(B)/began)))

.PHONY: check check-deep check-unit check-daemons check-clang check-san check-programs check-trees
.PHONY: check-tidy check-format check-layers fuzz

# Needs neither root nor network.
check-unit: $(UNITS) $(B)/golden $(B)/translate $(B)/readback $(B)/placement
	@$(RUN) $(call programs,$(B)) $(call generated,$(B))

ifdef DEBIAN
check check-deep:
	tests/rig/$(DEBIAN).sh make $(B)/$(DEBIAN)
	tests/rig/$(DEBIAN).sh run $(B)/$(DEBIAN) make B=/out WERROR=$(WERROR) check-daemons
else
# What takes longest begins first, and what is short comes last, so that no processor is idle at the end.
check:
	$(note_time)
	$(MAKE) $(JOBS) check-trees lab-bookworm
	@$(RUN) -b "$(time_since) build" \
	    +'lab' $(BOOTED) \
	    +'rig, valgrind' $(valgrind_few) \
	    +'rig, sanitized' $(call rig,$(CLANG_B)) \
	    +'clang-tidy' $(TIDIED) \
	    +'rig, plain' $(plain) \
	    +'generated, sanitized' $(call generated,$(CLANG_B)) \
	    +'programs, valgrind' $(call programs,$(B),tests/valgrind) \
	    +'programs, sanitized' $(call programs,$(CLANG_B)) \
	    +'seeds, sanitized' $(SEEDS) \
	    +'linters' $(LINTED)

check-deep:
	$(note_time)
	$(MAKE) $(JOBS) check-trees check-san
	@$(RUN) -b "$(time_since) build" \
	    +'rig, valgrind' $(valgrind_all) \
	    +'rig, gcc sanitizers' $(call rig,$(SAN_B)) \
	    +'rig, plain' $(rig) $(plain) \
	    +'programs, gcc sanitizers' $(call programs,$(SAN_B)) $(call generated,$(SAN_B)) \
	    +'programs, plain' $(call programs,$(B)) $(call generated,$(B))
endif

check-trees: build check-programs check-clang

# What another distribution may change: there is no clang for it here, and valgrind has nothing new to see.
check-daemons:
	$(note_time)
	$(MAKE) $(JOBS) build check-programs check-san
	@$(RUN) -b "$(time_since) build" \
	    +'rig, sanitized' $(call rig,$(SAN_B)) \
	    +'rig, plain' $(plain) \
	    +'programs, sanitized' $(call programs,$(SAN_B)) $(call generated,$(SAN_B))

check-programs: $(UNITS) $(B)/golden $(B)/translate $(B)/readback $(B)/placement $(RIG_TOOLS)

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
check-tidy: $(GENERATED)
	@$(RUN) $(TIDIED)

check-layers: $(OBJECTS) $(B)/obj/cli/main.o
	@tests/layers $(B)

check-format:
	@tests/format
