#!/bin/bash
# The agent's package is removed. What was in force stays in force.
source "$(dirname "$0")/../lib.sh"

remove() {
	local vm=$1
	expect_reached "$vm" "$DB" 3306
	bind "$vm" '[]' office
	wait_for_persona "$vm" office
	note "hook-$vm" "$(hook "$vm")"
	on "$vm" 'DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq ebpf-personas-agent >/dev/null'
	[ "$(on "$vm" 'command -v ebpf-personas-agent || echo gone')" = gone ] || fail "the program is still there on $vm"
	if succeeds "$vm" 'systemctl is-active --quiet ebpf-personas-agent'; then fail "the agent of $vm still runs"; fi
	say "The package is removed from $vm, and no agent runs."
	expect_reached "$vm" "$DB" 8080
	expect_blocked "$vm" "$DB" 3306
	expect_no_ping "$vm" "$DB"
}

fresh
serve db1 8080
put_persona '{"name": "office", "network_profile": {"allowed_egress": [
	{"protocol": "tcp", "port": 8080, "destination": "10.0.0.10"}]}}'
at_once remove "${APPS[@]}"
