data "isthmus_traffic_policies" "all" {}

# Says so, and goes on, where a gateway does not go by a policy.
check "policies_in_force" {
  assert {
    condition     = alltrue([for one in data.isthmus_traffic_policies.all.traffic_policies : one.in_force])
    error_message = "The gateway does not go by some traffic policies: isthmus get traffic-policies"
  }
}
