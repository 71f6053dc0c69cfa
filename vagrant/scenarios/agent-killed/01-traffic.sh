#!/bin/bash
# Both VMs run the strict persona. A long TCP connection to db1 begins, beside it traffic that is allowed and forbidden.
source "$(dirname "$0")/../lib.sh"

fresh
serve db1 8080
swallow db1 9999
put_persona "$STRICT"
for vm in "${APPS[@]}"; do
	bind "$vm" '[]' strict
	wait_for_persona "$vm" strict
	talk "$vm"
	say "$vm runs strict, and talks to db1 over a TCP connection that is allowed."
	expect_blocked "$vm" "$DB" 3306
done
