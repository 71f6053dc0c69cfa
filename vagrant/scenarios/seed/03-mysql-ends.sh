#!/bin/bash
# mysql ends. Its exit deactivates the persona: everything passes again, and the history has both switches.
source "$(dirname "$0")/../lib.sh"

mysql_ends() {
	local vm=$1
	mysql=$(on "$vm" 'systemctl show -P MainPID lab-mysql')
	say "The mysql of $vm, process $mysql, is ended."
	on "$vm" 'systemctl stop lab-mysql'
	wait_for_persona "$vm" null
	expect_reached "$vm" "$DB" 8080
	expect_reached "$vm" 10.0.0.2 3306

	history=$(api "vms/$vm/activations")
	switch() {
		jq -c --argjson pid "$mysql" "[.items[] | select(.process.pid == \$pid and .process.event == \"$1\")][0]" <<<"$history"
	}
	began=$(switch started)
	ended=$(switch exited)
	[ "$(jq -r '"\(.persona) \(.cause)"' <<<"$began")" = "database_client trigger" ] ||
		fail "the history of $vm does not say that process $mysql activated database_client: $history"
	[ "$(jq -r '"\(.persona) \(.previous)"' <<<"$ended")" = "null database_client" ] ||
		fail "the history of $vm does not say that its end deactivated database_client: $history"
	say "The history of $vm: $(jq -r .reason <<<"$began") Then: $(jq -r .reason <<<"$ended")"
}

at_once mysql_ends "${APPS[@]}"
