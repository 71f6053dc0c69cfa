#!/bin/bash
# A persona denies everything. The VM can still be managed: ssh from where Vagrant comes from, and the controller.
source "$(dirname "$0")/../lib.sh"

deny_all() {
	local vm=$1
	expect_reached "$vm" "$DB" 8080
	pings controller "$(address_of "$vm")" || fail "controller does not ping $vm without a persona"
	say "controller pings $vm."
	bind "$vm" '[]' nothing
	wait_for_persona "$vm" nothing
	expect_blocked "$vm" "$DB" 8080
	expect_no_ping "$vm" "$DB"
	if pings controller "$(address_of "$vm")"; then fail "controller pings $vm, and should not"; fi
	say "controller does not ping $vm any more."
	[ "$(on_anew "$vm" hostname)" = "$vm" ] || fail "a new connection by ssh does not reach $vm"
	say "A new connection by ssh reaches $vm."
	on "$vm" 'systemctl restart ebpf-personas-agent'
	wait_until 60 "the agent of $vm has its controller" is_connected "$vm"
	wait_for_persona "$vm" nothing
	say "A restarted agent of $vm reaches its controller by a new connection too."
	bind "$vm" '[]' office
	wait_for_persona "$vm" office
	expect_reached "$vm" "$DB" 8080
}

fresh
serve db1 8080
put_persona '{"name": "office", "network_profile": {"allowed_egress": [{"destination": "10.0.0.0/24"}]}}'
put_persona '{"name": "nothing", "network_profile": {"default_action": {"ingress": "deny", "egress": "deny"}}}'
at_once deny_all "${APPS[@]}"
