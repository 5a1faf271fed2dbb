data "isthmus_drills" "all" {}

output "failed_drills" {
  value = [for one in data.isthmus_drills.all.drills : one.id if one.outcome == "failed"]
}
