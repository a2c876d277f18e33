# make e2e: the program as it is installed, against a scripted agent and real applications.
# ONLY=word picks tests; SANITIZE=... stretches the time limits; missing peers are failures.

.PHONY: e2e
e2e: $(OUT)/intproxyd $(OUT)/intproxy-agent $(OUT)/intproxy-wire $(OUT)/intproxy-trace
	INTPROXYD=$(OUT)/intproxyd $(if $(SANITIZE),E2E_SLOW=4) python3 tests/e2e/run.py $(if $(V),-v) $(ONLY)
