# make bench-wire: what decoding a message costs, beside its aims and beside a plain copy.
#
# Median of RUNS runs (9), all figures taken in turn. Ends with 1 when one is far beyond its aim.

$(OUT)/bench_wire: $(OUT)/tests/bench/bench_wire.o $(OUT)/tests/wire_vectors.o \
                   $(OUT)/libmessages.a $(OUT)/libruntime.a
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $^ $(LIBS)

.PHONY: bench-wire
bench-wire: $(OUT)/bench_wire
	$< --runs=$(or $(RUNS),9)
