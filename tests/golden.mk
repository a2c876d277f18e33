# make golden: the reference exchanges (tests/scenes.h), recorded anew, are as their golden traces in tests/data/traces
# say, message by message; and the golden traces replay.
# make golden-update: what is recorded now becomes golden. Read the differences first.

GOLDEN_NOW := $(OUT)/golden
.PHONY: golden golden-update
golden: $(OUT)/unit $(OUT)/intproxy-trace
	$(Q)rm -rf $(GOLDEN_NOW) && mkdir -p $(GOLDEN_NOW) && GOLDEN_DIR=$(GOLDEN_NOW) $(OUT)/unit --only=trace_golden >/dev/null
	$(Q)status=0; for new in $(GOLDEN_NOW)/*.trace; do \
	    old=tests/data/traces/$${new##*/}; echo "$${new##*/}"; \
	    $(OUT)/intproxy-trace replay $$old && $(OUT)/intproxy-trace assert $$old $$new || status=1; \
	done; exit $$status

golden-update: $(OUT)/unit
	$(Q)mkdir -p tests/data/traces && GOLDEN_DIR=tests/data/traces $(OUT)/unit --only=trace_golden
