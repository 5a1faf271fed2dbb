data "isthmus_drill_schedules" "all" {}

output "rehearsed" {
  value = [for one in data.isthmus_drill_schedules.all.drill_schedules : one.name if one.schedule.enabled]
}
