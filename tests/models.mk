# The proofs of runtime/inbox (tests/models); read by the Makefile.
#
#   make relacy SCHEDULES=N       random schedules a scenario (300000)
#   make stress MESSAGES=N        messages a producer and phase (400000)
#
# Both run the shipped text and then faulty ones, and fail if a fault is not found.

CXX       ?= g++
SCHEDULES ?= 300000
MESSAGES  ?= 400000
MODELS    := build/models-$(notdir $(CC))

INBOX_TEXT := runtime/inbox.c runtime/inbox.h runtime/atomic.h

# relacy's headers are older than today's warnings; the C build warns about inbox.c itself.
$(MODELS)/inbox_relacy: tests/models/inbox_relacy.cpp $(INBOX_TEXT)
	$(call say,CXX,$<)
	$(Q)mkdir -p $(@D) && $(CXX) -std=c++17 -O1 -w -I. $< -o $@

relacy: $(MODELS)/inbox_relacy
	$< --schedules=$(SCHEDULES)

# The variant's own sanitizers and mutation are left out: here it is always the thread sanitizer.
STRESS_FLAGS := $(filter-out -DMUTATE=% $(SAN) --coverage,$(FLAGS)) -fsanitize=thread
# Those that lack a memory order: relacy finds them in its model, the sanitizer in the machine code.
STRESS_FAULTS := 1 2 12

$(MODELS)/inbox_stress: tests/models/inbox_stress.c $(INBOX_TEXT)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STRESS_FLAGS) -I. $(filter %.c,$^) -o $@
$(MODELS)/inbox_stress-%: tests/models/inbox_stress.c $(INBOX_TEXT)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STRESS_FLAGS) -DMUTATE=$* -I. $(filter %.c,$^) -o $@

# The recorder's ring, and the two orders that it lives on.
RING_FAULTS := 1 2
$(MODELS)/ring_stress: tests/models/ring_stress.c runtime/ring.c runtime/ring.h
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STRESS_FLAGS) -DFAULT=0 -I. $(filter %.c,$^) -o $@
$(MODELS)/ring_stress-%: tests/models/ring_stress.c runtime/ring.c runtime/ring.h
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STRESS_FLAGS) -DFAULT=$* -Wno-unused-function -I. $(filter %.c,$^) -o $@

stress-ring: $(MODELS)/ring_stress $(RING_FAULTS:%=$(MODELS)/ring_stress-%)
	$<
	$(Q)for n in $(RING_FAULTS); do \
	    if TSAN_OPTIONS=halt_on_error=1 $(MODELS)/ring_stress-$$n --entries=20000 \
	        >$(MODELS)/ring-$$n.log 2>&1; \
	    then echo "stress: fault $$n of the ring NOT FOUND"; exit 1; \
	    elif grep -q 'data race' $(MODELS)/ring-$$n.log; \
	    then echo "stress: fault $$n of the ring found (data race)"; \
	    else echo "stress: fault $$n of the ring failed without a race:"; \
	        cat $(MODELS)/ring-$$n.log; exit 1; \
	    fi; \
	done

.PHONY: stress-ring
stress: stress-ring
stress: $(MODELS)/inbox_stress $(STRESS_FAULTS:%=$(MODELS)/inbox_stress-%)
	$< --messages=$(MESSAGES)
	$(Q)for n in $(STRESS_FAULTS); do \
	    if TSAN_OPTIONS=halt_on_error=1 $(MODELS)/inbox_stress-$$n --messages=40000 \
	        >$(MODELS)/stress-$$n.log 2>&1; \
	    then echo "stress: mutation $$n NOT FOUND"; exit 1; \
	    elif grep -q 'data race' $(MODELS)/stress-$$n.log; \
	    then echo "stress: mutation $$n found (data race)"; \
	    else echo "stress: mutation $$n failed without a race:"; \
	        cat $(MODELS)/stress-$$n.log; exit 1; \
	    fi; \
	done
