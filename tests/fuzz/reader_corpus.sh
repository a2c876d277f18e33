#!/bin/sh
# usage: reader_corpus.sh DIRECTORY -- the decoder's seeds: their first byte means the direction here too.
exec sh "$(dirname "$0")/decoder_corpus.sh" "$1"
