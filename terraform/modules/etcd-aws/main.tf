data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_ami" "debian" {
  count = var.ami_id == null ? 1 : 0

  most_recent = true
  owners      = ["136693071363"] # Debian

  filter {
    name   = "name"
    values = ["debian-13-${var.architecture}-*"]
  }
}

locals {
  tags = merge(var.tags, { "isthmus:federation" = var.federation })

  addresses = merge({ for name, member in var.members : name => member.private_ip }, var.other_members)

  makes_authority = var.certificate_authority == null
  authority_arn   = local.makes_authority ? aws_secretsmanager_secret.authority[0].arn : var.certificate_authority.secret_arn

  # One member looks after the clients' certificates: two would issue over each other.
  issuer = sort(keys(var.members))[0]
}

################################################################################
# Members: an address, a volume and an instance each. Address and volume stay when the instance is replaced.
################################################################################

resource "aws_network_interface" "this" {
  for_each = var.members

  description     = "${var.name} ${each.key}"
  subnet_id       = each.value.subnet_id
  private_ips     = [each.value.private_ip]
  security_groups = [aws_security_group.this.id]

  tags = merge(local.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_ebs_volume" "data" {
  for_each = var.members

  availability_zone = each.value.availability_zone
  size              = var.volume_size
  type              = "gp3"
  encrypted         = true
  kms_key_id        = var.kms_key_arn
  final_snapshot    = var.deletion_protection

  tags = merge(local.tags, { Name = "${var.name}-${each.key}-data" })
}

resource "aws_instance" "this" {
  for_each = var.members

  ami                         = var.ami_id == null ? data.aws_ami.debian[0].id : var.ami_id
  instance_type               = var.instance_type
  iam_instance_profile        = aws_iam_instance_profile.this.name
  disable_api_termination     = var.deletion_protection
  user_data_base64            = base64gzip(local.user_data[each.key])
  user_data_replace_on_change = false

  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.this[each.key].id
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  maintenance_options {
    auto_recovery = "default"
  }

  root_block_device {
    encrypted   = true
    kms_key_id  = var.kms_key_arn
    volume_type = "gp3"
  }

  tags        = merge(local.tags, { Name = "${var.name}-${each.key}" })
  volume_tags = null

  lifecycle {
    # A member is replaced when somebody says so, one after the other, and never because Debian has made a new image.
    ignore_changes = [ami, user_data_base64]
  }

  # Without these rights its first start would fail.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_volume_attachment" "data" {
  for_each = var.members

  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data[each.key].id
  instance_id = aws_instance.this[each.key].id

  # A volume that is pulled off a running etcd may lose what it acknowledged.
  stop_instance_before_detaching = true
}

################################################################################
# Who may connect
################################################################################

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "Members of the etcd ${var.name}"
  vpc_id      = var.vpc_id

  tags = merge(local.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "peers" {
  security_group_id            = aws_security_group.this.id
  description                  = "Members of this region, to each other"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 2379
  to_port                      = 2380
}

resource "aws_vpc_security_group_ingress_rule" "other_peers" {
  for_each = var.other_members

  security_group_id = aws_security_group.this.id
  description       = "Member ${each.key}"
  cidr_ipv4         = "${each.value}/32"
  ip_protocol       = "tcp"
  from_port         = 2379
  to_port           = 2380
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "Clients of ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 2379
  to_port                      = 2379
}

resource "aws_vpc_security_group_ingress_rule" "client_ranges" {
  for_each = toset(var.client_cidr_blocks)

  security_group_id = aws_security_group.this.id
  description       = "Clients in other regions"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 2379
  to_port           = 2379
}

resource "aws_vpc_security_group_egress_rule" "peers" {
  for_each = local.addresses

  security_group_id = aws_security_group.this.id
  description       = "Member ${each.key}"
  cidr_ipv4         = "${each.value}/32"
  ip_protocol       = "tcp"
  from_port         = 2379
  to_port           = 2380
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS: secrets and backups"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "http" {
  security_group_id = aws_security_group.this.id
  description       = "Debian: packages, which are signed"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

################################################################################
# Secrets: empty here. Members fill them, so that no key is ever in user data, in a plan or in a state.
################################################################################

resource "aws_secretsmanager_secret" "authority" {
  count = local.makes_authority ? 1 : 0

  name_prefix             = "${var.name}/authority-"
  description             = "Authority of the certificates of the etcd ${var.name}, made by its members"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0

  tags = local.tags
}

resource "aws_secretsmanager_secret" "client" {
  for_each = var.clients

  name_prefix             = "${var.name}/client-${each.key}-"
  description             = "Client certificate of ${each.key} at the etcd ${var.name}, issued by its members"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0

  tags = local.tags
}
