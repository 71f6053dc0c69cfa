#!/bin/bash
# The persona has a confirm_timeout, and its VM cannot reach the controller anew: it returns to the one before by itself.
source "$(dirname "$0")/../lib.sh"

unconfirmed 30s
expect_office timeout
dropped=$(refused)
[ "$dropped" -ge 3 ] || fail "void: app1 tried only $dropped times to reach the controller"
say "Before that it tried $dropped times to reach the controller."
confirm_office
