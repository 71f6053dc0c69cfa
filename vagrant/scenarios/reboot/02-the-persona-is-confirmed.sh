#!/bin/bash
# A strict persona becomes the default of both VMs, and is confirmed: their agents heard the controller under it.
source "$(dirname "$0")/../lib.sh"

put_persona "$STRICT"
for vm in "${APPS[@]}"; do
	bind "$vm" '[]' strict
done
for vm in "${APPS[@]}"; do
	wait_for_persona "$vm" strict
	wait_until 60 "$vm keeps strict as confirmed" is_confirmed "$vm" strict
	say "$vm runs strict, and keeps it on its disk as confirmed."
done
