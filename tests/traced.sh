#!/bin/sh
# usage: traced.sh ARGUMENTS... -- intproxyd ($TRACED_RUN) with those, and a trace of its own in $TRACED_DIR, unless
# it makes one already. What runs for a moment only to say something (--help, a mistake) leaves no trace.
case " $* " in
*" --trace"*) exec "$TRACED_RUN" "$@" ;;
esac
exec "$TRACED_RUN" "$@" --trace "$TRACED_DIR/$$.trace"
