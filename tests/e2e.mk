# make e2e: the program as it is installed, against a scripted agent and real applications.
# ONLY=word picks tests; SANITIZE=... stretches the time limits; missing peers are failures.
# make e2e-stutter: the same, while its processes are stopped for up to STUTTER_MS now and then: no test may go by time.

STUTTER_MS ?= 150

.PHONY: e2e e2e-stutter
e2e: $(OUT)/intproxyd $(OUT)/intproxy-agent $(OUT)/intproxy-wire $(OUT)/intproxy-trace
	INTPROXYD=$(OUT)/intproxyd $(if $(SANITIZE),E2E_SLOW=4) python3 tests/e2e/run.py $(if $(V),-v) $(ONLY)

e2e-stutter: $(OUT)/intproxyd $(OUT)/intproxy-agent $(OUT)/intproxy-wire $(OUT)/intproxy-trace
	INTPROXYD=$(OUT)/intproxyd E2E_SLOW=$(if $(SANITIZE),8,2) python3 tests/e2e/run.py --stutter $(STUTTER_MS) $(if $(V),-v) $(ONLY)
