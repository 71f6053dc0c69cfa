#!/bin/bash
# The package is purged. Nothing of it is left: no programs, maps, links, pins, queueing disciplines, units or files.
source "$(dirname "$0")/../lib.sh"

# For the VM: what is in its kernel of the agent's, a line with kind and id for each. That is programs of the kinds that
# it has, links of those, and maps that are pinned.
kernel_objects='
	programs=$(bpftool -j prog show |
		jq "[.[] | select(.type | IN(\"sched_cls\", \"tracing\", \"cgroup_sock_addr\", \"syscall\")).id]")
	jq -r ".[] | \"prog \(.)\"" <<<"$programs"
	bpftool -j link show | jq -r --argjson programs "$programs" \
		".[] | select(.prog_id as \$its | \$programs | index(\$its)) | \"link \(.id)\""
	find /sys/fs/bpf -type f | while read -r pin; do
		bpftool -j map show pinned "$pin" 2>/dev/null | jq -r "\"map \(.id)\"" || true
	done'

# pins VM: their folders; disciplines VM: those that filters hang on.
pins() { on "$1" 'find /sys/fs/bpf -maxdepth 1 -name "ebpf-personas*"'; }
disciplines() { on "$1" 'tc -j qdisc show | jq -r ".[].kind | select(IN(\"clsact\", \"ingress\"))"'; }

purge() {
	local vm=$1 before kind left
	declare -A count
	before=$(on "$vm" "$kernel_objects" | sort -u)
	for kind in prog link map; do
		count[$kind]=$(grep -c "^$kind " <<<"$before" || true)
		[ "${count[$kind]}" -ge 2 ] || fail "void: before the purge $vm has ${count[$kind]} of kind $kind"
	done
	[ -n "$(pins "$vm")" ] || fail "void: before the purge $vm has no pins"
	if [ "$(noted "hook-$vm")" = clsact ]; then
		[ -n "$(disciplines "$vm")" ] || fail "void: before the purge $vm has no queueing discipline"
	fi
	say "Before the purge $vm has ${count[map]} pinned maps, ${count[prog]} programs and ${count[link]} links."
	on "$vm" 'DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq ebpf-personas-agent >/dev/null'
	sleep 2

	left=$(on "$vm" "$kernel_objects")
	[ -z "$left" ] || fail "programs, links or pinned maps are left on $vm: $left"
	left=$(on "$vm" "while read -r kind id; do
		if bpftool \$kind show id \$id >/dev/null 2>&1; then echo \$kind \$id; fi
	done <<<$(printf %q "$before")")
	[ -z "$left" ] || fail "what was there before is left on $vm: $left"
	left=$(pins "$vm")
	[ -z "$left" ] || fail "pins are left on $vm: $left"
	left=$(disciplines "$vm")
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
