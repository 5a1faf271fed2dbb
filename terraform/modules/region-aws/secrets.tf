# Empty here: instances, and who creates a join token, fill them. No secret is in user data, in a plan or in the state.
locals {
  founds = try(var.registry_etcd.found, false)

  secret_files = merge(var.secrets, var.registry_etcd == null ? {} : {
    "etcd-ca.pem" = { arn = var.registry_etcd.client_secret_arn, field = "ca" }
    "etcd.pem"    = { arn = var.registry_etcd.client_secret_arn, field = "cert" }
    "etcd.key"    = { arn = var.registry_etcd.client_secret_arn, field = "key" }
  })
}

resource "aws_secretsmanager_secret" "identity" {
  name_prefix             = "${local.name}/identity-"
  description             = "Authority and membership of the Isthmus cluster ${var.cluster}: whoever reads it is the cluster"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0

  tags = local.tags
}

resource "aws_secretsmanager_secret" "join_token" {
  count = local.founds ? 0 : 1

  name_prefix             = "${local.name}/join-token-"
  description             = "Join token for the Isthmus cluster ${var.cluster}, used once, by its first gateway"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 0

  tags = local.tags
}

resource "aws_iam_role" "this" {
  name_prefix = "${local.name}-"
  description = "Gateways of ${var.cluster}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })

  tags = local.tags
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = "${local.name}-"
  role        = aws_iam_role.this.name

  tags = local.tags
}

resource "aws_iam_role_policy" "this" {
  name = "gateway"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "ReadSecrets"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = sort(distinct(concat([aws_secretsmanager_secret.identity.arn], aws_secretsmanager_secret.join_token[*].arn, [for secret in local.secret_files : secret.arn])))
        },
        {
          Sid      = "KeepIdentity"
          Effect   = "Allow"
          Action   = "secretsmanager:PutSecretValue"
          Resource = aws_secretsmanager_secret.identity.arn
        },
      ],
      length(var.admits) == 0 ? [] : [{
        Sid      = "Admit"
        Effect   = "Allow"
        Action   = "secretsmanager:PutSecretValue"
        Resource = sort(values(var.admits))
      }],
      [
        {
          # A group's ARN has an id that is not known before it is made; its name is.
          Sid      = "EndInGoodOrder"
          Effect   = "Allow"
          Action   = "autoscaling:CompleteLifecycleAction"
          Resource = "arn:${data.aws_partition.current.partition}:autoscaling:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:autoScalingGroup:*:autoScalingGroupName/${local.name}"
        },
      ],
      length(local.kms_key_arns) == 0 ? [] : [{
        Sid      = "Keys"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = local.kms_key_arns
      }],
    )
  })
}

locals {
  kms_key_arns = distinct(concat(var.kms_key_arn == null ? [] : [var.kms_key_arn], var.secret_kms_key_arns))
}
