#!/bin/bash
# The same with much time to confirm, but the VM is booted again before it did: what was there before is back.
source "$(dirname "$0")/../lib.sh"

bind app1 '[]' office
wait_for_persona app1 office
wait_until 60 "app1 keeps office as confirmed" is_confirmed app1 office
refuse_anew
put_persona '{"name": "unconfirmed", "lifecycle": {"confirm_timeout": "30m"},
	"network_profile": {"default_action": {"ingress": "deny", "egress": "deny"}}}'
bind app1 '[]' unconfirmed
wait_until 60 "app1 enforces unconfirmed" enforces app1 unconfirmed
say "app1 enforces unconfirmed, which nobody has confirmed. It is booted again."
reboot app1
wait_until 60 "app1 enforces office" enforces app1 office
reason=$(rollback_reason app1 unconfirmed)
[ "$reason" = reboot ] || fail "app1 gives as reason for its return: $reason"
[ "$(on app1 'ebpf-personas-agent status --json | jq .agent.controller_connected')" = false ] ||
	fail "void: app1 has reached its controller meanwhile"
say "Without its controller app1 enforces office again; its reason is: $reason."
bind app1 '[]' office
take_again
wait_for_persona app1 office
expect_reached app1 "$DB" 8080
