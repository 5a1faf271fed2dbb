resource "isthmus_drain" "dc1" {
  cluster = "dc1"
  reason  = "new switches"
  ramp    = "30s"
}
