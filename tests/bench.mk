# The bench: the yardstick (tests/bench/load*.c) and its driver; then what a trace costs (bench_trace.mk).
#   BENCH_PAIRS=n    pairs of runs a line      BENCH_ONLY=word   lines whose name holds the word
#   BENCH_PROXY=...  another proxy to measure: a command with {agent} and {app} for the ports
#   LOAD_PEER=path   bench-floor: another load program to hold ours against

BENCH_ENV := BENCH_PAIRS BENCH_ONLY BENCH_PROXY LOAD_PEER
export $(BENCH_ENV)

LOAD_SRC := $(sort $(wildcard tests/bench/load*.c))
LOAD_OBJ := $(patsubst %.c,$(OUT)/%.o,$(LOAD_SRC))

$(OUT)/load: $(LOAD_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $(LOAD_OBJ)

.PHONY: bench-floor
bench: $(OUT)/load $(OUT)/intproxyd
	@python3 -B tests/bench/bench.py --load $(OUT)/load --daemon $(OUT)/intproxyd
	$(if $(BENCH_ONLY),,@$(MAKE) --no-print-directory bench-trace)

bench-floor: $(OUT)/load
	@python3 -B tests/bench/bench.py --load $(OUT)/load --peer "$(LOAD_PEER)"
