# make cover: line coverage of messages/ by the unit tests, with gcc and gcov. Prints a table, and fails
# when it is less than COVER_LEAST per cent, COVER_LEAST_TRACE of traces, or COVER_LEAST_DECODER of the decoder.
#   COVER_FILES="messages/..."   the sources it is about (all of messages/; of some, nothing is asked)
#
# The lines that no test came to are marked ##### in build/cover/FILE.gcov.

COVER_ALL   := $(sort $(wildcard messages/*.c))
COVER_FILES ?= $(COVER_ALL)
# A little below what was measured when it was written here.
COVER_LEAST         := 97.2
COVER_LEAST_DECODER := 99.4
# What reads and writes traces (trace_*, redact_*); much of it is tested end to end, which is not counted.
COVER_LEAST_TRACE   := 94.0
cover_asked = $(if $(filter-out $(COVER_FILES),$(COVER_ALL)),,-v least=$(COVER_LEAST) -v least_decoder=$(COVER_LEAST_DECODER) -v least_trace=$(COVER_LEAST_TRACE))

.PHONY: cover cover-run
cover:
	$(if $(filter-out $(COVER_ALL),$(COVER_FILES)),$(error COVER_FILES: no such source in messages/: $(filter-out $(COVER_ALL),$(COVER_FILES))))
	$(Q)$(MAKE) --no-print-directory CC=gcc COVER=1 CFLAGS='-O0 -g' cover-run

cover-run: $(OUT)/unit
	$(Q)find $(OUT) -name '*.gcda' -delete; rm -rf build/cover; mkdir -p build/cover
	$(Q)$(OUT)/unit >build/cover/unit.log 2>&1 || { cat build/cover/unit.log; exit 1; }
	$(Q)for file in $(COVER_FILES); do \
	    gcov -t -o $(OUT)/$${file%.c}.o $$file >build/cover/$$(basename $$file).gcov || exit 1; \
	done
	@awk -f tests/cover.awk $(cover_asked) $(COVER_FILES:messages/%=build/cover/%.gcov)
