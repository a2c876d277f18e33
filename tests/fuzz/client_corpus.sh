#!/bin/sh
# usage: client_corpus.sh DIRECTORY -- as for the agent.
exec sh "$(dirname "$0")/agent_corpus.sh" "$1" client
