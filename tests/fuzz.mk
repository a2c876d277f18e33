# make fuzz: every tests/fuzz/fuzz_*.c under libFuzzer with the address and undefined sanitizers.
#   FUZZ_RUNS=n      runs each (1000000)      FUZZ_ONLY=name   just one: decoder, http1, ...
#
# Corpora grow in build/fuzz/NAME; tests/fuzz/NAME_corpus.sh, if there is one, sows seeds first.

FUZZ_RUNS  ?= 1000000
FUZZ_ONLY  ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_FLAGS := CC=clang SANITIZE=fuzzer-no-link,address,undefined

$(OUT)/fuzz_%: $(OUT)/tests/fuzz/fuzz_%.o $(OUT)/libmessages.a $(OUT)/libruntime.a
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
.PRECIOUS: $(OUT)/fuzz_% $(OUT)/tests/fuzz/%.o

fuzz:
	$(Q)for name in $(FUZZ_ONLY); do $(MAKE) $(FUZZ_FLAGS) fuzz-$$name || exit 1; done

fuzz-%: $(OUT)/fuzz_%
	$(Q)mkdir -p build/fuzz/$* build/fuzz/$*-seeds
	$(Q)if [ -f tests/fuzz/$*_corpus.sh ]; then sh tests/fuzz/$*_corpus.sh build/fuzz/$*-seeds; fi
	$< -runs=$(FUZZ_RUNS) -max_len=4096 -artifact_prefix=build/fuzz/ build/fuzz/$* build/fuzz/$*-seeds
