mock_provider "aws" {
  source = "./tests/mocks"
}

override_resource {
  target = aws_secretsmanager_secret.identity
  values = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:identity" }
}

override_resource {
  target = aws_security_group.gateways
  values = { id = "sg-gateways" }
}

override_resource {
  target = aws_security_group.balancers["edge"]
  values = { id = "sg-edge" }
}

override_resource {
  target = aws_security_group.balancers["outbound"]
  values = { id = "sg-outbound" }
}

variables {
  federation             = "acme"
  cluster                = "eu-west"
  package                = { url = "https://packages.example.com/isthmus_0.2.0_arm64.deb", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  vpc_id                 = "vpc-1"
  subnet_ids             = { eu-west-1a = "subnet-a", eu-west-1b = "subnet-b" }
  federation_cidr_blocks = ["10.1.0.0/16"]
  registry_etcd          = { endpoints = ["https://10.0.9.10:2379"], client_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:etcd-eu-west", found = true }
}

run "a_cluster_of_its_own_is_private_and_protected" {
  command = apply

  assert {
    condition     = alltrue([for balancer in aws_lb.this : balancer.internal && balancer.enable_deletion_protection && balancer.load_balancer_type == "network"])
    error_message = "Load balancers have private addresses, and are not deleted by mistake."
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_ingress_rule.balancers : name => "${rule.security_group_id} ${rule.cidr_ipv4} ${rule.from_port}" } == { "outbound vpc" = "sg-outbound 10.0.0.0/16 7080", "east-west 10.1.0.0/16" = "sg-edge 10.1.0.0/16 7443", "federation 10.1.0.0/16" = "sg-edge 10.1.0.0/16 7444" }
    error_message = "Programs of the VPC reach the outbound listener, other clusters the ports of the federation; nobody else anything."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.gateways : contains(["sg-edge", "sg-outbound"], rule.referenced_security_group_id)]) && length(aws_vpc_security_group_ingress_rule.ssh) == 0 && length(aws_vpc_security_group_ingress_rule.metrics) == 0
    error_message = "Gateways are reached through load balancers alone."
  }

  assert {
    condition     = join(", ", sort([for rule in aws_vpc_security_group_egress_rule.gateways : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"])) == "0.0.0.0/0 443-443, 0.0.0.0/0 80-80, 10.0.0.0/16 1-65535, 10.0.9.10/32 2379-2379, 10.1.0.0/16 1024-65535"
    error_message = "Gateways reach services, other clusters, etcd, and HTTPS and packages."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && !tobool(aws_launch_template.this.network_interfaces[0].associate_public_ip_address) && tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted)
    error_message = "Instances answer metadata by IMDSv2 alone, have no public address, and encrypted disks."
  }

  assert {
    condition = jsonencode({ for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => [statement.Action, statement.Resource] }) == jsonencode({
      ReadSecrets    = ["secretsmanager:GetSecretValue", ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:etcd-eu-west", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:identity"]]
      KeepIdentity   = ["secretsmanager:PutSecretValue", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:identity"]
      EndInGoodOrder = ["autoscaling:CompleteLifecycleAction", "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:*:autoScalingGroupName/isthmus-eu-west"]
    })
    error_message = "An instance reads its cluster's secrets, keeps its identity and ends in good order: no more."
  }

  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.health_check[0].path == "/readyz" && group.health_check[0].port == "7002" && group.health_check[0].matcher == "200"]) && aws_autoscaling_group.this.health_check_type == "ELB"
    error_message = "A gateway counts while it says that it is ready, and is replaced when it does not."
  }

  assert {
    condition     = aws_autoscaling_lifecycle_hook.drain.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING" && aws_autoscaling_lifecycle_hook.drain.heartbeat_timeout == 210
    error_message = "An instance that ends is waited for: until it gets nothing new, what is in flight is done, and a minute."
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].strategy == "Rolling" && aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 && aws_autoscaling_group.this.instance_refresh[0].preferences[0].auto_rollback
    error_message = "Replacements come first, and go back where they are not ready."
  }

  assert {
    condition     = !can(regex("-----BEGIN|PRIVATE KEY", output.user_data)) && length(aws_launch_template.this.user_data) <= 21848
    error_message = "User data has no secret, and fits into what EC2 takes."
  }

  assert {
    condition     = jsonencode(yamldecode(output.gateway_yaml).registry.etcd) == jsonencode({ ca = "secrets/etcd-ca.pem", cert = "secrets/etcd.pem", endpoints = ["https://10.0.9.10:2379"], found = true, key = "secrets/etcd.key" }) && join(" ", yamldecode(output.gateway_yaml).trustedProxies) == "10.0.1.0/24" && yamldecode(output.gateway_yaml).listen.outboundProxyProtocol
    error_message = "Gateways have the etcd, and believe the load balancers' PROXY headers."
  }

  assert {
    condition     = output.join_token_secret_arn == null && yamldecode(output.gateway_yaml).advertise.eastWest[0] == "made.elb.eu-west-1.amazonaws.com:7443"
    error_message = "Who founds needs no token; others dial the load balancer."
  }
}

