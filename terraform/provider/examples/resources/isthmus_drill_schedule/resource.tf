# On the first Monday of each month dc2 is evacuated for two minutes, and the others show that they carry it.
resource "isthmus_drill_schedule" "monthly" {
  name      = "monthly-evacuation"
  cron      = "0 10 * * MON#1"
  time_zone = "Europe/Berlin"

  blackouts = [
    { from = "2026-12-15T00:00:00+01:00", until = "2027-01-02T00:00:00+01:00" },
    { days = ["sat", "sun"], from = "00:00", until = "24:00" },
  ]

  spec = {
    kind     = "evacuate"
    scope    = { cluster = "dc2" }
    duration = "2m"

    guardrails = {
      error_rate  = 0.005
      min_healthy = 1
      time_limit  = "10m"
    }
  }
}
