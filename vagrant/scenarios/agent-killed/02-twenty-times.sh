#!/bin/bash
# Agents are killed by SIGKILL 20 times and restarted by systemctl 20 times, half of it on each VM, while traffic goes
# on. Nothing forbidden passes, and nothing allowed breaks.
source "$(dirname "$0")/../lib.sh"

# On each of the two VMs: one kill, one restart.
rounds=10

last_switch() { api "vms/$1/activations" | jq -c '.items[0]'; }

# disturb VM: in one go on the VM, as each command by ssh would take longer than what it does. The agent's PID is read
# from its cgroup, as in software emulation a look by systemctl takes half a second.
disturb() {
	on "$1" "rounds=$rounds"'
		processes=/sys/fs/cgroup/system.slice/ebpf-personas-agent.service/cgroup.procs
		agent() { cat "$processes" 2>/dev/null || true; }
		is_another() { local now; now=$(agent); [ -n "$now" ] && [ "$now" != "$1" ]; }
		for round in $(seq $rounds); do
			before=$(agent)
			kill -9 "$before"
			for _ in $(seq 120); do ! is_another "$before" || break; sleep 1; done
			is_another "$before"
			# It is being started; this waits until it is ready.
			systemctl start ebpf-personas-agent
			before=$(agent)
			systemctl restart ebpf-personas-agent
			is_another "$before"
			echo "$round" >/run/lab-rounds
		done' || fail "the agent of $1 did not come back each time"
	[ "$(on "$1" 'cat /run/lab-rounds')" = "$rounds" ] || fail "void: $1 had fewer than $rounds rounds"
}

declare -A last
for vm in "${APPS[@]}"; do last[$vm]=$(last_switch "$vm"); done
say "Agents are killed and restarted, $rounds times on each VM (in software emulation 5 minutes)."
at_once disturb "${APPS[@]}"
say "They came back each time."
end_traffic
for vm in "${APPS[@]}"; do
	wait_for_persona "$vm" strict
	[ "$(last_switch "$vm")" = "${last[$vm]}" ] || fail "the history of $vm has a new line: $(last_switch "$vm")"
	say "The history of $vm has no new line: an agent that starts is no switch."
done
