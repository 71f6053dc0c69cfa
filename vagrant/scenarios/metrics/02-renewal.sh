#!/bin/bash
# Certificates of agents last ten minutes in the lab. Every agent's is renewed, after six, and the agent goes on.
source "$(dirname "$0")/../lib.sh"

# renewals VM: how many the newest records of the audit have.
renewals() {
	api 'audit?limit=500' | jq --arg actor "vm $1" \
		'[.items[] | select(.action == "Renew" and .actor == $actor and .result == "ok")] | length'
}

was_renewed() { [ "$(renewals "$1")" -ge 1 ]; }

expiry='persona_agent_certificate_expiry_timestamp_seconds'
for vm in db1 "${APPS[@]}"; do
	wait_until 480 "the certificate of $vm was renewed" was_renewed "$vm"
	left=$(prometheus "$expiry{vm=\"$vm\"} - time()")
	is_more "$expiry{vm=\"$vm\"} - time()" 60 || fail "the certificate of $vm has only $left seconds left"
	say "The certificate of $vm was renewed ($(renewals "$vm") times), and is good for another ${left%.*} seconds."
	is_connected "$vm" || fail "$vm has no connection to its controller"
done
