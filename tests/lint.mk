# make lint: floors, warnings, symbols, format, text. Read by the Makefile.
#   LINT_CC="gcc clang"    the compilers whose warnings count
#
# Every file is compiled by each compiler with nothing in reach but its own floor and the lower ones
# (build/lint/floor/FLOOR holds links to just these); every header must compile on its own too. The
# objects are kept, so that a second lint compiles what changed.

LINT_CC    := gcc clang
LINT       := build/lint
LINT_DEFS  := $(filter-out -DMUTATE=%,$(DEFS))
LINT_WARN  := -Werror -Wformat=2 -Wno-format-nonliteral -Wcast-align \
              -Wredundant-decls -Wnested-externs -Wwrite-strings
LINT_NAME_gcc   := GCC
LINT_NAME_clang := CLANG
LINT_WARN_gcc   := -Wlogical-op -Wduplicated-cond -Wjump-misses-init -Wtrampolines
LINT_WARN_clang := -Wcomma -Wunreachable-code -Wloop-analysis -Wconditional-uninitialized
LINT_FLAGS  = -std=c11 $(LINT_DEFS) -O2 $(WARN) $(LINT_WARN) $(LINT_WARN_$1) -pthread

FLOORS         := runtime messages actors tools tests
FLOOR_runtime  := runtime
FLOOR_messages := messages $(FLOOR_runtime)
FLOOR_actors   := actors $(FLOOR_messages)
FLOOR_tools    := tools $(FLOOR_actors)
FLOOR_tests    := tests $(FLOOR_tools)
# llhttp's header is out of reach of the lowest floor.
FLOOR_REACH_runtime :=
$(foreach f,$(filter-out runtime,$(FLOORS)),$(eval FLOOR_REACH_$f := $(LLHTTP_INC)))

lint_sources = $(sort $(wildcard $1/*.$2 $1/*/*.$2))

# $1 compiler, $2 floor
define LINT_RULES
$(LINT)/$1/$2/%.o: $2/%.c $(LINT)/$1/.flags | $(LINT)/floor/$2 $(LLHTTP_DIR)/llhttp/llhttp.c
	$$(call say,$(LINT_NAME_$1),$$<)
	$$(Q)mkdir -p $$(@D) && $1 $(call LINT_FLAGS,$1) -I$(LINT)/floor/$2 $(FLOOR_REACH_$2) \
	    -MMD -MP -c $$< -o $$@
$(LINT)/$1/$2/%.h.o: $2/%.h $(LINT)/$1/.flags | $(LINT)/floor/$2 $(LLHTTP_DIR)/llhttp/llhttp.c
	$$(call say,$(LINT_NAME_$1),$$<)
	$$(Q)mkdir -p $$(@D) && echo '#include "$$<"' | $1 $(call LINT_FLAGS,$1) -Wno-unused-function \
	    -I$(LINT)/floor/$2 $(FLOOR_REACH_$2) -MMD -MP -MF $$(@:.o=.d) -MT $$@ \
	    -x c -c - -o $$@
LINT_OBJ += $(patsubst %.c,$(LINT)/$1/%.o,$(call lint_sources,$2,c)) \
            $(patsubst %.h,$(LINT)/$1/%.h.o,$(call lint_sources,$2,h))
endef
$(foreach c,$(LINT_CC),$(foreach f,$(FLOORS),$(eval $(call LINT_RULES,$c,$f))))

$(FLOORS:%=$(LINT)/floor/%): $(LINT)/floor/%:
	$(Q)mkdir -p $@ && for floor in $(FLOOR_$*); do ln -sfn ../../../../$$floor $@/$$floor; done

$(LINT_CC:%=$(LINT)/%/.flags): $(LINT)/%/.flags: FORCE
	$(Q)mkdir -p $(@D) && echo '$(subst ','\'',$(call LINT_FLAGS,$*))' | cmp -s - $@ || \
	    echo '$(subst ','\'',$(call LINT_FLAGS,$*))' >$@

.PHONY: lint lint-symbols lint-format lint-text FORCE
lint: $(LINT_OBJ) lint-symbols lint-format lint-text
	@echo "lint: $(words $(LINT_OBJ)) compilations, symbols, format and text: clean"

lint-symbols: $(filter $(LINT)/gcc/actors/%.o $(LINT)/gcc/messages/%.o $(LINT)/gcc/runtime/%.o,$(LINT_OBJ))
	$(Q)sh tests/lint/symbols.sh $(LINT)/gcc

lint-format:
	$(Q)for file in $(SOURCES); do \
	    clang-format $$file | cmp -s - $$file || echo "lint: $$file: make format would change it"; \
	done | { ! grep .; }

lint-text:
	$(Q)sh tests/lint/text.sh

-include $(LINT_OBJ:.o=.d)
