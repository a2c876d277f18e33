# An hour (SOAK_SECONDS) of mixed traffic through one daemon that lives on while agents come and go.
.PHONY: soak
soak: $(OUT)/intproxyd $(OUT)/load
	@python3 -B tests/soak.py --daemon $(OUT)/intproxyd --load $(OUT)/load --seconds $(or $(SOAK_SECONDS),3600)
