# make purity: every actor of the live daemon is a function of its messages (tests/purity).
#
#   PURITY_RUNS=n    runs under load, each recorded and replayed (100)
#   PURITY_MS=n      milliseconds of load a run (600)

PURITY_RUNS ?= 100
PURITY_MS   ?= 600
PURITY_OBJ  := $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard tests/purity/*.c)) tests/recording.c tests/toys.c)

$(OUT)/purity: $(PURITY_OBJ) $(ALL_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $(PURITY_OBJ) $(ALL_LIB) $(LIBS)

.PHONY: purity
purity: $(OUT)/purity
	$(OUT)/purity --runs=$(PURITY_RUNS) --ms=$(PURITY_MS)