run "a_cluster_that_joins_is_open_to_clients_where_the_inputs_say_so" {
  command = apply

  variables {
    cluster                    = "eu-west-production-blue" # as long as can be
    registry_etcd              = null
    is_internal                = false
    edge_subnet_ids            = { eu-west-1a = "subnet-pa", eu-west-1b = "subnet-pb" }
    federation_cidr_blocks     = ["0.0.0.0/0"]
    client_cidr_blocks         = ["0.0.0.0/0"]
    advertise_host             = "gateways.eu-west.api.example.com"
    metrics_security_group_ids = { prometheus = "sg-prometheus" }
    admits                     = { us-east = "arn:aws:secretsmanager:us-east-1:111122223333:secret:us-east-token" }
    secrets                    = { "www.pem" = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:www", field = "cert" }, "www.key" = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:www", field = "key" } }
    kms_key_arn                = "arn:aws:kms:eu-west-1:111122223333:key/1"
    ingress = [{
      listen       = "0.0.0.0:443"
      certificates = [{ cert = "secrets/www.pem", key = "secrets/www.key" }]
      routes       = [{ host = "api.example.com", service = "api.shop" }]
    }]
    tcp = [{ listen = "0.0.0.0:5432", service = "ledger.shop" }]
  }

  assert {
    condition     = jsonencode({ for name, group in aws_lb_target_group.this : name => [tobool(group.proxy_protocol_v2), tobool(group.preserve_client_ip)] }) == jsonencode({ outbound = [true, false], east-west = [true, false], federation = [false, true], client-443 = [true, false], client-5432 = [true, false] })
    error_message = "Clients' addresses are kept: by PROXY protocol where listeners speak it, else by the load balancer."
  }

  assert {
    condition     = yamldecode(output.gateway_yaml).listen.eastWestProxyProtocol && yamldecode(output.gateway_yaml).ingress[0].proxyProtocol && yamldecode(output.gateway_yaml).tcp[0].proxyProtocol
    error_message = "Gateways expect the header where load balancers send it."
  }

  assert {
    condition     = join(", ", sort([for rule in aws_vpc_security_group_ingress_rule.balancers : "${rule.security_group_id} ${rule.from_port}" if rule.cidr_ipv4 == "0.0.0.0/0"])) == "sg-edge 443, sg-edge 5432, sg-edge 7443, sg-edge 7444"
    error_message = "The world reaches what the inputs open to it, and never the outbound listener."
  }

  assert {
    condition     = !aws_lb.this["edge"].internal && aws_lb.this["outbound"].internal
    error_message = "Programs stay inside."
  }

  assert {
    condition     = jsonencode({ for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => statement.Resource if contains(["Admit", "Keys"], statement.Sid) }) == jsonencode({ Admit = ["arn:aws:secretsmanager:us-east-1:111122223333:secret:us-east-token"], Keys = ["arn:aws:kms:eu-west-1:111122223333:key/1"] })
    error_message = "Who admits may write that cluster's token, and who has a key use it."
  }

  assert {
    condition     = strcontains(output.user_data, "secret get ${output.join_token_secret_arn}") && yamldecode(output.gateway_yaml).advertise.federation[0] == "gateways.eu-west.api.example.com:7444"
    error_message = "The token is fetched at boot; others dial the name."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.metrics["prometheus"].from_port == 7002
    error_message = "Prometheus reads metrics at the health port."
  }
}

run "wrong_values_are_refused_at_plan" {
  command = plan

  variables {
    subnet_ids             = { eu-west-1a = "subnet-a" }
    federation_cidr_blocks = ["0.0.0.0/0"]
    program_cidr_blocks    = ["0.0.0.0/0"]
    registry_etcd          = { endpoints = ["http://etcd:2379"], client_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:etcd" }
    size                   = { min = 4, desired = 2 }
    gateway                = { listeners = {} }
    admits                 = { us-east = "us-east-token" }
  }

  expect_failures = [var.subnet_ids, var.federation_cidr_blocks, var.program_cidr_blocks, var.registry_etcd, var.size, var.gateway, var.admits]
}
