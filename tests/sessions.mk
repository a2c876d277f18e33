# The recorded sessions with real agents (tests/data/sessions), played to our programs (tests/sessions).
#   SESSIONS="new/answer-basic ..."   only these, with the daemon's log of those that fail

.PHONY: sessions
sessions: $(OUT)/intproxyd
	@python3 tests/sessions/to_proxy.py --daemon $(OUT)/intproxyd $(if $(SESSIONS),--verbose $(SESSIONS))
