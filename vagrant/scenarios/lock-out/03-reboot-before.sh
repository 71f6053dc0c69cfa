#!/bin/bash
# The same with much time to confirm, but the VM is booted again before it did: what was there before is back.
source "$(dirname "$0")/../lib.sh"

unconfirmed 30m
say "app1 is booted again."
reboot app1
expect_office reboot
connected=$(on app1 'ebpf-personas-agent status --json | jq .agent.controller_connected')
[ "$connected" = false ] || fail "void: whether app1 has reached its controller meanwhile: $connected"
say "It has not reached its controller since."
confirm_office
expect_reached app1 "$DB" 8080
