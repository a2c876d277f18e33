# intproxyd -- the incoming side of mirrord's internal proxy, as a native daemon
#
#   make                 build/intproxyd, build/intproxy-agent, build/intproxy-wire and build/intproxy-trace
#   make check           unit tests (CUnit), every suite; ONLY=suite picks one
#   make lint            floors, forbidden symbols, format, warnings of gcc and clang, stray text
#   make format          clang-format over the sources (never over the .def tables)
#   make relacy          the inbox under the relacy model checker, and each of its mutations
#   make stress          the inbox under the thread sanitizer, with real threads
#   make fuzz            libFuzzer over all that parses, FUZZ_RUNS runs each (1000000) or FUZZ_SECONDS
#   make e2e             the built programs with a scripted agent and nginx, node, python3, socat
#   make e2e-stutter     the same, its processes stopped for moments at random (STUTTER_MS)
#   make sessions        the recorded sessions with real agents, played to both programs
#   make purity          every actor of the live daemon, replayed alone, does the same again
#   make bench           CPU, latency and memory of intproxyd beside the floor, as ratios
#   make bench-runtime   the runtime's message costs beside libzmq and a mutex queue
#   make bench-wire      what decoding a message costs
#   make bench-tap       throughput and CPU of intproxy-wire tap beside a plain relay
#   make bench-trace     what --trace costs the daemon
#   make golden          traces of the reference exchanges, replayed, and compared with those of now
#   make traced          the end-to-end tests, each daemon with a trace, which is replayed
#   make trace-kill      daemons killed while they record: every file can be read
#   make soak            an hour of mixed traffic (SOAK_SECONDS)
#   make cover           line coverage of messages/ by the unit tests, the decoder by itself
#   make bare-root       a minimal Debian made by debootstrap, and tools/demo and tools/check in it
#   make install         programs into DESTDIR/PREFIX (/usr/local)
#   make clean           removes build/
#   make help            this text
#
# sh tools/demo shows what it does; sh tools/check installs what is needed and runs what matters.
#
# Variables: SANITIZE=address,undefined | thread    CC=gcc | clang    V=1 shows commands
#            MUTATE=n builds the n-th mutation of the inbox (tests only)

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
VERSION := $(shell cat VERSION 2>/dev/null || echo 0.1.0)

comma   := ,
VARIANT := $(notdir $(CC))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(MUTATE),-mutate$(MUTATE))$(if $(COVER),-cover)
OUT     := build/$(VARIANT)

WARN    := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wcast-qual -Wpointer-arith
DEFS    := -D_GNU_SOURCE -DINTPROXYD_VERSION='"$(VERSION)"' $(if $(MUTATE),-DMUTATE=$(MUTATE))
SAN     := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
FLAGS   := -std=c11 $(DEFS) $(CFLAGS) $(WARN) $(SAN) $(if $(COVER),--coverage) -pthread
LIBS    := -lev -lpcre2-8 -ltpl -lpthread -lm
# What traces need beside: JSON, keyed hashes, and the content codings of bodies.
TRACE_LIBS := -ljansson -lsodium -lz -lbrotlidec

# llhttp: C sources shipped by Debian's node-llhttp, compiled here, never vendored.
LLHTTP      := $(firstword $(wildcard /usr/share/llhttp/llhttp.c build/llhttp/usr/share/llhttp/llhttp.c))
LLHTTP_DIR  := $(if $(LLHTTP),$(patsubst %/llhttp/llhttp.c,%,$(LLHTTP)),build/llhttp/usr/share)
LLHTTP_INC  := -isystem $(LLHTTP_DIR)/include/llhttp -isystem $(LLHTTP_DIR)/include
LLHTTP_OBJ  := $(OUT)/llhttp/llhttp.o $(OUT)/llhttp/api.o $(OUT)/llhttp/http.o

