#!/bin/bash
# The real mysql client is started. Its exec activates the persona: the database is reached, everything else is not.
source "$(dirname "$0")/../lib.sh"

mysql="/usr/bin/mysql --host=$DB --user=shop --password=shop"
mysql_starts() {
	local vm=$1
	answer=$(on "$vm" "$mysql --batch --skip-column-names --execute='SELECT item FROM shop.orders WHERE id = 1'")
	[ "$answer" = "a lab order" ] || fail "mysql on $vm did not read the order but: $answer"
	say "mysql on $vm reads from MariaDB on db1: $answer."

	say "A mysql that stays is started on $vm, by a user without rights."
	run_there "$vm" lab-mysql "--uid=vagrant $mysql --execute='SELECT SLEEP(3000)'"
	wait_for_persona "$vm" database_client
	say "The controller says of $vm: $(status "$vm" .reason)"
	[ "$(status "$vm" .cause)" = trigger ] || fail "the cause is $(status "$vm" .cause), not trigger"

	answer=$(on "$vm" "$mysql --batch --skip-column-names --execute='SELECT item FROM shop.orders WHERE id = 1'")
	[ "$answer" = "a lab order" ] || fail "mysql on $vm did not read the order but: $answer"
	say "A second mysql on $vm reads from the database too."
	expect_reached "$vm" "$DB" 3306
	expect_blocked "$vm" "$DB" 8080
	expect_blocked "$vm" 10.0.0.2 3306
	expect_no_ping "$vm" "$DB"
	say "The agent of $vm is started again."
	on "$vm" 'systemctl restart ebpf-personas-agent'
	wait_until 60 "the agent of $vm has its controller" is_connected "$vm"
	wait_for_persona "$vm" database_client
	expect_blocked "$vm" "$DB" 8080
	on "$vm" 'systemctl is-active --quiet lab-mysql' || fail "the mysql of $vm has ended meanwhile: nothing is shown"
}

at_once mysql_starts "${APPS[@]}"
