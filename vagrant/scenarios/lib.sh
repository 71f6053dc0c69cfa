# What the steps share. A step sources this file, says in sentences what it does, and ends with the first thing that is
# not as it should be.
# shellcheck shell=bash disable=SC2034,SC2029
set -euo pipefail

readonly DB=10.0.0.10
readonly APPS=(app1 app2)
# The project.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# By `vagrant ssh-config`; scenarios/run makes it.
ssh_options=(-F "${EBPF_PERSONAS_SSH_CONFIG:?run the steps by vagrant/scenarios/run}" -o LogLevel=ERROR
	-o ServerAliveInterval=5 -o ServerAliveCountMax=12)
# One connection to each VM carries all commands.
ssh_shared=(-o ControlMaster=auto -o "ControlPath=$(dirname "$EBPF_PERSONAS_SSH_CONFIG")/ssh-%n" -o ControlPersist=600)

say() { echo "  $*"; }

fail() {
	echo "  NOT SO: $*"
	exit 1
}

address_of() {
	case $1 in controller) echo 10.0.0.2 ;; db1) echo 10.0.0.10 ;; app1) echo 10.0.0.21 ;; app2) echo 10.0.0.22 ;; esac
}

# note NAME VALUE: what a later step of the scenario has to know; noted NAME: gives it.
note() { echo "$2" >"$(dirname "$EBPF_PERSONAS_SSH_CONFIG")/note-$1"; }
noted() { cat "$(dirname "$EBPF_PERSONAS_SSH_CONFIG")/note-$1"; }

# --- VMs ------------------------------------------------------------------------------------------------------------

# on VM COMMANDS: runs them on the VM as root.
on() { ssh "${ssh_options[@]}" "${ssh_shared[@]}" "$1" "sudo bash -euo pipefail -c $(printf %q "$2")"; }

# on_anew VM COMMANDS: the same by a new connection.
on_anew() { ssh "${ssh_options[@]}" -o ControlPath=none -o ConnectTimeout=60 "$1" "sudo bash -c $(printf %q "$2")"; }

# at_once FUNCTION VM...: calls it with each of the VMs, at the same time; fails where one of the calls did. Not for
# conditions (if, ||): bash would go on after what fails in the calls.
at_once() {
	local call=$1 vm process failed=
	local -a processes=()
	shift
	for vm in "$@"; do
		"$call" "$vm" &
		processes+=($!)
	done
	for process in "${processes[@]}"; do wait "$process" || failed=yes; done
	[ -z "$failed" ]
}

# put FILE VM PATH: copies a file to the VM.
put() { on "$2" "cat >$3.new && mv $3.new $3" <"$1"; }

# wait_until SECONDS WHAT COMMAND...: tries once a second until the command succeeds.
wait_until() {
	local seconds=$1 what=$2 end=$((SECONDS + $1))
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "after $seconds seconds still not: $what"
		sleep 1
	done
}

boot_id() { on_anew "$1" 'cat /proc/sys/kernel/random/boot_id'; }

# reboot VM...: boots the VMs again, and returns when all are there.
reboot() {
	local vm
	declare -A before
	for vm in "$@"; do before[$vm]=$(boot_id "$vm"); done
	for vm in "$@"; do
		on_anew "$vm" 'systemctl --no-block reboot' || true
		ssh "${ssh_options[@]}" "${ssh_shared[@]}" -O exit "$vm" 2>/dev/null || true
	done
	for vm in "$@"; do wait_until 600 "$vm is up again" is_another_boot "$vm" "${before[$vm]}"; done
}

is_another_boot() {
	local now
	now=$(ssh "${ssh_options[@]}" -o ControlPath=none -o ConnectTimeout=10 "$1" \
		cat /proc/sys/kernel/random/boot_id) && [ "$now" != "$2" ]
}

# --- the controller -------------------------------------------------------------------------------------------------

# api PATH [CURL'S ARGUMENTS]: asks the controller as an administrator; PATH is what comes after /api/v1/.
api() { on controller "lab-api $(printf '%q ' "$@")"; }

# status VM FILTER: something of the VM's status, by a filter of jq's.
status() { api "vms/$1/status" | jq -r "$2"; }

# put_persona DOCUMENT
put_persona() { api "personas/$(jq -r .name <<<"$1")" -X PUT -d "$1" >/dev/null; }

# bind VM PERSONAS [DEFAULT]: PERSONAS as a JSON list; DEFAULT is active where none of them is.
bind() {
	api "vms/$1/bindings" -X PUT -d "$(jq -n --argjson personas "$2" --arg default "${3:-}" \
		'{personas: $personas} + if $default == "" then {} else {default: $default} end')" >/dev/null
}

runs() { [ "$(status "$1" '"\(.active_persona) \(.phase) \(.connected)"')" = "$2 Realized true" ]; }

# wait_for_persona VM PERSONA: until the VM has it in force; null for none.
wait_for_persona() { wait_until 120 "$1 runs the persona $2" runs "$1" "$2"; }

