# The copies of cart in this cluster are for this cluster only.
resource "isthmus_service_export" "cart" {
  namespace = "shop"
  name      = "cart"
  exported  = false
}
