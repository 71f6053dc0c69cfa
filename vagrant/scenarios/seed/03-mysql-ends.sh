#!/bin/bash
# mysql ends. Its exit deactivates the persona: everything passes again, and the history has both switches.
source "$(dirname "$0")/../lib.sh"

for vm in "${APPS[@]}"; do
	say "The mysql of $vm is ended."
	on "$vm" 'systemctl stop lab-mysql'
	wait_for_persona "$vm" null
	expect_reached "$vm" "$DB" 8080
	expect_reached "$vm" 10.0.0.2 3306

	history=$(api "vms/$vm/activations")
	began=$(jq -c '[.items[] | select(.persona == "database_client" and .cause == "trigger")][0]' <<<"$history")
	ended=$(jq -c '[.items[] | select(.persona == null and .previous == "database_client")][0]' <<<"$history")
	[ "$began" != null ] || fail "the history of $vm has no activation by a trigger: $history"
	[ "$ended" != null ] || fail "the history of $vm has no end of it: $history"
	say "The history of $vm: $(jq -r .reason <<<"$began") Then: $(jq -r .reason <<<"$ended")"
done
