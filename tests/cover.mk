# make cover: line coverage of messages/ by the unit tests, with gcc and gcov. Prints a table.
#   COVER_FILES="messages/..."   the sources it is about (all of messages/)
#
# The lines that no test came to are marked ##### in build/cover/FILE.gcov.

COVER_FILES ?= $(sort $(wildcard messages/*.c))

.PHONY: cover cover-run
cover:
	$(Q)$(MAKE) --no-print-directory CC=gcc COVER=1 CFLAGS='-O0 -g' cover-run

cover-run: $(OUT)/unit
	$(Q)find $(OUT) -name '*.gcda' -delete; rm -rf build/cover; mkdir -p build/cover
	$(Q)$(OUT)/unit >build/cover/unit.log 2>&1 || { cat build/cover/unit.log; exit 1; }
	$(Q)for file in $(COVER_FILES); do \
	    gcov -t -o $(OUT)/$${file%.c}.o $$file >build/cover/$$(basename $$file).gcov || exit 1; \
	done
	@awk -f tests/cover.awk $(COVER_FILES:messages/%=build/cover/%.gcov)
