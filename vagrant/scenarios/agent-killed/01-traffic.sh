#!/bin/bash
# Both VMs run the strict persona. A long TCP connection to db1 begins, beside it traffic that is allowed and forbidden.
source "$(dirname "$0")/../lib.sh"

strict_and_talking
for vm in "${APPS[@]}"; do
	expect_blocked "$vm" "$DB" 3306
done
begin_traffic
say "Both send allowed and forbidden packets, and db1 writes down what arrives."
