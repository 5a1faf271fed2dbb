# What is rendered of variables, and what is refused at plan. That gateways take it is proved by test/terraform/region.test.ts.

variables {
  federation = "acme"
  cluster    = "dc1"
  region     = "eu-west-1"
}

run "a_cluster_needs_no_more_than_its_names" {
  command = plan

  assert {
    condition     = yamldecode(output.gateway_yaml).gateway == "$${ISTHMUS_GATEWAY}" && yamldecode(output.gateway_yaml).standalone
    error_message = "Gateways have the same file and names of their own; one that joins nothing by itself is ready on its own."
  }
  assert {
    condition     = output.ports == { outbound = 7080, east_west = 7443, federation = 7444, admin = 7001, registry = null, tcp = [], ingress = [] }
    error_message = "The ports are the gateway's defaults."
  }
  assert {
    condition     = !can(regex("null", output.gateway_yaml)) && !can(yamldecode(output.gateway_yaml).admin.auth)
    error_message = "What is not said is not written; on loopback the admin API asks nobody who they are."
  }
  assert {
    condition     = length(output.kubernetes_manifests) == 0 && join(" ", keys(output.systemd_units)) == "isthmus-setup.service isthmus.service.d/region.conf"
    error_message = "There are neither pods nor a join where none is asked for."
  }
}

run "an_admin_api_on_the_network_proves_itself_and_asks_for_a_token" {
  command = plan

  variables {
    listeners = { admin = "0.0.0.0:7001" }
    admin     = { auth = { tokens = [{ name = "prometheus", role = "viewer", tokenFile = "/etc/isthmus/secrets/prometheus" }] } }
  }

  assert {
    condition     = yamldecode(output.gateway_yaml).admin.tls.cert == "/etc/isthmus/tls/admin.pem" && [for token in yamldecode(output.gateway_yaml).admin.auth.tokens : token.name] == ["local", "prometheus"]
    error_message = "It has the machine's certificate, the machine's own token, and the one that was named."
  }
  assert {
    condition     = output.health_check == { protocol = "HTTPS", port = 7001, path = "/readyz" }
    error_message = "Load balancers ask over TLS."
  }
  assert {
    condition     = strcontains(output.scripts["setup.sh"], "openssl req -x509") && strcontains(output.scripts["setup.sh"], "local-admin")
    error_message = "The certificate and the token are made on the machine."
  }
}

run "a_founder_hosts_the_registry_and_waits_for_nobody" {
  command = plan

  variables {
    registry = { embedded = {} }
  }

  assert {
    condition     = yamldecode(output.gateway_yaml).registry.embedded == { listen = "0.0.0.0:7379", advertise = "$${ISTHMUS_ADVERTISE}:7379" } && output.ports.registry == 7379
    error_message = "Others reach the registry at the machine's address."
  }
  assert {
    condition     = yamldecode(output.gateway_yaml).standalone == false
    error_message = "It serves as a member only: with its folder lost it would not take itself for a new federation's gateway."
  }
}

run "a_machine_that_joins_fetches_its_token_at_boot" {
  command = plan

  variables {
    package            = { url = "https://packages.example.com/isthmus_0.2.0_amd64.deb", sha256 = "0000000000000000000000000000000000000000000000000000000000000001" }
    join_token_command = "aws ssm get-parameter --name /isthmus/join --with-decryption --query Parameter.Value --output text"
    identity           = { load_command = "cat /mnt/identity || true", save_command = "cat >/mnt/identity" }
    drain_timeout      = "2m"
    ingress            = [{ listen = "0.0.0.0:443", certificates = [{ cert = "/etc/isthmus/secrets/www.pem", key = "/etc/isthmus/secrets/www.key" }] }]
    secret_commands    = { "www.pem" = "fetch www.pem", "www.key" = "fetch www.key" }
    extra_files        = [{ path = "/etc/motd", content = "a gateway" }]
    extra_commands     = ["touch /run/extra"]
  }

  assert {
    condition     = startswith(output.user_data, "#cloud-config\n") && length(output.user_data) < 16384
    error_message = "User data is cloud-init's, and no longer than clouds take it."
  }
  assert {
    condition = tolist([for file in yamldecode(output.user_data).write_files : file.path]) == tolist([
      "/etc/isthmus/gateway.yaml", "/etc/isthmus/setup.sh", "/etc/isthmus/join.sh", "/etc/isthmus/install.sh",
      "/etc/systemd/system/isthmus-join.service", "/etc/systemd/system/isthmus-setup.service", "/etc/systemd/system/isthmus.service.d/region.conf", "/etc/motd",
    ])
    error_message = "It writes the configuration, the scripts and the units, and what was asked for besides."
  }
  assert {
    condition     = can(regex("(?s)sha256sum --check.*apt-get install.*touch /run/extra.*systemctl restart isthmus", yamldecode(output.user_data).write_files[3].content))
    error_message = "The package is checked before it is installed, and the gateway starts last."
  }
  assert {
    condition     = strcontains(output.systemd_unit, "TimeoutStopSec=135") && strcontains(output.systemd_unit, "AmbientCapabilities=CAP_NET_BIND_SERVICE")
    error_message = "systemd waits for the drain, and lets the gateway listen on port 443."
  }
  assert {
    condition     = yamldecode(output.gateway_yaml).standalone == false
    error_message = "It takes requests only as a member."
  }
}

