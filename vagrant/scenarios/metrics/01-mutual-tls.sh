#!/bin/bash
# Prometheus reads all agents over the private network by TLS, with a certificate of its own, and nobody without one does.
source "$(dirname "$0")/../lib.sh"

fresh
is_up() { [ "$(prometheus "sum(up{job=\"$1\"})")" = "$2" ]; }
wait_until 60 "Prometheus reads the controller" is_up controller 1
wait_until 60 "Prometheus reads three agents" is_up agents 3
say "Prometheus reads the controller, with a viewer's token, and three agents, with its certificate."
for vm in db1 "${APPS[@]}"; do
	url=https://$vm:9435/metrics
	with='--cacert /etc/prometheus/metrics-ca.pem --cert /etc/prometheus/client.pem --key /etc/prometheus/client.key'
	on controller "curl -fsS $with $url | grep '^persona_agent_controller_connected 1' >/dev/null" ||
		fail "with the certificate the metrics of $vm do not come"
	if succeeds controller "curl -fsS --cacert /etc/prometheus/metrics-ca.pem $url"; then
		fail "the metrics of $vm come without a certificate"
	fi
	if succeeds controller "curl -fsS http://$vm:9435/metrics"; then
		fail "the metrics of $vm come without TLS"
	fi
	say "The metrics of $vm come with Prometheus' certificate, and neither without one nor without TLS."
done
