# SPDX-License-Identifier: MIT
#
# The lab: a real Xen with a real dom0, real xl and real guests in an emulated machine (README.md).
# Included by the top Makefile. LAB_RELEASES and LAB_JOBS can select some of them.

LAB := build/lab
LAB_RELEASES ?= bookworm trixie
# The long jobs first, so that none of them runs alone at the end.
LAB_LONG := kill hvm-kill hvm-watch watch trouble hvm-trouble hvm start life
LAB_JOBS ?= $(LAB_LONG) \
    $(filter-out $(LAB_LONG),$(patsubst tests/lab/%.job,%,$(wildcard tests/lab/*.job)))
LAB_SECONDS ?= 1020
# A machine has two processors and 3 GiB; it uses more than one of them only while it boots an HVM guest.
LAB_AT_ONCE ?= 2

.PHONY: lab
.PHONY: $(addprefix lab-,$(LAB_RELEASES))

lab: $(addprefix lab-,$(LAB_RELEASES))
	@tests/run -j $(LAB_AT_ONCE) -t $(LAB_SECONDS) \
	    $(foreach release,$(LAB_RELEASES),$(foreach job,$(LAB_JOBS),'tests/lab/machine $(LAB)/$(release) $(job)'))

# Each step does nothing if it is up to date.
$(addprefix lab-,$(LAB_RELEASES)): lab-%:
	tests/lab/fetch $* $(LAB)/$*
	tests/lab/images $(LAB)/$*
	tests/lab/compile $(LAB)/$*
