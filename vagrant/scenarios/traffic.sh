# What the steps share about traffic between the VMs; lib.sh takes it in.
# shellcheck shell=bash disable=SC2034,SC2154

# --- traffic --------------------------------------------------------------------------------------------------------

# serve VM PORT: answers TCP connections there with what they say.
serve() { run_there "$1" "lab-serve-$2" "socat TCP-LISTEN:$2,fork,reuseaddr,backlog=64 PIPE"; }

# swallow VM PORT: takes datagrams there.
swallow() { run_there "$1" "lab-swallow-$2" "socat -u UDP-RECV:$2 OPEN:/dev/null"; }

# run_there VM UNIT COMMAND: runs it in the background, until `systemctl stop`.
run_there() { on "$1" "systemctl is-active --quiet $2 || systemd-run --quiet --collect --unit=$2 $3"; }

# succeeds VM COMMAND: whether the command does on the VM, which has to be reached for the question.
succeeds() {
	local said
	said=$(on "$1" "if $2 >/dev/null 2>&1; then echo yes; else echo no; fi") || fail "$1 cannot be asked"
	[ "$said" = yes ]
}

# connects VM ADDRESS PORT: whether a TCP connection comes about and the other side answers over it.
connects() { succeeds "$1" "timeout 6 bash -c 'exec 3<>/dev/tcp/$2/$3; echo hello >&3; read -r -n 1 -u 3 answer'"; }

# expect_reached VM ADDRESS PORT
expect_reached() {
	connects "$1" "$2" "$3" || connects "$1" "$2" "$3" || fail "$1 does not reach $2, port $3"
	say "$1 reaches $2, port $3."
}

# expect_blocked VM ADDRESS PORT: that the VM cannot connect, while at the same time another VM without a persona can.
expect_blocked() {
	local other=controller
	[ "$2" != 10.0.0.2 ] || other=db1
	for _ in 1 2; do
		if connects "$1" "$2" "$3"; then fail "$1 reaches $2, port $3, and should not"; fi
		if connects "$other" "$2" "$3"; then
			say "$1 does not reach $2, port $3; $other does."
			return
		fi
	done
	fail "nobody reaches $2, port $3: that $1 does not shows nothing"
}

# pings VM ADDRESS: whether one of five pings is answered. Without its own address ping would ask for it by a connect,
# which the early verdict refuses before there is a packet.
pings() { succeeds "$1" "ping -q -n -c 5 -i 0.2 -W 2 -I $(address_of "$1") $2"; }

expect_no_ping() {
	if pings "$1" "$2"; then fail "$1 pings $2, and should not"; fi
	pings controller "$2" || fail "nobody pings $2: that $1 does not shows nothing"
	say "$1 does not ping $2; controller does."
}

# talk VM: begins a long TCP connection from the VM to db1's port 8080.
talk() {
	run_there "$1" lab-talk "/usr/local/sbin/lab-talk $DB 8080"
	wait_until 30 "$1 talks to db1 over TCP" on "$1" 'test -s /run/lab-talk'
}

# expect_talking VM LEAST: that the connection is still the same, and LEAST numbers at least came back over it.
expect_talking() {
	on "$1" 'systemctl is-active --quiet lab-talk' || fail "the connection of $1 broke: $(
		on "$1" 'journalctl --no-pager -o cat -n 3 -u lab-talk' | tr '\n' ' ')"
	local before now
	before=$(on "$1" 'cat /run/lab-talk')
	sleep 3
	now=$(on "$1" 'cat /run/lab-talk')
	[ "$now" -gt "$before" ] || fail "the connection of $1 stands still at $now"
	[ "$now" -ge "$2" ] || fail "void: only $now of $2 numbers went over the connection of $1"
	say "The TCP connection of $1 lives: $now questions were answered over it."
}

# --- captures on db1 ------------------------------------------------------------------------------------------------

# capture: writes down every frame that arrives at db1 over the private network.
capture() {
	on db1 "rm -f /run/lab-capture.pcap
		interface=\$(ip -o -4 address show to $DB | awk '{ print \$2 }')
		systemd-run --quiet --unit=lab-capture -p StandardError=truncate:/run/lab-capture.log \
			tcpdump -i \$interface -Q in -n -U -B 16384 -w /run/lab-capture.pcap"
	wait_until 30 "tcpdump listens on db1" on db1 'grep "listening on" /run/lab-capture.log'
}

# end_capture: and fails where tcpdump has missed a packet.
end_capture() {
	on db1 'systemctl stop lab-capture'
	local missed
	missed=$(on db1 'cat /run/lab-capture.log' | sed -n 's/ packets dropped by kernel//p')
	[ "$missed" = 0 ] || fail "void: tcpdump missed ${missed:-nobody knows how many} packets"
}

# mac VM: the VM's address on the private network's wire.
mac() {
	on "$1" "cat /sys/class/net/\$(ip -o -4 address show to $(address_of "$1") | awk '{ print \$2 }')/address"
}

