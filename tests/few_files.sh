#!/bin/sh
# usage: FEW_FILES_RUN=PROGRAM few_files.sh ARGUMENTS... -- the program with 256 descriptors at most.
# Where the limit is lower already, it stays.
if [ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -gt 256 ]; then
    ulimit -n 256
fi
exec "$FEW_FILES_RUN" "$@"
