# make traced: the end-to-end tests once more, each intproxyd with a trace, and each trace replayed at once.
#   TRACED_TIMES=n   each so many times (1)      TRACED_ONLY=words   tests that are run

TRACED_DIR   := $(abspath $(OUT))/traced
TRACED_TIMES ?= 1
TRACED_ONLY  ?= test_format. test_handshake. test_http. test_raw. test_end. test_chain. test_race.
.PHONY: traced
traced: $(OUT)/intproxyd $(OUT)/intproxy-agent $(OUT)/intproxy-wire $(OUT)/intproxy-trace
	$(Q)rm -rf $(TRACED_DIR) && mkdir -p $(TRACED_DIR)
	TRACED_RUN=$(abspath $(OUT))/intproxyd TRACED_DIR=$(TRACED_DIR) INTPROXYD=tests/traced.sh E2E_SLOW=2 \
	    INTPROXY_AGENT=$(abspath $(OUT))/intproxy-agent INTPROXY_WIRE=$(abspath $(OUT))/intproxy-wire \
	    INTPROXY_TRACE=$(abspath $(OUT))/intproxy-trace \
	    python3 tests/e2e/run.py $(TRACED_ONLY)
	python3 -B tests/traced.py $(OUT)/intproxy-trace $(TRACED_DIR) $(TRACED_TIMES)
	$(Q)rm -rf $(TRACED_DIR)
