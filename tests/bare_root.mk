# make bare-root: a minimal Debian made by debootstrap, and the two commands of README.md in it.

.PHONY: bare-root
bare-root:
	sh tests/bare-root.sh
