# make bench-trace: what --trace costs the daemon, and how fast its trace is replayed (tests/bench/bench_trace.py).
#   BENCH_PAIRS=n    pairs of runs a line      BENCH_ONLY=word   lines whose name holds the word
#   BENCH_DIR=path   where the traces go ($TMPDIR)

.PHONY: bench-trace
bench-trace: $(OUT)/load $(OUT)/intproxyd $(OUT)/intproxy-trace
	@$(if $(BENCH_DIR),BENCH_DIR=$(BENCH_DIR)) python3 -B tests/bench/bench_trace.py --load $(OUT)/load --daemon $(OUT)/intproxyd
