#!/bin/bash
# The same with much time to confirm, but the VM is booted again before it did: what was there before is back.
source "$(dirname "$0")/../lib.sh"

unconfirmed 30m
say "app1 is booted again."
reboot app1
expect_office reboot
if is_connected app1; then fail "void: app1 has reached its controller meanwhile"; fi
say "It has not reached its controller since."
confirm_office
expect_reached app1 "$DB" 8080
