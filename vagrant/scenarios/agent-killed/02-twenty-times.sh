#!/bin/bash
# On each VM the agent is killed by SIGKILL 20 times and restarted by systemctl 20 times, while traffic goes on. Nothing
# forbidden passes, and nothing allowed breaks.
source "$(dirname "$0")/../lib.sh"

# On each VM: one kill, one restart.
rounds=20

last_switch() { api "vms/$1/activations" | jq -c '.items[0]'; }

# disturb VM: in one go on the VM, as each command by ssh would take longer than what it does. The agent's PID is read
# from its cgroup, as in software emulation a look by systemctl takes half a second. A process that is seen there before
# the unit is ready may be the one that only prepares its start.
disturb() {
	on "$1" "rounds=$rounds"'
		processes=/sys/fs/cgroup/system.slice/ebpf-personas-agent.service/cgroup.procs
		agent() { cat "$processes" 2>/dev/null || true; }
		is_another() { local now; now=$(agent); [ -n "$now" ] && [ "$now" != "$1" ]; }
		begins_again() { for _ in $(seq 120); do ! is_another "$1" || return 0; sleep 1; done; false; }
		failed() { echo "  Round $round: $1; before $before, now $(agent)."; exit 1; }
		for round in $(seq $rounds); do
			before=$(agent)
			kill -9 "$before"
			begins_again "$before" || failed "systemd does not start the killed agent"
			# This waits until it is ready.
			systemctl start ebpf-personas-agent
			is_another "$before" || failed "there is no other agent after the kill"
			before=$(agent)
			systemctl restart ebpf-personas-agent
			is_another "$before" || failed "there is no other agent after the restart"
			echo "$round" >/run/lab-rounds
		done' || fail "the agent of $1 did not come back each time"
	[ "$(on "$1" 'cat /run/lab-rounds')" = "$rounds" ] || fail "void: $1 had fewer than $rounds rounds"
}

declare -A last
for vm in "${APPS[@]}"; do last[$vm]=$(last_switch "$vm"); done
say "Agents are killed and restarted, $rounds times on each VM (in software emulation 10 minutes)."
at_once disturb "${APPS[@]}"
say "They came back each time."
end_traffic
for vm in "${APPS[@]}"; do
	wait_for_persona "$vm" strict
	[ "$(last_switch "$vm")" = "${last[$vm]}" ] || fail "the history of $vm has a new line: $(last_switch "$vm")"
	say "The history of $vm has no new line: an agent that starts is no switch."
done
