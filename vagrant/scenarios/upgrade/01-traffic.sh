#!/bin/bash
# As before: both VMs run the strict persona and talk to db1. The package of another version is brought to them.
source "$(dirname "$0")/../lib.sh"

packages=$root/artifacts/packages

bring_packages() {
	local vm=$1
	old=$(version "$vm")
	new=$(find "$packages" -name 'ebpf-personas-agent_*_amd64.deb' ! -name "*_${old}_*" | sort -V | tail -n 1)
	[ -n "$new" ] || fail "there is no package of another version than $old; make it by: make package VERSION=0.2.0"
	put "$packages/ebpf-personas-agent_${old}_amd64.deb" "$vm" /var/tmp/agent-old.deb
	put "$new" "$vm" /var/tmp/agent-new.deb
	say "$vm has version $old. $(basename "$new") lies ready there."
}

strict_and_talking
at_once bring_packages "${APPS[@]}"
begin_traffic
say "Both send allowed and forbidden packets, and db1 writes down what arrives."
