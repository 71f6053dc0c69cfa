#!/bin/bash
# The counterpart first: without a persona the traffic of the steps after this one does arrive, allowed and forbidden.
source "$(dirname "$0")/../lib.sh"

send_at_boot() {
	local vm=$1
	say "On $vm a unit is installed that sends allowed and forbidden packets to db1, at every boot, before the network is up."
	on "$vm" "cat >/etc/systemd/system/lab-traffic.service <<'END'
[Unit]
Description=Allowed and forbidden traffic
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target ebpf-personas-agent.service
Wants=network-pre.target
Conflicts=shutdown.target
Before=shutdown.target

[Service]
ExecStart=/usr/local/sbin/lab-traffic $DB
KillMode=control-group

[Install]
WantedBy=sysinit.target
END
		systemctl daemon-reload
		systemctl --quiet enable lab-traffic
		systemctl start lab-traffic"
}

fresh
say "db1 takes datagrams at port 9999, and writes down what arrives."
swallow db1 9999
capture
at_once send_at_boot "${APPS[@]}"
sleep 15
end_capture
for vm in "${APPS[@]}"; do
	mac=$(mac "$vm")
	for filter in "$ALLOWED" 'udp dst port 8888' 'tcp dst port 8081' icmp; do
		count=$(captured "$mac" "$filter" | wc -l)
		[ "$count" -ge 5 ] || fail "void: only $count packets of $vm are $filter"
	done
	say "db1 got five packets of $vm at least of each kind that will be forbidden."
done
