terraform {
  required_version = ">= 1.9"

  required_providers {
    # The one of this clone: terraform.d/ leads to it.
    isthmus = {
      source = "isthmus.internal/isthmus/isthmus"
    }
  }
}
