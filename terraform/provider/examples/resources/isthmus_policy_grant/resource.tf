# At a gateway of the founder's cluster.
resource "isthmus_policy_grant" "dc2" {
  cluster = "dc2"
  reason  = "the platform team works there"
}
