# make fuzz: every tests/fuzz/fuzz_*.c under libFuzzer with the address and undefined sanitizers.
#   FUZZ_RUNS=n      runs each (1000000)      FUZZ_ONLY=name   just one: decoder, http1, reader, agent ...
#   FUZZ_SECONDS=n   so long each, instead
#
# tests/fuzz/NAME_corpus.sh, if there is one, sows seeds first. What a target finds of new ways is
# kept in build/fuzz/NAME, what breaks it in build/fuzz/NAME-*. The targets run side by side.

FUZZ_RUNS  ?= 1000000
FUZZ_ONLY  ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_BOUND := $(if $(FUZZ_SECONDS),-max_total_time=$(FUZZ_SECONDS),-runs=$(FUZZ_RUNS))
FUZZ_FLAGS := CC=clang SANITIZE=fuzzer-no-link,address,undefined
FUZZ       := build/fuzz
FUZZ_FORMS := agent client text

$(OUT)/fuzz_%: $(OUT)/tests/fuzz/fuzz_%.o $(OUT)/libmessages.a $(OUT)/libruntime.a
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) -ljansson -lsodium $(LIBS)
# Those of tools need more than messages.
FUZZ_TOOLS := $(patsubst %.c,$(OUT)/%.o,$(filter-out tools/intproxy-trace.c,$(TRACE_SRC)))
$(OUT)/fuzz_trace_rules $(OUT)/fuzz_http_text: $(OUT)/fuzz_%: $(OUT)/tests/fuzz/fuzz_%.o $(FUZZ_TOOLS) $(ALL_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(ALL_LIB) $(TRACE_LIBS) $(LIBS)
$(FUZZ_FORMS:%=$(OUT)/fuzz_%): $(OUT)/tests/fuzz/forms.o $(OUT)/tests/wire_forms.o
.SECONDARY: $(FUZZ_ONLY:%=$(OUT)/fuzz_%) $(FUZZ_ONLY:%=$(OUT)/tests/fuzz/fuzz_%.o)

.PHONY: fuzz $(FUZZ_ONLY:%=fuzz-%)
fuzz:
	@command -v clang >/dev/null || { echo "fuzz: clang is missing, see sh tools/install check"; exit 1; }
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) $(FUZZ_FLAGS) $(FUZZ_ONLY:%=fuzz-%)
	@cat $(FUZZ_ONLY:%=$(FUZZ)/%.log) | awk '/^Done [0-9]+ runs/ { n += $$2; t++ } \
	    END { printf "fuzz: %d executions of %d targets, nothing found\n", n, t; exit !t }'

$(FUZZ_ONLY:%=fuzz-%): fuzz-%: $(OUT)/fuzz_%
	$(Q)mkdir -p $(FUZZ)/$* $(FUZZ)/$*-seeds
	$(Q)if [ -f tests/fuzz/$*_corpus.sh ]; then sh tests/fuzz/$*_corpus.sh $(FUZZ)/$*-seeds; fi
	@echo "  FUZZ     $* $(FUZZ_BOUND)"
	@$< $(FUZZ_BOUND) -max_len=4096 -timeout=20 -print_final_stats=1 \
	    -artifact_prefix=$(FUZZ)/$*- $(FUZZ)/$* $(FUZZ)/$*-seeds >$(FUZZ)/$*.log 2>&1 || \
	    { tail -n 60 $(FUZZ)/$*.log; echo "fuzz: $*: failed, see $(FUZZ)/$*.log"; exit 1; }
	@grep '^Done' $(FUZZ)/$*.log | sed 's/^/           $*: /'
