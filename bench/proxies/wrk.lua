-- Owns what wrk asks for, and what it reports: one line of JSON.

-- With the argument `varied` no request is as the one before.
function init(args)
  if args[1] ~= 'varied' then return end
  local count = 0
  function request()
    count = count + 1
    return wrk.format(nil, wrk.path .. '?' .. count)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"bytes":%d,"p50Ms":%.3f,"p99Ms":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
