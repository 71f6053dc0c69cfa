#!/bin/bash
# A strict persona becomes the default of both VMs, and is confirmed: their agents heard the controller under it.
source "$(dirname "$0")/../lib.sh"

confirmed() {
	bind "$1" '[]' strict
	wait_for_persona "$1" strict
	wait_until 60 "$1 keeps strict as confirmed" is_confirmed "$1" strict
	say "$1 runs strict, and keeps it on its disk as confirmed."
}

put_persona "$STRICT"
at_once confirmed "${APPS[@]}"
