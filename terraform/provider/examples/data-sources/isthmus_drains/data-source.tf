data "isthmus_drains" "all" {}

output "drained" {
  value = { for one in data.isthmus_drains.all.drains : one.cluster => one.reason }
}
