# SPDX-License-Identifier: MIT
#
# The lab: a real Xen with a real dom0, real xl and real guests in an emulated machine (README.md).
# Included by the top Makefile. LAB_RELEASES and LAB_JOBS may name fewer.

LAB := build/lab
LAB_RELEASES ?= bookworm trixie
# The long ones first, so that none is alone at the end.
LAB_LONG := trouble hvm-trouble hvm start life
LAB_JOBS ?= $(LAB_LONG) \
    $(filter-out $(LAB_LONG),$(patsubst tests/lab/%.job,%,$(wildcard tests/lab/*.job)))
LAB_SECONDS ?= 1020
# A machine has two processors and 3 GiB; it keeps more than one of them at work only when it boots an
# HVM guest.
LAB_AT_ONCE ?= 2

.PHONY: lab
.PHONY: $(addprefix lab-,$(LAB_RELEASES))

lab: $(addprefix lab-,$(LAB_RELEASES))
	@tests/run -j $(LAB_AT_ONCE) -t $(LAB_SECONDS) \
	    $(foreach release,$(LAB_RELEASES),$(foreach job,$(LAB_JOBS),'tests/lab/machine $(LAB)/$(release) $(job)'))

# Each does nothing where there is nothing to do.
$(addprefix lab-,$(LAB_RELEASES)): lab-%:
	tests/lab/fetch $* $(LAB)/$*
	tests/lab/images $(LAB)/$*
	tests/lab/compile $(LAB)/$*
