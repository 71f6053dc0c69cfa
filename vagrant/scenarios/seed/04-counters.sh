#!/bin/bash
# Prometheus on the controller's VM has what the persona let through and what it stopped.
source "$(dirname "$0")/../lib.sh"

# has_counted VM VERDICTS NOTE LEAST: whether LEAST more packets than noted had one of the verdicts.
has_counted() { [ $(($(packets "$1" "$2") - $(noted "$3-$1"))) -ge "$4" ]; }

for vm in "${APPS[@]}"; do
	wait_until 60 "Prometheus has packets that passed on $vm" has_counted "$vm" forwarded passed 10
	wait_until 60 "Prometheus has packets that were stopped on $vm" has_counted "$vm" 'dropped|rejected' stopped 4
	say "$vm under database_client: $(packets "$vm" forwarded) packets passed," \
		"$(packets "$vm" 'dropped|rejected') were stopped."
	refused=$(prometheus "sum(persona_agent_early_denials_total{vm=\"$vm\"})")
	say "Beside that $refused calls of programs on $vm were refused before there was a packet."
done
