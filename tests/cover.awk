# What gcov -t says of several files -> a table: lines that ran, lines there are, per cent. Ends with 1
# when it is less per cent than `least`, or of the decoder than `least_decoder` (-v; 0: nothing is asked).
#
# A line is count:number:text. A count of "-" is no code, "#####" has never run; line 0 tells the
# source. A header's lines come with each source that uses them: once run is run.
function row(name, ran, all)
{
    printf "%-32s %6d of %6d lines  %5.1f %%\n", name, ran, all, all ? 100 * ran / all : 100
}

function enough(name, ran, all, least)
{
    if (all > 0 && 100 * ran / all >= least)
        return 1
    printf "cover: %s: less than the %s %% that are asked for (tests/cover.mk)\n", name, least
    return 0
}

BEGIN { FS = ":" }
$2 ~ /^ *0$/ {
    if ($3 == "Source")
        file = $4
    if ($3 == "Source" && !(file in known)) {
        known[file] = 1
        order[++files] = file
    }
    next
}
$1 ~ /^ *-$/ || NF < 3 { next }
{
    line = file SUBSEP $2
    if (!(line in seen)) {
        seen[line] = 0
        all[file]++
    }
    if (!seen[line] && $1 !~ /#####|=====/) {
        seen[line] = 1
        ran[file]++
    }
}
END {
    for (i = 1; i <= files; i++) {
        file = order[i]
        if (file !~ /^messages\/.*\.[ch]$/)
            continue
        row(file, ran[file], all[file])
        if (file ~ /wire_(decoder|leaf|header_map|syntax)\.[ch]$/) {
            decoder_ran += ran[file]
            decoder_all += all[file]
        }
        if (file ~ /\/((trace|redact)_|(text_out|packet|pcapng)\.)/) {
            trace_ran += ran[file]
            trace_all += all[file]
        } else {
            total_ran += ran[file]
            total_all += all[file]
        }
    }
    row("the decoder", decoder_ran, decoder_all)
    row("traces", trace_ran, trace_all)
    row("messages/ without traces", total_ran, total_all)
    good = enough("messages/ without traces", total_ran, total_all, least + 0)
    if (least_trace)
        good = enough("traces", trace_ran, trace_all, least_trace) && good
    if (least_decoder)
        good = enough("the decoder", decoder_ran, decoder_all, least_decoder) && good
    exit !good
}