runtime_OBJ  := $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard runtime/*.c)))
messages_OBJ := $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard messages/*.c)))
actors_OBJ   := $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard actors/*.c)))
ALL_LIB      := $(OUT)/libactors.a $(OUT)/libmessages.a $(OUT)/libruntime.a
TEST_SRC     := $(sort $(wildcard tests/*.c))
TEST_OBJ     := $(patsubst %.c,$(OUT)/%.o,$(TEST_SRC)) \
    $(patsubst %,$(OUT)/tools/%.o,command_line output recording_options recording_writer recording_store recording_flight \
      recording_loss recording_units) \
    $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard tools/trace_*.c)))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2);)

.PHONY: all check format relacy stress bench bench-runtime install clean help
PROGRAMS := intproxyd intproxy-agent intproxy-wire intproxy-trace
all: $(PROGRAMS:%=$(OUT)/%)
ifeq ($(SANITIZE)$(MUTATE)$(COVER),)
	$(Q)for p in $(PROGRAMS); do ln -sf $(VARIANT)/$$p build/$$p; done
endif

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

# Changed flags rebuild everything: objects depend on a stamp that holds them.
STAMP := $(OUT)/.flags
$(shell mkdir -p $(OUT); printf '%s\n' '$(subst ','\'',$(CC) $(FLAGS))' | cmp -s - $(STAMP) || printf '%s\n' '$(subst ','\'',$(CC) $(FLAGS))' >$(STAMP))

build/llhttp/usr/share/llhttp/llhttp.c build/llhttp/usr/share/llhttp/api.c build/llhttp/usr/share/llhttp/http.c &:
	$(call say,FETCH,node-llhttp)
	$(Q)rm -rf build/llhttp && mkdir -p build/llhttp && cd build/llhttp && \
	    apt-get download -qq -o APT::Sandbox::User=root node-llhttp && \
	    dpkg-deb -x node-llhttp*.deb .

$(OUT)/llhttp/%.o: $(LLHTTP_DIR)/llhttp/%.c $(STAMP) Makefile
	$(call say,CC,llhttp/$*)
	$(Q)mkdir -p $(@D) && $(CC) -std=c11 -DLLHTTP_STRICT_MODE=1 $(CFLAGS) $(SAN) -w $(LLHTTP_INC) -c $< -o $@

$(OUT)/%.o: %.c $(STAMP) | $(LLHTTP_DIR)/llhttp/llhttp.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(FLAGS) -I. $(LLHTTP_INC) -MMD -MP -c $< -o $@

$(OUT)/lib%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(OUT)/libruntime.a: $(runtime_OBJ)
$(OUT)/libmessages.a: $(messages_OBJ) $(LLHTTP_OBJ)
$(OUT)/libactors.a: $(actors_OBJ)

# What both are made of, beside their main().
BOTH_OBJ := $(patsubst %,$(OUT)/tools/%.o,shared_options command_line trace_parts recording recording_options recording_writer \
    recording_store recording_flight recording_loss recording_units)
$(OUT)/intproxyd: $(OUT)/tools/intproxyd.o $(BOTH_OBJ)
$(OUT)/intproxy-agent: $(OUT)/tools/intproxy-agent.o $(BOTH_OBJ)
$(OUT)/intproxyd $(OUT)/intproxy-agent: $(ALL_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $(filter %.o,$^) $(ALL_LIB) $(LIBS)

# What intproxy-wire is made of: its commands, and those of its own files that they use.
WIRE_SRC := tools/intproxy-wire.c $(wildcard tools/wire_*.c) tools/tap_stdout.c tools/output.c tools/commands.c tools/command_line.c tools/shared_options.c
$(OUT)/intproxy-wire: $(WIRE_SRC:%.c=$(OUT)/%.o) $(ALL_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $(filter %.o,$^) $(ALL_LIB) -ljansson $(LIBS)

# The same for intproxy-trace.
TRACE_SRC := tools/intproxy-trace.c $(wildcard tools/trace_*.c) tools/output.c tools/commands.c tools/command_line.c
$(OUT)/tools/trace_page.o: $(wildcard tools/trace_page*.css tools/trace_page*.html tools/trace_page*.js)
$(OUT)/intproxy-trace: $(TRACE_SRC:%.c=$(OUT)/%.o) $(ALL_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $(filter %.o,$^) $(ALL_LIB) $(TRACE_LIBS) $(LIBS)

$(OUT)/unit: $(TEST_OBJ) $(ALL_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) -o $@ $(TEST_OBJ) $(ALL_LIB) -lcunit $(TRACE_LIBS) $(LIBS)

check: $(OUT)/unit
	$(OUT)/unit $(if $(ONLY),--only=$(ONLY))

SOURCES := $(wildcard runtime/*.[ch] messages/*.[ch] actors/*.[ch] tools/*.[ch] tests/*.[ch] tests/*/*.[ch])
format:
	clang-format -i $(SOURCES)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAMS:%=$(OUT)/%) $(DESTDIR)$(PREFIX)/bin

clean:
	rm -rf build

-include $(sort $(wildcard $(OUT)/*/*.d $(OUT)/*/*/*.d))
-include tests/*.mk
