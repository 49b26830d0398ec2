# SPDX-License-Identifier: MIT
#
# What "make check" does after building. All tests are in one list and share one pool of jobs, with one
# count at the end. Each case runs only in the tree in which it finds most:
#
#   $(B)          as installed; without tools, and under valgrind
#   $(B)/clang    clang's sanitizers and its fuzzer
#   $(B)/san      gcc's sanitizers ("make check-deep", and Debian 13, which has no clang here)
#
# The sanitizers find every invalid access and undefined operation in our own code, and hardly slow down a
# case, so clang's tree runs all programs and the whole rig. The fuzzer needs that tree anyway; gcc's
# sanitizers find the same errors and are left to check-deep.
#
# Valgrind finds what they cannot: reads of uninitialised memory, and errors in libraries that were not built
# with them. But a run of xenusb takes half a second there. So it runs the units and the golden files, which
# are single processes, and the cases of the rig in tests/rig/valgrind.list.
#
# Only tests for which the sanitizers are useless or impossible run without any tool: those of the rig itself
# and of the runner, memory.test, which replaces malloc as the sanitizers do, and those that check
# translations with QEMU. (The units and golden files do not, because valgrind runs the same binaries.)
#
# The sweep kills and disturbs changing verbs, and looks at what the next command leaves (sweep/README.md): a
# hundred points need less time than one case under valgrind.
#
# Finally, the lab starts a PV guest on Debian 12 (lab/README.md).
#
# "make check-deep" adds the rest: the whole rig under valgrind, with gcc's sanitizers, and as installed. It
# takes an hour on two processors; CI does not run it.
#
# DEBIAN=trixie runs the rig in a Debian 13 root, which is created in $(B)/trixie.

SAN_B     := $(B)/san
CLANG_B   := $(B)/clang
CONFIGS   := examples tests/golden tests/golden-translate $(REAL_CONFIGS)
FUZZ      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# REAL_CONFIGS names a directory with real configs; without it their test is skipped.
export REAL_CONFIGS UPDATE

# The programs of tree $(1) that need neither root nor daemons, each run by $(2).
programs = $(foreach unit,$(UNITS:$(B)/%=$(1)/%),'$(if $(2),$(2) )$(unit)') \
    '$(if $(2),$(2) )$(1)/golden tests/golden' \
    '$(if $(2),$(2) )$(1)/translate $(CONFIGS)' \
    '$(if $(2),$(2) )$(1)/readback $(CONFIGS)' \
    '$(if $(2),$(2) )$(1)/placement $(CONFIGS)'
# Without arguments these compile some ten thousand generated configs, which is too slow for valgrind.
generated = $(1)/translate $(1)/readback $(1)/placement

