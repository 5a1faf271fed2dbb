terraform {
  required_version = ">= 1.9"

  required_providers {
    isthmus = {
      source = "isthmus.internal/isthmus/isthmus"
    }
  }
}
