# make bench-tap: what a tap between two processes costs them (tests/bench/bench_tap.c), as ratios.
#   BENCH_TAP="--mib=N --rounds=N"    bytes of a run (2048 MiB), runs a line (7)

$(OUT)/bench_tap: $(OUT)/tests/bench/bench_tap.o $(OUT)/libmessages.a $(OUT)/libruntime.a
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $^ $(LIBS)

.PHONY: bench-tap
bench-tap: $(OUT)/bench_tap $(OUT)/intproxy-wire
	$< --tap $(OUT)/intproxy-wire $(BENCH_TAP)
