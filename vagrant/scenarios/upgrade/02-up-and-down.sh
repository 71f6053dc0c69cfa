#!/bin/bash
# The agent is upgraded and then downgraded under traffic. Connections are kept, and nothing forbidden passes.
source "$(dirname "$0")/../lib.sh"

# replace VM FILE: installs it, and prints the version that is there afterwards, if another agent runs by then.
replace() {
	on "$1" "
		before=\$(systemctl show -P MainPID ebpf-personas-agent)
		dpkg --install --force-confold --force-downgrade $2 >/var/tmp/dpkg.log 2>&1 || { cat /var/tmp/dpkg.log >&2; exit 1; }
		[ \"\$(systemctl is-active ebpf-personas-agent)\" = active ]
		[ \"\$(systemctl show -P MainPID ebpf-personas-agent)\" != \"\$before\" ]
		dpkg-query -W -f '\${Version}' ebpf-personas-agent"
}

capture
declare -A old
for vm in "${APPS[@]}"; do
	run_there "$vm" lab-traffic "/usr/local/sbin/lab-traffic $DB"
	old[$vm]=$(on "$vm" 'dpkg-query -W -f "\${Version}" ebpf-personas-agent')
done
sleep 5
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
sleep 5
declare -A sent
for vm in "${APPS[@]}"; do
	sent[$vm]=$(on "$vm" 'cat /run/lab-traffic/allowed; systemctl stop lab-traffic')
done
sleep 2
end_capture
for vm in "${APPS[@]}"; do
	expect_only_allowed "$vm" 100
	arrived=$(captured "$(address_of "$vm")" 'udp dst port 9999')
	[ "$arrived" -ge "${sent[$vm]}" ] || fail "of ${sent[$vm]} allowed datagrams of $vm only $arrived arrived"
	say "Of the ${sent[$vm]} allowed datagrams that $vm had sent none is missing."
	expect_talking "$vm" 50
done
