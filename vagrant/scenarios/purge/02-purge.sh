#!/bin/bash
# The package is purged. Nothing of it is left: no programs, maps, links, pins, queueing disciplines, units or files.
source "$(dirname "$0")/../lib.sh"

# kernel_objects VM: ids of the maps that are pinned, then those of all programs of the kinds that the agent has.
kernel_objects() {
	on "$1" 'find /sys/fs/bpf -type f 2>/dev/null | while read -r pin; do
			bpftool -j map show pinned "$pin" 2>/dev/null | jq -r "\"map \(.id)\"" || true
		done
		bpftool -j prog show | jq -r ".[] | select(.type | IN(\"sched_cls\", \"tracing\", \"cgroup_sock_addr\", \"syscall\")) |
			\"prog \(.id) \(.type) \(.name)\""' | sort -u
}

purge() {
	local vm=$1
	before=$(kernel_objects "$vm")
	maps=$(grep -c '^map' <<<"$before" || true)
	programs=$(grep -c '^prog' <<<"$before" || true)
	[[ $maps -ge 5 && $programs -ge 2 ]] || fail "void: before the purge $vm had $maps maps and $programs programs"
	say "Before the purge $vm has $maps pinned maps and $programs programs."
	on "$vm" 'DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq ebpf-personas-agent >/dev/null'
	sleep 2

	left=$(on "$vm" 'bpftool -j prog show | jq -r ".[] |
		select(.type | IN(\"sched_cls\", \"tracing\", \"cgroup_sock_addr\", \"syscall\")) | \"\(.type) \(.name)\""')
	[ -z "$left" ] || fail "programs are left on $vm: $left"
	left=$(on "$vm" "for id in $(sed -n 's/^map //p' <<<"$before" | xargs); do
		if bpftool map show id \$id >/dev/null 2>&1; then echo \$id; fi
	done")
	[ -z "$left" ] || fail "maps are left on $vm: $left"
	left=$(on "$vm" 'bpftool -j link show | jq -r ".[] | select(.type | IN(\"tcx\", \"tracing\", \"cgroup\")) | .type"')
	[ -z "$left" ] || fail "links are left on $vm: $left"
	left=$(on "$vm" 'ls -d /sys/fs/bpf/ebpf-personas* 2>/dev/null || true')
	[ -z "$left" ] || fail "pins are left on $vm: $left"
	left=$(on "$vm" 'tc qdisc show | grep -E "clsact|ingress" || true')
	[ -z "$left" ] || fail "queueing disciplines are left on $vm: $left"
	# The .service.d is the lab's own: base of provision/ puts it there for software emulation.
	left=$(on "$vm" 'systemctl list-unit-files --no-legend "ebpf-personas*" || true
		find / -xdev -path /proc -prune -o -name "*ebpf-personas*" ! -name "ebpf-personas-*.service.d" -print')
	[ -z "$left" ] || fail "units or files are left on $vm: $left"
	say "After it $vm has none of them, and no unit and no file of that name."
	expect_reached "$vm" "$DB" 3306
	pings "$vm" "$DB" || fail "$vm does not ping db1"
	say "$vm pings db1."
}

at_once purge "${APPS[@]}"
say "To have the agents back: vagrant provision app1 app2"
