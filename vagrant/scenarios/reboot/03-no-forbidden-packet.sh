#!/bin/bash
# Both VMs boot again, sending from before the network is up on. db1 gets what the persona allows and nothing else.
source "$(dirname "$0")/../lib.sh"

capture
say "app1 and app2 are booted again."
reboot "${APPS[@]}"
sleep 20
end_capture

for vm in "${APPS[@]}"; do
	# Monotonic times since boot, in microseconds.
	read -r traffic agent network < <(on "$vm" '
		systemctl show -P ActiveEnterTimestampMonotonic lab-traffic ebpf-personas-agent | xargs
		systemctl show -P ExecMainStartTimestampMonotonic networking' | grep . | xargs)
	[[ $traffic -gt 0 && $agent -gt 0 ]] || fail "void: traffic or agent of $vm are not active"
	[ "$traffic" -lt "$network" ] || fail "void: on $vm the traffic began after the network"
	[ "$agent" -lt "$network" ] || fail "on $vm the agent was ready after the network was set up"
	say "On $vm the traffic began $((traffic / 1000)) ms after boot, the agent was ready at $((agent / 1000)) ms, and the" \
		"network was set up from $((network / 1000)) ms on."
	expect_tried "$vm"
	stopped=$(on "$vm" "ebpf-personas-agent status --json |
		jq '[.agent.packets[] | select(.verdict == \"dropped\" and .direction == \"egress\").packets] | add // 0'")
	[ "$stopped" -ge 20 ] || fail "void: the filter of $vm had only $stopped packets to stop"
	say "Its filter has stopped $stopped packets since it booted."
	since_boot=$(on "$vm" 'cat /run/lab-traffic/allowed')
	[ "$since_boot" -ge 50 ] || fail "void: since its boot $vm has sent only $since_boot allowed datagrams"
	expect_only_allowed "$vm" 50
	maps=$(on "$vm" 'awk "/^vmalloc / { print int(\$2 / 1048576) }" \
		/sys/fs/cgroup/system.slice/ebpf-personas-agent.service/memory.stat')
	[ "$maps" -ge 16 ] || fail "the memory limit of the agent of $vm counts only $maps MiB of BPF maps"
	say "What MemoryMax of its unit counts has $maps MiB of BPF maps in it."
	[ "$(enforced "$vm")" = strict ] || fail "$vm enforces $(enforced "$vm")"
	wait_for_persona "$vm" strict
done
