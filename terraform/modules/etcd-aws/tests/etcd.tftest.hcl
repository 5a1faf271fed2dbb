mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:made" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::backup-made", bucket = "backup-made" }
  }
}

override_resource {
  target = aws_secretsmanager_secret.authority[0]
  values = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:authority" }
}

variables {
  federation = "acme"
  vpc_id     = "vpc-1"
  members = {
    etcd-1 = { subnet_id = "subnet-a", availability_zone = "eu-west-1a", private_ip = "10.0.1.10" }
    etcd-2 = { subnet_id = "subnet-b", availability_zone = "eu-west-1b", private_ip = "10.0.2.10" }
    etcd-3 = { subnet_id = "subnet-c", availability_zone = "eu-west-1c", private_ip = "10.0.3.10" }
  }
  clients                   = { dc1 = { admits = true }, dc2 = {} }
  client_security_group_ids = { dc1 = "sg-dc1" }
  client_cidr_blocks        = ["10.1.0.0/16"]
}

run "a_cluster_across_zones_is_closed_backed_up_and_without_secrets_in_user_data" {
  command = apply

  variables {
    backup = { on_calendar = "*-*-* 0/6:00:00", retention_days = 90 }
  }

  assert {
    condition     = output.endpoints == ["https://10.0.1.10:2379", "https://10.0.2.10:2379", "https://10.0.3.10:2379"]
    error_message = "Clients are given every member, over TLS."
  }

  assert {
    condition     = alltrue([for instance in aws_instance.this : instance.metadata_options[0].http_tokens == "required" && instance.disable_api_termination && instance.root_block_device[0].encrypted])
    error_message = "Instances answer metadata by IMDSv2 alone, can't be terminated by mistake, and have encrypted disks."
  }

  assert {
    condition     = alltrue([for volume in aws_ebs_volume.data : volume.encrypted && volume.final_snapshot])
    error_message = "Data volumes are encrypted, and one that is destroyed leaves a snapshot."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.client : secret.recovery_window_in_days == 30])
    error_message = "Secrets can be restored."
  }

  assert {
    condition = length(concat(
      [for rule in [aws_vpc_security_group_ingress_rule.peers] : rule if rule.referenced_security_group_id != aws_security_group.this.id],
      [for rule in aws_vpc_security_group_ingress_rule.other_peers : rule],
    )) == 0
    error_message = "Peers are the members themselves."
  }

  assert {
    condition     = alltrue([for rule in concat(values(aws_vpc_security_group_ingress_rule.clients), values(aws_vpc_security_group_ingress_rule.client_ranges)) : rule.from_port == 2379 && rule.to_port == 2379])
    error_message = "Clients reach the client port, and not that of peers."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => flatten([statement.Action])
      } == {
      Authority = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
      Backup    = ["s3:PutObject"]
      Clients   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
    }
    error_message = "Members read and write their secrets, and write backups: no more, and they delete nothing."
  }

  assert {
    condition     = alltrue([for resource in flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource]) : resource == "arn:aws:s3:::backup-made/isthmus-etcd/*" || !strcontains(resource, "*")])
    error_message = "A wildcard stands for the objects of the own folder alone."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.backup.restrict_public_buckets && aws_s3_bucket_public_access_block.backup.block_public_policy
    error_message = "Nobody outside reads them."
  }

  assert {
    condition     = aws_s3_bucket_versioning.backup.versioning_configuration[0].status == "Enabled" && !aws_s3_bucket.backup.force_destroy
    error_message = "What is written over stays, and the bucket with it."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.backup.rule[0].expiration[0].days == 90
    error_message = "They are kept as long as was said."
  }

  assert {
    condition     = one(jsondecode(aws_s3_bucket_policy.backup.policy).Statement).Condition.Bool["aws:SecureTransport"] == "false" && one(jsondecode(aws_s3_bucket_policy.backup.policy).Statement).Effect == "Deny"
    error_message = "Without TLS there is no access."
  }

  assert {
    condition     = strcontains(local.user_data["etcd-1"], "OnCalendar=*-*-* 0/6:00:00")
    error_message = "They are taken when it was said."
  }

  assert {
    condition     = alltrue([for text in values(local.user_data) : !can(regex("-----BEGIN|PRIVATE KEY-----", text)) && length(base64gzip(text)) <= 21848])
    error_message = "Keys are made on the machine; user data is at most 16 KiB."
  }

  assert {
    condition     = [for name in sort(keys(local.settings)) : local.settings[name].IS_ISSUER] == ["yes", "no", "no"]
    error_message = "One member issues."
  }

  assert {
    condition     = yamldecode(local.user_data["etcd-1"]).bootcmd == [["systemctl", "mask", "etcd.service"]]
    error_message = "etcd must not start before it has its volume and certificates."
  }
}

run "a_member_of_another_region_takes_the_authority_that_is_there" {
  command = apply

  variables {
    name                  = "registry-of-the-federation-1" # as long as can be
    members               = { etcd-2 = { subnet_id = "subnet-x", availability_zone = "us-east-1a", private_ip = "10.8.1.10" } }
    other_members         = { etcd-1 = "10.0.1.10", etcd-3 = "10.9.1.10" }
    clients               = {}
    certificate_authority = { secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:authority" }
  }

  assert {
    condition     = length(aws_secretsmanager_secret.authority) == 0 && local.settings["etcd-2"].AUTHORITY_REGION == "eu-west-1" && local.settings["etcd-2"].IS_ISSUER == "no"
    error_message = "There is one authority, where it was made."
  }

  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action if statement.Sid == "Authority"]) == ["secretsmanager:GetSecretValue"]
    error_message = "It may be read here, and not replaced."
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_ingress_rule.other_peers : name => rule.cidr_ipv4 } == { etcd-1 = "10.0.1.10/32", etcd-3 = "10.9.1.10/32" }
    error_message = "The other members get in, by their addresses alone."
  }

  assert {
    condition     = local.etcd_settings["etcd-2"].ETCD_INITIAL_CLUSTER == "etcd-1=https://10.0.1.10:2380,etcd-2=https://10.8.1.10:2380,etcd-3=https://10.9.1.10:2380"
    error_message = "Every call knows the whole cluster."
  }
}

run "an_even_number_of_members_is_refused" {
  command = plan

  variables {
    other_members = { etcd-4 = "10.9.1.10" }
  }

  expect_failures = [var.other_members]
}

run "wrong_values_are_refused_at_plan" {
  command = plan

  variables {
    members = {
      etcd-1 = { subnet_id = "subnet-a", availability_zone = "eu-west-1a", private_ip = "10.0.1" }
      etcd-2 = { subnet_id = "subnet-a", availability_zone = "eu-west-1a", private_ip = "10.0.1.11" }
      etcd-3 = { subnet_id = "subnet-c", availability_zone = "eu-west-1c", private_ip = "10.0.3.10" }
    }
    clients            = { root = {} }
    client_cidr_blocks = ["0.0.0.0/0"]
    kms_key_arn        = "alias/etcd"
  }

  expect_failures = [var.members, var.clients, var.client_cidr_blocks, var.kms_key_arn]
}
