# make bench-runtime: what a message, a hop and a life cost, beside a mutex queue, libzmq and eventfd.
#
# Median of RUNS runs (9), all figures taken in turn. Ends with 1 when one is far beyond its aim.

RUNS ?= 9

$(OUT)/bench_runtime: $(OUT)/tests/bench/bench_runtime.o $(OUT)/tests/bench/bench_queues.o \
                      $(OUT)/tests/bench/bench_inbox.o \
                      $(OUT)/libmessages.a $(OUT)/libruntime.a
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $^ $(LIBS) -lzmq

bench-runtime: $(OUT)/bench_runtime
	$< --runs=$(RUNS)
