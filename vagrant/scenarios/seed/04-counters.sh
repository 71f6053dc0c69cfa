#!/bin/bash
# Prometheus on the controller's VM has what the persona let through and what it stopped.
source "$(dirname "$0")/../lib.sh"

packets() { echo "sum(persona_agent_packets_total{vm=\"$1\",persona=\"database_client\",verdict=~\"$2\"})"; }

for vm in "${APPS[@]}"; do
	wait_until 60 "Prometheus has packets that passed on $vm" is_more "$(packets "$vm" forwarded)" 10
	wait_until 60 "Prometheus has packets that were stopped on $vm" is_more "$(packets "$vm" 'dropped|rejected')" 4
	say "$vm under database_client: $(prometheus "$(packets "$vm" forwarded)") packets passed," \
		"$(prometheus "$(packets "$vm" 'dropped|rejected')") were stopped."
	refused=$(prometheus "sum(persona_agent_early_denials_total{vm=\"$vm\"})")
	say "Beside that $refused calls of programs on $vm were refused before there was a packet."
done
