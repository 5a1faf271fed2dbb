data "isthmus_trust_bundles" "all" {}

output "roots" {
  value = {
    for one in data.isthmus_trust_bundles.all.trust_bundles : one.cluster => one.fingerprints
  }
}

# Says so, and goes on, where a root ends within 30 days.
check "roots_last" {
  assert {
    condition = alltrue([
      for one in data.isthmus_trust_bundles.all.trust_bundles :
      timecmp(
        timeadd("1970-01-01T00:00:00Z", "${floor(one.not_after / 1000)}s"),
        timeadd(plantimestamp(), "720h"),
      ) > 0
    ])
    error_message = "A root certificate ends soon."
  }
}
