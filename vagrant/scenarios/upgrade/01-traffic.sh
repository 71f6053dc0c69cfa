#!/bin/bash
# As before: both VMs run the strict persona and talk to db1. The package of another version is brought to them.
source "$(dirname "$0")/../lib.sh"

packages=$root/artifacts/packages
fresh
serve db1 8080
swallow db1 9999
put_persona "$STRICT"
for vm in "${APPS[@]}"; do
	bind "$vm" '[]' strict
	wait_for_persona "$vm" strict
	talk "$vm"
	old=$(on "$vm" 'dpkg-query -W -f "\${Version}" ebpf-personas-agent')
	new=$(find "$packages" -name 'ebpf-personas-agent_*_amd64.deb' ! -name "*_${old}_*" | sort -V | tail -n 1)
	[ -n "$new" ] || fail "there is no package of another version than $old; make it by: make package VERSION=0.2.0"
	put "$packages/ebpf-personas-agent_${old}_amd64.deb" "$vm" /var/tmp/agent-old.deb
	put "$new" "$vm" /var/tmp/agent-new.deb
	say "$vm has version $old and talks to db1. $(basename "$new") lies ready there."
done
