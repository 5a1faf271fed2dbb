output "clusters" {
  description = "What each of `clusters` says of itself: its region, zones, trust domain, capacity, and how many of its gateways are alive."
  value       = isthmus_cluster.this
}

output "policies_not_in_force" {
  description = "Policies that the asked gateway does not go by, and why: another one comes first, for instance."
  value = merge(
    { for name, policy in isthmus_traffic_policy.this : "traffic_policy ${name}" => policy.reason if !policy.in_force },
    { for name, policy in isthmus_service_export.this : "service_export ${name}" => policy.reason if !policy.in_force },
  )
}

output "next_drills" {
  description = "When each of `drill_schedules` runs next, in milliseconds since 1970; null where it never does."
  value       = { for name, schedule in isthmus_drill_schedule.this : name => schedule.next_run }
}
