#!/bin/bash
# The seed persona of the project's README.md is bound to both application VMs and not active yet: everything passes.
source "$(dirname "$0")/../lib.sh"

bound_and_not_active() {
	local vm=$1 kernel hook
	bind "$vm" '["database_client"]'
	wait_for_persona "$vm" null
	note "passed-$vm" "$(packets "$vm" forwarded)"
	note "stopped-$vm" "$(packets "$vm" 'dropped|rejected')"
	kernel=$(on "$vm" 'uname -r')
	hook=$(hook "$vm")
	case "$kernel $hook" in
	6.1.*' clsact' | 6.12.*' tcx') say "$vm runs Linux $kernel and hangs its filter on $hook. No persona is active." ;;
	*) fail "$vm runs Linux $kernel, and hangs its filter on $hook" ;;
	esac
	expect_reached "$vm" "$DB" 3306
	expect_reached "$vm" "$DB" 8080
	expect_reached "$vm" 10.0.0.2 3306
}

say "Every VM is made fresh: no persona is bound."
fresh
say "db1 has MariaDB. Port 8080 of db1 and port 3306 of the controller answer too: places where mysql has no business."
serve db1 8080
serve controller 3306
seed=$(sed -n '/^```json/,/^```$/p' "$root/README.md" | sed '1d;/^```$/,$d')
say "The persona $(jq -r .name <<<"$seed") is stored and bound to app1 and app2."
put_persona "$seed"
at_once bound_and_not_active "${APPS[@]}"
