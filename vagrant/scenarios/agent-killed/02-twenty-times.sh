#!/bin/bash
# The agent of each VM is killed with SIGKILL and restarted by systemctl, 20 times each, while traffic goes on. Nothing
# forbidden passes, and nothing allowed breaks.
source "$(dirname "$0")/../lib.sh"

# disturb VM: in one go on the VM, as each command by ssh would take longer than what it does.
disturb() {
	on "$1" '
		agent() { systemctl show -P MainPID ebpf-personas-agent; }
		for round in $(seq 20); do
			before=$(agent)
			kill -9 "$before"
			until [ "$(systemctl is-active ebpf-personas-agent)" = active ] && [ "$(agent)" != "$before" ]; do sleep 0.2; done
			before=$(agent)
			systemctl restart ebpf-personas-agent
			[ "$(agent)" != "$before" ] || exit 1
		done
		systemctl show -P NRestarts ebpf-personas-agent'
}

capture
for vm in "${APPS[@]}"; do
	run_there "$vm" lab-traffic "/usr/local/sbin/lab-traffic $DB"
done
sleep 5
say "The agents of app1 and app2 are killed and restarted, 20 times each."
disturb app1 >/dev/null &
app1=$!
disturb app2 >/dev/null &
app2=$!
wait "$app1" || fail "the agent of app1 did not come back each time"
wait "$app2" || fail "the agent of app2 did not come back each time"
say "They came back each time."
sleep 5
declare -A sent
for vm in "${APPS[@]}"; do
	# The counter is read before the traffic ends: every datagram that it counts has been sent by then.
	sent[$vm]=$(on "$vm" 'cat /run/lab-traffic/allowed; systemctl stop lab-traffic')
done
sleep 2
end_capture
for vm in "${APPS[@]}"; do
	expect_only_allowed "$vm" 100
	arrived=$(captured "$(address_of "$vm")" 'udp dst port 9999')
	[ "$arrived" -ge "${sent[$vm]}" ] || fail "of ${sent[$vm]} allowed datagrams of $vm only $arrived arrived"
	say "Of the ${sent[$vm]} allowed datagrams that $vm had sent none is missing."
	expect_talking "$vm" 100
	wait_for_persona "$vm" strict
done
