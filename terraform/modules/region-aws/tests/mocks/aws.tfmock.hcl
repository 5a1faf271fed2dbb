# What AWS would answer, for tests of this module and of the examples.
mock_data "aws_partition" {
  defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
}

mock_data "aws_region" {
  defaults = { name = "eu-west-1" }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "111122223333" }
}

mock_data "aws_vpc" {
  defaults = { cidr_block = "10.0.0.0/16" }
}

mock_data "aws_subnet" {
  defaults = { cidr_block = "10.0.1.0/24" }
}

mock_data "aws_ami" {
  defaults = { id = "ami-0123456789abcdef0", root_device_name = "/dev/xvda" }
}

mock_resource "aws_lb" {
  defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/made/0123456789abcdef", dns_name = "made.elb.eu-west-1.amazonaws.com", zone_id = "Z2IFOLAFXWLO4F" }
}

mock_resource "aws_lb_target_group" {
  defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/made/0123456789abcdef" }
}

mock_resource "aws_iam_instance_profile" {
  defaults = { arn = "arn:aws:iam::111122223333:instance-profile/made" }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:made" }
}

mock_resource "aws_launch_template" {
  defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
}