# captured MAC FILTER: which of its frames the filter finds, a line for each.
captured() { on db1 "tcpdump -n -r /run/lab-capture.pcap 'ether src $1 and ($2)' 2>/dev/null"; }

readonly ALLOWED='udp dst port 9999 or tcp dst port 8080'
# What an address needs to be one passes under every persona: ARP, neighbour discovery, multicast listener reports.
readonly ALWAYS='arp or (icmp6 and ip6[40] >= 133 and ip6[40] <= 136) or
	(ip6[6] == 0 and ip6[40] == 58 and ip6[48] == 143)'

# expect_only_allowed VM LEAST: the capture has LEAST allowed packets of the VM at least, and no other.
expect_only_allowed() {
	local mac allowed forbidden
	mac=$(mac "$1")
	allowed=$(captured "$mac" "$ALLOWED" | wc -l)
	forbidden=$(captured "$mac" "not ($ALLOWED or $ALWAYS)")
	[ "$allowed" -ge "$2" ] || fail "void: db1 got $allowed allowed packets of $1, at least $2 were to come"
	[ -z "$forbidden" ] || fail "db1 got packets of $1 that its persona forbids: $(head -n 10 <<<"$forbidden")"
	say "db1 got $allowed allowed packets of $1, and none that its persona forbids."
}

# expect_all_datagrams VM SENT: that so many of its datagrams to port 9999 have arrived.
expect_all_datagrams() {
	local arrived
	arrived=$(captured "$(mac "$1")" 'udp dst port 9999' | wc -l)
	[ "$arrived" -ge "$2" ] || fail "of $2 allowed datagrams of $1 only $arrived arrived"
	say "Of the $2 allowed datagrams that $1 had sent none is missing."
}

# The persona of the scenarios in which traffic goes on: db1's TCP port 8080 and UDP port 9999, and nothing else.
readonly STRICT='{"name": "strict", "network_profile": {"allowed_ingress": [], "allowed_egress": [
	{"protocol": "tcp", "port": 8080, "destination": "10.0.0.10"},
	{"protocol": "udp", "port": 9999, "destination": "10.0.0.10"}]}}'

# strict_and_talking: both VMs run strict, and each begins a long TCP connection to db1.
strict_and_talking() {
	fresh
	serve db1 8080
	swallow db1 9999
	put_persona "$STRICT"
	at_once talk_under_strict "${APPS[@]}"
}

talk_under_strict() {
	bind "$1" '[]' strict
	wait_for_persona "$1" strict
	talk "$1"
	say "$1 runs strict, and talks to db1 over a TCP connection that is allowed."
}

# begin_traffic: from here on both VMs send what strict allows and what it forbids, and db1 writes down what arrives.
begin_traffic() {
	local vm
	capture
	for vm in "${APPS[@]}"; do
		run_there "$vm" lab-traffic "/usr/local/sbin/lab-traffic $DB"
	done
	note traffic-began "$(date +%s)"
	sleep 5
}

# expect_tried VM: that it has tried 100 forbidden datagrams, most of which the early verdict refuses before there is a
# packet. Of those and of the pings and connections beside them the rest is for the filter to stop.
expect_tried() {
	local tried
	tried=$(on "$1" 'cat /run/lab-traffic/forbidden')
	[ "$tried" -ge 100 ] || fail "void: $1 tried only $tried forbidden datagrams"
	say "$1 tried $tried forbidden datagrams, beside connections and pings."
}

# expect_stopped VM: that since begin_traffic its filter has stopped more than 20 packets of it, as Prometheus knows.
expect_stopped() {
	local range query stopped
	range=$(($(date +%s) - $(noted traffic-began)))
	query="sum(increase(persona_agent_packets_total{
		vm=\"$1\",persona=\"strict\",direction=\"egress\",verdict=~\"dropped|rejected\"}[${range}s]))"
	stopped=$(prometheus "$query")
	is_more "$query" 20 || fail "void: the filter of $1 had only $stopped packets to stop"
	say "The filter of $1 stopped ${stopped%.*} packets meanwhile."
}

# end_traffic: ends it, and what came of it must be right: nothing forbidden arrived, and there was enough of it; every
# allowed datagram did, of which there were 100, and none was refused; the TCP connection of before still lives.
end_traffic() {
	local vm refused
	local -A sent
	sleep 5
	for vm in "${APPS[@]}"; do
		# A datagram is counted when it has been sent.
		sent[$vm]=$(on "$vm" 'systemctl stop lab-traffic; cat /run/lab-traffic/allowed')
	done
	sleep 2
	end_capture
	for vm in "${APPS[@]}"; do
		refused=$(on "$vm" 'cat /run/lab-traffic/refused')
		[ "$refused" = 0 ] || fail "$refused allowed datagrams of $vm were refused to the program that sends them"
		expect_tried "$vm"
		expect_stopped "$vm"
		expect_only_allowed "$vm" 100
		expect_all_datagrams "$vm" "${sent[$vm]}"
		expect_talking "$vm" 100
	done
}
