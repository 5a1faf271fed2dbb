variable "base_port" {
  description = "First of thirty ports on loopback: ten for each cluster."
  type        = number
  default     = 17000
  nullable    = false

  validation {
    condition     = var.base_port >= 1024 && var.base_port <= 65505 && floor(var.base_port) == var.base_port
    error_message = "Use a whole number from 1024 to 65505."
  }
}

variable "drills" {
  description = "When dc1 is evacuated for rehearsal, as cron has it; the example's drill is disabled unless `drills_enabled`."
  type        = string
  default     = "0 10 1 * *"
  nullable    = false
}

variable "drills_enabled" {
  description = "Whether the drill runs when its time comes."
  type        = bool
  default     = false
  nullable    = false
}
