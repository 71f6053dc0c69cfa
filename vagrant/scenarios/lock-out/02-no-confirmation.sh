#!/bin/bash
# The persona has a confirm_timeout, and its VM cannot reach the controller anew: it returns to the one before by itself.
source "$(dirname "$0")/../lib.sh"

bind app1 '[]' office
wait_for_persona app1 office
refuse_anew
put_persona '{"name": "unconfirmed", "lifecycle": {"confirm_timeout": "30s"},
	"network_profile": {"default_action": {"ingress": "deny", "egress": "deny"}}}'
bind app1 '[]' unconfirmed
wait_until 25 "app1 enforces unconfirmed" enforces app1 unconfirmed
say "app1 enforces unconfirmed, and has 30 seconds to reach the controller by a new connection."
wait_until 60 "app1 enforces office again" enforces app1 office
reason=$(rollback_reason app1 unconfirmed)
[ "$reason" = timeout ] || fail "app1 gives as reason for its return: $reason"
dropped=$(refused)
[ "$dropped" -ge 3 ] || fail "void: app1 tried only $dropped times to reach the controller"
say "app1 tried $dropped times, and returned to office by itself; its reason is: $reason."
bind app1 '[]' office
take_again
wait_for_persona app1 office