# The tests of the rig. The longest ones are named here and run first.
LONG      := pvusb-server pvusb-server-bad record pvusb pvusb-xl qmp translate neighbour repair apply bad hostile
PLAIN     := self memory real translate-qemu placement without-xen
RIG_TESTS := $(LONG) $(filter-out $(LONG) $(PLAIN),$(patsubst tests/rig/%.test,%,$(wildcard tests/rig/*.test)))

# Even check-deep runs only these cases of four tests under valgrind: the other cases run xenusb hundreds of
# times so that other programs can check its output, and the programs translate the same files in one process.
FEW_foreign   := case_from_libvirt case_from_sxp case_bad_xml case_bad_sxp
FEW_hostile := case_half_an_answer case_values_of_the_wrong_type
FEW_json      := case_a_report case_a_command
FEW_translate := case_resolve_pvusb_devices case_resolve_refuses_hubs_and_ambiguity case_invalid_commands \
                 case_in_place case_losses_are_reported case_python_statements_are_refused

VALGRIND      := env WRAP=$(CURDIR)/tests/valgrind RIG_SCALE=5
rig            = $(foreach test,$(RIG_TESTS),'$(if $(1),env XENUSB=$(1)/xenusb )tests/rig/$(test).test')
# Always the same inputs, so that it depends on the change alone whether it passes. "make judge" draws others.
JUDGE_SEED ?= 1
JUDGES      = $(foreach judge,qemu libvirt python xlu xl,'tests/judge/$(judge) --seed $(JUDGE_SEED)')
plain          = $(PLAIN:%='tests/rig/%.test') tests/install.test tests/pages.test $(JUDGES) tests/run.test tests/tidied.test tests/layers.test tests/security.test
# One test for each file that the list names cases of.
valgrind_few   = $(shell awk -v run='$(VALGRIND)' ' \
    !/^#/ && NF { cases[$$1] = cases[$$1] " " $$2 } \
    END { for (test in cases) printf "\047%s tests/rig/%s.test%s\047 ", run, test, cases[test] }' tests/rig/valgrind.list)
valgrind_all   = $(foreach test,$(RIG_TESTS),'$(VALGRIND) tests/rig/$(test).test $(FEW_$(test))')

SEEDS      := $(foreach name,$(FUZZ),'tests/case fuzz-$(name) \
                  $(CLANG_B)/fuzz_$(name) -runs=0 -artifact_prefix=$(CLANG_B)/ tests/fuzz/corpus-$(name)')
# Whether all can still be measured; on Debian 13, xl cannot attach anything.
BENCHED    := 'tests/case bench tests/bench/bench --quick'
# A few minutes of it.
SWEPT      := 'tests/case sweep tests/sweep/sweep --check --seconds 240'
BOOTED      = 'tests/lab/machine $(LAB)/bookworm pv'
# In four parts, to use all processors. It needs the generated headers in $(B).
TIDIED      = $(foreach part,1 2 3 4,'tests/tidied $(part)/4 $(STANDARD)')
LINTED     := 'tests/case layers tests/layers $(B)' 'tests/case grammars tests/grammars' 'tests/case format tests/format' \
             'tests/case shellcheck tests/shellchecked'

# As many jobs as processors, unless the user gives a number.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# The time limit is for one case, or for a test that reports its cases only at its end. Most cases have their
# own, shorter limit.
RUN = tests/run -j $(shell nproc) -t 300
# For the row of the table with the time before the tests.
note_time  = @mkdir -p $(B) && date +%s >$(B)/began
time_since = $$(($$(date +%s) - $$(cat $(B)/began)))

.PHONY: check check-deep check-unit check-daemons check-without-xen check-clang check-san check-programs check-trees judge
.PHONY: check-tidy check-format check-layers fuzz sweep soak soak-watch

# Needs neither root nor network.
check-unit: $(UNITS) $(B)/golden $(B)/translate $(B)/readback $(B)/placement
	@$(RUN) $(call programs,$(B)) $(call generated,$(B))

ifdef DEBIAN
check check-deep:
	tests/rig/$(DEBIAN).sh make $(B)/$(DEBIAN)
	tests/rig/$(DEBIAN).sh run $(B)/$(DEBIAN) make B=/out WERROR=$(WERROR) check-daemons
else
# Long tests start first and short ones last, so that no processor is idle at the end.
check:
	$(note_time)
	$(MAKE) $(JOBS) check-trees lab-bookworm
	@$(RUN) -b "$(time_since) build" \
	    +'lab' $(BOOTED) \
	    +'sweep' $(SWEPT) \
	    +'rig, valgrind' $(valgrind_few) \
	    +'rig, sanitized' $(call rig,$(CLANG_B)) \
	    +'clang-tidy' $(TIDIED) \
	    +'rig, plain' $(plain) $(BENCHED) \
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
	    +'rig, plain' $(rig) $(plain) $(BENCHED) \
	    +'programs, gcc sanitizers' $(call programs,$(SAN_B)) $(call generated,$(SAN_B)) \
	    +'programs, plain' $(call programs,$(B)) $(call generated,$(B))
endif

check-trees: build check-programs check-clang check-without-xen bench-tools

# What can differ on another distribution. There is no clang here, and valgrind would find nothing new.
check-daemons:
	$(note_time)
	$(MAKE) $(JOBS) build check-programs check-san check-without-xen
	@$(RUN) -b "$(time_since) build" \
	    +'rig, sanitized' $(call rig,$(SAN_B)) \
	    +'rig, plain' $(plain) \
	    +'programs, sanitized' $(call programs,$(SAN_B)) $(call generated,$(SAN_B))

check-programs: $(UNITS) $(B)/golden $(B)/translate $(B)/readback $(B)/placement $(B)/xlu $(RIG_TOOLS)

# What tests/judge/xlu asks; it has none of the project's own code.
$(B)/xlu: tests/judge/xlu.c
	@mkdir -p $(@D)
	$(CC) $(WARNINGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lxlutil -lxenlight

check-san:
	$(MAKE) SAN=1 B=$(SAN_B) build check-programs

# Only to see that it works, so without optimizing.
check-without-xen:
	$(MAKE) WITH_XEN=0 B=$(B)/without-xen CFLAGS='-O0 -g' build

check-clang:
	$(MAKE) CC=clang SAN=fuzz B=$(CLANG_B) build check-programs $(FUZZ:%=$(CLANG_B)/fuzz_%)

$(B)/fuzz_%: tests/fuzz/fuzz_%.c $(B)/libxenusb.a
	$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE) -fsanitize=fuzzer $(LDFLAGS) $(FUZZ_FLAGS) \
	    -MMD -MP -MF $@.d -o $@ $< $(B)/libxenusb.a $(LIBS)

# The calls that a target replaces.
$(B)/fuzz_journal: FUZZ_FLAGS := $(foreach call,open openat close fstat read xen_read,-Wl,--wrap=$(call))
$(B)/fuzz_qmp: FUZZ_FLAGS := $(foreach call,host_find_holders host_find_use,-Wl,--wrap=$(call))
$(B)/fuzz_sysfs: FUZZ_FLAGS := $(foreach call,open read close readlink opendir readdir closedir,-Wl,--wrap=$(call))
$(B)/fuzz_wire: FUZZ_FLAGS := $(foreach call,poll read write send,-Wl,--wrap=$(call))
$(B)/fuzz_xenstore: FUZZ_FLAGS := $(foreach call,xen_arena xen_seconds xen_why xen_broken connection_wire \
    connection_refuse request_read request_list host_find_holders host_find_use,-Wl,--wrap=$(call))

# The Debian packages, on these releases; not part of "make check".
RELEASES ?= bookworm trixie
.PHONY: check-packages
check-packages:
	@$(RUN) -t 1800 $(RELEASES:%='tests/packaged % $(B)/packages-%')

# Fuzz each target for FUZZ_SECONDS; inputs that make it fail are stored in $(CLANG_B). What a QEMU sends is
# longer than other inputs.
FUZZ_SECONDS ?= 60
define fuzz_target
mkdir -p $(CLANG_B)/corpus-$(1)
$(CLANG_B)/fuzz_$(1) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
    -max_len=$(if $(filter qmp,$(1)),16384,4096) -dict=tests/fuzz/$(1).dict -artifact_prefix=$(CLANG_B)/ \
    -print_final_stats=1 $(CLANG_B)/corpus-$(1) tests/fuzz/corpus-$(1)

endef
fuzz: check-clang
	$(foreach name,$(FUZZ),$(call fuzz_target,$(name)))

# Disturb each changing verb at every act (sweep/README.md); continues where it was stopped.
sweep: build rig
	tests/sweep/sweep

# Races, and random points of the sweep, for T minutes.
T ?= 30
soak: build rig
	tests/sweep/soak --minutes $(T)

# Whatever may happen to a watcher and its world, for T minutes.
soak-watch: build rig
	tests/sweep/soak --watch --minutes $(T)

# Compares the parser with the programs whose formats it reads, on more generated inputs.
# LIBVIRT_TESTS names libvirt's tests/qemuxml2argvdata, which its source package has.
CASES ?= 5000
judge: build rig $(B)/xlu
	tests/judge/qemu --cases $(CASES)
	tests/judge/python --cases $(CASES)
	tests/judge/xlu --cases $(CASES)
	tests/judge/xl --cases $(CASES)
	tests/judge/libvirt --cases $(CASES) $(if $(LIBVIRT_TESTS),--tests '$(LIBVIRT_TESTS)')

# Checks the project's own code; .clang-tidy has the disabled checks and the reasons.
check-tidy: $(GENERATED)
	@$(RUN) $(TIDIED)

check-layers: $(OBJECTS) $(B)/obj/cli/main.o
	@tests/layers $(B)

check-format:
	@tests/format
