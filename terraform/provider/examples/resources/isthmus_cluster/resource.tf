# Traffic leaves dc2 when this is true, and returns when it is false again.
variable "dc2_is_drained" {
  type    = bool
  default = false
}

resource "isthmus_cluster" "dc2" {
  cluster = "dc2"
  drained = var.dc2_is_drained
}

output "capacity_of_dc2" {
  value = isthmus_cluster.dc2.capacity
}
