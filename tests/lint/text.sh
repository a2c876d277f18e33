#!/bin/sh
# usage: text.sh -- what no compiler sees: long lines, tabs, stray paths, unfinished work, arrows up.
#
# Run from the project's top. One line a finding, as FILE:LINE:TEXT under its rule; ends with 1 if
# there are any. build/, .git/ and the vectors in tests/data are not looked at.
set -u
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find . \( -name .git -o -path ./build -o -path ./tests/data -o -name __pycache__ \) -prune -o \
    -type f -print | sed 's,^\./,,' | sort >"$work/all"
c_files() { grep '\.[ch]$' "$work/all"; }
tables() { grep '\.def$' "$work/all"; }
scripts() { grep -E '\.(sh|py|mk)$|^(Makefile|tools/(check|demo|install)|\.ci/run)$' "$work/all"; }
everything() { grep -vE '\.(xz|gz|tsv|bin)$' "$work/all"; }

# never RULE PATTERN: the files on stdin hold no line that matches.
never() {
    xargs -r -d "\n" grep -nIHP -e "$2" >"$work/found"
    if [ -s "$work/found" ]; then
        echo "lint: $1:"
        sed 's/^/  /' "$work/found"
        : >"$work/failed"
    fi
}

# clang-format holds code to 100 columns but breaks no comment; a table in one may run on a little.
{ c_files; grep -E '\.(sh|py)$' "$work/all"; } | never 'longer than 120 columns' '^.{121}'
c_files | never 'a tab in C' '\t'
{ c_files; tables; scripts; } | never 'a blank at the end of a line' '[ \t]$'
everything | never 'a carriage return' '\r$'
# The brackets keep these lines from finding themselves.
everything | never 'unfinished work' '\b(T[O]DO|F[I]XME|X[X]X|H[A]CK|T[B]D)\b'
everything | never 'a path of one machine' '(?<![\w.$}-])/(w[o]rk|r[o]ot|h[o]me|Us[e]rs|t[m]p)/'
{ c_files; tables; } | never 'an include that is not written from the top' \
    '#\s*include\s+"(?!(runtime|messages|actors|tools|tests)/[\w/-]+\.(h|def)")'
grep -E '^(actors|messages|tools)/.*\.[ch]$' "$work/all" |
    never 'libev, epoll or threads above the runtime' \
        '#\s*include\s+<(ev\.h|sys/epoll\.h|pthread\.h|threads\.h|stdatomic\.h)>'
grep -E '^(actors|messages)/.*\.[ch]$' "$work/all" |
    never 'the inside of the runtime' \
        '#\s*include\s+"runtime/(worker|inbox|io|lives|socket|timer|hooks|atomic|runtime)\.h"'
grep -E '^tests/test_.*\.c$' "$work/all" |
    never 'a unit test that sleeps' '\b(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\('
c_files | never 'a typedef of a struct' '^\s*typedef\s+(struct|enum|union)\s+\w*\s*(\{|(?!field_)\w+;)'

# A script that its interpreter cannot read.
for script in $(scripts); do
    case $script in
    *.py) python3 -c 'import ast,sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script" ;;
    *.mk | Makefile) ;;
    *) head -n 1 "$script" | grep -q '^#!/bin/sh' && sh -n "$script" ;;
    esac || {
        echo "lint: $script: not a script of sh or Python"
        : >"$work/failed"
    }
done
[ ! -e "$work/failed" ]
