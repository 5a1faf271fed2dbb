variable "drill" {
  description = "Name of a drill that is over."
  type        = string
}

data "isthmus_drill_report" "last" {
  id = var.drill
}

output "drill_passed" {
  value = data.isthmus_drill_report.last.verdict.passed
}
