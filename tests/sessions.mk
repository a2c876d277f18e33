# The recorded sessions with real agents (tests/data/sessions), played to our programs (tests/sessions).
#   SESSIONS="new/answer-basic ..."   only these, with the program's log of those that fail
#   sessions-proxy                    what the agents said, to intproxyd
#   sessions-agent                    what the clients said, to intproxy-agent

SESSIONS_ARGS = $(if $(SESSIONS),--verbose $(SESSIONS))

.PHONY: sessions sessions-proxy sessions-agent
sessions: sessions-proxy sessions-agent

sessions-proxy: $(OUT)/intproxyd
	@python3 -B tests/sessions/to_proxy.py --daemon $(OUT)/intproxyd $(SESSIONS_ARGS)

sessions-agent: $(OUT)/intproxy-agent
	@python3 -B tests/sessions/to_agent.py --agent $(OUT)/intproxy-agent $(SESSIONS_ARGS)
