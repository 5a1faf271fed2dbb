# What is rendered and refused. The schemas of Kubernetes, and what pods become of it: test/terraform/region.test.ts and region-pods.test.ts.

variables {
  federation       = "acme"
  cluster          = "dc1"
  region           = "eu-west"
  image            = "registry.example.com/isthmus:0.2.0"
  advertise_domain = "dc1.gateways.example.com"
  admin_tls_secret = "isthmus-admin"
  secret           = "isthmus-secrets"
}

run "an_existing_cluster_gets_two_gateways" {
  command = plan

  assert {
    condition     = output.objects["0-namespace"].metadata.labels["pod-security.kubernetes.io/enforce"] == "restricted" && output.objects["statefulset"].spec.replicas == 2
    error_message = "They are in a namespace that lets no pod have rights that these don't need."
  }
  assert {
    condition     = length(split("---\n", output.manifests)) == length(output.objects) && startswith(output.manifests, "\"apiVersion\": \"v1\"\n\"kind\": \"Namespace\"")
    error_message = "All manifests are in one text, the namespace before what is in it."
  }
  assert {
    condition     = output.hosts == ["isthmus-0.dc1.gateways.example.com", "isthmus-1.dc1.gateways.example.com"] && output.outbound == "http://isthmus.isthmus.svc:7080"
    error_message = "Each gateway has a name for other clusters, and all of them one for this."
  }
  assert {
    condition     = !strcontains(output.manifests, "\"kind\": \"Secret\"") && yamldecode(output.gateway_yaml).admin.tls.cert == "/etc/isthmus/tls/admin.pem"
    error_message = "Secrets are named and never made."
  }
}

run "a_namespace_that_is_there_stays_as_it_is" {
  command = plan
  variables {
    create_namespace = false
    namespace        = "edge"
    admin            = { auth = { tokens = [{ name = "prometheus", role = "viewer", tokenFile = "/etc/isthmus/secrets/prometheus" }] } }
    gateway          = { workers = 4, drain_timeout = "60s" }
  }

  assert {
    condition     = !can(output.objects["0-namespace"]) && output.objects["statefulset"].metadata.namespace == "edge" && output.objects["statefulset"].spec.template.spec.terminationGracePeriodSeconds == 75
    error_message = "Pods have the time to drain that the gateway takes."
  }
  assert {
    condition     = [for token in yamldecode(output.gateway_yaml).admin.auth.tokens : token.name] == ["local", "prometheus"] && yamldecode(output.gateway_yaml).workers == 4
    error_message = "Who else was named may use the admin API."
  }
}

run "pods_of_a_network_are_reached_in_it" {
  command = plan
  variables {
    network = "vpc-1"
    gateway = { quotas = { services = 100 } }
  }

  assert {
    condition     = yamldecode(output.gateway_yaml).network == "vpc-1" && yamldecode(output.gateway_yaml).advertise.eastWest == [{ address = "$${ISTHMUS_POD_IP}:7443", scope = "private" }, "$${ISTHMUS_ADVERTISE}:7443"]
    error_message = "They advertise their own addresses to that network, and their names to all."
  }
  assert {
    condition     = contains([for variable in output.objects["statefulset"].spec.template.spec.containers[0].env : variable.name if try(variable.valueFrom.fieldRef.fieldPath, "") == "status.podIP"], "ISTHMUS_POD_IP")
    error_message = "Pods know their own addresses."
  }
  assert {
    condition     = yamldecode(output.gateway_yaml).quotas.services == 100
    error_message = "Further inputs are passed on."
  }
}

run "there_are_gateways" {
  command = plan
  variables {
    replicas = 0
  }
  expect_failures = [var.replicas]
}

run "what_the_region_has_no_input_for_is_refused" {
  command = plan
  variables {
    gateway = { timeout = {} }
  }
  expect_failures = [var.gateway]
}