run "pods_are_spread_and_locked_down" {
  command = plan

  variables {
    listeners = { admin = "0.0.0.0:7001" }
    kubernetes = {
      image            = "registry.example.com/isthmus:0.2.0"
      advertise_domain = "dc1.gateways.example.com"
      admin_tls_secret = "isthmus-admin"
      secret           = "isthmus-secrets"
    }
  }

  assert {
    condition     = join(" ", keys(output.kubernetes_manifests)) == "configmap networkpolicy poddisruptionbudget service service-0 service-1 service-pods statefulset"
    error_message = "There is everything that two gateways need, and no Secret."
  }
  assert {
    condition     = yamldecode(output.kubernetes_manifests["statefulset"]).spec.template.spec.securityContext.runAsNonRoot && yamldecode(output.kubernetes_manifests["statefulset"]).spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem
    error_message = "Gateways are not root and write only to their volumes."
  }
  assert {
    condition     = yamldecode(output.kubernetes_manifests["service-1"]).metadata.annotations["external-dns.alpha.kubernetes.io/hostname"] == "isthmus-1.dc1.gateways.example.com"
    error_message = "Each pod has an address of its own."
  }
}

run "a_cluster_is_a_dns_label" {
  command = plan
  variables {
    cluster = "DC 1"
  }
  expect_failures = [var.cluster]
}

run "nobody_can_dial_a_wildcard" {
  command = plan
  variables {
    advertise = { eastWest = ["0.0.0.0:7443"] }
  }
  expect_failures = [var.advertise]
}

run "a_port_is_a_port" {
  command = plan
  variables {
    listeners = { outbound = "7080" }
  }
  expect_failures = [var.listeners]
}

run "a_registry_is_embedded_or_an_etcd" {
  command = plan
  variables {
    registry = { embedded = {}, etcd = { endpoints = ["https://etcd-1:2379"] } }
  }
  expect_failures = [var.registry]
}

run "proxy_protocol_needs_to_know_whose" {
  command = plan
  variables {
    tcp = [{ listen = "0.0.0.0:5432", service = "ledger.shop", proxyProtocol = true }]
  }
  expect_failures = [var.tcp]
}

run "a_join_token_is_never_in_user_data" {
  command = plan
  variables {
    join_token_command = "echo isthmus1_eyJmIjoiYWNtZSJ9"
  }
  expect_failures = [var.join_token_command]
}

run "a_package_has_its_checksum" {
  command = plan
  variables {
    package = { url = "https://packages.example.com/isthmus.deb", sha256 = "latest" }
  }
  expect_failures = [var.package]
}

run "a_probe_reaches_no_loopback" {
  command = plan
  variables {
    kubernetes = { image = "isthmus:0.2.0", advertise_domain = "dc1.example.com", admin_tls_secret = "a", secret = "b" }
  }
  expect_failures = [var.kubernetes]
}

run "a_time_limit_is_a_duration_of_a_known_name" {
  command = plan
  variables {
    timeouts = { request = "10", ten = "10s" }
  }
  expect_failures = [var.timeouts]
}

run "a_service_is_there_once" {
  command = plan
  variables {
    services = [{ name = "orders", namespace = "shop" }, { name = "orders", namespace = "shop" }]
  }
  expect_failures = [var.services]
}