# on_disk VM NAME: which persona the agent keeps on disk as `confirmed`, or another of its kept states.
on_disk() { on "$1" "ebpf-personas-agent status --json | jq -r .disk.$2.persona"; }

is_confirmed() { [ "$(on_disk "$1" confirmed)" = "$2" ]; }

# is_connected VM: whether its agent has a connection to the controller, as it says itself.
is_connected() { [ "$(on "$1" 'ebpf-personas-agent status --json | jq .agent.controller_connected')" = true ]; }

# enforced VM: the persona that the VM enforces, as it says itself.
enforced() { on "$1" 'ebpf-personas-agent status --json | jq -r ".agent.persona // .kernel.persona"'; }

# hook VM: how the filter hangs on the VM's interface to the private network.
hook() { on "$1" 'ebpf-personas-agent status --json | jq -r ".agent.attach"'; }

# prometheus QUERY: the value of the first series, or `none`.
prometheus() {
	on controller "curl -fsSG http://127.0.0.1:9090/api/v1/query --data-urlencode query=$(printf %q "$1")" |
		jq -r '.data.result[0].value[1] // "none"'
}

# is_more QUERY NUMBER: whether the value is more than the number.
is_more() { awk -v value="$(prometheus "$1")" -v least="$2" 'BEGIN { exit !(value != "none" && value > least) }'; }

# packets VM VERDICTS: how many packets of the VM had one of the verdicts (a regular expression) under database_client.
packets() {
	local packets
	packets=$(prometheus "sum(persona_agent_packets_total{vm=\"$1\",persona=\"database_client\",verdict=~\"$2\"})")
	[ "$packets" = none ] && echo 0 || echo "$packets"
}

# fresh: the VMs as no step has touched them: nothing bound, nothing of an earlier step running.
fresh() {
	on controller 'nft delete table inet lab 2>/dev/null || true'
	at_once end_of_earlier_steps controller db1 "${APPS[@]}"
	at_once nothing_bound "${APPS[@]}"
}

end_of_earlier_steps() {
	on "$1" 'systemctl stop "lab-*"
		rm -rf /run/lab-* /etc/systemd/system/lab-* /etc/systemd/system/*.wants/lab-*
		systemctl daemon-reload
		systemctl reset-failed "lab-*" 2>/dev/null || true'
}

nothing_bound() {
	api "vms/$1/activations/current" -X DELETE >/dev/null 2>&1 || true
	bind "$1" '[]'
	wait_for_persona "$1" null
}

# refuse_anew: from here on the controller's VM drops the beginnings of app1's connections to the controller; those that
# are there go on. A failsafe lets agents reach their controller under every persona, so only this cuts one off.
refuse_anew() {
	on controller 'nft -f - <<END
table inet lab {
	chain input {
		type filter hook input priority 0
		ip saddr 10.0.0.21 tcp dport 7071 tcp flags & (syn | ack) == syn counter drop
	}
}
END'
	say "The controller's VM takes no new connections of app1 from here on."
}

refused() { on controller 'nft -j list table inet lab' | jq '[.. | .counter? // empty | .packets] | add'; }

take_again() {
	on controller 'nft delete table inet lab'
	say "The controller's VM takes connections again."
}

# version VM: of the agent's package.
version() { on "$1" 'dpkg-query -W -f "\${Version}" ebpf-personas-agent'; }

enforces() { [ "$(enforced "$1")" = "$2" ]; }

# rollback_reason VM PERSONA: why the VM returned from the persona.
rollback_reason() {
	on "$1" 'ebpf-personas-agent status --json' | jq -r --arg persona "$2" \
		'[.rollbacks[] | select(.persona == $persona).reason] | last // "none"'
}

# unconfirmed TIMEOUT: app1 goes from office to a persona that denies everything, and that it has TIMEOUT to confirm by
# a new connection to the controller, which it does not get.
unconfirmed() {
	bind app1 '[]' office
	wait_for_persona app1 office
	wait_until 60 "app1 keeps office as confirmed" is_confirmed app1 office
	refuse_anew
	put_persona '{"name": "unconfirmed", "lifecycle": {"confirm_timeout": "'"$1"'"},
		"network_profile": {"default_action": {"ingress": "deny", "egress": "deny"}}}'
	bind app1 '[]' unconfirmed
	wait_until 60 "app1 enforces unconfirmed" enforces app1 unconfirmed
	say "app1 enforces unconfirmed, and has $1 to reach the controller by a new connection."
}

# expect_office REASON: that app1 enforces office again within a minute, and says that this is why.
expect_office() {
	wait_until 60 "app1 enforces office again" enforces app1 office
	local reason
	reason=$(rollback_reason app1 unconfirmed)
	[ "$reason" = "$1" ] || fail "app1 gives as reason for its return: $reason"
	say "app1 returned to office by itself; its reason is: $reason."
}

# confirm_office: the controller means office too, and hears of it.
confirm_office() {
	bind app1 '[]' office
	take_again
	wait_for_persona app1 office
}

# shellcheck source=traffic.sh
source "$(dirname "${BASH_SOURCE[0]}")/traffic.sh"
