#!/bin/bash
# The agent is upgraded and then downgraded under traffic. Connections are kept, and nothing forbidden passes.
source "$(dirname "$0")/../lib.sh"

# replace VM FILE: installs it, and prints the version that is there afterwards, if another agent runs by then.
replace() {
	on "$1" "
		before=\$(systemctl show -P MainPID ebpf-personas-agent)
		dpkg --install --force-confold --force-downgrade $2 >/var/tmp/dpkg.log 2>&1 || { cat /var/tmp/dpkg.log >&2; exit 1; }
		[ \"\$(systemctl is-active ebpf-personas-agent)\" = active ]
		[ \"\$(systemctl show -P MainPID ebpf-personas-agent)\" != \"\$before\" ]" && version "$1"
}

declare -A old
for vm in "${APPS[@]}"; do old[$vm]=$(version "$vm"); done
for vm in "${APPS[@]}"; do
	new=$(replace "$vm" /var/tmp/agent-new.deb) || fail "$vm was not upgraded"
	[ "$new" != "${old[$vm]}" ] || fail "$vm still has ${old[$vm]}"
	wait_for_persona "$vm" strict
	say "$vm went from version ${old[$vm]} to $new."
done
sleep 5
for vm in "${APPS[@]}"; do
	expect_talking "$vm" 20
	again=$(replace "$vm" /var/tmp/agent-old.deb) || fail "$vm was not downgraded"
	[ "$again" = "${old[$vm]}" ] || fail "$vm has $again"
	wait_for_persona "$vm" strict
	say "$vm went back to version $again."
done
end_traffic
