# How a machine becomes a gateway. Commands are run by `sh` as root when the machine boots; what they print is used and never in a plan.

variable "package" {
  description = "The package that machines install: where it is (`.deb` or `.rpm`), and its SHA-256. Null: the image has it."
  type = object({
    url    = string
    sha256 = string
  })
  default = null

  validation {
    condition     = var.package == null ? true : can(regex("^https://[^\\s'\"]+\\.(deb|rpm)$", var.package.url))
    error_message = "url is an https:// address that ends in .deb or .rpm."
  }

  validation {
    condition     = var.package == null ? true : can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "sha256 is the package's checksum, 64 digits as `sha256sum` prints them."
  }
}

variable "gateway_id_command" {
  description = "Prints the id of the gateway, which no other of the cluster has: a DNS label."
  type        = string
  default     = "hostname -s | tr 'A-Z_' 'a-z-'"
  nullable    = false
}

variable "zone_command" {
  description = "Prints the zone of the machine, where `zone` is null. Null: `default`."
  type        = string
  default     = null
}

variable "advertise_command" {
  description = "Prints the address or DNS name at which other clusters reach the machine."
  type        = string
  default     = "hostname -I | cut -d' ' -f1"
  nullable    = false
}

variable "join_token_command" {
  description = "Prints a join token, from a secret store for instance. Null: the machine founds the federation, or is joined by hand."
  type        = string
  default     = null

  validation {
    condition     = var.join_token_command == null ? true : !can(regex("isthmus1_", var.join_token_command))
    error_message = "Give a command that prints the token, not the token: user data can be read by whoever may look at the machine."
  }
}

variable "identity" {
  description = "The cluster's authority and membership in a secret store, for further gateways and for machines that replace lost ones: `load_command` prints it or nothing, `save_command` reads it from standard input. It is one line of Base64, some kilobytes; whoever has it is the cluster."
  type = object({
    load_command = string
    save_command = string
  })
  default = null
}

variable "secret_commands" {
  description = "Files below /etc/isthmus/secrets and the commands that print them: certificates, keys, passwords, tokens that the configuration names."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secret_commands) : can(regex("^[\\w-][\\w.-]*$", name)) && name != "local-admin"])
    error_message = "Names are file names of letters, digits, _, . and -; local-admin is made by the machine itself."
  }
}

variable "packages" {
  description = "Packages of the distribution that machines need: for the commands above, and curl and openssl."
  type        = list(string)
  default     = ["ca-certificates", "curl", "openssl"]
  nullable    = false
}

variable "extra_files" {
  description = "Further files that user data writes, as cloud-init's write_files has them. No secrets: see `secret_commands`."
  type = list(object({
    path        = string
    content     = string
    permissions = optional(string, "0644")
    owner       = optional(string, "root:root")
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for file in var.extra_files : startswith(file.path, "/") && can(regex("^0?[0-7]{3}$", file.permissions))])
    error_message = "path is absolute, and permissions octal, such as 0644."
  }
}

variable "extra_commands" {
  description = "Further commands that user data runs once, after the package is installed and before the gateway starts."
  type        = list(string)
  default     = []
  nullable    = false
}
