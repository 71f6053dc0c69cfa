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

up_and_down() {
	local vm=$1 old new again
	old=$(version "$vm")
	new=$(replace "$vm" /var/tmp/agent-new.deb) || fail "$vm was not upgraded"
	[ "$new" != "$old" ] || fail "$vm still has $old"
	wait_for_persona "$vm" strict
	say "$vm went from version $old to $new."
	sleep 5
	expect_talking "$vm" 20
	again=$(replace "$vm" /var/tmp/agent-old.deb) || fail "$vm was not downgraded"
	[ "$again" = "$old" ] || fail "$vm has $again"
	wait_for_persona "$vm" strict
	say "$vm went back to version $again."
}

at_once up_and_down "${APPS[@]}"
end_traffic
