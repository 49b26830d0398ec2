# SPDX-License-Identifier: MIT
#
# "make coverage": which lines and branches of src/ the tests reach (README.md). All is built again by clang, which
# counts conditions of the source; gcc counts jumps of what it has compiled.

COVERAGE_B     := $(B)/coverage
COVERAGE_FLAGS := -fprofile-instr-generate -fcoverage-mapping
COVERAGE_LINK  := $(abspath $(COVERAGE_B))/counted.o -Wl,--wrap=fork,--wrap=_exit,--wrap=execve
# Without the tests of the rig itself and of translations in QEMU.
COVERAGE_RIG   := $(RIG_TESTS) memory placement
COVERAGE_SEEDS := $(foreach name,$(FUZZ),'tests/case fuzz-$(name) $(COVERAGE_B)/fuzz_$(name) -runs=0 tests/fuzz/corpus-$(name)')

# Every act of every changing verb fails once, and each of its connections to xenstored is lost once.
COVERAGE_FAULTS = $$(cd tests/sweep && python3 -B -c "import verbs; \
    print(*('--only %s.%s' % (case, action) for case in verbs.CASES for action in ('EIO', 'unsent')))")

.PHONY: coverage coverage-build coverage-report

# The rig mostly waits, so more of its tests run at a time than there are processors.
coverage: coverage-build
	rm -rf $(COVERAGE_B)/profiles
	mkdir -p $(COVERAGE_B)/profiles
	status=0; \
	tests/run -j $$(($(shell nproc) * 2)) -t 600 -l $(COVERAGE_B)/logs \
	    +'rig' $(foreach test,$(COVERAGE_RIG),'env B=$(COVERAGE_B) RIG_SCALE=2 tests/rig/$(test).test') \
	    +'programs' $(call programs,$(COVERAGE_B)) $(call generated,$(COVERAGE_B)) \
	    +'seeds' $(COVERAGE_SEEDS) || status=1; \
	B=$(COVERAGE_B) tests/sweep/sweep --jobs $$(($(shell nproc) * 2)) $(COVERAGE_FAULTS) || status=1; \
	tests/coverage/report $(COVERAGE_B) && exit $$status

coverage-build:
	mkdir -p $(COVERAGE_B)
	clang -O1 -g -Wall -Wextra -DPROFILES='"$(abspath $(COVERAGE_B))/profiles"' -c -o $(COVERAGE_B)/counted.o \
	    tests/coverage/counted.c
	$(MAKE) CC=clang CFLAGS='-O1 -g' SANITIZE='$(COVERAGE_FLAGS)' LDFLAGS='$(COVERAGE_LINK)' B=$(COVERAGE_B) \
	    build check-programs $(FUZZ:%=$(COVERAGE_B)/fuzz_%)

coverage-report:
	@tests/coverage/report $(COVERAGE_B)
