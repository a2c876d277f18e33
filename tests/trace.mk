# make trace-kill: intproxyd is killed with SIGKILL at random moments while it records under load, TRACE_KILLS times
# (200); every file must be readable, to its torn end.
.PHONY: trace-kill
trace-kill: $(OUT)/intproxyd $(OUT)/intproxy-trace
	@cd tests/e2e && INTPROXYD=$(abspath $(OUT))/intproxyd TRACE_KILLS=$(or $(TRACE_KILLS),200) \
	    python3 -B -m unittest test_trace.Killed.test_kill_9_at_any_moment_leaves_a_file_that_can_be_read
