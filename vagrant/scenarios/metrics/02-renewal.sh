#!/bin/bash
# Certificates of agents last ten minutes in the lab. They are renewed after six, and nothing ends meanwhile.
source "$(dirname "$0")/../lib.sh"

expiry='persona_agent_certificate_expiry_timestamp_seconds'
for vm in db1 "${APPS[@]}"; do
	grown="max_over_time($expiry{vm=\"$vm\"}[2h]) - min_over_time($expiry{vm=\"$vm\"}[2h])"
	wait_until 480 "the certificate of $vm was renewed" is_more "$grown" 60
	left=$(prometheus "$expiry{vm=\"$vm\"} - time()")
	is_more "$expiry{vm=\"$vm\"} - time()" 60 || fail "the certificate of $vm has only $left seconds left"
	times=$(prometheus "changes($expiry{vm=\"$vm\"}[2h])")
	say "The certificate of $vm was renewed ($times changes seen), and is good for another ${left%.*} seconds."
	is_connected "$vm" || fail "$vm has no connection to its controller"
done
